"""The commands of docs/how-to/postgresql.md, said as they stand there."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import tomllib
from datetime import timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from app_server import CLERK, EVENT, announced, apply, end_of, installation
from server import Server

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "postgresql.md"
MADE_UP = "host=db.example.org dbname=mitwirkung"
TLS = " sslmode=verify-full sslrootcert=/etc/ssl/city.pem"
KEY = secrets.token_hex(32)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


@pytest.fixture
def shell(server: Server, tmp_path: Path) -> Any:
    """Runs commands in a folder of its own, where `mitwirkung`, `python` and the tools of
    PostgreSQL are found."""
    if not PAGE.exists() or not (server.programs / "psql").exists():
        pytest.skip("the page, or psql, is not there")
    home, found = tmp_path / "city", tmp_path / "bin"
    home.mkdir()
    found.mkdir()
    for name, words in (("mitwirkung", "-m mitwirkung"), ("python", "")):
        (found / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
        (found / name).chmod(0o755)
    there = any(each.value == "mitwirkung_postgres" for each in entry_points(group="mitwirkung"))
    if not there:  # run from the source tree: what an installation would say of the plugin
        info = found / "mitwirkung_postgres-0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Name: mitwirkung-postgres\nVersion: 0\n")
        (info / "entry_points.txt").write_text("[mitwirkung]\npostgres = mitwirkung_postgres\n")
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(found), str(server.programs), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([str(found), *filter(None, sys.path)]),
        "PGHOST": str(server.sockets),
        "PGUSER": "postgres",
        "MITWIRKUNG_MASTER_KEY": KEY,
        "MITWIRKUNG_DB_PASSWORD": "x",
        "LANGUAGE": "en",
    }

    def run(command: str) -> str:
        done = subprocess.run(
            ["sh", "-ec", command],
            cwd=home,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    run.home = home  # type: ignore[attr-defined]
    yield run
    server.sql("DROP DATABASE IF EXISTS mitwirkung WITH (FORCE)")
    server.sql("DROP ROLE IF EXISTS mitwirkung_owner", "DROP ROLE IF EXISTS mitwirkung_app")


def test_the_how_to_leads_from_sqlite_to_postgresql_and_back(shell: Any, server: Server) -> None:
    home: Path = shell.home
    before, after = (
        block.replace(MADE_UP, f"host={server.sockets} dbname=mitwirkung").replace(TLS, "")
        for block in blocks("toml")
    )
    making, copying, granting, migrating, dumping, restoring = blocks("text")
    (home / "mitwirkung.toml").write_text(before)
    (home / "owner.toml").write_text(before.replace('use = "sqlite"', 'use = "postgresql"'))
    files = {
        name: str(home / path) for name, path in tomllib.loads(before)["storage"]["sqlite"].items()
    }
    with installation(key=KEY, use="sqlite", sqlite=files) as app:
        dialogue = announced(app)
        now = end_of(dialogue.event().deadline) - timedelta(days=1)
        tokens = {key: apply(dialogue, key, now) for key in ("person-01", "person-02")}

    install, *rest = making.strip().splitlines()
    assert install == "pip install mitwirkung-postgres"
    shell("\n".join(rest))
    assert "1 events" in shell(copying)
    shell(granting)
    of_app = before.replace('use = "sqlite"', 'use = "postgresql"')
    of_app = of_app.replace("user=mitwirkung_owner", "user=mitwirkung_app")
    stated, wanted = tomllib.loads(of_app)["storage"], tomllib.loads(after)["storage"]
    assert stated["use"] == wanted["use"]
    assert stated["postgresql"]["server"] == wanted["postgresql"]["server"]
    (home / "mitwirkung.toml").write_text(of_app)
    shell("mitwirkung audit")
    assert "events: 1" in shell(migrating)

    shell(dumping)
    log = str(home / "mitwirkung-erasures.jsonl")
    place = {**stated["postgresql"], "password": None}
    with installation(key=KEY, erasures=log, postgresql=place) as app:
        dialogue = app.procedure(EVENT)
        assert {key: dialogue.token(key) for key in tokens} == tokens
        dialogue.erase_person("person-01", now=now, actor=CLERK)
    for schema in ("mitwirkung", "mitwirkung_keys"):
        server.sql(f"DROP SCHEMA {schema} CASCADE", database="mitwirkung")
    shell(restoring)
    with installation(key=KEY, erasures=log, postgresql=place) as app:
        dialogue = app.procedure(EVENT)
        assert dialogue.token("person-01") is None
        assert dialogue.token("person-02") == tokens["person-02"]
        assert dialogue.audit().ok

    for path in home.glob("dialog*.db*"):
        path.unlink()
    shell("mitwirkung storage copy postgresql sqlite")
    with installation(key=KEY, use="sqlite", sqlite=files) as app:
        dialogue = app.procedure(EVENT)
        assert dialogue.token("person-02") == tokens["person-02"]
        assert dialogue.audit().ok
