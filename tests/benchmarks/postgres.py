"""What the storage in PostgreSQL costs beside the bare database, on a server from pip.

Needs the plugin and what its tests need: `nox -s bench_postgres`. The server is told to keep what
it commits (`fsync`, `synchronous_commit`), for both sides.

- Bulk: records of applications, three each, sealed, with their keys, beside a COPY of as many rows
  of the same size into two tables with the same primary keys and nothing else, also by this driver.
- Single: whole applications with `Procedure.apply` from four processes. The bare side inserts, from
  four processes too, the rows that such an application leaves: its own record, the two sealed ones,
  the entry of the journal, the two keys; one plain INSERT each, prepared by the driver, into tables
  made LIKE ours, one COMMIT for all. It reads nothing, checks nothing and seals nothing. Rounds of
  both sides alternate, and those in the middle count.
- Growth: how long one application takes where 10,000 and 1,000,000 are stored, each in schemas of
  its own, asked in turns by one process.
"""

from __future__ import annotations

import json
import multiprocessing
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from measure import Block, digits, table

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "plugins" / "mitwirkung-postgres" / "tests"))

import psycopg
from app_server import EVENT, announced, answers, end_of, installation
from psycopg.types.json import Jsonb
from server import Server

import mitwirkung as mw
from mitwirkung_postgres import PostgresBackend
from storage import KINDS, applications, intake

BULK, MOST = 100_000, 4.0
"""Applications at once, and how many times as long as COPY they may take."""
PROCESSES, LEAST = 4, 0.4
"""Processes that apply, and the part of bare inserts that they have to reach."""
STORED, ROUNDS, SECONDS, WARM = 10_000, 5, 3.0, 100
SIZES, GROWTH, TIMES, TURN = (10_000, 1_000_000), 2.0, 1_000, 50
"""How many are stored, how much longer one may take with more of them; how often it is tried."""


def blocks() -> Iterator[Block]:
    """One table for each of the three."""
    for measured in (bulk, single, growth):
        server = Server(Path(tempfile.mkdtemp(prefix="mitwirkung-pg-")) / "data", fsync=True)
        try:
            yield measured(server)
        finally:
            server.close()


def goal(name: str, reached: float, wanted: float, *, at_most: bool) -> list[str]:
    """What was missed, if it was."""
    met = reached <= wanted if at_most else reached >= wanted
    return [] if met else [f"{name}: {reached:.2f}, not {wanted:g}"]


# --- bulk -----------------------------------------------------------------------------------------


def bulk(server: Server) -> Block:
    """100,000 applications at once."""
    records = applications(BULK)
    sides: dict[str, Callable[[], float]] = {
        "plain COPY": lambda: copied(server, records),
        "without encryption": lambda: taken_in(server, records, sealed=False),
        "with it": lambda: taken_in(server, records, sealed=True),
    }
    best = {name: min(side() for _ in range(2)) for name, side in sides.items()}
    times = {name: each / best["plain COPY"] for name, each in best.items()}
    rows = [[name, digits(best[name]), f"{times[name]:.1f}x"] for name in sides]
    heads = (f"{BULK:,} applications", "seconds", "of plain COPY")
    return Block(
        "postgres-bulk",
        table(heads, rows),
        goal("postgres, bulk", times["with it"], MOST, at_most=True),
    )


