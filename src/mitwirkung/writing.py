"""A message is written out: from its record, and from what is sealed, to what a channel sends.

This is done when it is looked at and when it is sent, and nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from typing import Any, Protocol

from mitwirkung.access import HEADINGS, answer_text
from mitwirkung.applications import Application, State
from mitwirkung.casefile import CaseFile, Round
from mitwirkung.deadlines import day_of
from mitwirkung.errors import ChannelRefused, Finding
from mitwirkung.events import Event
from mitwirkung.forms.declaration import Form, FormField
from mitwirkung.identities import people_of
from mitwirkung.messages import Translate
from mitwirkung.notifications.calendar import calendar_entry, calendar_uid
from mitwirkung.notifications.channel import NotificationChannel
from mitwirkung.notifications.message import Attachment, Message, MessageKey, Recipient
from mitwirkung.occasions import WITH_REPLY, Occasion
from mitwirkung.outbox import About, OutgoingMessage
from mitwirkung.people import (
    Compartment,
    ContactPoint,
    EmailAddress,
    Person,
    Purpose,
    contact_text,
)
from mitwirkung.rounds import public_lottery, publication_of
from mitwirkung.telling import cause_of, keys_of
from mitwirkung.texts import LANGUAGES, translator


class Written(Protocol):
    """What templates make of the facts."""

    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def html(self) -> str | None: ...
    @property
    def language(self) -> str: ...


class Wording(Protocol):
    """What a message says; `notifications.templates` is the one that ships."""

    def write(
        self, kind: str, language: str, facts: Mapping[str, Any], others: Sequence[str] = ()
    ) -> Written: ...
    def flaws(
        self, kind: str, language: str, facts: Mapping[str, Any], others: Sequence[str] = ()
    ) -> list[Finding]: ...


@dataclass(frozen=True, repr=False)
class Post:
    """How messages leave the house.

    Attributes:
        templates: the wording.
        channels: name to channel, in the order in which they are tried.
        sender: who writes: name, address, phone, e-mail, website, imprint.
        reply_at: where people answer online, with `{event}` and `{token}` in it; None if they
            cannot.
    """

    templates: Wording
    channels: Mapping[str, NotificationChannel]
    sender: Mapping[str, Any] = field(default_factory=dict)
    reply_at: str | None = None

    def routes(self, person: Person) -> Iterator[tuple[str, ContactPoint]]:
        """The ways to somebody, the best one first: as the person prefers, and of the channels that
        serve a contact the first one."""
        for contact in person.contacts:
            for name, channel in self.channels.items():
                if contact.kind in channel.reaches:
                    yield name, contact


def no_post() -> Post:
    """In place of a post where none is set up.

    Raises:
        ChannelRefused: always.
    """
    raise ChannelRefused("channels-none")


@dataclass(frozen=True)
class ReplyKeys:
    """With what somebody answers to a message."""

    token: str = field(repr=False)
    code: str = field(repr=False)


SHOWN = ReplyKeys("0" * 32, "XXXXX-XXXXX")
"""In a preview, in their place: real ones are made when a message is sent."""


@dataclass(frozen=True, repr=False)
class Draft:
    """Everything that a message is written from.

    Attributes:
        message: its record.
        channel, recipient: on which way it goes, and to whom.
        way: what stands for the channel and the contact.
        facts: what the templates put in.
        languages: those of the event, for a message that is not worded in that of the person.
        offer: the number of the offer that people answer to; None if there is nothing to answer.
    """

    message: OutgoingMessage
    event: str
    channel: str
    recipient: Recipient
    way: str
    facts: Mapping[str, Any]
    languages: tuple[str, ...]
    thread: MessageKey | None
    attachments: tuple[Attachment, ...] = ()
    offer: int | None = None
    reply_at: str | None = None

    def __repr__(self) -> str:
        return f"<Draft {self.message.key}>"

    def answered_with(self, keys: ReplyKeys) -> Draft:
        """With the link and the code to answer with; nothing changes if there is no answer."""
        if self.offer is None:
            return self
        link = None
        if self.reply_at is not None:
            link = self.reply_at.format(event=self.event, token=keys.token)
        return replace(self, facts={**self.facts, "reply_link": link, "reply_code": keys.code})

    def flaws(self, templates: Wording) -> list[Finding]:
        """What hinders it from being written."""
        told = self.message
        return templates.flaws(told.kind, told.language, self.facts, self.languages)

    def written(self, templates: Wording) -> Message:
        """The message as it goes out."""
        told = self.message
        done = templates.write(told.kind, told.language, self.facts, self.languages)
        return Message(
            key=told.key,
            kind=told.kind,
            event=self.event,
            language=done.language,
            recipient=self.recipient,
            subject=done.subject,
            text=done.text,
            html=done.html,
            attachments=self.attachments,
            thread=self.thread,
        )


TRIAL, ERASED = "test_message", "data_erased"
"""The templates of a message to oneself, and of the last one that somebody gets."""


@dataclass(frozen=True, repr=False)
class KnownLottery:
    """What people are told of a lottery: everybody's chance by key, empty if their answers are
    erased, and how many people it was for."""

    chances: Mapping[str, Fraction]
    people: int


Lotteries = dict[int, KnownLottery]
"""By the number of the round. To read one takes long, and it never changes."""


class Writer:
    """Makes drafts of messages, inside a transaction.

    Args:
        case: where everything is kept.
        post: channels, templates and sender.
        now: the time at which they are written.
        lotteries: those that are known already; what is read is put there.
    """

    def __init__(
        self, case: CaseFile, post: Post, *, now: datetime, lotteries: Lotteries | None = None
    ) -> None:
        self._case, self._post, self._now = case, post, now
        self._lotteries: Lotteries = {} if lotteries is None else lotteries
        self._applications: dict[str, Application | None] = {}
        self._told: list[dict[str, dict[str, Any]]] = []

    def application(self, key: str) -> Application | None:
        """An application, read once."""
        if key not in self._applications:
            self._applications[key] = self._case.find_application(key)
        return self._applications[key]

    def read_ahead(self, messages: Iterable[OutgoingMessage]) -> None:
        """Read the applications of some messages at once."""
        keys = dict.fromkeys(each.application for each in messages if each.application)
        self._case.read_ahead("application", [k for k in keys if k not in self._applications])

    @cached_property
    def event(self) -> Event:
        return self._case.event()

    @cached_property
    def form(self) -> Form:
        return self._case.form()

    def drafts(
        self, messages: list[OutgoingMessage]
    ) -> Iterator[tuple[OutgoingMessage, Draft | None]]:
        """Each message with its draft; None where there is no way to the person."""
        keys = dict.fromkeys(each.application for each in messages if each.application)
        found = {key: self.application(key) for key in keys}
        applications = [each for each in found.values() if each is not None]
        self._open_answers(messages)
        people = {each.key: (each, person) for each, person in people_of(self._case, applications)}
        routes = self._routes([people.get(each.application or "") for each in messages])
        firsts = keys_of(self._case, [_first_cause(each) for each in messages])
        others = {
            each for each, message in zip(firsts, messages, strict=True) if each != message.key
        }
        there = self._case.there("message", others)
        references = self._case.codes("reference", [each.application or "" for each in messages])
        for message, ways, first, code in zip(messages, routes, firsts, references, strict=True):
            chosen = next((each for each in ways if each[2] not in message.blocked), None)
            if chosen is None:
                yield message, None
                continue
            application, person = people[message.application or ""]
            channel, contact, way = chosen
            name = f"{person.given_name} {person.family_name}"
            thread = first if first != message.key and first in there else None
            facts = self._facts(message, application, name, f"{code[:4]}-{code[4:8]}")
            entry = self._calendar(message, application, contact)
            yield (
                message,
                Draft(
                    message=message,
                    event=self.event.name,
                    channel=channel,
                    recipient=recipient_of(person, contact),
                    way=way,
                    facts={**facts, "calendar": bool(entry)},
                    languages=self.event.languages,
                    thread=thread,
                    attachments=entry,
                    offer=message.about.offer if message.kind in WITH_REPLY else None,
                    reply_at=self._post.reply_at,
                ),
            )

    def _routes(
        self, people: list[tuple[Application, Person] | None]
    ) -> list[list[tuple[str, ContactPoint, str]]]:
        """The ways to each, with what stands for them."""
        found = [list(self._post.routes(each[1])) if each else [] for each in people]
        texts = [f"{name} {contact_text(point)}" for ways in found for name, point in ways]
        codes = iter(self._case.codes("way", texts) if texts else [])
        return [[(name, point, next(codes)) for name, point in ways] for ways in found]

    # --- the facts ---------------------------------------------------------------------------

    def _facts(
        self, message: OutgoingMessage, application: Application, name: str, reference: str
    ) -> dict[str, Any]:
        facts = self._common(name, reference, message.language)
        return facts | self._more_facts(message, application, _say(message.language))

    def _common(self, name: str, reference: str, language: str) -> dict[str, Any]:
        """Those of all messages."""
        event = self.event
        return {
            "name": name,
            "event_title": event.title.get(language) or event.title[event.languages[0]],
            "event_mode": str(event.mode),
            "event_places": event.places,
            "event_begins": event.begins,
            "event_ends": event.ends,
            "sender": self._post.sender,
            "reference": reference.upper(),
            "today": day_of(self._now, event.time_zone),
        }

    def trial(self, key: MessageKey, contact: ContactPoint) -> Message:
        """A message that only says that it is a test."""
        to = Recipient(name="Test", contact=contact)
        return self._alone(TRIAL, key, to, self.event.languages[0], "TEST-0000", {})

    def farewell(self, key: MessageKey, application: Application, recipient: Recipient) -> Message:
        """The last message to somebody of whom everything is erased today."""
        say = _say(application.language)
        (code,) = self._case.codes("reference", [application.key])
        facts = {
            "what": tuple(say(HEADINGS[part]) for part in Compartment),
            "on": day_of(self._now, self.event.time_zone),
        }
        reference = f"{code[:4]}-{code[4:8]}"
        return self._alone(ERASED, key, recipient, application.language, reference, facts)

    def _alone(
        self,
        kind: str,
        key: MessageKey,
        recipient: Recipient,
        language: str,
        reference: str,
        facts: Mapping[str, Any],
    ) -> Message:
        """A message that no record is kept of."""
        common = self._common(recipient.name, reference, language)
        told = {**common, **facts}
        done = self._post.templates.write(kind, language, told, self.event.languages)
        return Message(
            key=key,
            kind=kind,
            event=self.event.name,
            language=done.language,
            recipient=recipient,
            subject=done.subject,
            text=done.text,
            html=done.html,
        )

    def _more_facts(
        self, message: OutgoingMessage, application: Application, say: Translate
    ) -> dict[str, Any]:
        """Those of one kind of message."""
        event, about = self.event, message.about
        until = {"until": about.until}
        place = event.public_at or self._post.sender.get("website") or say("from us, on request")
        match message.kind:
            case Occasion.APPLICATION_RECEIVED:
                answers, token = self._answers(application, message.language, say)
                return {"answers": answers, "receipt_token": token, "deadline": event.deadline}
            case Occasion.APPLICATION_INCOMPLETE:
                missing = map(self.form.field, about.fields)
                return {"missing": tuple(_label(e, message.language) for e in missing), **until}
            case Occasion.DEADLINE_EXTENDED:
                return {"before": about.before, "reason": about.reason, **until}
            case Occasion.SEAT_OFFERED | Occasion.REPLACEMENT_OFFERED | Occasion.REMINDER:
                return {"reply_link": None, "reply_code": "", **until}
            case Occasion.SEAT_CONFIRMED:
                return {"reply_link": None, "reply_code": "", "access": event.access}
            case Occasion.RESERVE_PLACE | Occasion.NOT_SELECTED:
                return {"record_place": place, **self._lottery_facts(application.key)}
            case Occasion.EVENT_CANCELLED:
                return {"reason": about.reason}
            case Occasion.EVALUATION_REQUEST:
                return {"link": about.link, **until}
            case Occasion.RESULTS_PUBLISHED:
                content = about.document and self._case.document(about.document)
                return {"place": place, "answer": content.decode() if content else None}
        return until

    def _calendar(
        self, message: OutgoingMessage, application: Application, contact: ContactPoint
    ) -> tuple[Attachment, ...]:
        """The calendar entry of somebody who has a seat, by e-mail; taken back if the event is
        cancelled. Its number follows from how often the application was changed."""
        organiser, event = self._post.sender.get("email"), self.event
        cancelled = message.kind == Occasion.EVENT_CANCELLED
        seated = application.state is State.ACCEPTED
        told = message.kind == Occasion.SEAT_CONFIRMED or (cancelled and seated)
        if not told or not organiser or not isinstance(contact, EmailAddress):
            return ()
        entry = calendar_entry(
            uid=calendar_uid(event.name, application.key, str(organiser).rpartition("@")[2]),
            sequence=len(application.history) + cancelled,
            title=event.title.get(message.language) or event.title[event.languages[0]],
            begins=event.begins,
            ends=event.ends,
            now=self._now,
            organiser=str(organiser),
            organiser_name=str(self._post.sender.get("name") or ""),
            attendee=contact.address,
            place=", ".join(event.places) or None,
            description=None if cancelled else event.access,
            cancelled=cancelled,
        )
        return (entry,)

    def _open_answers(self, messages: Iterable[OutgoingMessage]) -> None:
        """Open what those told who get a copy of it: for the same purpose as everything that is
        told to the person themselves."""
        keys = [
            each.application
            for each in messages
            if each.kind == Occasion.APPLICATION_RECEIVED and each.application
        ]
        self._told = [
            self._case.open_of(part, keys, purpose=Purpose.ACCESS) if keys else {}
            for part in Compartment
        ]

    def _answers(
        self, application: Application, language: str, say: Translate
    ) -> tuple[tuple[tuple[str, str], ...], str]:
        """What somebody told, in the order of the form, and the token of their receipt."""
        told: dict[str, Any] = {}
        token = ""
        for bodies in self._told:
            body = bodies.get(application.key)
            if body is not None:
                told |= body["answers"]
                token = body.get("token", token)
        answers = tuple(
            (_label(each, language), answer_text(each, answer, language, say))
            for each in self.form.fields
            if (answer := told.get(each.name)) not in (None, "", [], ())
        )
        return answers, token

    def _lottery_facts(self, key: str) -> dict[str, Any]:
        """The chance somebody had in the first lottery, how many seats there were, and for how
        many people."""
        first = self._first_round
        if first is None:
            return {"chance": None, "seats": self.event.seats, "applied": None}
        known = self._lottery(first)
        return {
            "chance": known.chances.get(key),
            "seats": self.event.seats,
            "applied": known.people,
        }

    @cached_property
    def _first_round(self) -> Round | None:
        return next((each for each in self._case.rounds() if each.counts and not each.fills), None)

    def _lottery(self, round_: Round) -> KnownLottery:
        if round_.number not in self._lotteries:
            made = publication_of(self._case, round_, purpose=Purpose.SELECTION)
            chances = {} if made is None else zip(made.problem.ids, made.chances, strict=True)
            people = public_lottery(self._case, round_).pool.people
            self._lotteries[round_.number] = KnownLottery(dict(chances), people)
        return self._lotteries[round_.number]


def recipient_of(person: Person, contact: ContactPoint) -> Recipient:
    """Somebody, on one of the ways to reach them; a name too long for a head is cut."""
    name = f"{person.given_name} {person.family_name}"
    return Recipient(name=name[:200].strip(), contact=contact)


def _say(language: str) -> Translate:
    return translator(language if language in LANGUAGES else "en")


def _label(field: FormField, language: str) -> str:
    return field.label.get(language) or next(iter(field.label.values()))


def _first_cause(message: OutgoingMessage) -> str:
    return cause_of(Occasion.APPLICATION_RECEIVED, message.application or "", About())
