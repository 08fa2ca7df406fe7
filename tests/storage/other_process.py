"""Run by `test_sqlite.py` as another process: says each step, and waits for a line to go on."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from mitwirkung.storage.backend import StorageBackend
from mitwirkung.storage.errors import StaleRecord
from mitwirkung.storage.journal import JournalEntry
from mitwirkung.storage.records import Record, RecordKind
from mitwirkung.storage.sqlite import SqliteBackend

EVENT = "buergerdialog-2020"
NOON = datetime(2020, 11, 27, 12, 0, tzinfo=UTC)


def say(step: str, *, wait: bool = True) -> None:
    print(step, flush=True)
    if wait:
        sys.stdin.readline()


def hold(storage: StorageBackend) -> None:
    with storage.transaction(EVENT, exclusive=True):
        say("holding")


def take(storage: StorageBackend, name: str) -> None:
    """Take free seats, one in each transaction; says how many."""
    taken = 0
    while True:
        with storage.transaction(EVENT, exclusive=True) as transaction:
            free = next(transaction.find("application", state="free"), None)
            if free is None:
                break
            transaction.replace(replace(free, index={"state": name}))
            transaction.append(JournalEntry(NOON, name, "seat-taken"))
        taken += 1
    say(str(taken), wait=False)


def change(storage: StorageBackend) -> None:
    """Read in one transaction and replace in the next."""
    with storage.transaction(EVENT) as transaction:
        record = transaction.get("application", "a")
        assert record is not None
    say("read")
    try:
        with storage.transaction(EVENT) as transaction:
            transaction.replace(record)
    except StaleRecord as stale:
        say(type(stale).__name__, wait=False)


def draw(storage: StorageBackend) -> None:
    """A transaction of several steps."""
    say("opened")
    with storage.transaction(EVENT, exclusive=True) as transaction:
        say("begun")
        record = transaction.get("application", "a")
        assert record is not None
        transaction.replace(replace(record, index={"state": "drawn"}))
        say("replaced")
        transaction.remove("application", "b")
        say("removed")
        transaction.add(Record(EVENT, "application", "c", b"c", {"state": "received"}))
        say("added")
        transaction.append(JournalEntry(NOON, "clerk", "drawn"))
        say("told")
    say("committed")
    say("still committed")


def move(storage: StorageBackend) -> None:
    """Move everything to the next state, and tell it, in one transaction after the other."""
    say("moving", wait=False)
    while True:
        with storage.transaction(EVENT, exclusive=True) as transaction:
            for record in transaction.find("application"):
                state = str(int(str(record.index["state"])) + 1)
                transaction.replace(replace(record, index={"state": state}))
            transaction.append(JournalEntry(NOON, "clerk", "moved"))


def main() -> None:
    folder, task, *words = sys.argv[1:]
    paths = {"path": str(Path(folder, "dialog.db")), "keys": str(Path(folder, "keys.db"))}
    backend = SqliteBackend({**paths, "patience": 60})
    with backend.open([RecordKind("application", ("state",))]) as storage:
        if task == "open":
            say("open", wait=False)
        elif task == "hold":
            hold(storage)
        elif task == "take":
            take(storage, *words)
        elif task == "replace":
            change(storage)
        elif task == "move":
            move(storage)
        elif task == "draw":
            draw(storage)


if __name__ == "__main__":
    main()
