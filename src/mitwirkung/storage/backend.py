"""What a storage backend is: transactions on the records and the journal of one event.

A backend author writes a few plain operations (see `Transaction` and `StorageBackend`); what can be
said once for all of them, checks, chaining, paging, stands here.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace as changed
from typing import Any, ClassVar, Self, final

from mitwirkung.errors import BackendRefused
from mitwirkung.pluggable import Pluggable, class_flaws
from mitwirkung.settings import PluginSettings
from mitwirkung.storage.errors import (
    RecordUnfit,
    StaleRecord,
    StorageClosed,
    UnknownKind,
)
from mitwirkung.storage.journal import ChainedEntry, JournalEntry, chained
from mitwirkung.storage.keys import KeyStore
from mitwirkung.storage.records import (
    IndexValue,
    Record,
    RecordKind,
    check_record,
    check_text,
    check_value,
)

PAGE = 500
"""Records, or entries of a journal, that are asked for at once."""

RESERVED = ("use", "master_key", "erasures")
"""Keys beside the backends' sections in the settings."""

Match = Mapping[str, IndexValue]


class BackendSettings(PluginSettings):
    """Base of every backend's settings: frozen, unknown keys refused."""


class Transaction(ABC):
    """Everything that is read and changed at once in one event; made by `StorageBackend`.

    A transaction sees its own changes. Nobody else sees any of them before all are there.

    A backend implements the methods below `# what a backend implements`: it is given only records
    that were checked, of kinds and fields that were declared.
    """

    def __init__(self, event: str, kinds: Mapping[str, RecordKind]) -> None:
        self.event = event
        self._kinds = kinds
        self._over = False
        self._written: ChainedEntry | None = None

    # what is used

    @final
    def add(self, record: Record) -> None:
        """Keep a new record; raises what `add_all` does."""
        self.add_all([record])

    @final
    def add_all(self, records: Iterable[Record]) -> None:
        """Keep new records, all or none.

        Raises:
            RecordExists: there is one of this kind and key.
            RecordUnfit: one cannot be kept; says why.
            UnknownKind: its kind was not declared.
        """
        self._check_running()
        self.insert(self._checked(record) for record in records)

    @final
    def get(self, kind: str, key: str) -> Record | None:
        """The record of this kind and key; None if there is none.

        Raises:
            UnknownKind: the kind was not declared.
        """
        self._kind(kind)
        return self.load(kind, key)

    @final
    def get_all(self, names: Iterable[tuple[str, str]]) -> list[Record]:
        """Those records of these kinds and keys that there are, asked for at once.

        Raises:
            UnknownKind: a kind was not declared.
        """
        wanted = list(dict.fromkeys(names))
        for kind, _ in wanted:
            self._kind(kind)
        return list(self.load_all(wanted)) if wanted else []

    @final
    def find(self, kind: str, /, **index: IndexValue) -> Iterator[Record]:
        """The records of a kind whose index fields have these values, ordered by key.

        What is changed while it runs may or may not be seen; each record comes once at most.

        Raises:
            UnknownKind: the kind or a field was not declared; lists those that were.
            RecordUnfit: no field can have such a value.
        """
        self._match(kind, index)
        return self._pages(kind, index)

    @final
    def count(self, kind: str, /, **index: IndexValue) -> int:
        """How many records `find` would give; raises what it does."""
        self._match(kind, index)
        return self.number_of(kind, index)

    @final
    def replace(self, record: Record) -> Record:
        """Keep a changed record in the place of the one that was read.

        Returns:
            The record with the version that it has now.

        Raises:
            StaleRecord: the stored one has another version than `record`, or is gone.
            RecordUnfit, UnknownKind: see `add_all`.
        """
        newer = changed(self._checked(record), version=record.version + 1)
        if not self.update(newer, record.version):
            raise StaleRecord("record-stale", kind=record.kind, event=self.event)
        return newer

    @final
    def replace_all(self, records: Iterable[Record]) -> list[Record]:
        """The same for many records, each there once.

        Raises:
            StaleRecord, RecordUnfit, UnknownKind: see `replace`; none of them is kept then, if
                the transaction is given up, as it is when this is raised.
        """
        changes = [(changed(self._checked(r), version=r.version + 1), r.version) for r in records]
        if changes and not self.update_all(changes):
            raise StaleRecord("record-stale", kind=changes[0][0].kind, event=self.event)
        return [newer for newer, _ in changes]

    @final
    def remove(self, kind: str, key: str) -> bool:
        """Remove a record, if it is there.

        Returns:
            Whether it was there.
        """
        self._kind(kind)
        return self.delete(kind, key)

    @final
    def append(self, entry: JournalEntry) -> ChainedEntry:
        """Write the next entry of the event's journal.

        Raises:
            TypeError: its `params` are not plain data, or hold a float.
        """
        self._check_running()
        self.hold_journal()
        # behind our own entry nobody else can write one before this transaction is over
        link = chained(self.event, self._written or self.last_entry(), entry)
        self.write_entry(link)
        self._written = link
        return link

    @final
    def journal(self) -> Iterator[ChainedEntry]:
        """The event's journal from its first entry; see `prove_journal`."""
        self._check_running()
        return self._entries()

    # what a backend implements

    @abstractmethod
    def insert(self, records: Iterable[Record]) -> None:
        """Keep new records, all or none.

        They may be many, so take them as they come. Raise `RecordExists` if one is there already
        or comes twice. Coming they may raise what is wrong with them: let it through.
        """

    @abstractmethod
    def load(self, kind: str, key: str) -> Record | None:
        """One record, None if there is none. A declared field that it lacks is None in it."""

    def load_all(self, names: Sequence[tuple[str, str]]) -> Iterable[Record]:
        """Those records that there are, in any order; `names` holds none twice. For a backend that
        is asked over a network it is worth to ask once."""
        found = (self.load(kind, key) for kind, key in names)
        return [record for record in found if record is not None]

    @abstractmethod
    def load_page(self, kind: str, match: Match, after: str, limit: int) -> Sequence[Record]:
        """The first `limit` records in the order of their keys (by code point) whose key comes
        after `after` (the empty text for all) and whose fields have the values of `match`."""

    @abstractmethod
    def number_of(self, kind: str, match: Match) -> int:
        """How many records have these values."""

    @abstractmethod
    def update(self, record: Record, version: int) -> bool:
        """Put `record` in the place of the one of its kind and key, if that has this `version`.

        Returns:
            Whether there was one.
        """

    def update_all(self, changes: Sequence[tuple[Record, int]]) -> bool:
        """`update` for many records, each there once; whether all of them had their version."""
        return all(self.update(record, version) for record, version in changes)

    @abstractmethod
    def delete(self, kind: str, key: str) -> bool:
        """Remove a record; whether it was there."""

    @abstractmethod
    def write_entry(self, entry: ChainedEntry) -> None:
        """Keep an entry of the event's journal."""

    @abstractmethod
    def last_entry(self) -> ChainedEntry | None:
        """The last entry of the event's journal; None if there is none."""

    @abstractmethod
    def load_entries(self, after: int, limit: int) -> Sequence[ChainedEntry]:
        """The first `limit` entries with a number larger than `after`, in order."""

    def hold_journal(self) -> None:  # noqa: B027 - most have nothing to do
        """Called before each entry that is appended: from here to the end of the transaction
        nobody else appends one to the event's journal. There is nothing to do for a backend whose
        transactions of one event never run side by side."""

    # what helps both

    def _end(self) -> None:
        self._over = True

    def _check_running(self) -> None:
        if self._over:
            raise StorageClosed("transaction-over")

    def _kind(self, name: str) -> RecordKind:
        self._check_running()
        kind = self._kinds.get(name)
        if kind is None:
            raise UnknownKind("record-kind-unknown", kind=name, available=sorted(self._kinds))
        return kind

    def _checked(self, record: Record) -> Record:
        check_record(record, self._kind(record.kind))
        if record.event != self.event:
            raise RecordUnfit("record-other-event", kind=record.kind, event=self.event)
        return record

    def _match(self, kind: str, match: Match) -> None:
        available = self._kind(kind).index
        for name, value in match.items():
            if name not in available:
                raise UnknownKind(
                    "record-field-unknown", kind=kind, field=name, available=list(available)
                )
            check_value(name, value)

    def _pages(self, kind: str, match: Match) -> Iterator[Record]:
        after = ""
        while True:
            self._check_running()
            page = self.load_page(kind, match, after, PAGE)
            for record in page:
                self._check_running()
                yield record
            if len(page) < PAGE:
                return
            after = page[-1].key

    def _entries(self) -> Iterator[ChainedEntry]:
        after = 0
        while True:
            self._check_running()
            page = self.load_entries(after, PAGE)
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].number


