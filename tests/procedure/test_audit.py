"""Whatever is changed past the procedure is found by the audit: in the records themselves."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mitwirkung.archive import heads_in
from mitwirkung.lottery.encoding import canonical_json
from mitwirkung.storage.journal import ChainedEntry, JournalEntry, chained
from small_event import (
    ALL_DUE,
    CLERK,
    DOCUMENTED,
    HELD,
    NAME,
    PROFILES_DUE,
    Town,
    key,
)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The event after its end, on SQLite."""
    folder = tmp_path_factory.mktemp("held")
    town = Town.made(folder).held()
    town.procedure.document({"results.md": b"."}, now=DOCUMENTED, actor=CLERK)
    town.storage.close()
    return folder


@contextmanager
def raw(folder: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(folder / "dialog.db")
    with connection:
        yield connection
    connection.close()


def body(connection: sqlite3.Connection, kind: str, name: str) -> dict[str, object]:
    query = "SELECT body FROM records WHERE kind = ? AND key = ?"
    (content,) = connection.execute(query, (kind, name)).fetchone()
    found: dict[str, object] = json.loads(content)
    return found


def keep(connection: sqlite3.Connection, kind: str, name: str, content: object) -> None:
    query = "UPDATE records SET body = ? WHERE kind = ? AND key = ?"
    connection.execute(query, (canonical_json(content), kind, name))


def changed(kind: str, name: str, **fields: object) -> Callable[[sqlite3.Connection], None]:
    def change(connection: sqlite3.Connection) -> None:
        before = body(connection, kind, name)
        assert {field: before[field] for field in fields} != fields
        keep(connection, kind, name, {**before, **fields})

    return change


def sql(statement: str, *values: object) -> Callable[[sqlite3.Connection], None]:
    def change(connection: sqlite3.Connection) -> None:
        assert connection.execute(statement, values).rowcount > 0

    return change


def drop(kind: str, name: str) -> Callable[[sqlite3.Connection], None]:
    return sql("DELETE FROM records WHERE kind = ? AND key = ?", kind, name)


def earlier(connection: sqlite3.Connection) -> None:
    """The application as it was before its last step, which was a legal one."""
    before = body(connection, "application", key(0))
    history = before["history"]
    assert isinstance(history, list)
    keep(
        connection,
        "application",
        key(0),
        {**before, "history": history[:-1], "state": history[-1]["source"]},
    )


def swapped(connection: sqlite3.Connection) -> None:
    """Somebody else in the place of one whom the draw seats."""
    before = body(connection, "round", "0001")
    seated = before["seated"]
    assert isinstance(seated, list)
    other = next(key(n) for n in range(12) if key(n) not in seated)
    keep(connection, "round", "0001", {**before, "seated": [other, *seated[1:]]})


def forged(connection: sqlite3.Connection) -> None:
    """An application that nobody entered."""
    copied = {**body(connection, "application", key(0)), "key": "forged-one"}
    connection.execute(
        "INSERT INTO records SELECT event, kind, 'forged-one', version, fields, ? "
        "FROM records WHERE kind = 'application' AND key = ?",
        (canonical_json(copied), key(0)),
    )


def rewritten(connection: sqlite3.Connection) -> None:
    """The whole journal written anew, chained as it should be, without one entry."""
    rows = connection.execute(
        "SELECT number, time, actor, what, subject, params FROM journal ORDER BY number"
    ).fetchall()
    connection.execute("DELETE FROM journal")
    head: ChainedEntry | None = None
    for number, time, actor, what, subject, params in rows:
        if number == 5:
            continue
        moment = datetime.fromisoformat(time).replace(tzinfo=UTC)
        head = chained(NAME, head, JournalEntry(moment, actor, what, subject, json.loads(params)))
        connection.execute(
            "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (NAME, head.number, time, actor, what, subject, params, head.previous, head.hash),
        )


def cut(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM journal WHERE number > 8")


TAMPERING: dict[str, tuple[Callable[[sqlite3.Connection], None], str]] = {
    "an entry's words": (
        sql("UPDATE journal SET what = 'nothing' WHERE number = 3"),
        "journal-changed",
    ),
    "an entry's time": (
        sql("UPDATE journal SET time = '2027-01-01 00:00:00.000000' WHERE number = 3"),
        "journal-changed",
    ),
    "an entry left out": (sql("DELETE FROM journal WHERE number = 7"), "journal-gap"),
    "the end left out": (cut, "journal-cut"),
    "the journal written anew": (rewritten, "journal-rewritten"),
    "an entry that is no JSON": (
        sql("UPDATE journal SET params = 'nothing' WHERE number = 3"),
        "audit-journal-unreadable",
    ),
    "an application that is none": (
        sql("UPDATE records SET body = 'x' WHERE kind = 'application' AND key = ?", key(0)),
        "audit-changed",
    ),
    "an event that is none": (
        sql("UPDATE records SET body = 'x' WHERE kind = 'event'"),
        "audit-changed",
    ),
    "another number of seats": (changed("event", NAME, seats=5), "audit-changed"),
    "another deadline": (changed("event", NAME, deadline="2027-03-30"), "audit-changed"),
    "an event taken back a step": (
        changed("event", NAME, phase="running"),
        "audit-changed",
    ),
    "another day of receipt": (
        changed("application", key(0), received="2027-02-01T00:00:00Z"),
        "audit-changed",
    ),
    "other companions": (
        changed("application", key(0), companions=[key(1)]),
        "audit-changed",
    ),
    "an application taken back a step": (earlier, "audit-changed"),
    "an index alone": (
        sql(
            "UPDATE records SET fields = json_set(fields, '$.state', 'accepted') "
            "WHERE kind = 'application' AND key = ?",
            key(0),
        ),
        "audit-changed",
    ),
    "a household alone": (
        sql(
            "UPDATE records SET fields = json_set(fields, '$.household', null) "
            "WHERE kind = 'application' AND key = ?",
            key(0),
        ),
        "audit-changed",
    ),
    "an application that is gone": (drop("application", key(0)), "audit-missing"),
    "an application that nobody entered": (forged, "audit-unknown"),
    "somebody else on the panel": (swapped, "audit-changed"),
    "a round that is gone": (drop("round", "0001"), "audit-missing"),
    "an answer that is gone": (drop("profile", key(0)), "audit-missing"),
    "a name that is gone": (drop("identity", key(0)), "audit-missing"),
    "a document": (
        sql("UPDATE records SET body = 'x' WHERE key = 'results/results.md'"),
        "audit-document",
    ),
    "a lottery": (
        sql(
            "UPDATE records SET body = CAST(body || ' ' AS BLOB) "
            "WHERE key = 'lottery-1/lottery.json'"
        ),
        "audit-document",
    ),
    "a lottery that is none": (
        sql("UPDATE records SET body = CAST('[1]' AS BLOB) WHERE key = 'lottery-1/lottery.json'"),
        "audit-document",
    ),
    "a draw that is gone": (drop("document", "lottery-1/record-public.json"), "audit-document"),
    "quotas": (
        sql("UPDATE records SET body = replace(body, '3', '4') WHERE key = 'quotas.json'"),
        "audit-document",
    ),
    "a document that nobody published": (
        sql(
            "INSERT INTO records SELECT event, kind, 'results/other.md', version, fields, body "
            "FROM records WHERE key = 'results/results.md'"
        ),
        "audit-document",
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found(held: Path, tmp_path: Path, what: str) -> None:
    folder = Path(shutil.copytree(held, tmp_path / "event"))
    tamper, code = TAMPERING[what]
    with raw(folder) as connection:
        tamper(connection)
    town = Town.made(folder)
    found = town.procedure.audit()
    assert not found.ok
    assert code in [flaw for flaw, _ in found.flaws], found.flaws
    for _, params in found.flaws:
        assert not any(key(n) in str(params) for n in range(12))
    town.storage.close()


def test_what_is_whole_is_whole_at_every_stage(held: Path, tmp_path: Path) -> None:
    town = Town.made(Path(shutil.copytree(held, tmp_path / "event")))
    found = town.procedure.audit()
    assert (found.ok, found.flaws, found.printed) == (True, (), 1)
    assert found.head.split()[0] == str(found.entries) == str(len(town.procedure.journal()))
    town.procedure.erase_due(now=PROFILES_DUE)
    assert town.procedure.audit().ok
    town.procedure.erase_person(key(0), now=HELD, actor=CLERK)
    assert town.procedure.audit().ok
    town.procedure.erase_due(now=ALL_DUE)
    town.procedure.archive(now=ALL_DUE, actor=CLERK)
    assert town.procedure.audit().ok
    town.storage.close()


def test_heads_that_were_printed_elsewhere_are_compared(held: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(held, tmp_path / "event"))
    town = Town.made(folder)
    printed = heads_in([("elsewhere/event.json", town.procedure.public_documents()["event.json"])])
    assert town.procedure.audit(printed).ok
    assert town.procedure.audit({3: "0" * 64}).flaws[0][0] == "journal-rewritten"
    town.storage.close()
    with raw(folder) as connection:
        (last,) = connection.execute("SELECT max(number) FROM journal").fetchone()
        connection.execute("DELETE FROM journal WHERE number = ?", (last,))
    town = Town.made(folder)
    assert "journal-cut" in [code for code, _ in town.procedure.audit(printed).flaws]
    town.storage.close()
