"""From SQLite to PostgreSQL and back; backup and restore with the tools of PostgreSQL."""

from __future__ import annotations

import secrets
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from app_server import CLERK, EVENT, announced, apply, end_of, installation
from places import settings
from server import Server

import mitwirkung as mw


def both(database: str, folder: Path) -> dict[str, Any]:
    return {
        "postgresql": settings(database),
        "sqlite": {"path": str(folder / "old.db"), "keys": str(folder / "old-keys.db")},
    }


def test_a_city_moves_from_sqlite_to_postgresql_and_back(database: str, tmp_path: Path) -> None:
    key, places = secrets.token_hex(32), both(database, tmp_path)
    log = str(tmp_path / "erasures.jsonl")
    with installation(key=key, use="sqlite", erasures=log, **places) as app:
        dialogue = announced(app)
        now = end_of(dialogue.event().deadline) - timedelta(days=1)
        tokens = {f"person-{i:02}": apply(dialogue, f"person-{i:02}", now) for i in range(20)}
        dialogue.erase_person("person-07", now=now, actor=CLERK)
        head = dialogue.journal()[-1].hash
        copied = app.copy_storage("sqlite", "postgresql")
        assert (copied.events, copied.entries) == (1, len(dialogue.journal()))
    with installation(key=key, erasures=log, **places) as app:
        dialogue = app.procedure(EVENT)
        assert dialogue.journal()[-1].hash == head
        assert dialogue.audit().ok
        assert {key: dialogue.token(key) for key in tokens} == {**tokens, "person-07": None}
        apply(dialogue, "person-99", now)
    places["sqlite"] = {name: f"{path}-back" for name, path in places["sqlite"].items()}
    with installation(key=key, use="sqlite", erasures=log, **places) as app:
        again = app.copy_storage("postgresql", "sqlite")
        assert again.records > copied.records
        dialogue = app.procedure(EVENT)
        assert dialogue.audit().ok
        assert apply(dialogue, "person-01", now) == tokens["person-01"]
        assert dialogue.application("person-99").state is mw.State.RECEIVED


def test_a_backup_brings_nobody_back_who_was_erased(
    server: Server, database: str, tmp_path: Path
) -> None:
    """Both schemas dumped; one person erased; both restored; erasures repeated from their log."""
    if not (server.programs / "pg_dump").exists():
        pytest.skip("this PostgreSQL comes without pg_dump")
    key, stated = secrets.token_hex(32), settings(database)
    log = tmp_path / "erasures.jsonl"
    with installation(key=key, erasures=str(log), postgresql=stated) as app:
        dialogue = announced(app)
        now = end_of(dialogue.event().deadline) - timedelta(days=1)
        for i in range(5):
            apply(dialogue, f"person-{i:02}", now)
        for part in ("records", "keys"):
            run(
                server,
                "pg_dump",
                "-d",
                database,
                f"--schema={stated[part]}",
                "-Fc",
                "-f",
                tmp_path / part,
            )
        dialogue.erase_person("person-03", now=now, actor=CLERK)
        assert dialogue.token("person-03") is None
    for part in ("records", "keys"):
        server.sql(f"DROP SCHEMA {stated[part]} CASCADE")
        run(server, "pg_restore", "-1", "-d", database, tmp_path / part)
    with installation(key=key, erasures=str(log), postgresql=stated) as app:
        dialogue = app.procedure(EVENT)
        assert dialogue.token("person-03") is not None  # the backup knows them
        dialogue.replay_erasures(now=now, actor=CLERK)
        assert dialogue.token("person-03") is None
        assert dialogue.token("person-04") is not None
        assert dialogue.audit().ok
        assert len(dialogue.applications()) == 5


def test_one_person_is_exported_and_erased(server: Server, database: str, tmp_path: Path) -> None:
    key, stated = secrets.token_hex(32), settings(database)
    with installation(key=key, erasures=str(tmp_path / "erasures.jsonl"), postgresql=stated) as app:
        dialogue = announced(app)
        now = end_of(dialogue.event().deadline) - timedelta(days=1)
        for i in range(3):
            apply(dialogue, f"person-{i:02}", now)
        told = str(dialogue.export_person("person-01", now=now, actor=CLERK).as_json())
        assert "0231 123456" in told
        assert "person-01" in told
        assert "person-02" not in told
        dialogue.erase_person("person-01", now=now, actor=CLERK)
        left = str(dialogue.export_person("person-01", now=now, actor=CLERK).as_json())
        assert "0231 123456" not in left
        assert dialogue.token("person-01") is None
        assert dialogue.token("person-02") is not None
        assert dialogue.audit().ok
    keys = f"SELECT count(*) FROM {stated['keys']}.keys WHERE person = 'person-01'"
    assert server.sql(keys) == [(0,)]
    bodies = (
        f"SELECT kind FROM {stated['records']}.records WHERE key = 'person-01' "
        "AND kind IN ('identity', 'profile', 'statements')"
    )
    assert server.sql(bodies) == []


def run(server: Server, program: str, *words: object) -> None:
    command = [str(server.programs / program), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
