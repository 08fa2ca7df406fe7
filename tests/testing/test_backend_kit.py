"""Backends that break the contract are told which part of it, and how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from mitwirkung.storage.backend import BackendSettings, Match, StorageBackend, Transaction
from mitwirkung.storage.journal import ChainedEntry
from mitwirkung.storage.keys import KeyName, KeyStore, MemoryKeyStore
from mitwirkung.storage.memory import MemoryBackend, MemoryTransaction
from mitwirkung.storage.records import Record, RecordKind
from mitwirkung.testing import StorageBackendKit


class Spoilt(MemoryBackend):
    """Records in memory, with transactions that break a promise."""

    name = "spoilt"
    transactions: ClassVar[type[MemoryTransaction]]

    @contextmanager
    def begin(
        self, event: str, kinds: Mapping[str, RecordKind], *, exclusive: bool, writes: bool
    ) -> Iterator[Transaction]:
        with super().begin(event, kinds, exclusive=exclusive, writes=writes) as right:
            assert isinstance(right, MemoryTransaction)
            wrong = self.transactions(event, kinds, right._kept)
            try:
                yield wrong
            except BaseException:
                wrong.roll_back()
                raise


class KeepsAll(MemoryTransaction):
    def roll_back(self) -> None:
        pass


class IgnoresVersions(MemoryTransaction):
    def update(self, record: Record, version: int) -> bool:
        kept = self.load(record.kind, record.key)
        return kept is not None and super().update(record, kept.version)


class AddsSome(MemoryTransaction):
    def insert(self, records: Iterable[Record]) -> None:
        for record in records:
            super().insert([record])


class ForgetsOrder(MemoryTransaction):
    def load_page(self, kind: str, match: Match, after: str, limit: int) -> Sequence[Record]:
        return sorted(
            super().load_page(kind, match, after, limit), key=lambda record: record.key.casefold()
        )


class TakesNumbersForTexts(MemoryTransaction):
    def number_of(self, kind: str, match: Match) -> int:
        texts = {name: str(value) for name, value in match.items()}
        return sum(
            all(str(record.index[name]) == value for name, value in texts.items())
            for record in self._of(kind).values()
        )


class RoundsTimes(MemoryTransaction):
    def write_entry(self, entry: ChainedEntry) -> None:
        rounded = replace(entry.entry, time=entry.entry.time.replace(microsecond=0))
        super().write_entry(replace(entry, entry=rounded))


class CutsBodies(MemoryTransaction):
    def load(self, kind: str, key: str) -> Record | None:
        found = super().load(kind, key)
        return found and replace(found, body=found.body.split(b"\0")[0])


def kit_of(backend: type[StorageBackend], settings: Any = None) -> StorageBackendKit:
    class Kit(StorageBackendKit):
        durable = False
        examples = 30

        def make(self, folder: Path) -> StorageBackend:
            return backend(settings)

    return Kit()


@pytest.mark.parametrize(
    ("transactions", "test"),
    [
        (KeepsAll, "test_an_exception_takes_everything_back"),
        (KeepsAll, "test_it_does_what_the_reference_does"),
        (IgnoresVersions, "test_it_does_what_the_reference_does"),
        (AddsSome, "test_a_second_record_of_one_key_is_refused"),
        (ForgetsOrder, "test_records_are_found_by_their_index_in_the_order_of_keys"),
        (TakesNumbersForTexts, "test_records_are_found_by_their_index_in_the_order_of_keys"),
        (RoundsTimes, "test_the_journal_is_chained_and_comes_back"),
        (CutsBodies, "test_a_record_comes_back_as_it_was"),
    ],
)
def test_a_broken_promise_is_found(transactions: type[MemoryTransaction], test: str) -> None:
    backend = type("Broken", (Spoilt,), {"transactions": transactions, "__doc__": "It breaks."})
    with pytest.raises(AssertionError):
        getattr(kit_of(backend), test)()


def test_a_backend_that_ignores_versions_loses_what_somebody_wrote() -> None:
    backend = type("Broken", (Spoilt,), {"transactions": IgnoresVersions})
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        kit_of(backend).test_replacing_asks_for_the_stored_version()


def test_what_is_declared_wrongly_is_said() -> None:
    class Lax(BackendSettings, extra="allow"):
        patience: int = 30

    broken = type("Broken", (MemoryBackend,), {"Settings": Lax, "__doc__": ""})
    with pytest.raises(AssertionError, match="allows unknown keys; Broken needs a docstring"):
        kit_of(broken).test_it_declares_what_it_is()
    with pytest.raises(AssertionError, match="keep extra='forbid'"):
        kit_of(broken).test_its_settings_refuse_unknown_keys()


class LosesTheFirst(MemoryKeyStore):
    def add(self, secrets: Mapping[KeyName, bytes]) -> dict[KeyName, bytes]:
        self.destroy(secrets)
        return super().add(secrets)


def test_a_store_that_replaces_keys_is_found() -> None:
    class Broken(MemoryBackend):
        """It keeps the last key of a name."""

        def keys(self) -> KeyStore:
            store = LosesTheFirst()
            store._secrets, store._lock = self._keys._secrets, self._keys._lock
            return store

    with pytest.raises(AssertionError, match="not the first key"):
        kit_of(Broken).test_its_keys_are_kept_until_they_are_destroyed()


def test_no_test_of_the_kit_is_replaced_unnoticed() -> None:
    with pytest.raises(TypeError, match="replaces a test of the kit"):
        type("Kit", (StorageBackendKit,), {"test_it_declares_what_it_is": lambda self: None})
