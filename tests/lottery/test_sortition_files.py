"""Selected, remaining and many panels, in the files of the common sortition tools."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from builders import DATA, instance, plan
from mitwirkung.app import solve
from mitwirkung.cli import cli
from mitwirkung.errors import InputError
from mitwirkung.intake import read_applicants
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import publication
from mitwirkung.lottery.sortition_files import (
    check_panels,
    export_draw,
    panels_table,
    read_panels,
)

CITY = DATA / "city_300"


def couples() -> SelectionProblem:
    rows = [
        {"Name": f"N{i}", "id": f"p{i}", "Straße": f"Weg {i // 2}", "x": "ab"[i % 2]}
        for i in range(8)
    ]
    return SelectionProblem(
        read_applicants(rows), plan(x={"a": (1, 1), "b": (1, 1)}), seats=2, household="Straße"
    )


@pytest.fixture(scope="module")
def drawn() -> DrawRecord:
    return publication(solve(couples())).draw("x")


def table(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


def test_the_id_is_first_and_the_other_columns_keep_their_order(drawn: DrawRecord) -> None:
    written = export_draw(drawn)
    header, *rows = table(written["selected.csv"])
    assert header == ["id", "Name", "Straße", "x"]
    assert [row[0] for row in rows] == list(drawn.ids)
    assert all(row == [f"p{row[0][1]}", f"N{row[0][1]}", *row[2:]] for row in rows)
    assert written["selected.csv"].endswith(b"\r\n")


def test_mates_of_the_selected_are_not_among_the_remaining(drawn: DrawRecord) -> None:
    written = export_draw(drawn)
    selected = [row[2] for row in table(written["selected.csv"])[1:]]
    remaining = [row[2] for row in table(written["remaining.csv"])[1:]]
    assert len(remaining) == 4
    assert not set(selected) & set(remaining)


def test_columns_to_keep_come_before_addresses_and_features(drawn: DrawRecord) -> None:
    assert table(export_draw(drawn, ["name"])["selected.csv"])[0] == ["id", "Name", "Straße", "x"]
    assert table(export_draw(drawn, [])["selected.csv"])[0] == ["id", "Straße", "x"]
    assert table(export_draw(drawn, ["x"])["remaining.csv"])[0] == ["id", "x", "Straße"]
    with pytest.raises(InputError) as refused:
        export_draw(drawn, ["Telefon"])
    assert "There are: Name, id, Straße, x" in refused.value.describe()


def test_many_panels_come_back(tmp_path: Path) -> None:
    panels = (("p0", "p3"), ("p2", "p5"), ("p1", "p4"))
    data = panels_table(panels)
    assert data == b"Assembly 0,Assembly 1,Assembly 2\r\np0,p3\r\np2,p5\r\np1,p4\r\n"
    path = tmp_path / "panels.csv"
    path.write_bytes(data)
    assert read_panels(path) == panels
    path.write_text("Assembly 0,Assembly 1,Assembly 2\np0,p2,p1\np3,p5,p4\n", encoding="utf-8")
    assert read_panels(path) == panels  # a panel in each column
    path.write_text("Assembly 0,Assembly 1\np0,p2,p1\n", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_panels(path)
    assert [finding.code for finding in refused.value.findings] == ["panels-differ"]


def test_a_file_of_the_selected_is_one_panel(tmp_path: Path, drawn: DrawRecord) -> None:
    path = tmp_path / "selected.csv"
    path.write_bytes(export_draw(drawn)["selected.csv"])
    assert read_panels(path) == (drawn.ids,)
    assert not check_panels(couples(), read_panels(path))


def test_everything_that_is_wrong_with_a_panel() -> None:
    panels = [("p0", "p3"), ("p0", "p1"), ("p0", "p2"), ("p0", "p0"), ("p0", "p3", "q")]
    found = [(finding.code, finding.params["panel"]) for finding in check_panels(couples(), panels)]
    assert found == [
        ("panel-household", 2),
        ("panel-quota", 3),
        ("panel-quota", 3),
        ("panel-twice", 4),
        ("panel-quota", 4),
        ("panel-unknown", 5),
        ("panel-size", 5),
    ]


# --- the command line ------------------------------------------------------------------------


def run(*arguments: object) -> Result:
    called = [str(argument) for argument in arguments]
    return CliRunner().invoke(cli, called, env={"MITWIRKUNG_LANGUAGE": "en"})


def test_export_and_compare(tmp_path: Path) -> None:
    inputs = (CITY / "candidates.csv", CITY / "features.csv", "--seats", 75)
    homes = ("--household-columns", "address1,zip")
    out, there = tmp_path / "out", tmp_path / "there"
    assert run("draw", *inputs, *homes, "--seed", "x", "--out", out).exit_code == 0
    exported = run("export", out, "--keep", "name", "--out", there)
    assert exported.exit_code == 0, exported.output
    selected = there / "selected.csv"
    header = table(selected.read_bytes())[0]
    assert header[:4] == ["id", "name", "address1", "zip"]
    assert set(header[4:]) == set(instance("city_300").quotas.names)
    assert selected.stat().st_mode & 0o077 == 0
    compared = run("compare", selected, *inputs, *homes)
    assert compared.exit_code == 0, compared.output
    assert "1 panels of 75 people each meet all quotas" in compared.output
    shorter = table(selected.read_bytes())[:-1]
    selected.write_text("\n".join(",".join(row) for row in shorter), encoding="utf-8")
    differs = run("compare", selected, *inputs, *homes)
    assert differs.exit_code == 1
    assert "Panel 1 has 74 members, not 75." in differs.output
    assert run("export", out, "--keep", "name", "--out", there).exit_code == 2  # other bytes
    assert run("export", out, "--keep", "name", "--out", there, "--force").exit_code == 0
    assert run("export", tmp_path, "--out", there).exit_code == 2
