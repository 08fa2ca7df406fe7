"""A folder is written whole or not at all, and never over something else."""

import csv
import io
import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from builders import people, plan, town
from mitwirkung.app import solve
from mitwirkung.lottery import folder as folders
from mitwirkung.lottery.files import UnreadableFile
from mitwirkung.lottery.folder import (
    LOTTERY_FILES,
    FileMissing,
    FolderOccupied,
    read_lottery,
    write_files,
    write_publication,
    write_record,
)
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import publication

KEY = b"thirty-two bytes, and some more of it"


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))


def test_publish_and_draw_leave_their_files(tmp_path: Path) -> None:
    published = solve(town()).publish(tmp_path / "dialog")
    assert sorted(p.name for p in published.folder.iterdir()) == sorted(LOTTERY_FILES)
    record = published.draw("a seed")
    target = tmp_path / "dialog"
    assert {row["id"] for row in rows(target / "panel.csv")} == set(record.ids)
    everyone = rows(target / "panel.csv") + rows(target / "remaining.csv")
    assert sorted(row["id"] for row in everyone) == sorted(record.publication.problem.ids)
    assert list(everyone[0]) == ["id", "sex", "place", "home"]
    chances = rows(target / "chances.csv")
    assert list(chances[0]) == ["id", "chance"]
    assert sum(float(row["chance"]) for row in chances) == pytest.approx(4)
    assert json.loads((target / "record.json").read_text("utf-8"))["panel"] == list(record.ids)


def test_receipts_hold_what_each_applicant_needs(tmp_path: Path) -> None:
    published = solve(town()).publish(tmp_path / "dialog", key=KEY)
    receipts = {row["id"]: row for row in rows(tmp_path / "dialog" / "receipts.csv")}
    published_form = published.publication
    assert set(receipts) == set(published_form.problem.ids)
    for person, identifier in enumerate(published_form.problem.ids):
        receipt = receipts[identifier]
        assert receipt["token"] == published_form.tokens[person]
        assert json.loads(receipt["features"]) == published_form.problem.answers(person)
        (lot,) = [lot for lot in published_form.problem.lots if person in lot]
        assert len(receipt["mates"].split()) == len(lot) - 1
    assert receipts["p7"]["positions"] == "1 2"  # equal twins share both


def test_reading_a_folder_gives_the_same_draw(tmp_path: Path) -> None:
    published = solve(town()).publish(tmp_path / "dialog")
    again = read_lottery(tmp_path / "dialog")
    assert again.publication.public == published.publication.public
    assert again.draw("x").ids == published.draw("x").ids


def test_writing_the_same_again_is_no_conflict(tmp_path: Path) -> None:
    lottery, folder = solve(town()), tmp_path / "dialog"
    lottery.publish(folder).draw("a seed")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    lottery.publish(folder).draw("a seed")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_another_draw_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    published = solve(town()).publish(tmp_path / "dialog")
    first = published.draw("a seed").ids
    other = next(
        f"seed {i}" for i in range(99) if publication(solve(town())).draw(f"seed {i}").ids != first
    )
    before = {p.name: p.read_bytes() for p in (tmp_path / "dialog").iterdir()}
    with pytest.raises(FolderOccupied, match="--force"):
        published.draw(other)
    assert {p.name: p.read_bytes() for p in (tmp_path / "dialog").iterdir()} == before


def test_another_lottery_is_refused_and_force_takes_the_old_draw_away(tmp_path: Path) -> None:
    target = tmp_path / "dialog"
    solve(town()).publish(target).draw("a seed")
    with pytest.raises(FolderOccupied):
        solve(town()).publish(target, key=KEY)
    solve(town()).publish(target, key=KEY, force=True)
    assert sorted(p.name for p in target.iterdir()) == sorted(LOTTERY_FILES)


def test_foreign_content_is_refused_and_never_deleted(tmp_path: Path) -> None:
    target = tmp_path / "dialog"
    target.mkdir()
    (target / "thesis.txt").write_text("years of work")
    with pytest.raises(FolderOccupied, match=r"thesis\.txt"):
        solve(town()).publish(target)
    assert [p.name for p in target.iterdir()] == ["thesis.txt"]
    solve(town()).publish(target, force=True)
    assert (target / "thesis.txt").read_text() == "years of work"
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(FolderOccupied):
        solve(town()).publish(file)


def test_private_files_are_for_their_owner_only(tmp_path: Path) -> None:
    solve(town()).publish(tmp_path / "dialog").draw("x")
    for path in (tmp_path / "dialog").iterdir():
        mode = stat.S_IMODE(path.stat().st_mode)
        assert bool(mode & 0o077) == (path.name in ("lottery.json", "record-public.json"))


def test_a_failing_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folders.os, "fsync", full)
    with pytest.raises(OSError, match="space"):
        write_files(tmp_path / "dialog", {"a": b"1", "b": b"2"})
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match=r"lottery\.json"):
        read_lottery(tmp_path)


def test_cells_come_back_as_they_were(tmp_path: Path) -> None:
    nasty = 'a "quoted", comma;\nline'
    problem = SelectionProblem(
        people({"sex": "f", "note": nasty}, {"sex": "f", "note": ""}),
        plan(sex={"f": (0, 2)}),
        seats=2,
    )
    published = write_publication(publication(solve(problem)), tmp_path / "dialog")
    published.draw("x")
    assert rows(tmp_path / "dialog" / "panel.csv")[0]["note"] == nasty


def test_files_of_two_lotteries_are_not_drawn_from(tmp_path: Path) -> None:
    for name, key in (("one", KEY), ("two", KEY + b"!")):
        solve(town(), "simple").publish(tmp_path / name, key=key)
    private = tmp_path / "one" / "lottery-private.json"
    own = private.read_bytes()
    private.write_bytes((tmp_path / "two" / "lottery-private.json").read_bytes())
    with pytest.raises(UnreadableFile, match="do not belong together"):
        read_lottery(tmp_path / "one")
    private.write_bytes(own.replace(b'"sex":"f"', b'"sex":"m"', 1))
    with pytest.raises(UnreadableFile, match="do not belong together"):
        read_lottery(tmp_path / "one")


def test_a_folder_in_the_place_of_a_file_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    published = solve(town()).publish(tmp_path / "dialog")
    (tmp_path / "dialog" / "panel.csv").mkdir()
    before = sorted(path.name for path in (tmp_path / "dialog").iterdir())
    with pytest.raises(FolderOccupied):
        write_record(published.publication.draw("x"), tmp_path / "dialog", force=True)
    assert sorted(path.name for path in (tmp_path / "dialog").iterdir()) == before


KILLED = """
import os, sys, signal
from pathlib import Path
import mitwirkung.lottery.folder as folder
real = os.fsync
def killed(number):
    real(number)
    os.kill(os.getpid(), signal.SIGKILL)
os.fsync = killed
folder.write_files(Path(sys.argv[1]), {"panel.csv": b"somebody", "b": b"2"})
"""


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path: Path) -> None:
    target = tmp_path / "dialog"
    done = subprocess.run([sys.executable, "-c", KILLED, target], check=False)
    assert done.returncode == -9
    assert not target.exists()
    assert len(list(tmp_path.iterdir())) == 1  # hidden, for its owner only
    write_files(target, {"a": b"1"})
    assert [path.name for path in tmp_path.iterdir()] == ["dialog"]
