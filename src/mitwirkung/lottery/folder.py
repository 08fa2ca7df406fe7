"""The folder of a lottery: its files written whole or not at all, and read again."""

from __future__ import annotations

import csv
import io
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mitwirkung.errors import MitwirkungError
from mitwirkung.lottery import files
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.encoding import decimal_text
from mitwirkung.lottery.publication import Publication, features_text, load, position_names

LOTTERY_FILES = ("lottery.json", "lottery-private.json", "receipts.csv")
RECORD_FILES = (
    "record-public.json",
    "record.json",
    "panel.csv",
    "remaining.csv",
    "chances.csv",
    "report.html",
    "report.json",
)


PUBLIC_FILES = ("lottery.json", "record-public.json")
"""May be read by anybody; every other file is written for its owner's eyes only."""


class FolderOccupied(MitwirkungError, FileExistsError):
    """The folder holds other content, and nobody said to replace it."""


class FileMissing(MitwirkungError, FileNotFoundError):
    """A file of the lottery is not in its folder."""


@dataclass(frozen=True, eq=False)
class PublishedLottery:
    """A lottery in its folder: what is drawn from it is written there too."""

    publication: Publication
    folder: Path

    @property
    def commitment(self) -> str:
        """C: the SHA-256 of `lottery.json`, to be published before the draw."""
        return self.publication.commitment

    def draw(self, seed: str) -> DrawRecord:
        """The panel that the lottery and the public seed make; its files are added.

        Raises:
            UnfitSeed: the seed is blank or holds control characters.
            FolderOccupied: the folder holds another draw.
        """
        record = self.publication.draw(seed)
        write_record(record, self.folder)
        return record


def write_publication(
    publication: Publication, folder: Path, *, force: bool = False
) -> PublishedLottery:
    """Write the files of a lottery.

    Raises:
        FolderOccupied: there is other content and `force` is not given.
    """
    content = lottery_content(publication)
    check_free(folder, content, force=force)
    write_files(folder, content, stale=stale_names(folder, content))
    return PublishedLottery(publication, folder)


def write_record(
    record: DrawRecord,
    folder: Path,
    *,
    reports: Mapping[str, bytes] | None = None,
    force: bool = False,
) -> None:
    """Add the files of a draw, and reports on it, to the folder of its lottery.

    Raises:
        FolderOccupied: it holds the files of another draw and `force` is not given.
    """
    content = {**record_content(record), **(reports or {})}
    check_same(folder, content, force=force)
    write_files(folder, content)


def write_draw_at_once(
    record: DrawRecord,
    folder: Path,
    *,
    reports: Mapping[str, bytes] | None = None,
    force: bool = False,
) -> None:
    """Write a lottery and its draw together.

    Raises:
        FolderOccupied: there is other content and `force` is not given.
    """
    content = {
        **lottery_content(record.publication),
        **record_content(record),
        **(reports or {}),
    }
    check_free(folder, content, force=force)
    write_files(folder, content, stale=stale_names(folder, content))


def read_lottery(folder: str | Path) -> PublishedLottery:
    """The lottery in a folder.

    Raises:
        FileMissing: `lottery.json` or `lottery-private.json` is not there.
        UnreadableFile: one of them is not what it should be.
    """
    folder = Path(folder)
    public = files.LotteryFile.from_bytes(read_bytes(folder / "lottery.json"))
    private = files.PrivateFile.from_bytes(read_bytes(folder / "lottery-private.json"))
    return PublishedLottery(load(public, private), folder)


def read_draw(folder: Path, record: Path) -> dict[str, bytes]:
    """The files that a verification of `record` can use, name to bytes.

    `record` is `record-public.json` (public files only), `record.json`, or the folder itself
    (whatever is there).

    Raises:
        FileMissing: a public file, or the named one, is not there.
    """
    found = {name: read_bytes(folder / name) for name in PUBLIC_FILES}
    if record.name == "record-public.json":
        return found
    if record != folder:
        found["record.json"] = read_bytes(record)
    for name in ("record.json", "lottery-private.json"):
        if name not in found and (folder / name).exists():
            found[name] = read_bytes(folder / name)
    return found


