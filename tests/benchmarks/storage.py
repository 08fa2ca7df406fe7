"""Seconds to take in applications, three records each, beside plain `sqlite3` with the same rows.

Ours seals every body under a key of its own, keeps the keys wrapped in another file, and indexes
what is declared; the plain side writes the same rows, in the clear, into one table with the same
primary key and nothing else, in one `executemany`. Both write to a disk that is told to keep it
(write-ahead log, `synchronous = FULL`). The processor's time is compared, which others on the same
machine disturb less than the clock's; that of the clock is told for ours.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

from measure import Block, digits, table

import mitwirkung as mw

SIZES = (25_000, 100_000)
MUST = 4.0
RUNS = 2
EVENT = "buergerdialog-2020"
KINDS = (
    mw.RecordKind("identity", ("email",)),
    mw.RecordKind("profile", ("state", "token")),
    mw.RecordKind("statements"),
)
PLAIN = """
    CREATE TABLE records (
        event TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL,
        fields JSON NOT NULL, body BLOB NOT NULL, PRIMARY KEY (event, kind, key)
    )
"""


class Seconds(NamedTuple):
    """Of the processor, which decides what is the best run, and of the clock."""

    processor: float
    clock: float


Side = Callable[[Path, list[mw.Record]], AbstractContextManager[Callable[[], object]]]


def blocks() -> Iterator[Block]:
    """One row for each number of applications."""
    rows, failures = [], []
    for number in SIZES:
        records = applications(number)
        best = {
            name: min(timed(side, records) for _ in range(RUNS)) for name, side in SIDES.items()
        }
        ratio = best["sealed"].processor / best["plain"].processor
        figures = [digits(best[name].processor) for name in ("plain", "unsealed", "sealed")]
        each = digits(best["sealed"].processor / number * 1e6)
        rows.append([f"{number:,}", *figures, f"{ratio:.1f}x", each, digits(best["sealed"].clock)])
        if number == SIZES[-1] and ratio > MUST:
            failures.append(f"storage, {number:,}: {ratio:.1f}x of plain, not {MUST:g}x")
    heads = (
        *("applications", "plain `sqlite3`, s", "without encryption, s", "with it, s"),
        *("of plain", "an application, µs", "by the clock, s"),
    )
    yield Block("storage", table(heads, rows), failures)


def applications(number: int) -> list[mw.Record]:
    """Three records each, of the size that forms make."""
    made = []
    for i in range(number):
        person = secrets.token_hex(16)
        name = {"name": f"Person {i}", "street": f"Straße {i % 997}", "email": f"p{i}@example.org"}
        profile = {"Altersgruppe": "30 bis 59", "Geschlecht": "divers", "Stadtbezirk": "Hörde"}
        said = {"answer": "Mehr Bäume, weniger Lärm, und ein Weg für alle. " * 3}
        email = {"email": secrets.token_hex(32)}
        state = {"state": "received", "token": secrets.token_hex(32)}
        for kind, body, index in (
            ("identity", name, email),
            ("profile", profile, state),
            ("statements", said, {}),
        ):
            content = json.dumps(body, ensure_ascii=False).encode()
            made.append(mw.Record(EVENT, kind, person, content, index))
    return made


def timed(side: Side, records: list[mw.Record]) -> Seconds:
    """Seconds of one side, with files of its own."""
    with tempfile.TemporaryDirectory() as folder, side(Path(folder), records) as act:
        clock, processor = time.perf_counter(), time.process_time()
        act()
        return Seconds(time.process_time() - processor, time.perf_counter() - clock)


@contextmanager
def plain(folder: Path, records: list[mw.Record]) -> Iterator[Callable[[], object]]:
    rows = [
        (each.event, each.kind, each.key, each.version, json.dumps(dict(each.index)), each.body)
        for each in records
    ]
    connection = sqlite3.connect(folder / "plain.db", isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(PLAIN)

    def act() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.execute("COMMIT")

    yield act
    connection.close()


@contextmanager
def unsealed(folder: Path, records: list[mw.Record]) -> Iterator[Callable[[], object]]:
    with opened(folder) as storage:
        yield lambda: intake(storage, records)


@contextmanager
def sealed(folder: Path, records: list[mw.Record]) -> Iterator[Callable[[], object]]:
    with opened(folder) as storage:
        compartments = {kind.name: ["any"] for kind in KINDS}
        vault = mw.Vault(storage.keys(), mw.MasterKey(secrets.token_hex(32)), compartments)
        yield lambda: intake(storage, vault.seal_all(records))


def intake(storage: mw.StorageBackend, records: Iterable[mw.Record]) -> None:
    with storage.transaction(EVENT) as transaction:
        transaction.add_all(records)


def opened(folder: Path) -> mw.StorageBackend:
    paths = {"path": str(folder / "dialog.db"), "keys": str(folder / "keys.db")}
    return mw.SqliteBackend(paths).open(KINDS)


SIDES: dict[str, Side] = {"plain": plain, "unsealed": unsealed, "sealed": sealed}
