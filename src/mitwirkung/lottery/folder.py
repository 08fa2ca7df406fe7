"""The folder of a lottery: its files written whole or not at all, and read again."""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mitwirkung.errors import MitwirkungError
from mitwirkung.lottery import files
from mitwirkung.lottery.consistency import publication_checks
from mitwirkung.lottery.contents import lottery_content, record_content
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.files import UnreadableFile
from mitwirkung.lottery.loading import load
from mitwirkung.lottery.publication import Publication
from mitwirkung.lottery.rules import CHECKABLE
from mitwirkung.messages import Reason, reason_of

LOTTERY_FILES = ("lottery.json", "lottery-private.json", "receipts.csv")
PANEL_LIST = "panels.html"
GIVEN_UP = "given-up.json"
RECORD_FILES = (
    "record-public.json",
    "record.json",
    "panel.csv",
    "remaining.csv",
    "chances.csv",
    "report.html",
    "report.json",
)


PUBLIC_FILES = ("lottery.json", "record-public.json", PANEL_LIST, GIVEN_UP)
"""May be read by anybody; every other file is written for its owner's eyes only."""


class FolderOccupied(MitwirkungError, FileExistsError):
    """The folder holds other content, and nobody said to replace it."""


class AttemptGivenUp(MitwirkungError, FileExistsError):
    """The lottery in the folder was given up; it stays as it is."""


class FileMissing(MitwirkungError, FileNotFoundError):
    """A file of the lottery is not in its folder."""


@dataclass(frozen=True, eq=False, repr=False)
class PublishedLottery:
    """A lottery in its folder: what is drawn from it is written there too."""

    publication: Publication
    folder: Path

    def __repr__(self) -> str:
        return f"<PublishedLottery in {self.folder}, commitment {self.commitment}>"

    @property
    def commitment(self) -> str:
        """C: the SHA-256 of `lottery.json`, to be published before the draw."""
        return self.publication.commitment

    def seed_from(self, drawn: str, *, fallback: bool = False) -> str:
        """The seed that the numbers drawn make: see `Publication.seed_from`."""
        return self.publication.seed_from(drawn, fallback=fallback)

    def draw(self, seed: str) -> DrawRecord:
        """The panel that the lottery and the public seed make; its files are added.

        Raises:
            UnfitSeed: the seed is blank or holds control characters, or the lottery fixed another
                wording.
            FolderOccupied: the folder holds another draw.
            AttemptGivenUp: the lottery was given up.
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
    refuse_given_up(folder)
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
        UnreadableFile: one of them is not what it should be, or they do not belong together.
    """
    folder = Path(folder)
    public = files.LotteryFile.from_bytes(read_bytes(folder / "lottery.json"))
    private = files.PrivateFile.from_bytes(read_bytes(folder / "lottery-private.json"))
    try:
        published = load(public, private)
        checks = publication_checks(published)
    except CHECKABLE as error:
        raise UnreadableFile("files-do-not-fit", reason=reason_of(error)) from None
    wrong = [check for check in checks if not check.ok]
    if wrong:
        raise UnreadableFile("files-do-not-fit", reason=wrong)
    return PublishedLottery(published, folder)


def refuse_given_up(folder: Path) -> None:
    """Nothing is drawn or replaced where an attempt was given up.

    Raises:
        AttemptGivenUp: it was.
    """
    if (folder / GIVEN_UP).exists():
        raise AttemptGivenUp("attempt-given-up", folder=str(folder), file=GIVEN_UP)


def read_attempt(place: Path) -> dict[str, bytes]:
    """The public files of an attempt, name to bytes, as `attempts.chain_checks` wants them.

    Args:
        place: the folder, or a file in it.

    Raises:
        FileMissing: there is no `lottery.json`.
    """
    folder = place if place.is_dir() else place.parent
    found = {"lottery.json": read_bytes(folder / "lottery.json")}
    for name in ("record-public.json", GIVEN_UP):
        if (folder / name).is_file():
            found[name] = read_bytes(folder / name)
    return found


def read_record(folder: str | Path) -> DrawRecord:
    """The draw in a folder.

    Raises:
        FileMissing: a file of the lottery or the public record is not there.
        UnreadableFile: one of them is not what it should be, or they do not belong together.
        AttemptGivenUp: the draw does not count any more.
    """
    folder = Path(folder)
    refuse_given_up(folder)
    published = read_lottery(folder)
    data = read_bytes(folder / files.PublicRecordFile.file_name)
    record = published.publication.draw(files.PublicRecordFile.from_bytes(data).seed)
    if record.public.content != data:
        raise UnreadableFile(
            "files-do-not-fit", reason=Reason("the record is not that of the lottery")
        )
    return record


