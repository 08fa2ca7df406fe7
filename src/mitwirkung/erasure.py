"""Erasure: what has reached the end of its time, or is about somebody who asks for it.

What is kept for several purposes goes when the last of them ends; a field may have its own end.
When nothing is left of somebody the application becomes a tombstone (GDPR, Art. 5 (1) e, Art. 17).

Keys are destroyed first, then records, then free pages. Each erasure is noted in a log of its own
before it is done (`erasure_log`): a backup that is restored brings back what was erased, and the
log is what takes it away again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mitwirkung.applications import HAS_SEAT, Application, State
from mitwirkung.casefile import DRAWING, ROSTER, CaseFile
from mitwirkung.deadlines import day_of
from mitwirkung.erasure_log import ErasureLog
from mitwirkung.events import Event
from mitwirkung.forms.declaration import Form, Kind
from mitwirkung.lottery.roster import Roster
from mitwirkung.people import OPENED_BY, Actor, Compartment, Purpose
from mitwirkung.retention import Milestone

LOTTERIES = (DRAWING, ROSTER)
"""Compartments of lotteries, not of people."""


@dataclass(frozen=True)
class Erased:
    """What is erased, or would be.

    Attributes:
        people: how many tombstones: nothing is left of them.
        compartments: compartment to how many people's.
        fields: field to how many people's, where the rest of the compartment stays.
        rounds: the lotteries whose private files are gone.
    """

    people: int = 0
    compartments: dict[str, int] = field(default_factory=dict)
    fields: dict[str, int] = field(default_factory=dict)
    rounds: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.people or self.compartments or self.fields or self.rounds)

    def __add__(self, other: Erased) -> Erased:
        return Erased(
            self.people + other.people,
            dict(Counter(self.compartments) + Counter(other.compartments)),
            dict(Counter(self.fields) + Counter(other.fields)),
            tuple(sorted({*self.rounds, *other.rounds})),
        )


# --- what is due ----------------------------------------------------------------------------------


def due_fields(event: Event, form: Form, *, now: datetime, has_seat: bool) -> frozenset[str]:
    """The fields of the form whose answers are to be erased now."""
    return frozenset(
        each.name
        for each in form.fields
        if event.erasure_due(each.purposes, now=now, own=each.retention, has_seat=has_seat)
    )


_NONE: frozenset[str] = frozenset()

_KEPT_FOR = {
    part: tuple(each for each in purposes if each not in (Purpose.ACCESS, Purpose.ERASURE))
    for part, purposes in OPENED_BY.items()
}
"""The purposes that people are told of, by compartment."""


def _due(
    case: CaseFile, *, now: datetime
) -> tuple[dict[str, list[str]], dict[tuple[Compartment, str], frozenset[str]]]:
    """Compartment to the keys of which it is all due, and what is due of others."""
    event, form = case.event(), case.form()
    of_part = {
        part: frozenset(
            f.name for f in form.fields if f.kind is not Kind.CONSENT and f.compartment is part
        )
        for part in Compartment
    }
    due = {seat: due_fields(event, form, now=now, has_seat=seat) for seat in (True, False)}
    whole: dict[str, list[str]] = {}
    parts: dict[tuple[Compartment, str], frozenset[str]] = {}
    seated = {each.key: each.state in HAS_SEAT for each in case.applications()}
    for part, names in of_part.items():
        if not names:  # nothing is asked, but the token lies there
            names = frozenset({"token"})
            gone = {
                seat: names if event.erasure_due(_KEPT_FOR[part], now=now, has_seat=seat) else _NONE
                for seat in (True, False)
            }
        else:
            gone = {seat: names & fields for seat, fields in due.items()}
        if not any(gone.values()):
            continue
        for key in case.keys_in(part):
            mine = gone[seated.get(key, False)]
            if mine == names:
                whole.setdefault(part, []).append(key)
            elif mine:
                parts[part, key] = mine
    last_day = event.milestone(Milestone.REPLACEMENTS_CLOSED)
    if last_day is not None and day_of(now, event.time_zone) > last_day:
        whole |= {part: keys for part in LOTTERIES if (keys := case.keys_in(part))}
    return whole, parts


def what_is_due(case: CaseFile, *, now: datetime) -> Erased:
    """What has reached the end of its time."""
    whole, parts = _due(case, now=now)
    fields: dict[str, int] = {}
    for (part, key), names in parts.items():
        body = case.open(part, key, purpose=Purpose.ERASURE)
        for name in names.intersection(body["answers"] if body else ()):
            fields[name] = fields.get(name, 0) + 1
    left = {part: set(case.keys_in(part)) - set(whole.get(part, ())) for part in Compartment}
    still = set().union(*left.values())
    touched = {key for part in Compartment for key in whole.get(part, ())}
    compartments = {str(part): len(keys) for part, keys in whole.items() if part not in LOTTERIES}
    rounds = tuple(whole.get(ROSTER, ()))
    return Erased(len(touched - still), compartments, dict(sorted(fields.items())), rounds)


Forget = Callable[[CaseFile, Sequence[str]], None]
"""Called with the people whose names and contacts go, while they can still be read."""


def _nowhere(case: CaseFile, keys: Sequence[str]) -> None:
    """Where nothing is kept beside the case file."""


# --- erasing --------------------------------------------------------------------------------------


def erase_event(
    case: CaseFile, log: ErasureLog, *, now: datetime, actor: Actor, forget: Forget = _nowhere
) -> Erased:
    """Erase what has reached the end of its time in an event."""
    whole, parts = _due(case, now=now)
    for part, keys in whole.items():
        if part not in LOTTERIES:  # due by the day alone; another one may get their names
            log.note(case.name, part, keys, now=now)
    fields: dict[str, int] = {}
    for (part, key), names in parts.items():
        body = case.open(part, key, purpose=Purpose.ERASURE)
        told = dict(body["answers"]) if body else {}
        gone = names.intersection(told)
        if body is None or not gone:
            continue
        left = {name: answer for name, answer in told.items() if name not in gone}
        case.reseal(part, key, {**body, "answers": left})
        for name in gone:
            fields[name] = fields.get(name, 0) + 1
    if fields or any(part in whole for part in LOTTERIES):
        log.note_begun(now=now)
    erased = _destroy(case, whole, now=now, actor=actor, forget=forget)
    erased = Erased(erased.people, erased.compartments, dict(sorted(fields.items())), erased.rounds)
    if erased:
        case.note(
            "due-erased",
            now=now,
            actor=actor,
            people=erased.people,
            compartments=erased.compartments,
            fields=erased.fields,
        )
    return erased


def erase_one(
    case: CaseFile,
    log: ErasureLog,
    key: str,
    *,
    now: datetime,
    actor: Actor,
    forget: Forget = _nowhere,
) -> Erased:
    """Erase everything about one person; see `Procedure.erase_person`."""
    if case.application(key).state is State.ERASED:
        return Erased()
    parts: dict[str, list[str]] = {part: [key] for part in Compartment}
    for part in parts:
        log.note(case.name, part, [key], now=now)
    erased = _destroy(case, parts, now=now, actor=actor, forget=forget)
    case.note("person-erased", now=now, actor=actor, subject=key)
    return erased


def erase_again(
    case: CaseFile, log: ErasureLog, *, now: datetime, actor: Actor, forget: Forget = _nowhere
) -> Erased:
    """Erase again whatever the log says was erased: what came back, and keys that did."""
    noted: dict[str, set[str]] = {}
    for part, key in log.entries(case.name):
        noted.setdefault(part, set()).add(key)
    parts = {part: sorted(keys) for part, keys in noted.items()}
    erased = _destroy(case, parts, now=now, actor=actor, forget=forget)
    if erased:
        case.note(
            "erasures-repeated",
            now=now,
            actor=actor,
            people=erased.people,
            compartments=erased.compartments,
        )
    return erased


def _destroy(
    case: CaseFile, parts: dict[str, list[str]], *, now: datetime, actor: Actor, forget: Forget
) -> Erased:
    """Destroy compartments of people, and make tombstones of those of whom nothing is left."""
    counted: dict[str, int] = {}
    rounds: tuple[str, ...] = ()
    for part, keys in parts.items():
        there = set(case.keys_in(part)).intersection(keys)
        if part == Compartment.IDENTITY:
            forget(case, sorted(there))
        case.destroy(part, keys)
        if part == Compartment.IDENTITY:  # nobody can be written to without a name and an address
            case.forget_messages(keys)
        if part in LOTTERIES:
            rounds = tuple(sorted({*rounds, *there}))
        elif there:
            counted[str(part)] = len(there)
    left = {key for part in Compartment for key in case.keys_in(part)}
    touched = {key for part in Compartment for key in parts.get(part, ())}
    gone = []
    for key in sorted(touched - left):
        application = case.find_application(key)
        if application is not None and application.state is not State.ERASED:
            gone.append(application)
    for application in gone:
        case.save(application.moved(State.ERASED, now=now, actor=actor))
    case.forget_distinct([each.key for each in gone])
    _forget_in_rounds(case, [each.key for each in gone])
    return Erased(len(gone), counted, {}, rounds)


def _forget_in_rounds(case: CaseFile, keys: Iterable[str]) -> None:
    """Take people out of lotteries: the private files go, for their answers stand there once more;
    the rosters, which a draw still needs, no longer lead to them."""
    gone = frozenset(keys)
    for folder, roster in _rounds_with(case, gone):
        case.destroy(DRAWING, [folder])
        case.reseal(ROSTER, folder, roster.without(gone).as_data())


def _rounds_with(case: CaseFile, people: frozenset[str]) -> Iterator[tuple[str, Roster]]:
    for folder in case.keys_in(ROSTER) if people else ():
        body = case.open(ROSTER, folder, purpose=Purpose.ERASURE)
        if body is not None:
            roster = Roster.from_data(body)
            if people.intersection(roster.people.values()):
                yield folder, roster


def erase_without_consent(
    case: CaseFile, log: ErasureLog, application: Application, form: Form, *, now: datetime
) -> list[str]:
    """Erase answers that need a consent of their own and have none any more (GDPR, Art. 17 (1) b),
    with the private files of the lotteries that hold them.

    Returns:
        The fields whose answers are gone.
    """
    agreed = {name for each in application.consents if each.holds(now) for name in each.fields}
    alone = {field.name for field in form.fields if field.own_consent} - agreed
    erased: list[str] = []
    for part in Compartment:
        body = case.open(part, application.key, purpose=Purpose.ERASURE)
        if body is not None and (gone := alone.intersection(body["answers"])):
            log.note_begun(now=now)
            left = {name: told for name, told in body["answers"].items() if name not in gone}
            case.reseal(part, application.key, {**body, "answers": left})
            erased += sorted(gone)
    for folder, _ in list(_rounds_with(case, frozenset({application.key} if erased else ()))):
        case.destroy(DRAWING, [folder])
    return erased
