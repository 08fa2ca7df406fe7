"""Everything that is kept about one person, as data and as a text to read (GDPR, Art. 15, 20)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from mitwirkung.applications import HAS_SEAT, STATES, Application, State
from mitwirkung.casefile import CaseFile
from mitwirkung.events import Event
from mitwirkung.forms.declaration import Form, FormField, Kind
from mitwirkung.forms.outline import until_text
from mitwirkung.messages import Translate
from mitwirkung.occasions import OCCASIONS, Occasion
from mitwirkung.outbox import MESSAGE_STATES, OutgoingMessage
from mitwirkung.people import (
    CHANNELS,
    CONTACT_POINTS,
    PURPOSES,
    Compartment,
    Purpose,
    contact_text,
)
from mitwirkung.retention import Retention
from mitwirkung.texts import translator


@dataclass(frozen=True, repr=False)
class Everything:
    """What is kept about somebody.

    Attributes:
        event, form: the event they applied to, and its form.
        application: states, consents and offers.
        answers: compartment to the answers in it.
        token: that of the receipt; None if it is erased.
        messages: what was written to them, and what became of it; not what it said.
        journal: what was done, with the person as its subject: time, what, by whom.
    """

    event: Event
    form: Form
    application: Application
    answers: Mapping[Compartment, Mapping[str, Any]]
    token: str | None
    messages: tuple[OutgoingMessage, ...]
    journal: tuple[Mapping[str, Any], ...]

    def __repr__(self) -> str:
        return "<Everything about one person>"

    def as_json(self) -> bytes:
        """As UTF-8 JSON that other programs can read."""
        fields = {
            name: {
                "answer": answer,
                "compartment": str(part),
                "purposes": [str(each) for each in field.purposes],
                "kept": [
                    {"after": str(rule.after), "days": rule.days} for rule in self._rules(field)
                ],
                "until": (last := self._last_day(field)) and last.isoformat(),
            }
            for part, told in self.answers.items()
            for name, answer in told.items()
            for field in [self.form.field(name)]
        }
        data = {
            "event": self.event.name,
            "title": self.event.title,
            "application": self.application.model_dump(mode="json"),
            "token": self.token,
            "answers": fields,
            "messages": [_as_data(each) for each in self.messages],
            "journal": list(self.journal),
        }
        return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()

    def as_text(self, language: str = "de") -> str:
        """As a text to read, in German or English."""
        return "\n".join(self._lines(language)) + "\n"

    @property
    def _has_seat(self) -> bool:
        return self.application.state in HAS_SEAT

    def _rules(self, field: FormField) -> list[Retention]:
        """Until what a field is kept: until the last of these."""
        if field.retention is not None:
            return [field.retention]
        plan = self.event.retention
        return list(dict.fromkeys(plan.for_purpose(each) for each in field.purposes))

    def _last_day(self, field: FormField) -> date | None:
        """The last day on which a field is kept; None if it is not known yet."""
        ends = [self.event.kept_until(rule) for rule in self._rules(field)]
        days = [day for day in ends if day is not None]
        found = [max(days)] if len(days) == len(ends) else []
        if not self._has_seat:
            unselected = self.event.kept_until(self.event.retention.unselected)
            found += [] if unselected is None else [unselected]
        return min(found, default=None)

    def _lines(self, language: str) -> Iterator[str]:
        say = translator(language)
        when = _times(language, self.event.time_zone)
        title = self.event.title.get(language) or self.event.title[self.event.languages[0]]
        yield say("What is stored about you: {event}").format(event=title)
        yield ""
        for part in Compartment:
            told = self.answers.get(part, {})
            yield say(HEADINGS[part])
            if not told:
                yield "  " + say("Nothing, or no longer anything.")
            for name, answer in told.items():
                field = self.form.field(name)
                label = field.label.get(language) or next(iter(field.label.values()))
                yield f"  {label}: {answer_text(field, answer, language, say)}"
                yield "    " + say("used {purposes}").format(
                    purposes="; ".join(say(PURPOSES[each]) for each in field.purposes)
                )
                yield "    " + self._kept_text(field, say, when)
            yield ""
        if not self._has_seat:
            kept = until_text(self.event.retention.unselected, say)
            yield say("If you get no seat, everything is kept at most {kept}.").format(kept=kept)
            yield ""
        yield say("Your consents")
        if not self.application.consents:
            yield "  " + say("None.")
        for consent in self.application.consents:
            yield f"  {say(PURPOSES[consent.purpose])}: " + say(
                "given {time} ({channel}), text {version}"
            ).format(
                time=when(consent.given),
                channel=say(CHANNELS[consent.channel]),
                version=consent.text_version,
            )
            if consent.withdrawn is not None:
                yield "    " + say("withdrawn {time}").format(time=when(consent.withdrawn))
        yield ""
        yield say("Your application")
        yield f"  {when(self.application.entered)}: {say(STATES[State.RECEIVED])}"
        for step in self.application.history:
            reason = f" ({step.reason})" if step.reason else ""
            yield f"  {when(step.time)}: {say(STATES[step.target])}{reason}"
        if self.messages:
            yield ""
            yield say("What we wrote to you")
        for message in self.messages:
            occasion, state = OCCASIONS[Occasion(message.kind)], MESSAGE_STATES[message.state]
            way = f" ({message.channel})" if message.channel else ""
            yield f"  {when(message.written)}: {say(occasion)}: {say(state)}{way}"
        if self.token is not None:
            yield ""
            yield say("The token of your receipt: {token}").format(token=self.token)

    def _kept_text(self, field: FormField, say: Translate, when: Any) -> str:
        last = self._last_day(field)
        if last is not None:
            return say("kept until {day}").format(day=when(last))
        rules = (until_text(rule, say) for rule in self._rules(field))
        return say("kept {until}").format(until=say(" and ").join(rules))


HEADINGS: Mapping[Compartment, str] = {
    Compartment.IDENTITY: "Who you are, and how to reach you",
    Compartment.PROFILE: "What the lottery may know",
    Compartment.STATEMENTS: "What you said",
}


def answer_text(field: FormField, answer: Any, language: str, say: Translate) -> str:
    """An answer as a person reads it."""
    if isinstance(answer, bool):
        return say("yes") if answer else say("no")
    texts = {option.value: option.text(language) for option in field.options}
    if field.kind is Kind.CONTACT:
        points = (CONTACT_POINTS[point["kind"]].model_validate(point) for point in answer)
        return "; ".join(map(contact_text, points))
    if isinstance(answer, list):
        return ", ".join(texts.get(each, str(each)) for each in answer)
    return texts.get(answer, str(answer)) if isinstance(answer, str) else str(answer)


def _times(language: str, zone: str) -> Any:
    """A function that writes days and moments as people do, in the event's time zone."""
    from babel.dates import format_date, format_datetime, get_timezone

    def written(time: datetime | date) -> str:
        if isinstance(time, datetime):
            return str(format_datetime(time, "medium", tzinfo=get_timezone(zone), locale=language))
        return str(format_date(time, "long", locale=language))

    return written