def copied(server: Server, records: list[mw.Record]) -> float:
    """Seconds of COPY."""
    server.sql(
        "DROP TABLE IF EXISTS plain, plain_keys",
        "CREATE TABLE plain (event text, kind text, key text, version int8, fields jsonb, "
        "body bytea, PRIMARY KEY (event, kind, key))",
        "CREATE TABLE plain_keys (event text, person text, compartment text, secret bytea, "
        "PRIMARY KEY (event, person, compartment))",
    )
    sealed = [
        (each, each.body + secrets.token_bytes(28), secrets.token_bytes(32)) for each in records
    ]
    begun = time.perf_counter()
    with psycopg.connect(server.conninfo()) as connection, connection.cursor() as cursor:
        with cursor.copy("COPY plain_keys FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["text", "text", "text", "bytea"])
            for r, _, secret in sealed:
                copy.write_row((r.event, r.key, r.kind, secret))
        with cursor.copy("COPY plain FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["text", "text", "text", "int8", "jsonb", "bytea"])
            for r, body, _ in sealed:
                copy.write_row((r.event, r.kind, r.key, r.version, Jsonb(dict(r.index)), body))
    return time.perf_counter() - begun


def taken_in(server: Server, records: list[mw.Record], *, sealed: bool) -> float:
    """Seconds of ours, in schemas of its own."""
    name = secrets.token_hex(4)
    stated = {"server": server.conninfo(), "records": f"r_{name}", "keys": f"k_{name}"}
    compartments = {kind.name: ["any"] for kind in KINDS}
    with PostgresBackend(stated).open(KINDS) as storage:
        vault = mw.Vault(storage.keys(), mw.MasterKey(secrets.token_hex(32)), compartments)
        begun = time.perf_counter()
        intake(storage, vault.seal_all(records) if sealed else records)
        return time.perf_counter() - begun


# --- single ---------------------------------------------------------------------------------------


def single(server: Server) -> Block:
    """Applications a second from four processes."""
    key, stated = secrets.token_hex(32), {"server": server.conninfo()}
    filled(server, stated, key, STORED)
    server.sql(
        "CREATE SCHEMA bare",
        *(
            f"CREATE TABLE bare.{name} (LIKE {place}.{name} INCLUDING ALL)"
            for name, place in PLACES.items()
        ),
        *(f"INSERT INTO bare.{name} SELECT * FROM {p}.{name}" for name, p in PLACES.items()),
        "VACUUM ANALYZE",
    )
    context = multiprocessing.get_context("spawn")
    workers = []
    for number in range(PROCESSES):
        ours, theirs = context.Pipe()
        context.Process(target=work, args=(number, stated, key, theirs), daemon=True).start()
        workers.append(ours)
    for each in workers:
        each.recv()
    rates: dict[str, list[float]] = {"bare inserts": [], "ours": []}
    latencies: dict[str, list[float]] = {"bare inserts": [], "ours": []}
    for _ in range(ROUNDS):
        for side, reached in rates.items():
            at = time.time() + 0.2
            for each in workers:
                each.send((side, at))
            taken = [each.recv() for each in workers]
            reached.append(sum(map(len, taken)) / SECONDS)
            latencies[side] += [seconds for those in taken for seconds in those]
    for each in workers:
        each.send(None)
    shares = [ours / bare for ours, bare in zip(rates["ours"], rates["bare inserts"], strict=True)]
    share = median(shares)
    rows = []
    for side, reached in rates.items():
        of = "" if side == "bare inserts" else f"{100 * share:.0f} %"
        rows.append([side, f"{median(reached):.0f}", of, *in_ms(latencies[side])])
    heads = (f"{PROCESSES} processes", "a second", "of bare", "median, ms", "99 % below, ms")
    return Block(
        "postgres-single",
        table(heads, rows),
        goal("postgres, single", share, LEAST, at_most=False),
    )


PLACES = {"records": "mitwirkung", "journal": "mitwirkung", "keys": "mitwirkung_keys"}


def work(number: int, stated: dict[str, Any], key: str, tasks: Connection) -> None:
    """One of the processes: does what it is told for some seconds, and tells how long each took."""
    with (
        installation(key=key, postgresql=stated) as app,
        psycopg.connect(stated["server"]) as bare,
    ):
        sides = {"ours": applying(app.procedure(EVENT)), "bare inserts": inserting(bare, number)}
        for act in sides.values():
            for _ in range(WARM):
                act()
        tasks.send("ready")
        while (task := tasks.recv()) is not None:
            side, at = task
            time.sleep(max(0.0, at - time.time()))
            tasks.send(timed(sides[side], at + SECONDS))


def timed(act: Callable[[], object], until: float) -> list[float]:
    """Seconds of each, as often as it can be done until then."""
    taken = []
    while time.time() < until:
        begun = time.perf_counter()
        act()
        taken.append(time.perf_counter() - begun)
    return taken


def applying(dialogue: mw.Procedure) -> Callable[[], object]:
    """What takes one application more; each person has an address of their own."""
    now = end_of(dialogue.event().deadline) - timedelta(days=1)

    def act() -> None:
        key = secrets.token_hex(16)
        dialogue.apply(mw.Entry(with_address(key), key=key), channel=mw.Channel.WEB, now=now)

    return act


def with_address(key: str) -> dict[str, Any]:
    home = {"kind": "letter", "street": f"Hohe Straße {key[:6]}", "postcode": "44139"}
    points = [{**home, "place": "Dortmund"}, {"kind": "email", "address": f"{key}@example.org"}]
    return {**answers(key), "contact": points}


def inserting(connection: psycopg.Connection[Any], number: int) -> Callable[[], object]:
    """What inserts the rows of one application more, with nothing but the driver."""
    say = connection.execute
    one = "SELECT key FROM mitwirkung.records WHERE kind = 'application' LIMIT 1"
    (key,) = say(one).fetchone() or ()
    records = say("SELECT * FROM mitwirkung.records WHERE key = %s", [key]).fetchall()
    keys = say("SELECT * FROM mitwirkung_keys.keys WHERE person = %s", [key]).fetchall()
    (entry,) = say("SELECT * FROM mitwirkung.journal WHERE subject = %s", [key]).fetchall()
    records = [(*r[:2], r[3], json.dumps(r[4]), r[5]) for r in records]
    entry = (*entry[:1], *entry[2:6], json.dumps(entry[6]), *entry[7:])
    connection.commit()
    assert len(records) == 3
    assert len(keys) == 2
    numbers = iter(range((number + 1) * 10**9, (number + 2) * 10**9))

    def act() -> None:
        key = secrets.token_hex(16)
        for event, kind, version, fields, body in records:
            say(
                "INSERT INTO bare.records VALUES (%s, %s, %s, %s, %s, %s)",
                (event, kind, key, version, fields, body),
            )
        for event, _, compartment, secret in keys:
            say("INSERT INTO bare.keys VALUES (%s, %s, %s, %s)", (event, key, compartment, secret))
        say(
            "INSERT INTO bare.journal VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (entry[0], next(numbers), *entry[1:4], key, *entry[5:]),
        )
        connection.commit()

    return act


# --- growth ---------------------------------------------------------------------------------------


def growth(server: Server) -> Block:
    """How long one takes where few and where many are stored."""
    key = secrets.token_hex(32)
    taken: dict[int, list[float]] = {size: [] for size in SIZES}
    with ExitStack() as stack:
        acts = {}
        for size in SIZES:
            names = {"records": f"r_{size}", "keys": f"k_{size}"}
            stated = {"server": server.conninfo(), **names}
            filled(server, stated, key, size)
            app = stack.enter_context(installation(key=key, postgresql=stated))
            acts[size] = applying(app.procedure(EVENT))
        server.sql("VACUUM ANALYZE", "CHECKPOINT")
        for act in acts.values():
            for _ in range(WARM):
                act()
        for _ in range(TIMES // TURN):
            for size, act in acts.items():
                for _ in range(TURN):
                    begun = time.perf_counter()
                    act()
                    taken[size].append(time.perf_counter() - begun)
    few, many = (taken[size] for size in SIZES)
    rows = [[f"{size:,}", *in_ms(taken[size])] for size in SIZES]
    ratios = (median(many) / median(few), last_of(many) / last_of(few))
    rows.append(["grows to", *(f"{each:.2f}x" for each in ratios)])
    heads = ("stored", "median, ms", "99 % below, ms")
    missed = goal("postgres, growth of the median", ratios[0], GROWTH, at_most=True)
    missed += goal("postgres, growth of the 99th percentile", ratios[1], GROWTH, at_most=True)
    return Block("postgres-growth", table(heads, rows), missed)


def filled(server: Server, stated: dict[str, Any], key: str, size: int) -> None:
    """An event with so many applications: one is made, and its rows are copied in the database. The
    copies cannot be opened, and their chain is not whole; nobody looks at them here."""
    with installation(key=key, postgresql=stated) as app:
        applying(announced(app))()
    records, keys = stated.get("records", "mitwirkung"), stated.get("keys", "mitwirkung_keys")
    new = f"(SELECT md5('{size}' || i) AS new, i FROM generate_series(2, {size}) AS i) AS many"
    copies = (
        f"INSERT INTO {records}.records SELECT event, kind, new, version, CASE WHEN kind = "
        "'application' THEN fields || jsonb_build_object('household', new || new, 'token', "
        f"new || md5(new)) ELSE fields END, body FROM {records}.records, {new} "
        "WHERE kind IN ('application', 'identity', 'profile')",
        f"INSERT INTO {records}.journal SELECT event, number + i, time, actor, what, new, params, "
        f"previous, hash FROM {records}.journal, {new} WHERE what = 'application-received'",
        f"INSERT INTO {keys}.keys SELECT event, new, compartment, secret FROM {keys}.keys, {new} "
        "WHERE compartment IN ('identity', 'profile')",
    )
    drop, make = without_indexes(server, records, keys)
    server.sql(
        "SET synchronous_commit = off", "SET maintenance_work_mem = '512MB'", *drop, *copies, *make
    )


def without_indexes(server: Server, *schemas: str) -> tuple[list[str], list[str]]:
    """What drops all indexes, primary keys too, and makes them again: so rows go in faster."""
    those = "n.nspname = ANY(ARRAY[{}])".format(", ".join(f"'{each}'" for each in schemas))
    rows = server.sql(
        "SELECT n.nspname, t.relname, i.relname, pg_get_indexdef(i.oid), c.conname, "
        "pg_get_constraintdef(c.oid) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid "
        "JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace "
        f"LEFT JOIN pg_constraint c ON c.conindid = i.oid WHERE {those} "
        "AND t.relname IN ('records', 'journal', 'keys')"
    )
    drop, make = [], []
    for schema, name, index, definition, constraint, words in rows:
        place = f"ALTER TABLE {schema}.{name}"
        drop.append(
            f"{place} DROP CONSTRAINT {constraint}"
            if constraint
            else f"DROP INDEX {schema}.{index}"
        )
        make.append(f"{place} ADD CONSTRAINT {constraint} {words}" if constraint else definition)
    return drop, make


# --- figures --------------------------------------------------------------------------------------


def in_ms(seconds: list[float]) -> list[str]:
    """Median and 99th percentile."""
    return [digits(median(seconds) * 1e3), digits(last_of(seconds) * 1e3)]


def last_of(seconds: list[float]) -> float:
    """The 99th percentile."""
    return quantiles(seconds, n=100)[-1]
