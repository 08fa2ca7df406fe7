"""Seconds to take in applications, three records each, beside plain `sqlite3` with the same rows.

Ours seals every body under a key of its own, keeps the keys wrapped in another file, and indexes
what is declared; the plain side writes the same rows, in the clear, into one table with the same
primary key and nothing else, in one `executemany`. Both commit once, to a disk that is told to
keep it (write-ahead log, `synchronous = FULL`).
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from measure import Block, digits, table

import mitwirkung as mw

SIZES = (25_000, 50_000, 100_000)
MUST = 4.0
RUNS = 3
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


def blocks() -> Iterator[Block]:
    """One row for each number of applications."""
    rows, failures = [], []
    for number in SIZES:
        records = applications(number)
        seconds = {
            side.__name__: min(timed(side, records) for _ in range(RUNS))
            for side in (plain, unsealed, sealed)
        }
        ratio = seconds["sealed"] / seconds["plain"]
        figures = [digits(seconds[name]) for name in ("plain", "unsealed", "sealed")]
        each = digits(seconds["sealed"] / number * 1e6)
        rows.append([f"{number:,}", *figures, f"{ratio:.1f}x", each])
        if ratio > MUST:
            failures.append(f"storage, {number:,}: {ratio:.1f}x of plain, not {MUST:g}x")
    heads = (
        *("applications", "plain `sqlite3`, s", "without encryption, s", "with it, s"),
        *("of plain", "each, µs"),
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


def timed(side: object, records: list[mw.Record]) -> float:
    """Seconds of one side, with files of its own."""
    with tempfile.TemporaryDirectory() as folder:
        seconds: float = side(Path(folder), records)  # type: ignore[operator]
        return seconds


def plain(folder: Path, records: list[mw.Record]) -> float:
    rows = [
        (each.event, each.kind, each.key, each.version, json.dumps(dict(each.index)), each.body)
        for each in records
    ]
    connection = sqlite3.connect(folder / "plain.db", isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(PLAIN)
    started = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.execute("COMMIT")
    seconds = time.perf_counter() - started
    connection.close()
    return seconds


def unsealed(folder: Path, records: list[mw.Record]) -> float:
    with opened(folder) as storage:
        started = time.perf_counter()
        with storage.transaction(EVENT) as transaction:
            transaction.add_all(records)
        return time.perf_counter() - started


def sealed(folder: Path, records: list[mw.Record]) -> float:
    with opened(folder) as storage:
        compartments = {kind.name: ["any"] for kind in KINDS}
        vault = mw.Vault(storage.keys(), mw.MasterKey(secrets.token_hex(32)), compartments)
        started = time.perf_counter()
        with storage.transaction(EVENT) as transaction:
            transaction.add_all(vault.seal_all(records))
        return time.perf_counter() - started


def opened(folder: Path) -> mw.StorageBackend:
    paths = {"path": str(folder / "dialog.db"), "keys": str(folder / "keys.db")}
    return mw.SqliteBackend(paths).open(KINDS)
