"""One PostgreSQL for all tests, and schemas of its own for each."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # server.py, clients.py

from server import Server, why_not

_numbers = count(1)


@pytest.fixture(scope="session")
def new_server() -> Iterator[Callable[..., Server]]:
    """Starts servers, and ends them with the session."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    started: list[Server] = []

    def start(data: Path | None = None, *, fsync: bool = False) -> Server:
        place = data or Path(tempfile.mkdtemp(prefix="mitwirkung-pg-")) / "data"
        server = Server(place, fsync=fsync)
        started.append(server)
        return server

    yield start
    for server in started:
        server.close()


@pytest.fixture(scope="session")
def server(new_server: Callable[..., Server]) -> Server:
    """A server that no test stops."""
    return new_server()


@pytest.fixture
def database(server: Server) -> str:
    """The connection to a place that is empty; its schemas are named after the application."""
    return f"{server.conninfo()} application_name=test_{next(_numbers)}"
