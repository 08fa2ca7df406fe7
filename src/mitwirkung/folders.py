"""A lottery in a folder, step by step, without an event: drawn, given up, exported, reported on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mitwirkung.lottery.attempts import GivenUpFile, give_up
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.files import LotteryFile, PublicRecordFile
from mitwirkung.lottery.folder import (
    FolderOccupied,
    check_same,
    read_attempt,
    read_bytes,
    read_lottery,
    refuse_given_up,
    write_draw_at_once,
    write_files,
    write_record,
)
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.publication import publication
from mitwirkung.lottery.sortition_files import (
    PANELS,
    Layout,
    export_draw,
    numbered_ids,
    panels_table,
)


def draw_folder(folder: Path, seed: str, *, force: bool = False) -> DrawRecord:
    """Draw from the lottery in a folder, and write record, panel and report into it.

    Raises:
        FileMissing, UnreadableFile: the lottery's files are not there or not right.
        UnfitSeed: the seed is blank or holds control characters.
        FolderOccupied: the folder holds another draw and `force` is not given, or one with another
            seed: that stays, unless it is given up.
        AttemptGivenUp: the lottery was given up.
    """
    refuse_given_up(folder)
    record = read_lottery(folder).publication.draw(seed)
    drawn = read_attempt(folder).get(PublicRecordFile.file_name)
    if drawn is not None and drawn != record.public.content:
        raise FolderOccupied("drawn-already", folder=str(folder))
    write_record(record, folder, reports=report_files(record), force=force)
    return record


def give_up_folder(folder: str | Path, reason: str) -> GivenUpFile:
    """Give up the lottery in a folder, drawn or not, and write `given-up.json` there.

    Raises:
        FileMissing, UnreadableFile: the public files of the lottery are not there or not right.
        AttemptRefused: there is no reason.
        AttemptGivenUp: it was given up before.
    """
    folder = Path(folder)
    found = read_attempt(folder)
    refuse_given_up(folder)
    lottery = LotteryFile.from_bytes(found["lottery.json"])
    drawn = found.get("record-public.json")
    record = None if drawn is None else PublicRecordFile.from_bytes(drawn)
    written = give_up(lottery, record, reason)
    write_files(folder, {GivenUpFile.file_name: written.content})
    return written


def export_folder(
    folder: Path,
    out: Path,
    *,
    keep: Sequence[str] | None = None,
    layout: Layout = "rows",
    force: bool = False,
) -> tuple[str, ...]:
    """Write the draw in a folder as `selected.csv` and `remaining.csv`: see `export_draw`.

    Numbered panels are written too, as `panels.csv` in this layout (see `panels_table`), even if
    none of them is drawn yet.

    Returns:
        The names of the files.

    Raises:
        FileMissing, UnreadableFile: the files of the draw are not there or not right.
        FolderOccupied: other files of these names are there and `force` is not given.
        InputError: a column to keep does not exist.
    """
    published = read_lottery(folder)
    content: dict[str, bytes] = {}
    panels = numbered_ids(published.publication)
    if panels:
        content[PANELS] = panels_table(panels, layout)
    record = folder / PublicRecordFile.file_name
    if not panels or record.exists():
        drawn = PublicRecordFile.from_bytes(read_bytes(record))
        content |= export_draw(published.publication.draw(drawn.seed), keep)
    check_same(out, content, force=force)
    write_files(out, content)
    return tuple(content)


def draw_at_once(
    lottery: PanelLottery,
    seed: str,
    folder: Path,
    *,
    facts: Facts | None = None,
    key: bytes | None = None,
    panels: int | None = None,
    force: bool = False,
) -> DrawRecord:
    """Publish and draw in the same breath: all files at once, and the record is uncommitted.

    Raises:
        KeyRefused, CountsRefused, PanelsRefused, UnfitTemplate: see `publication`.
        UnfitSeed: the seed is blank or holds control characters.
        FolderOccupied: the folder holds other content and `force` is not given.
    """
    record = publication(lottery, facts, key=key, panels=panels, seed_known=True).draw(seed)
    write_draw_at_once(record, folder, reports=report_files(record), force=force)
    return record


def report_files(record: DrawRecord) -> dict[str, bytes]:
    """The report on a draw as `report.html` and `report.json`."""
    from mitwirkung.reports.html import report_html
    from mitwirkung.reports.report import build_report

    report = build_report(record)
    return {"report.html": report_html(report).encode(), "report.json": report.to_json()}


def write_report(record: DrawRecord, folder: str | Path) -> None:
    """Write `report.html` and `report.json` into a folder."""
    folder = Path(folder)
    write_files(folder, report_files(record))