def read_bytes(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        FileMissing: it is not there.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileMissing("lottery-file-missing", file=path.name, folder=str(path.parent)) from None


def lottery_content(publication: Publication) -> dict[str, bytes]:
    """What `lottery` writes, name to bytes."""
    return {
        "lottery.json": publication.public.content,
        "lottery-private.json": publication.private.content,
        "receipts.csv": _receipts(publication),
    }


def record_content(record: DrawRecord) -> dict[str, bytes]:
    """What `draw` writes (but for the report), name to bytes."""
    problem = record.publication.problem
    seated = set(record.panel)
    chances = record.publication.lottery.exact_chances
    return {
        "record-public.json": record.public.content,
        "record.json": record.private.content,
        "panel.csv": _input_rows(record.publication, record.panel),
        "remaining.csv": _input_rows(
            record.publication, (i for i in range(len(problem)) if i not in seated)
        ),
        "chances.csv": csv_bytes(
            ("id", "chance"),
            ((who, decimal_text(p)) for who, p in zip(problem.ids, chances, strict=True)),
        ),
    }


def _receipts(publication: Publication) -> bytes:
    lottery, problem, handles = publication.lottery, publication.problem, publication.handles
    rows = {}
    for lot_class in lottery.classes:
        names = position_names(lot_class)
        class_name = publication.lot_handles[lot_class.lots[0]]
        for lot in lot_class.lots:
            members = problem.lots[lot]
            for person in members:
                mates = sorted(handles[other] for other in members if other != person)
                own = lottery.label_of(person)
                mine = [names[i] for i in lot_class.positions_of(own)] or list(names)
                rows[person] = (
                    problem.ids[person],
                    publication.tokens[person],
                    class_name,
                    " ".join(mine),
                    " ".join(mates),
                    decimal_text(lottery.exact_chances[person]),
                    features_text(problem, person),
                )
    columns = ("id", "token", "class", "positions", "mates", "chance", "features")
    return csv_bytes(columns, (rows[person] for person in range(len(problem))))


def _input_rows(publication: Publication, people: Iterable[int]) -> bytes:
    """The input columns of some people, in the order of the input's columns and of the ids."""
    problem = publication.problem
    columns = problem.applicants.columns
    rows = (tuple(cells[problem.order[person]] for cells in columns.values()) for person in people)
    return csv_bytes(tuple(columns), rows)


def csv_bytes(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """A table as UTF-8, comma, LF."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def check_free(folder: Path, content: Mapping[str, bytes], *, force: bool) -> None:
    """Refuse a folder that holds anything but this very content (or a draw of it).

    Raises:
        FolderOccupied: unless `force`.
    """
    if force or not folder.exists():
        return
    if not folder.is_dir():
        raise FolderOccupied("folder-is-file", folder=str(folder))
    present = sorted(path.name for path in folder.iterdir())
    foreign = [name for name in present if name not in (*LOTTERY_FILES, *RECORD_FILES)]
    if foreign:
        raise FolderOccupied("folder-occupied", folder=str(folder), names=foreign[:5])
    check_same(folder, content, force=False)
    orphans = [name for name in present if name in RECORD_FILES and name not in content]
    if orphans and "lottery.json" not in present:
        raise FolderOccupied("folder-occupied", folder=str(folder), names=orphans)


def check_same(folder: Path, content: Mapping[str, bytes], *, force: bool) -> None:
    """Refuse to replace a file by other bytes.

    Raises:
        FolderOccupied: unless `force`.
    """
    if force:
        return
    other = [
        name
        for name, data in content.items()
        if (folder / name).exists() and (folder / name).read_bytes() != data
    ]
    if other:
        raise FolderOccupied("folder-occupied", folder=str(folder), names=other)


def stale_names(folder: Path, content: Mapping[str, bytes]) -> list[str]:
    """Files of a draw that belong to another lottery than the one about to be written."""
    current = folder / "lottery.json"
    if not current.exists() or current.read_bytes() == content["lottery.json"]:
        return []
    return [name for name in RECORD_FILES if name not in content and (folder / name).exists()]


def write_files(folder: Path, content: Mapping[str, bytes], *, stale: Iterable[str] = ()) -> None:
    """Write all files, or none: into a hidden folder beside first, then by renaming.

    A new folder appears with all its files in one step; in an existing one stale files go
    first, so that never a record stands beside a lottery that is not its own.
    """
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, data in content.items():
            with (staging / name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if name not in PUBLIC_FILES:
                (staging / name).chmod(0o600)
        if folder.exists():
            for name in stale:
                (folder / name).unlink()
            for name in content:
                (staging / name).replace(folder / name)
        else:
            staging.chmod(0o777 & ~_umask())
            staging.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
