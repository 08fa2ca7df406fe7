"""Storage in the memory of one process: the reference that says what every backend does."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from pydantic import Field

from mitwirkung.storage.backend import BackendSettings, Match, StorageBackend, Transaction
from mitwirkung.storage.errors import RecordExists, StorageBusy
from mitwirkung.storage.journal import ChainedEntry
from mitwirkung.storage.keys import KeyStore, MemoryKeyStore
from mitwirkung.storage.records import Record, RecordKind


class MemorySettings(BackendSettings):
    patience: int = Field(default=30, ge=1, le=3600)
    """Seconds to wait for others before giving up."""


@dataclass
class _Event:
    """What is kept of one event; who holds the lock may touch it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    records: dict[str, dict[str, Record]] = field(default_factory=dict)
    journal: list[ChainedEntry] = field(default_factory=list)


class MemoryTransaction(Transaction):
    """Changes are made at once; how to take each back is noted."""

    def __init__(self, event: str, kinds: Mapping[str, RecordKind], kept: _Event) -> None:
        super().__init__(event, kinds)
        self._kept = kept
        self._undo: list[Callable[[], object]] = []
        self._sorted: dict[str, list[str]] = {}

    def roll_back(self) -> None:
        for undo in reversed(self._undo):
            undo()

    def insert(self, records: Iterable[Record]) -> None:
        new = list(records)
        twice = len({(record.kind, record.key) for record in new}) < len(new)
        if twice or any(record.key in self._of(record.kind) for record in new):
            raise RecordExists("record-exists", event=self.event)
        for record in new:
            self._put(record)

    def load(self, kind: str, key: str) -> Record | None:
        record = self._of(kind).get(key)
        return record and _copy(record)

    def load_page(self, kind: str, match: Match, after: str, limit: int) -> Sequence[Record]:
        kept = self._of(kind)
        if kind not in self._sorted:
            self._sorted[kind] = sorted(kept)
        keys = self._sorted[kind]
        page: list[Record] = []
        for i in range(bisect_right(keys, after), len(keys)):
            record = kept[keys[i]]
            if all(record.index[name] == value for name, value in match.items()):
                page.append(_copy(record))
                if len(page) == limit:
                    break
        return page

    def number_of(self, kind: str, match: Match) -> int:
        return sum(
            all(record.index[name] == value for name, value in match.items())
            for record in self._of(kind).values()
        )

    def update(self, record: Record, version: int) -> bool:
        kept = self._of(record.kind).get(record.key)
        if kept is None or kept.version != version:
            return False
        self._put(record)
        return True

    def delete(self, kind: str, key: str) -> bool:
        kept = self._of(kind)
        record = kept.pop(key, None)
        if record is None:
            return False
        self._sorted.pop(kind, None)
        self._undo.append(lambda: kept.__setitem__(key, record))
        return True

    def write_entry(self, entry: ChainedEntry) -> None:
        self._kept.journal.append(entry)
        self._undo.append(self._kept.journal.pop)

    def last_entry(self) -> ChainedEntry | None:
        return self._kept.journal[-1] if self._kept.journal else None

    def load_entries(self, after: int, limit: int) -> Sequence[ChainedEntry]:
        return self._kept.journal[after : after + limit]

    def _of(self, kind: str) -> dict[str, Record]:
        return self._kept.records.setdefault(kind, {})

    def _put(self, record: Record) -> None:
        kept, before = self._of(record.kind), self._of(record.kind).get(record.key)
        kept[record.key] = _copy(record)
        if before is None:
            self._sorted.pop(record.kind, None)
            self._undo.append(lambda: kept.pop(record.key))
        else:
            self._undo.append(lambda: kept.__setitem__(record.key, before))


def _copy(record: Record) -> Record:
    """The record with an index of its own: nobody changes from outside what is kept."""
    return replace(record, index=dict(record.index))


class MemoryBackend(StorageBackend):
    """Records in memory, for tests and trials; gone when the program ends or closes it."""

    name = "memory"
    durable = False
    Settings = MemorySettings
    settings: MemorySettings

    def connect(self, kinds: Mapping[str, RecordKind]) -> None:
        self._events: dict[str, _Event] = {}
        self._keys = MemoryKeyStore()
        self._lock = threading.Lock()

    @contextmanager
    def begin(
        self, event: str, kinds: Mapping[str, RecordKind], *, exclusive: bool, writes: bool
    ) -> Iterator[Transaction]:
        """One transaction of an event at a time, so that shared ones see no half of another."""
        with self._lock:
            kept = self._events.setdefault(event, _Event())
        if not kept.lock.acquire(timeout=self.settings.patience):
            raise StorageBusy("storage-busy", seconds=self.settings.patience)
        try:
            transaction = MemoryTransaction(event, kinds, kept)
            try:
                yield transaction
            except BaseException:
                transaction.roll_back()
                raise
        finally:
            kept.lock.release()

    def all_events(self) -> Iterable[str]:
        with self._lock:
            kept = dict(self._events)
        return [
            name for name, event in kept.items() if event.journal or any(event.records.values())
        ]

    def keys(self) -> KeyStore:
        return self._keys

    def purge(self) -> None:
        """There is no file."""

    def disconnect(self) -> None:
        del self._events, self._keys