def read_draw(record: Path) -> dict[str, bytes]:
    """The files that a verification of `record` can use, name to bytes.

    `record` is `record-public.json` (public files only), `record.json`, or the folder itself
    (whatever is there).

    Raises:
        FileMissing: a public file, or the named one, is not there.
    """
    folder = record if record.is_dir() else record.parent
    found = {name: read_bytes(folder / name) for name in ("lottery.json", "record-public.json")}
    if (folder / GIVEN_UP).is_file():
        found[GIVEN_UP] = read_bytes(folder / GIVEN_UP)
    if record.name == "record-public.json":
        return found
    if record != folder:
        found["record.json"] = read_bytes(record)
    private = (*LOTTERY_FILES, PANEL_LIST, *RECORD_FILES)
    for name in private:
        verified = name.endswith(".csv") or name in (
            "record.json",
            "lottery-private.json",
            PANEL_LIST,
        )
        if verified and name not in found and (folder / name).is_file():
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


def check_free(folder: Path, content: Mapping[str, bytes], *, force: bool) -> None:
    """Refuse a folder that holds anything but this very content (or a draw of it).

    Raises:
        FolderOccupied: unless `force`.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FolderOccupied("folder-is-file", folder=str(folder))
    refuse_given_up(folder)
    if force:
        check_same(folder, content, force=True)
        return
    present = sorted(path.name for path in folder.iterdir())
    foreign = [name for name in present if name not in (*LOTTERY_FILES, PANEL_LIST, *RECORD_FILES)]
    if foreign:
        raise FolderOccupied("folder-occupied", folder=str(folder), names=foreign[:5])
    check_same(folder, content, force=False)
    orphans = [name for name in present if name in RECORD_FILES and name not in content]
    if orphans and "lottery.json" not in present:
        raise FolderOccupied("folder-occupied", folder=str(folder), names=orphans)


def check_same(folder: Path, content: Mapping[str, bytes], *, force: bool) -> None:
    """Refuse to replace a file by other bytes.

    Raises:
        FolderOccupied: unless `force`; always if a folder has the name of a file.
    """
    blocked = [name for name in content if (folder / name).is_dir()]
    other = [
        name
        for name, data in content.items()
        if (folder / name).is_file() and (folder / name).read_bytes() != data
    ]
    if blocked or (other and not force):
        other = blocked or other
        raise FolderOccupied("folder-occupied", folder=str(folder), names=other)


def stale_names(folder: Path, content: Mapping[str, bytes]) -> list[str]:
    """Files of a draw that belong to another lottery than the one about to be written."""
    current = folder / "lottery.json"
    if not current.exists() or current.read_bytes() == content["lottery.json"]:
        return []
    others = (*RECORD_FILES, PANEL_LIST)
    return [name for name in others if name not in content and (folder / name).exists()]


def write_files(
    folder: Path,
    content: Mapping[str, bytes],
    *,
    stale: Iterable[str] = (),
    public: Container[str] = PUBLIC_FILES,
) -> None:
    """Write all files, or none: into a hidden folder beside first, then by renaming.

    Names are paths below the folder, with slashes; those in `public` may be read by anybody.

    A new folder appears with all its files in one step. In an existing one stale files go first,
    so that never a record stands beside a lottery that is not its own, and public files come last.
    What an earlier writer left behind when it was killed is removed.
    """
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(folder)
    prefix = f"{_unfinished(folder)}{os.getpid()}-"
    staging = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    try:
        for name, data in content.items():
            (staging / name).parent.mkdir(parents=True, exist_ok=True)
            with (staging / name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if name not in public:
                (staging / name).chmod(0o600)
        if folder.exists():
            for name in stale:
                (folder / name).unlink()
            for name in sorted(content, key=public.__contains__):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (staging / name).replace(folder / name)
        else:
            staging.chmod(0o777 & ~_umask())
            staging.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _unfinished(folder: Path) -> str:
    return f".{folder.name}.unfinished-"


def _remove_leftovers(folder: Path) -> None:
    """Hidden folders of writers that are no more: they may hold personal data."""
    for left in sorted(folder.parent.glob(f"{glob.escape(_unfinished(folder))}*")):
        writer = left.name.removeprefix(_unfinished(folder)).partition("-")[0]
        if writer.isdecimal() and not _is_running(int(writer)):
            shutil.rmtree(left, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    return True


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
