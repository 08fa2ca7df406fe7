"""Several app servers of one city, as processes that may be killed."""

from __future__ import annotations

import contextlib
import json
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app_server import EVENT, announced, installation

import mitwirkung as mw


class AppServer:
    """A process of `app_server.py`."""

    def __init__(self, stated: dict[str, Any], key: str, *words: str) -> None:
        command = [sys.executable, str(Path(__file__).parent / "app_server.py"), *words]
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, **pipes)
        self._say([stated, key])

    def ask(self, do: str, **task: Any) -> None:
        self._say({"do": do, **task})

    def answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        return json.loads(line) if line else {}

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Kill it, and let go of what it said."""
        self.kill()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()

    def _say(self, task: Any) -> None:
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()


@contextmanager
def app_servers(number: int, stated: dict[str, Any], key: str) -> Iterator[list[AppServer]]:
    servers = [AppServer(stated, key) for _ in range(number)]
    try:
        for each in servers:
            assert each.answer()["ready"]
        yield servers
    finally:
        for each in servers:
            each.close()


@contextmanager
def city(
    stated: dict[str, Any], servers: int, key: str | None = None
) -> Iterator[tuple[mw.Procedure, list[AppServer]]]:
    """A dialogue that is open for applications, and the processes that serve it."""
    key = key or secrets.token_hex(32)
    with installation(key=key, postgresql=stated) as app:
        dialogue = announced(app)
        with app_servers(servers, stated, key) as processes:
            yield dialogue, processes


def told(dialogue: mw.Procedure) -> Counter[str]:
    """What the journal tells, which is proven whole."""
    journal = dialogue.journal()
    mw.prove_journal(EVENT, journal)
    return Counter(each.entry.what for each in journal)
