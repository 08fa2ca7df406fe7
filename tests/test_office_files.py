"""The whole way on the files that an office has: one workbook and a mapping."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
import xlsxwriter
from typer.testing import CliRunner, Result

from mitwirkung.cli import cli

MAPPING = """
[features.Geschlecht]
column = "Anrede"
values = { Frau = "weiblich", Herr = "männlich" }

[features.Alter.age_groups]
birth_date = "geboren"
on = 2026-12-05
groups = { "16-29" = [16, 29], "30+" = [30, 120] }
"""
QUOTAS = [
    ["feature", "value", "min", "max"],
    ["Geschlecht", "weiblich", 3, 3],
    ["Geschlecht", "männlich", 3, 3],
    ["Alter", "16-29", 2, 3],
    ["Alter", "30+", 3, 4],
]


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MITWIRKUNG_LANGUAGE", "en")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


def book(folder: Path, *, wrong: bool = False) -> Path:
    path = folder / "dialog.xlsx"
    with xlsxwriter.Workbook(path, {"default_date_format": "dd.mm.yyyy"}) as workbook:
        sheet = workbook.add_worksheet("Bewerbungen")
        sheet.write_row(0, 0, ["id", "Name", "Anrede", "geboren"])
        for i in range(30):
            born = date(1960, 1, 1) + timedelta(days=600 * i)
            sheet.write_row(i + 1, 0, [i, f"Name {i}", ("Frau", "Herr")[i % 2], born])
        if wrong:
            sheet.write_row(5, 2, ["Fräulein", "31.02.1980"])
        quotas = workbook.add_worksheet("Quoten")
        for number, cells in enumerate(QUOTAS):
            quotas.write_row(number, 0, cells)
    return path


def test_check_lottery_draw_and_verify_with_a_workbook_and_a_mapping(
    tmp_path: Path, mapping: Path
) -> None:
    path, out = book(tmp_path), tmp_path / "out"
    inputs = (path, path, "--quotas-sheet", "Quoten")
    called = (*inputs, "--seats", 6, "--mapping", mapping)
    checked = run("check", *called)
    assert checked.exit_code == 0, checked.output
    made = run("lottery", *called, "--sheet", "bewerbungen", "--out", out)
    assert made.exit_code == 0, made.output
    drawn = run("draw", "--lottery", out, "--seed", "x")
    assert drawn.exit_code == 0, drawn.output
    verified = run("verify", out / "record.json", *inputs)
    assert verified.exit_code == 0, verified.output
    assert "applications and quotas are those of the lottery" in verified.output
    stated = json.loads((out / "record.json").read_text("utf-8"))["intake"]["mapping"]
    assert stated["features"]["Alter"]["age_groups"]["on"] == "2026-12-05"
    header, *panel = (out / "panel.csv").read_text("utf-8").splitlines()
    assert header == "id,Name,Anrede,geboren,Alter,Geschlecht"
    assert sum(line.endswith(",weiblich") for line in panel) == 3
    for name in ("lottery.json", "record-public.json"):
        assert "geboren" not in (out / name).read_text("utf-8")

    (out / "lottery-private.json").unlink()  # made again from the inputs
    assert run("verify", out / "record.json", *inputs).exit_code == 0

    at_once = run("draw", *called, "--seed", "x", "--out", tmp_path / "at-once")
    assert at_once.exit_code == 0, at_once.output


def test_another_mapping_does_not_verify(tmp_path: Path, mapping: Path) -> None:
    path, out = book(tmp_path), tmp_path / "out"
    inputs = (path, path, "--quotas-sheet", "Quoten")
    made = run("draw", *inputs, "--seats", 6, "--mapping", mapping, "--seed", "x", "--out", out)
    assert made.exit_code == 0, made.output
    other = tmp_path / "other.toml"
    other.write_text(MAPPING.replace("2026-12-05", "2027-12-05"), encoding="utf-8")
    assert run("verify", out, *inputs, "--mapping", mapping).exit_code == 0
    verified = run("verify", out, *inputs, "--mapping", other)
    assert verified.exit_code == 1
    assert "the mapping is another" in verified.output


def test_without_a_mapping_the_files_have_no_such_key(tmp_path: Path) -> None:
    rows = tmp_path / "a.csv"
    rows.write_text("id,x\n1,a\n2,a\n", encoding="utf-8")
    quotas = tmp_path / "q.csv"
    quotas.write_text("feature,value,min,max\nx,a,1,1\n", encoding="utf-8")
    out = tmp_path / "out"
    assert run("draw", rows, quotas, "--seats", 1, "--seed", "x", "--out", out).exit_code == 0
    assert "mapping" not in json.loads((out / "lottery-private.json").read_text("utf-8"))["intake"]


def test_all_faults_at_once_and_each_once(tmp_path: Path, mapping: Path) -> None:
    path, errors = book(tmp_path, wrong=True), tmp_path / "errors.json"
    refused = run(
        *("check", path, path, "--quotas-sheet", "Quoten", "--seats", 6),
        *("--mapping", mapping, "--errors-file", errors),
    )
    assert refused.exit_code == 2
    found = json.loads(errors.read_text("utf-8"))
    places = [(error["code"], error["file"], error["row"], error["column"]) for error in found]
    sheet = "dialog.xlsx, Bewerbungen"
    assert places == [
        ("birth-date-wrong", sheet, 6, "geboren"),
        ("mapping-value", sheet, 6, "Anrede"),
    ]
    assert "Fräulein" not in refused.output


def test_a_column_that_is_not_there_is_told_once(tmp_path: Path, mapping: Path) -> None:
    path = book(tmp_path)
    text = MAPPING.replace("features.Alter", "features.alter").replace("geboren", "geborn")
    mapping.write_text(text, encoding="utf-8")
    refused = run(
        "check", *(path, path, "--quotas-sheet", "Quoten", "--seats", 6, "--mapping", mapping)
    )
    assert refused.exit_code == 2
    assert "1 errors in the input" in refused.output
    assert "did you mean 'geboren'?" in refused.output


def test_lists_of_one_draw_are_not_mixed_with_options_of_another(
    tmp_path: Path, mapping: Path
) -> None:
    refused = run("draw", "--lottery", tmp_path, "--seed", "x", "--mapping", mapping)
    assert refused.exit_code == 2
    assert "With --lottery everything but the seed" in refused.output
