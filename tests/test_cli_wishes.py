"""Wishes, replacement and alternates on the command line, as a clerk uses them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from builders import DATA
from mitwirkung.cli import cli

CITY = DATA / "city_300"
INPUTS = (CITY / "candidates.csv", CITY / "features.csv", "--seats", 75)
HOMES = ("--household-columns", "address1,zip")


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MITWIRKUNG_LANGUAGE", "en")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def panel(folder: Path) -> list[str]:
    ids: list[str] = json.loads((folder / "record.json").read_text())["panel"]
    return ids


def table(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_must_and_must_not(tmp_path: Path) -> None:
    with (CITY / "candidates.csv").open() as file:
        first, second = (row["id"] for row in list(csv.DictReader(file))[:2])
    wishes = table(
        tmp_path / "wishes.csv",
        "id,seat,reason",
        f"{first},must,speaker",
        f"{second},must not,council",
    )
    out = tmp_path / "out"
    made = run("lottery", *INPUTS, *HOMES, "--wishes", wishes, "--out", out)
    assert made.exit_code == 0, made.output
    assert run("draw", "--lottery", out, "--seed", "s").exit_code == 0
    assert first in panel(out)
    assert second not in panel(out)
    counts = json.loads((out / "lottery.json").read_text())["counts"]
    assert counts["must_include"] == {"speaker": 1}
    assert counts["refused"]["council"] == 1
    checked = run("verify", out, INPUTS[0], INPUTS[1])
    assert checked.exit_code == 0, checked.output
    assert "counted by reason" in checked.output


def test_errors_of_wishes_and_applications_are_told_together(tmp_path: Path) -> None:
    wishes = table(tmp_path / "wishes.csv", "id,seat,reason", "x,perhaps,speaker")
    refused = run("check", *INPUTS, "--household-columns", "nowhere", "--wishes", wishes)
    assert refused.exit_code == 2
    assert "wishes.csv, row 2" in refused.output
    assert "'nowhere'" in refused.output
    wrong = run("check", *INPUTS, "--household-rule", "some")
    assert wrong.exit_code == 2
    assert "at most one" in wrong.output


def test_households_together(tmp_path: Path) -> None:
    found = run("check", *INPUTS, *HOMES, "--household-rule", "together")
    assert found.exit_code in (0, 1), found.output
    with_draw = run(
        *("draw", "--lottery", tmp_path, "--seed", "s"), *("--household-rule", "together")
    )
    assert with_draw.exit_code == 2


def test_replace_and_alternates(tmp_path: Path) -> None:
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    assert run("lottery", *INPUTS, *HOMES, "--out", one).exit_code == 0
    assert run("draw", "--lottery", one, "--seed", "first").exit_code == 0
    gone = panel(one)[:2]
    freed = table(tmp_path / "freed.csv", "id,reason", *(f"{who},declined" for who in gone))
    made = run("replace", one, "--freed", freed, "--out", two)
    assert made.exit_code == 0, made.output
    assert "2 seats are to be filled, 73 people keep theirs" in made.output
    assert run("draw", "--lottery", two, "--seed", "second").exit_code == 0
    assert not set(panel(one)) & set(panel(two))
    checked = run("verify", two, "--before", one)
    assert checked.exit_code == 0, checked.output
    assert "[ok] it fills the seats that fell free" in " ".join(checked.output.split())
    assert run("verify", two, "--before", two).exit_code == 1

    rates = table(tmp_path / "rates.csv", "feature,value,rate")
    call = ("alternates", one, two, "--number", 3, "--dropout-rate", "0.1", "--out", three)
    made = run(*call)
    assert made.exit_code == 0, made.output
    assert run("draw", "--lottery", three, "--seed", "third").exit_code == 0
    assert not {*panel(one), *panel(two)} & set(panel(three))
    checked = run("verify", three, "--before", one, "--before", two)
    assert checked.exit_code == 0, checked.output
    assert run(*call, "--force", "--dropout", rates).exit_code == 2
    html = (two / "report.html").read_text("utf-8")
    assert "had fallen free after an earlier draw" in html


def test_what_replace_needs(tmp_path: Path) -> None:
    freed = table(tmp_path / "freed.csv", "id,reason", "x,declined")
    assert run("replace", tmp_path, "--out", tmp_path / "out").exit_code == 2
    assert run("replace", tmp_path, "--freed", freed).exit_code == 2
    assert run("replace", tmp_path, "--freed", freed, "--out", tmp_path / "out").exit_code == 2


def test_all_that_is_wrong_with_wishes_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("id,sex\na,f\nb,m\nc,f\n", "utf-8")
    (tmp_path / "quotas.csv").write_text("feature,value,min,max\nsex,f,1,2\nsex,m,0,1\n", "utf-8")
    (tmp_path / "wishes.csv").write_text(
        "id,seat,reason\na,must,expert\nnobody,must,expert\nb,perhaps,why\nc,must not,\n", "utf-8"
    )
    files = [str(tmp_path / name) for name in ("people.csv", "quotas.csv")]
    wishes = ["--wishes", str(tmp_path / "wishes.csv")]
    done = CliRunner().invoke(cli, ["check", *files, "--seats", "2", *wishes])
    assert done.exit_code == 2
    for row in (3, 4, 5):
        assert f"row {row}" in done.output
