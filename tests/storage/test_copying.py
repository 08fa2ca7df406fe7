"""A storage is copied into another one: all of it, or it is said what differs."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mitwirkung.storage.backend import StorageBackend
from mitwirkung.storage.copying import Copied, copy_storage
from mitwirkung.storage.errors import BodyErased, StorageUnfit
from mitwirkung.storage.journal import JournalEntry, prove_journal
from mitwirkung.storage.keys import MasterKey
from mitwirkung.storage.memory import MemoryBackend
from mitwirkung.storage.records import Record, RecordKind
from mitwirkung.storage.sqlite import SqliteBackend
from mitwirkung.storage.vault import Vault

KINDS = [RecordKind("profile", ("state",)), RecordKind("note")]
MASTER = MasterKey(secrets.token_hex(32))
NOON = datetime(2020, 11, 27, 12, 0, tzinfo=UTC)


def sqlite(folder: Path, name: str) -> StorageBackend:
    paths = {"path": str(folder / f"{name}.db"), "keys": str(folder / f"{name}-keys.db")}
    return SqliteBackend(paths).open(KINDS)


def vault(storage: StorageBackend) -> Vault:
    return Vault(storage.keys(), MASTER, {"profile": ["selection"]})


def filled(storage: StorageBackend) -> None:
    """Two events: 1,200 sealed profiles, one of them erased, one replaced; notes; journals."""
    for event, number in (("a", 1200), ("b", 3)):
        people = [
            Record(event, "profile", f"p{i:04}", b"30 bis 59", {"state": None if i % 2 else "x"})
            for i in range(number)
        ]
        with storage.transaction(event) as transaction:
            transaction.add_all(vault(storage).seal_all(people))
            transaction.add(Record(event, "note", "n", b"\0\xff"))
            transaction.replace(Record(event, "note", "n", b"second"))
            for i in range(3):
                transaction.append(JournalEntry(NOON, "clerk", f"told-{i}", params={"n": i}))
    vault(storage).destroy("a", ["p0007"])


def test_all_is_copied_and_back_again(tmp_path: Path) -> None:
    with sqlite(tmp_path, "old") as old, MemoryBackend().open(KINDS) as new:
        filled(old)
        expected = Copied(events=2, records=1205, entries=6, keys=1202)
        assert copy_storage(old, new, KINDS) == expected
        assert copy_storage(old, new, KINDS) == expected  # again: compared
        with sqlite(tmp_path, "back") as back:
            assert copy_storage(new, back, KINDS) == expected
            with back.transaction("a") as transaction:
                found = transaction.get("profile", "p0003")
                erased = transaction.get("profile", "p0007")
                note = transaction.get("note", "n")
                prove_journal("a", transaction.journal())
            assert found is not None
            assert erased is not None
            assert note == Record("a", "note", "n", b"second", {}, 2)
            assert vault(back).open(found, purpose="selection") == b"30 bis 59"
            with pytest.raises(BodyErased):
                vault(back).open(erased, purpose="selection")


def test_what_was_interrupted_is_completed(tmp_path: Path) -> None:
    with sqlite(tmp_path, "old") as old, sqlite(tmp_path, "new") as new:
        filled(old)
        with old.transaction("b") as transaction:
            people = list(transaction.find("profile"))
            entries = list(transaction.journal())
        new.keys().add(old.keys().get(old.keys().names("a")))
        with new.transaction("b") as transaction:
            transaction.add_all(people)
            transaction.add(Record("b", "note", "n", b"second", {}, 2))
            for each in entries:
                transaction.append(each.entry)
        assert copy_storage(old, new, KINDS).records == 1205


@pytest.mark.parametrize("spoilt", ["record", "entry", "key", "root", "event"])
def test_what_is_not_the_same_is_told(tmp_path: Path, spoilt: str) -> None:
    with sqlite(tmp_path, "old") as old, sqlite(tmp_path, "new") as new:
        filled(old)
        if spoilt == "root":
            vault(new)
        else:
            copy_storage(old, new, KINDS)
            with new.transaction("c" if spoilt == "event" else "b") as transaction:
                if spoilt == "record":
                    found = transaction.get("profile", "p0001")
                    assert found is not None
                    transaction.remove("profile", "p0001")
                    transaction.add(replace(found, body=found.body[:-1] + b"x"))
                if spoilt in ("entry", "event"):
                    transaction.append(JournalEntry(NOON, "clerk", "told"))
            if spoilt == "key":
                vault(new).destroy("b", ["p0001"])
                vault(new).seal(Record("b", "profile", "p0001", b"", {"state": None}))
        with pytest.raises(StorageUnfit) as told:
            copy_storage(old, new, KINDS)
        codes = {"root": "copy-keys", "key": "copy-keys"}
        assert told.value.code == codes.get(spoilt, "copy-differs")
