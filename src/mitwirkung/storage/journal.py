"""The journal of an event: who did what and when, each entry chained to the one before.

The hash of an entry is SHA-256 over the canonical JSON of the entry and the hash before it, so
that nothing can be changed, left out or put in between without changing every later hash. What is
printed in a public record, the number and hash of an entry, fixes all entries up to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mitwirkung.lottery.encoding import canonical_json, sha256_hex
from mitwirkung.storage.errors import JournalBroken

FORM = "mitwirkung-journal-1"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What happened.

    Attributes:
        time: when, with its time zone; kept in UTC, to the microsecond.
        actor: who did it, as a pseudonym or the name of a role.
        what: what was done, as a code: `applications-closed`.
        subject: the pseudonym of whom it was done to, if there is one.
        params: what else is to be known, as plain data without floats. No personal data: the
            journal is never erased.

    Raises:
        ValueError: the time has no time zone.
    """

    time: datetime
    actor: str
    what: str
    subject: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.time.utcoffset() is None:
            raise ValueError("an entry of the journal needs a time with its time zone")


@dataclass(frozen=True, slots=True)
class ChainedEntry:
    """An entry in its place.

    Attributes:
        event: the event whose journal it stands in.
        number: 1, 2, 3, ...
        entry: what happened.
        previous: the hash of the entry before; None for the first.
        hash: 64 hexadecimal digits.
    """

    event: str
    number: int
    entry: JournalEntry
    previous: str | None
    hash: str

    def as_json(self) -> dict[str, Any]:
        """The entry as plain data, without its hash: what is hashed as canonical JSON."""
        return {
            "form": FORM,
            "event": self.event,
            "number": self.number,
            "time": utc_text(self.entry.time),
            "actor": self.entry.actor,
            "what": self.entry.what,
            "subject": self.entry.subject,
            "params": dict(self.entry.params),
            "previous": self.previous,
        }

    def computed_hash(self) -> str:
        """The hash that the content has."""
        return sha256_hex(canonical_json(self.as_json()))


def chained(event: str, head: ChainedEntry | None, entry: JournalEntry) -> ChainedEntry:
    """The entry behind `head`, the last one so far; its `params` as they come back from JSON.

    Raises:
        TypeError: `params` hold a float, or what JSON does not know.
        UnfitText: a text has no UTF-8.
    """
    plain = JournalEntry(
        time=entry.time.astimezone(UTC),
        actor=entry.actor,
        what=entry.what,
        subject=entry.subject,
        params=json.loads(canonical_json(dict(entry.params))),
    )
    number, previous = (1, None) if head is None else (head.number + 1, head.hash)
    open_end = ChainedEntry(event, number, plain, previous, "")
    return ChainedEntry(event, number, plain, previous, open_end.computed_hash())


def prove_journal(
    event: str, entries: Iterable[ChainedEntry], known: Mapping[int, str] | None = None
) -> ChainedEntry | None:
    """Prove the whole journal of an event: that it is what was written, from the first entry on.

    A journal that was rewritten from some entry on, or cut at its end, is whole in itself: only
    hashes that were printed elsewhere can show that.

    Args:
        event: the event.
        entries: its journal, from the first entry.
        known: hashes printed in public records, by the number of their entry.

    Returns:
        The last entry; None if there is none.

    Raises:
        JournalBroken: with the number of the first entry that does not hold, and why.
    """
    expected = dict(known or {})
    head: ChainedEntry | None = None
    for number, entry in enumerate(entries, start=1):
        previous = None if head is None else head.hash
        if entry.event != event or entry.number != number or entry.previous != previous:
            raise JournalBroken("journal-gap", number=number, event=event)
        if entry.computed_hash() != entry.hash:
            raise JournalBroken("journal-changed", number=number, event=event)
        if expected.pop(number, entry.hash) != entry.hash:
            raise JournalBroken("journal-rewritten", number=number, event=event)
        head = entry
    if expected:
        raise JournalBroken("journal-cut", number=min(expected), event=event)
    return head


def utc_text(time: datetime) -> str:
    """A time as `2020-11-27T20:41:12.000000Z`."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
