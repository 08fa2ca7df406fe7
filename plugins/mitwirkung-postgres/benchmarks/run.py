"""What the storage in PostgreSQL costs beside the bare database: `python benchmarks/run.py`.

Bulk: records of applications, three each, beside a plain COPY of the same rows into one table with
the same primary key. Single: whole applications (`Procedure.apply`) from four processes for some
seconds, beside transactions of four processes that insert as many rows with bare statements. Both
sides use one server from pip that keeps what it commits (`fsync`); seconds are those of the clock.

    python benchmarks/run.py [--applications 100000] [--stored 10000] [--seconds 5]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tests"), str(HERE.parents[2] / "tests" / "benchmarks")]

import psycopg
from app_server import CLERK, EVENT, announced, answers, apply, end_of, installation
from psycopg.types.json import Jsonb
from server import Server

import mitwirkung as mw
from mitwirkung_postgres import PostgresBackend
from storage import KINDS, applications, intake

PROCESSES = 4
PLAIN = """
CREATE TABLE {name} (event text, kind text, key text, version int8, fields jsonb, body bytea,
PRIMARY KEY (event, kind, key))
"""


def seconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def bulk(server: Server, number: int) -> None:
    rows = applications(number)
    server.sql("DROP TABLE IF EXISTS plain", PLAIN.format(name="plain"))

    def plain() -> None:
        with (
            psycopg.connect(server.conninfo()) as connection,
            connection.cursor() as cursor,
            cursor.copy("COPY plain FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(["text", "text", "text", "int8", "jsonb", "bytea"])
            for r in rows:
                fields = Jsonb(dict(r.index))
                copy.write_row((r.event, r.kind, r.key, r.version, fields, r.body))

    def ours(*, sealed: bool) -> Callable[[], None]:
        name = secrets.token_hex(4)
        stated = {"server": server.conninfo(), "records": f"r_{name}", "keys": f"k_{name}"}
        storage = PostgresBackend(stated).open(KINDS)
        compartments = {kind.name: ["any"] for kind in KINDS}
        vault = mw.Vault(storage.keys(), mw.MasterKey(secrets.token_hex(32)), compartments)

        def act() -> None:
            intake(storage, vault.seal_all(rows) if sealed else rows)
            storage.close()

        return act

    best = {"plain COPY": seconds(plain)}
    best["ours, not sealed"] = seconds(ours(sealed=False))
    best["ours, sealed"] = seconds(ours(sealed=True))
    for name, each in best.items():
        times = each / best["plain COPY"]
        print(f"bulk {number:,} applications, {name}: {each:.2f} s, {times:.1f}x")


def bare(conninfo: str, length: float, first: int) -> list[float]:
    """Transactions of the rows that an application makes: five records, an entry of a journal."""
    taken: list[float] = []
    body, entry = secrets.token_bytes(400), json.dumps({"channel": "web", "late": False})
    with psycopg.connect(conninfo) as connection:
        until = time.monotonic() + length
        while time.monotonic() < until:
            begun = time.perf_counter()
            for kind in ("application", "identity", "profile"):
                connection.execute(
                    "INSERT INTO bare VALUES (%s, %s, %s, 1, '{}', %s)",
                    (EVENT, kind, f"{first}-{len(taken)}", body),
                )
            connection.execute(
                "INSERT INTO bare_journal VALUES (%s, %s, %s)",
                (EVENT, first * 10**9 + len(taken), entry),
            )
            for kind in ("identity", "profile"):
                connection.execute(
                    "INSERT INTO bare_keys VALUES (%s, %s, %s, %s)",
                    (EVENT, f"{first}-{len(taken)}", kind, body[:32]),
                )
            connection.commit()
            taken.append(time.perf_counter() - begun)
    return taken


def applying(stated: dict[str, Any], key: str, length: float, first: int) -> list[float]:
    taken: list[float] = []
    with installation(key=key, postgresql=stated) as app:
        dialogue = app.procedure(EVENT)
        now = end_of(dialogue.event().deadline) - timedelta(days=1)
        until = time.monotonic() + length
        while time.monotonic() < until:
            begun = time.perf_counter()
            apply(dialogue, f"bench-{first}-{len(taken)}", now)
            taken.append(time.perf_counter() - begun)
    return taken


def single(server: Server, length: float, stored: int) -> None:
    made = """(event text, {columns})"""
    for name, columns in (
        ("bare_journal", "number int8, entry jsonb, PRIMARY KEY (event, number)"),
        ("bare_keys", "person text, part text, key bytea, PRIMARY KEY (event, person, part)"),
    ):
        server.sql(f"CREATE TABLE {name} {made.format(columns=columns)}")
    server.sql(PLAIN.format(name="bare"))
    key = secrets.token_hex(32)
    stated = {"server": server.conninfo()}
    with installation(key=key, postgresql=stated) as app:
        dialogue = announced(app)
        now = end_of(dialogue.event().deadline) - timedelta(days=1)
        for start in range(0, stored, 5000):
            names = [f"stored-{i:07}" for i in range(start, min(stored, start + 5000))]
            entries = [mw.Entry(answers(name), key=name) for name in names]
            dialogue.apply_all(entries, channel=mw.Channel.PHONE, now=now, actor=CLERK)
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        sides = {
            "bare inserts": pool.starmap(
                bare, [(server.conninfo(), length, i) for i in range(PROCESSES)]
            ),
            "ours": pool.starmap(applying, [(stated, key, length, i) for i in range(PROCESSES)]),
        }
    for name, found in sides.items():
        times = [each for one in found for each in one]
        last = quantiles(times, n=100)[-1]
        print(
            f"single, {stored:,} stored, {name}: {len(times) / length:.0f} a second; "
            f"median {median(times) * 1e3:.1f} ms, 99 % below {last * 1e3:.1f} ms"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--applications", type=int, default=100_000)
    parser.add_argument("--stored", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=5)
    asked = parser.parse_args()
    server = Server(Path(tempfile.mkdtemp(prefix="mitwirkung-pg-")) / "data", fsync=True)
    try:
        bulk(server, asked.applications)
        single(server, asked.seconds, asked.stored)
    finally:
        server.close()


if __name__ == "__main__":
    main()