def _as_data(message: OutgoingMessage) -> dict[str, Any]:
    """A message as data, without what only dispatchers need."""
    shown = {"key", "kind", "language", "written", "about", "state", "decisions"}
    attempts = [
        each.model_dump(mode="json", include={"begun", "channel", "receipt"})
        for each in message.attempts
    ]
    return {**message.model_dump(mode="json", include=shown), "attempts": attempts}


def everything_about(case: CaseFile, key: str) -> Everything:
    """Everything that is kept about somebody in an event.

    Raises:
        ApplicationUnknown: there is no application of this key.
    """
    application = case.application(key)
    bodies = {part: case.open(part, key, purpose=Purpose.ACCESS) for part in Compartment}
    identity = bodies[Compartment.IDENTITY]
    form = case.form()
    answers = {part: body["answers"] for part, body in bodies.items() if body is not None}
    return Everything(
        event=case.event(),
        form=form,
        application=application,
        answers={
            part: {each.name: told[each.name] for each in form.fields if each.name in told}
            for part, told in answers.items()
        },
        token=None if identity is None else identity["token"],
        messages=tuple(
            sorted(case.messages(application=key), key=lambda each: (each.written, each.key))
        ),
        journal=tuple(
            {**link.as_json(), "hash": link.hash}
            for link in case.journal()
            if link.entry.subject == key
        ),
    )
