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
    Layout,
    check_panels,
    export_draw,
    numbered_ids,
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


PANELS = (("p0", "p3"), ("p2", "p5"), ("p0", "p5"), ("p2", "p3"))


@pytest.mark.parametrize("layout", ["rows", "columns", "members"])
@pytest.mark.parametrize("count", [3, 12])
def test_every_layout_comes_back(tmp_path: Path, layout: Layout, count: int) -> None:
    panels = tuple((f"p{i}", f"p{i + 1}", f"p{i + 2}") for i in range(count))
    path = tmp_path / "panels.csv"
    path.write_bytes(panels_table(panels, layout))
    assert read_panels(path) == panels


def test_layouts_by_hand() -> None:
    assert panels_table(PANELS[:2], "columns") == b"Panel 0,Panel 1\r\np0,p2\r\np3,p5\r\n"
    assert panels_table(PANELS[:2], "members") == (b"panel,id\r\n0,p0\r\n0,p3\r\n1,p2\r\n1,p5\r\n")
    twelve = table(panels_table([("p0",)] * 12, "columns"))[0]
    assert (twelve[0], twelve[-1]) == ("Panel 00", "Panel 11")


@pytest.mark.parametrize(
    "text",
    [
        "panel,Member 1,Member 2\n0,p0,p3\n1,p2,p5\n2,p0,p5\n3,p2,p3\n",
        "Panel number;Person 1;Person 2\n1;p0;p3\n2;p2;p5\n3;p0;p5\n4;p2;p3\n",
        "panel,probability,ID 1,ID 2\n0,0.25,p0,p3\n1,0.25,p2,p5\n2,0.25,p0,p5\n3,0.25,p2,p3\n",
        ",0,1\n0,p0,p3\n1,p2,p5\n2,p0,p5\n3,p2,p3\n",
        "0,1\np0,p3\np2,p5\np0,p5\np2,p3\n",
        "0,1,2,3\np0,p2,p0,p2\np3,p5,p5,p3\n",
        "000,001,002,003\np0,p2,p0,p2\np3,p5,p5,p3\n",
        "Panel 1\tPanel 2\tPanel 3\tPanel 4\np0\tp2\tp0\tp2\np3\tp5\tp5\tp3\n",
        "Panel,id\n000,p0\n000,p3\n001,p2\n001,p5\n002,p0\n002,p5\n003,p2\n003,p3\n",
        "id,name,panel\np0,A,1\np3,B,1\np2,C,2\np5,D,2\np0,A,3\np5,D,3\np2,C,4\np3,B,4\n",
        "p0,p3\np2,p5\np0,p5\np2,p3\n",
        "0,p0,p3\n1,p2,p5\n2,p0,p5\n3,p2,p3\n",
    ],
)
def test_many_panels_are_known_by_their_shape(tmp_path: Path, text: str) -> None:
    path = tmp_path / "panels.csv"
    path.write_text(text, encoding="utf-8")
    assert read_panels(path) == PANELS


def test_panels_of_numbers_and_of_other_sizes(tmp_path: Path) -> None:
    path = tmp_path / "panels.csv"
    path.write_text("panel,Member 1,Member 2,Member 3\n0,17,4,\n1,4,8,15\n", encoding="utf-8")
    assert read_panels(path) == (("17", "4"), ("4", "8", "15"))


@pytest.mark.parametrize(
    "text",
    [
        "Nr,id,x\n1,p0,a\n2,p3,b\n",
        "panel,id,x\n7,p0,a\n8,p3,b\n",
        "id,Member 1,Member 2\np0,a,b\np3,a,b\n",
        "id\np0\np3\n",
    ],
)
def test_lists_of_people_are_no_tables_of_panels(tmp_path: Path, text: str) -> None:
    path = tmp_path / "selected.csv"
    path.write_text(text, encoding="utf-8")
    assert read_panels(path) == (("p0", "p3"),)


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_panels_in_workbooks(tmp_path: Path) -> None:
    rows = [list(panel) for panel in PANELS]
    named: list[list[object]] = [[f"Assembly {i}" for i in range(4)], *rows]
    path = workbook(
        tmp_path / "panels.xlsx",
        Named=named,
        Bare=[*rows],
        Numbers=[["panel", "Member 1", "Member 2"], [0, 17, 4], [1, 4, 8]],
        Selected=[["id", "x"], ["p0", "a"], ["p3", "b"]],
    )
    assert read_panels(path) == PANELS
    assert read_panels(path, sheet="Bare") == PANELS
    assert read_panels(path, sheet="numbers") == (("17", "4"), ("4", "8"))
    assert read_panels(path, sheet="Selected") == (("p0", "p3"),)
    with pytest.raises(InputError, match="Named, Bare, Numbers, Selected"):
        read_panels(path, sheet="Other")


def test_files_that_cannot_be_read_say_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_panels(tmp_path / "none.csv")
    path = tmp_path / "panels.csv"
    path.write_bytes("Assembly 0\nMüller\n".encode("cp1252"))
    with pytest.raises(InputError, match="windows-1252"):
        read_panels(path)
    assert read_panels(path, encoding="windows-1252") == (("Müller",),)
    path.write_bytes(b"")
    with pytest.raises(InputError, match="nothing in it"):
        read_panels(path)


def test_numbered_panels_are_written_before_the_draw_and_after(tmp_path: Path) -> None:
    published = solve(couples()).publish(tmp_path / "lottery", panels=10)
    exported = run("export", tmp_path / "lottery", "--out", tmp_path / "there")
    assert exported.exit_code == 0, exported.output
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["panels.csv"]
    found = read_panels(tmp_path / "there" / "panels.csv")
    assert found == numbered_ids(published.publication)
    assert len(found) == 10
    assert not check_panels(couples(), found)
    record = published.draw("a seed")
    out = tmp_path / "drawn"
    assert run("export", tmp_path / "lottery", "--layout", "members", "--out", out).exit_code == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "panels.csv",
        "remaining.csv",
        "selected.csv",
    ]
    assert read_panels(out / "panels.csv")[int(record.public.number)] == record.ids
    assert (out / "panels.csv").stat().st_mode & 0o077 == 0
    assert run("export", tmp_path / "lottery", "--layout", "heap", "--out", out).exit_code == 2


def test_a_file_of_the_selected_is_one_panel(tmp_path: Path, drawn: DrawRecord) -> None:
    path = tmp_path / "selected.csv"
    path.write_bytes(export_draw(drawn)["selected.csv"])
    assert read_panels(path) == (drawn.ids,)
    assert not check_panels(couples(), read_panels(path))


def test_everything_that_is_wrong_with_a_panel() -> None:
    panels = [("p0", "p3"), ("p0", "p1"), ("p0", "p2"), ("p0", "p0"), ("p0", "p3", "q")]
    found = [(finding.code, finding.params["panel"]) for finding in check_panels(couples(), panels)]
    assert found == [
        ("panel-household", "1"),
        ("panel-quota", "2"),
        ("panel-quota", "2"),
        ("panel-twice", "3"),
        ("panel-quota", "3"),
        ("panel-unknown", "4"),
        ("panel-size", "4"),
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
    assert "Panel 0 has 74 members, not 75." in differs.output
    assert run("export", out, "--keep", "name", "--out", there).exit_code == 2  # other bytes
    assert run("export", out, "--keep", "name", "--out", there, "--force").exit_code == 0
    assert run("export", tmp_path, "--out", there).exit_code == 2
