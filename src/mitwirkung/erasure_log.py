"""The log of erasures, apart from what a backup brings back: pseudonyms only, never restored."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from mitwirkung.storage.journal import utc_text

OWNER_ONLY = 0o600


class ErasureLog:
    """The log of erasures: a file of JSON lines, or, without a path, a list in memory."""

    def __init__(self, path: str | Path | None = None) -> None:
        self._path = None if path is None else Path(path)
        self._lines: list[str] = []

    def note(self, event: str, part: str, keys: Iterable[str], *, now: datetime) -> None:
        """Note that a compartment of some people is about to be erased; on the disk when it
        returns."""
        self._write(
            {"event": event, "part": part, "key": key, "time": utc_text(now)} for key in keys
        )

    def note_begun(self, *, now: datetime) -> None:
        """Note that something is about to be erased that is due again after any backup."""
        self._write([{"begun": utc_text(now)}])

    def note_compacted(self, *, now: datetime) -> None:
        """Note that nothing of what was erased so far is left in any file."""
        self._write([{"compacted": utc_text(now)}])

    def is_pending(self) -> bool:
        """Whether something was erased since the files were last compacted."""
        noted = self._noted()
        return bool(noted) and "compacted" not in noted[-1]

    def entries(self, event: str) -> Iterator[tuple[str, str]]:
        """Compartment and key of every erasure of an event, in order."""
        for noted in self._noted():
            if noted.get("event") == event:
                yield noted["part"], noted["key"]

    def _write(self, notes: Iterable[Mapping[str, str]]) -> None:
        lines = [json.dumps(note) for note in notes]
        if not lines:
            return
        self._lines += lines
        if self._path is None:
            return
        new = not self._path.exists()
        # the first line break ends what a process that was killed left half written
        content = "".join(f"\n{line}" for line in lines) + "\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode())
            file.flush()
            os.fsync(file.fileno())
        if new:
            _keep_name(self._path)

    def _noted(self) -> list[dict[str, str]]:
        lines = self._lines
        if self._path is not None:
            there = self._path.is_file()
            lines = self._path.read_text("utf-8").splitlines() if there else []
        found = []
        for line in filter(None, lines):
            try:
                found.append(json.loads(line))
            except ValueError:
                continue  # half of a line of a process that was killed: nothing was erased yet
        return found


def _keep_name(path: Path) -> None:
    """See to it that a file that was just made is found after a loss of power."""
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