class StorageBackend(Pluggable):
    """A place that keeps records and journals::

        with SqliteBackend().open([RecordKind("application", ("state",))]) as storage:
            with storage.transaction("buergerdialog-2020", exclusive=True) as transaction:
                received = {"state": "received"}
                transaction.add(Record(transaction.event, "application", key, body, received))

    Making one only checks its settings; `open` touches what lies there.

    Class attributes:
        name: how the backend is asked for.
        Settings: its settings, a frozen pydantic model.
        durable: whether what it keeps outlives the program.

    Raises:
        BackendRefused: the settings are wrong.
    """

    Settings: ClassVar[type[BackendSettings]] = BackendSettings
    settings: BackendSettings
    durable: ClassVar[bool] = True
    _refusal = BackendRefused

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self._kinds: Mapping[str, RecordKind] | None = None
        self._running = threading.local()

    # what is used

    @final
    def open(self, kinds: Iterable[RecordKind]) -> Self:
        """Open what lies there, or make it; a schema of an older version is brought up to date.

        Args:
            kinds: all kinds of record that will be kept or asked for.

        Raises:
            StorageUnfit: what lies there cannot be used.
            StorageBusy: others hold it for too long.
        """
        declared = {kind.name: kind for kind in kinds}
        self.connect(declared)
        self._kinds = declared
        return self

    @final
    @contextmanager
    def transaction(
        self, event: str, *, exclusive: bool = False, writes: bool = False
    ) -> Iterator[Transaction]:
        """What is done in the block is done as a whole, or, if it raises anything, not at all.

        Args:
            event: the event that is read or changed.
            exclusive: nobody else's transaction of this event runs beside this one. Others may,
                if the backend can do that without either seeing a part of the other.
            writes: something will be changed beside others. Then each question may be answered as
                things are at that moment, not all as they were at one; who does not say so may
                change something all the same.

        Raises:
            StorageBusy: others held the event for too long. Nothing was changed.
            StorageClosed: the backend is not open, or the thread is in a transaction already.
        """
        kinds = self._declared()
        check_text(event)
        if getattr(self._running, "one", False):
            raise StorageClosed("transaction-nested")
        self._running.one = True
        try:
            with self.begin(event, kinds, exclusive=exclusive, writes=writes) as transaction:
                try:
                    yield transaction
                finally:
                    transaction._end()
        finally:
            self._running.one = False

    @final
    def events(self) -> list[str]:
        """The events of which there is a record or a journal, sorted."""
        self._declared()
        return sorted(self.all_events())

    @final
    def compact(self) -> None:
        """See to it that nothing that was removed is left in any file, that of the keys included.

        Raises:
            StorageBusy: others hold it for too long: something may be left.
        """
        self._declared()
        self.purge()
        self.keys().compact()

    @final
    def close(self) -> None:
        """Let go of files and connections; may be called again."""
        if self._kinds is not None:
            self._kinds = None
            self.disconnect()

    def __enter__(self) -> Self:
        self._declared()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # what a backend implements

    @abstractmethod
    def connect(self, kinds: Mapping[str, RecordKind]) -> None:
        """Open the place, bring its schema up to date, and index what the kinds declare."""

    @abstractmethod
    def begin(
        self, event: str, kinds: Mapping[str, RecordKind], *, exclusive: bool, writes: bool
    ) -> AbstractContextManager[Transaction]:
        """Begin a transaction; leaving the block commits it, an exception rolls it back. That it
        `writes` is for backends that are faster when they know; all others may overlook it."""

    @abstractmethod
    def all_events(self) -> Iterable[str]:
        """The events of which there is a record or a journal."""

    @abstractmethod
    def keys(self) -> KeyStore:
        """The keys of the bodies, kept apart: a copy of the records is not one of the keys."""

    @abstractmethod
    def purge(self) -> None:
        """Overwrite or drop what removed and replaced records left behind."""

    @abstractmethod
    def disconnect(self) -> None:
        """Close the place; it may be opened again."""

    def _declared(self) -> Mapping[str, RecordKind]:
        if self._kinds is None:
            raise StorageClosed("storage-closed")
        return self._kinds


def backend_flaws(backend: object) -> Iterable[str]:
    """What is wrong with a backend as it is declared; nothing is made."""
    return class_flaws(
        backend, StorageBackend, BackendSettings, example="postgresql", reserved=RESERVED
    )
