"""From what somebody answered to an application, its compartments and its token; and into the case
file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError

from mitwirkung.applications import Application, ApplicationRefused, State
from mitwirkung.casefile import CaseFile
from mitwirkung.duplicates import folded_address
from mitwirkung.errors import Finding, InputError
from mitwirkung.events import Event
from mitwirkung.forms.answers import (
    by_compartment,
    check_answers,
    consents_in,
    features_in,
    person_in,
)
from mitwirkung.forms.declaration import Form
from mitwirkung.lottery.encoding import handle
from mitwirkung.occasions import Occasion
from mitwirkung.people import Actor, Channel, Compartment, PostalAddress, Purpose, Role
from mitwirkung.telling import tell
from mitwirkung.texts import LANGUAGES, translator

KEY_BYTES, TOKEN_BYTES = 12, 16

UNFIT_AGE = "of an age that has no part in the lottery"
"""The reason that is counted for those who are in none of the age groups."""

SYSTEM = Actor(role=Role.SYSTEM, pseudonym="mitwirkung")
"""Who does what follows by itself."""

Randomness = Callable[[int], bytes]
"""So many random bytes: `os.urandom`."""


@dataclass(frozen=True, repr=False)
class Entry:
    """One application as it comes in.

    Attributes:
        answers: those to the form, in their types: see `check_answers`.
        received: the day or moment on which paper or a call came in; when it is entered if None.
        language: in which the person wants to be written to; the event's own if None.
        companions: keys of the applications with whom they want to come together.
        key: to be given where the same entry may be sent twice: it is made once. Random if None.
        row: where it comes from, for the errors.
    """

    answers: Mapping[str, Any]
    received: datetime | date | None = None
    language: str | None = None
    companions: tuple[str, ...] = ()
    key: str | None = None
    row: int | None = None

    def __repr__(self) -> str:
        return "<Entry>"  # answers are personal data


@dataclass(frozen=True)
class Registration:
    """An application that can be kept.

    Attributes:
        application: the application, received, or ineligible by the answers themselves.
        token: what the person gets on the receipt: 32 hexadecimal digits.
        address: what is equal of people in one household; None where no address was told.
        bodies: what is to be sealed, by compartment.
    """

    application: Application
    token: str = field(repr=False)
    address: str | None = field(repr=False)
    bodies: Mapping[Compartment, Mapping[str, Any]] = field(repr=False)


def registration(
    entry: Entry,
    event: Event,
    form: Form,
    *,
    channel: Channel,
    now: datetime,
    actor: Actor | None,
    randomness: Randomness,
) -> Registration:
    """The application of an entry.

    Args:
        actor: who enters it; the applicant if None.

    Raises:
        InputError: with every error of every answer.
        ApplicationRefused: it is too early, too late or has an impossible receipt.
    """
    answers = check_answers(form, entry.answers, row=entry.row)
    key = entry.key or randomness(KEY_BYTES).hex()
    token = randomness(TOKEN_BYTES).hex()
    language = entry.language or event.languages[0]
    try:
        application = Application.entered_for(
            event,
            key=key,
            channel=channel,
            now=now,
            actor=actor or Actor(role=Role.APPLICANT, pseudonym=key),
            received=entry.received,
            token_hash=handle(token),
            consents=consents_in(form, answers, now=now, channel=channel),
            companions=entry.companions,
            language=language,
        )
    except ValidationError as error:
        raise InputError.of(_entry_findings(error, entry)) from None
    parts = by_compartment(form, answers)
    person = person_in(form, answers, language)
    homes = (each for each in person.contacts if isinstance(each, PostalAddress))
    address = next(("\n".join(folded_address(home)) for home in homes), None)
    try:
        features_in(form, parts[Compartment.PROFILE], on=event.begins)
    except InputError:
        reason = told_in(event.languages[0], UNFIT_AGE)
        application = application.moved(State.INELIGIBLE, now=now, actor=SYSTEM, reason=reason)
    bodies: dict[Compartment, dict[str, Any]] = {
        part: {"answers": told} for part, told in parts.items() if told
    }
    for part in (Compartment.IDENTITY, Compartment.PROFILE):
        # in both: who is written to gets the receipt, and the lottery needs it without the name
        bodies[part] = {"answers": parts[part], "token": token}
    return Registration(application, token, address, bodies)


_ENTRY_CODES = {
    "pseudonym": "application-key",
    "key": "application-key",
    "language": "application-language",
    "companions": "application-companions",
}


def _entry_findings(error: ValidationError, entry: Entry) -> list[Finding]:
    """What is wrong with an entry beside its answers."""
    places = [str(item["loc"][0]) if item["loc"] else "companions" for item in error.errors()]
    if any(place not in _ENTRY_CODES for place in places):
        raise error  # a time without its zone, say: no matter of who applies
    codes = dict.fromkeys(_ENTRY_CODES[place] for place in places)
    return [Finding(code, {}, None, entry.row) for code in codes]


def told_in(language: str, text: str) -> str:
    """A text in a language of an event; in English where there is no catalogue for it."""
    return translator(language if language in LANGUAGES else "en")(text)


# --- in the case file ---------------------------------------------------------------------------


def taken_before(case: CaseFile, entries: Iterable[Entry]) -> dict[str, Registration]:
    """The applications of entries that were taken before, by key, with what is left of them."""
    known = (case.find_application(entry.key) for entry in entries if entry.key is not None)
    found = {each.key: each for each in known if each is not None}
    bodies = {part: case.open_of(part, found, purpose=_OPENED_FOR[part]) for part in Compartment}
    return {
        key: Registration(
            application,
            str(bodies[Compartment.IDENTITY].get(key, {"token": ""})["token"]),
            None,
            {part: of[key] for part, of in bodies.items() if key in of},
        )
        for key, application in found.items()
    }


_OPENED_FOR = {
    Compartment.IDENTITY: Purpose.CONTACT,
    Compartment.PROFILE: Purpose.SELECTION,
    Compartment.STATEMENTS: Purpose.STATEMENTS,
}


def require_same(made: Registration, entry: Entry, form: Form) -> None:
    """
    Raises:
        ApplicationRefused: an entry is another one than was taken before under its key, as far as
            that is kept.
    """
    told = by_compartment(form, check_answers(form, entry.answers, row=entry.row))
    for part, body in made.bodies.items():
        if any(told[part].get(name) != answer for name, answer in body["answers"].items()):
            raise ApplicationRefused("application-key-taken")


def keep_applications(case: CaseFile, new: Sequence[Registration], *, now: datetime) -> None:
    """Keep new applications with what is sealed of them, each with its entry in the journal."""
    case.add_applications(
        [(each.application, each.address) for each in new],
        (
            (part, each.application.key, body)
            for part in Compartment
            for each in new
            if (body := each.bodies.get(part)) is not None
        ),
    )
    event = case.event()
    received = [each.application for each in new]
    tell(case, event, Occasion.APPLICATION_RECEIVED, received, now=now)
    for each in new:
        application = each.application
        case.note(
            "application-received",
            now=now,
            actor=application.entered_by,
            subject=application.key,
            channel=str(application.channel),
            late=application.entered_late,
        )
        if application.history:
            case.note(
                f"application-{application.state}",
                now=now,
                actor=application.history[-1].actor,
                subject=application.key,
            )
