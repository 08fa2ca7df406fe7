"""Erasure: what has reached the end of its time, or is about somebody who asks for it.

What is kept for several purposes goes when the last of them ends; a field may have its own end.
When nothing is left of somebody the application becomes a tombstone (GDPR, Art. 5 (1) e, Art. 17).

Keys are destroyed first, then records, then free pages. Each erasure is noted in a log of its own
before it is done: a backup that is restored brings back what was erased, and the log is what takes
it away again. The log holds pseudonyms only, and is not to be restored with a backup.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from mitwirkung.applications import HAS_SEAT, State
from mitwirkung.casefile import DRAWING, ROSTER, CaseFile
from mitwirkung.deadlines import day_of
from mitwirkung.events import Event
from mitwirkung.forms.declaration import Form, Kind
from mitwirkung.lottery.roster import Roster
from mitwirkung.people import Actor, Compartment, Purpose
from mitwirkung.retention import Milestone
from mitwirkung.storage.journal import utc_text

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


class ErasureLog:
    """The log of erasures: a file of JSON lines, or, without a path, a list in memory."""

    def __init__(self, path: str | Path | None = None) -> None:
        self._path = None if path is None else Path(path)
        self._lines: list[str] = []

    def note(self, event: str, part: str, keys: Iterable[str], *, now: datetime) -> None:
        """Note that a compartment of some people is about to be erased; on the disk when it
        returns."""
        lines = [
            json.dumps({"event": event, "part": part, "key": key, "time": utc_text(now)})
            for key in keys
        ]
        if not lines:
            return
        self._lines += lines
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write("".join(f"{line}\n" for line in lines))
                file.flush()
                os.fsync(file.fileno())

    def entries(self, event: str) -> Iterator[tuple[str, str]]:
        """Compartment and key of every erasure of an event, in order."""
        lines = self._lines
        if self._path is not None:
            lines = []
            if self._path.is_file():
                lines = self._path.read_text("utf-8").splitlines()
        for line in lines:
            try:
                noted = json.loads(line)
            except ValueError:
                continue  # the last line of a process that was killed: nothing was erased yet
            if noted["event"] == event:
                yield noted["part"], noted["key"]

    def replay(self, case: CaseFile, *, now: datetime, actor: Actor) -> Erased:
        """Erase again whatever the log says was erased and is there."""
        noted: dict[str, set[str]] = {}
        for part, key in self.entries(case.name):
            noted.setdefault(part, set()).add(key)
        found: dict[str, list[str]] = {}
        for part, keys in noted.items():
            if there := sorted(keys.intersection(case.keys_in(part))):
                found[part] = there
        erased = _destroy(case, found, now=now, actor=actor)
        if erased:
            case.note("erasures-repeated", now=now, actor=actor, people=erased.people)
        return erased


# --- what is due ----------------------------------------------------------------------------------


def due_fields(event: Event, form: Form, *, now: datetime, has_seat: bool) -> frozenset[str]:
    """The fields of the form whose answers are to be erased now."""
    return frozenset(
        each.name
        for each in form.fields
        if event.erasure_due(each.purposes, now=now, own=each.retention, has_seat=has_seat)
    )


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


# --- erasing --------------------------------------------------------------------------------------


def erase_event(case: CaseFile, log: ErasureLog, *, now: datetime, actor: Actor) -> Erased:
    """Erase what has reached the end of its time in an event."""
    whole, parts = _due(case, now=now)
    for part, keys in whole.items():
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
    erased = _destroy(case, whole, now=now, actor=actor)
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


def erase_one(case: CaseFile, log: ErasureLog, key: str, *, now: datetime, actor: Actor) -> Erased:
    """Erase everything about one person; see `Procedure.erase_person`."""
    application = case.application(key)
    parts: dict[str, list[str]] = {part: [key] for part in Compartment}
    for part in parts:
        log.note(case.name, part, [key], now=now)
    if application.state is State.ERASED:
        return Erased()
    erased = _destroy(case, parts, now=now, actor=actor)
    case.note("person-erased", now=now, actor=actor, subject=key)
    return erased


def _destroy(case: CaseFile, parts: dict[str, list[str]], *, now: datetime, actor: Actor) -> Erased:
    """Destroy compartments of people, and make tombstones of those of whom nothing is left."""
    counted = {}
    for part, keys in parts.items():
        there = set(case.keys_in(part)).intersection(keys)
        case.destroy(part, keys)
        if there and part not in LOTTERIES:
            counted[str(part)] = len(there)
    rounds = tuple(parts.get(ROSTER, ()))
    left = {key for part in Compartment for key in case.keys_in(part)}
    touched = {key for part in Compartment for key in parts.get(part, ())}
    gone = []
    for key in sorted(touched - left):
        application = case.find_application(key)
        if application is not None and application.state is not State.ERASED:
            gone.append(application)
    for application in gone:
        case.save(application.moved(State.ERASED, now=now, actor=actor))
    _forget_in_rounds(case, [each.key for each in gone])
    return Erased(len(gone), counted, {}, rounds)


def _forget_in_rounds(case: CaseFile, keys: Iterable[str]) -> None:
    """Take people out of lotteries: the private files go, for their answers stand there once more;
    the rosters, which a draw still needs, no longer lead to them."""
    gone = frozenset(keys)
    for folder in case.keys_in(ROSTER) if gone else ():
        body = case.open(ROSTER, folder, purpose=Purpose.ERASURE)
        if body is None:
            continue
        roster = Roster.from_data(body)
        if gone.intersection(roster.people.values()):
            case.destroy(DRAWING, [folder])
            case.reseal(ROSTER, folder, roster.without(gone).as_data())
