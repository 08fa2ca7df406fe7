"""Errors of PostgreSQL in the words of mitwirkung.

The server's own text is never shown: it repeats values, and in a failed login the user.
"""

from __future__ import annotations

import re

import psycopg
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolFull

from mitwirkung import RecordUnfit, StorageBusy, StorageUnfit
from mitwirkung_postgres.settings import PostgresSettings

Told = StorageBusy | StorageUnfit | RecordUnfit
DatabaseError = (DBAPIError, PendingRollbackError, PoolFull)
"""What SQLAlchemy raises as something is wrong with the database."""

REPEATABLE = ("storage-lost", "storage-in-doubt", "storage-clash")
"""Codes after which what is the same when it is done twice may be done again at once."""

_SERVER_ENDS = ("57P01", "57P02", "57P03", "57P05", "25P03")
_CLASH = ("40001", "40P01", "23505")
_NOT_ALLOWED = ("42501", "28000", "28P01", "3D000")
_TOO_LONG = "54000"
_PASSING = re.compile(
    r"starting up|shutting down|recovery|not yet accepting|too many|connection slots|startet|"
    r"heruntergefahren|Wiederherstellung|zu viele|Verbindungsslots"
)
"""Refusals at the door that end by themselves. The driver has no code there, only a text, in the
language of the server: English or German."""


def sqlstate(error: BaseException) -> str | None:
    """The five characters by which PostgreSQL names an error, if it was the server's."""
    state: str | None = getattr(getattr(error, "orig", error), "sqlstate", None)
    return state


def is_lost(error: BaseException) -> bool:
    """Whether the connection is gone, or never came about."""
    state = sqlstate(error)
    if state is None:
        own = getattr(error, "orig", error)
        kinds = (psycopg.OperationalError, psycopg.InterfaceError, PendingRollbackError)
        return isinstance(own, kinds)
    return state.startswith("08") or state in _SERVER_ENDS


def is_refused(error: BaseException) -> bool:
    """Whether the server answers and lets us in neither now nor later."""
    text = str(getattr(error, "orig", error))
    return "FATAL" in text and not _PASSING.search(text)


def in_our_words(error: BaseException, settings: PostgresSettings) -> Told:
    """What to raise in the place of an error of the database."""
    state = sqlstate(error)
    if isinstance(error, PoolFull):
        return StorageBusy(
            "storage-connections", connections=settings.connections, seconds=settings.patience
        )
    if is_lost(error):
        return StorageBusy("storage-lost")
    if state in _CLASH:
        return StorageBusy("storage-clash")
    if state == "55P03":
        return StorageBusy("storage-busy", seconds=settings.patience)
    if state == "57014":
        return StorageBusy("storage-slow", seconds=settings.longest)
    if state in _NOT_ALLOWED:
        return StorageUnfit("storage-not-allowed")
    if state == _TOO_LONG:
        return RecordUnfit("record-too-long")
    name = type(getattr(error, "orig", error)).__name__
    return StorageUnfit("storage-server", reason=f"{name} {state or ''}".strip())
