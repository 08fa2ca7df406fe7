"""All events of one storage into another: records, journals and keys, and the proof that both hold
the same afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from mitwirkung.storage.backend import StorageBackend, Transaction
from mitwirkung.storage.errors import StorageUnfit
from mitwirkung.storage.journal import prove_journal
from mitwirkung.storage.keys import ROOT, KeyName, KeyStore
from mitwirkung.storage.records import Record, RecordKind

KEYS = 10_000
"""Keys that are read and kept at once."""


@dataclass(frozen=True)
class Copied:
    """What both storages hold alike.

    Attributes:
        events: how many there are.
        records, entries, keys: how many records, entries of journals, and keys they have.
    """

    events: int
    records: int
    entries: int
    keys: int


def copy_storage(
    source: StorageBackend, target: StorageBackend, kinds: Sequence[RecordKind]
) -> Copied:
    """Copy all events, each as a whole, and compare both storages record by record.

    Bodies stay sealed: the new storage is opened with the same master key. An event that the target
    has already is not copied again, but compared, so that a copy which was interrupted is completed
    by repeating it. Nobody should work with the source meanwhile.

    Args:
        source, target: both open, for `kinds`.
        kinds: all kinds of record.

    Raises:
        StorageUnfit: the target holds an event, or keys, that the source has not like that.
        JournalBroken: a journal of the source is not whole.
        StorageBusy: others hold one of them for too long.
    """
    _copy_keys(source.keys(), target.keys(), [ROOT])
    there = set(target.events())
    for event in source.events():
        _copy_keys(source.keys(), target.keys(), source.keys().names(event))
        if event not in there:
            _copy_event(source, target, event, kinds)
    return _compared(source, target, kinds)


def _copy_keys(source: KeyStore, target: KeyStore, names: Sequence[KeyName]) -> None:
    for start in range(0, len(names), KEYS):
        found = source.get(names[start : start + KEYS])
        if any(found[name] != secret for name, secret in target.add(found).items()):
            raise StorageUnfit("copy-keys")


def _copy_event(
    source: StorageBackend, target: StorageBackend, event: str, kinds: Sequence[RecordKind]
) -> None:
    with (
        source.transaction(event, exclusive=True) as old,
        target.transaction(event, exclusive=True) as new,
    ):
        prove_journal(event, old.journal())
        new.add_all(_records(old, kinds))
        for link in old.journal():
            if new.append(link.entry) != link:
                raise StorageUnfit("copy-differs", event=event)


def _compared(
    source: StorageBackend, target: StorageBackend, kinds: Sequence[RecordKind]
) -> Copied:
    events = source.events()
    if others := sorted(set(target.events()) - {*events}):
        raise StorageUnfit("copy-differs", event=others[0])
    records = entries = keys = 0
    for event in events:
        with (
            source.transaction(event, exclusive=True) as old,
            target.transaction(event, exclusive=True) as new,
        ):
            records += _alike(_records(old, kinds), _records(new, kinds), event)
            entries += _alike(old.journal(), new.journal(), event)
            prove_journal(event, new.journal())
        keys += _alike(_secrets(source, event), _secrets(target, event), event)
    return Copied(len(events), records, entries, keys)


def _records(transaction: Transaction, kinds: Iterable[RecordKind]) -> Iterator[Record]:
    return chain.from_iterable(transaction.find(kind.name) for kind in kinds)


def _secrets(storage: StorageBackend, event: str) -> Iterator[object]:
    store = storage.keys()
    names = store.names(event)
    for start in range(0, len(names), KEYS):
        yield from sorted(store.get(names[start : start + KEYS]).items())


def _alike(ours: Iterable[object], theirs: Iterable[object], event: str) -> int:
    """How many there are on both sides, one like the other."""
    number = 0
    for one, other in zip_longest(ours, theirs):
        if one != other:
            raise StorageUnfit("copy-differs", event=event)
        number += 1
    return number
