"""A new plugin: what is written, and that it works as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from builders import DATA
from mitwirkung.cli import cli
from mitwirkung.lottery.folder import FolderOccupied
from mitwirkung.plugins.scaffold import (
    PluginNameRefused,
    UnknownPluginKind,
    like,
    plugin_files,
    write_plugin,
)

ROOT = Path(__file__).parents[2]
SMALL = DATA / "repl_example_small_20"


@pytest.fixture(autouse=True)
def somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MITWIRKUNG_LANGUAGE", "en")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def written(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


# -------------------------------------------------------------------------------- what is written


def test_a_distribution_with_everything_and_nothing_left_to_fill_in() -> None:
    files = plugin_files("seats-by-district")
    module = "src/mitwirkung_seats_by_district"
    assert sorted(files) == [
        ".gitignore",
        "README.md",
        "pyproject.toml",
        f"{module}/__init__.py",
        f"{module}/py.typed",
        "tests/test_strategy.py",
    ]
    assert not [path for path, text in files.items() if "{{" in text or "}}" in text]
    project = tomllib.loads(files["pyproject.toml"])["project"]
    assert project["name"] == "mitwirkung-seats-by-district"
    assert project["entry-points"]["mitwirkung"] == {
        "seats-by-district": "mitwirkung_seats_by_district"
    }
    assert "class SeatsByDistrictStrategy(SelectionStrategy)" in files[f"{module}/__init__.py"]


def test_the_name_may_be_that_of_the_distribution() -> None:
    assert plugin_files("mitwirkung-fair") == plugin_files("fair")


@pytest.mark.parametrize(
    "name", ["", "Fair", "2fair", "fair-", "-fair", "fair--er", "fair_er", "fairé", "a b", "../a"]
)
def test_a_name_that_no_module_can_have_is_refused(name: str) -> None:
    with pytest.raises(PluginNameRefused, match="lowercase letters a to z"):
        plugin_files(name)


@pytest.mark.parametrize("name", ["mitwirkung-leximin", "use"])
def test_the_name_of_a_strategy_that_ships_or_of_a_setting_is_taken(name: str) -> None:
    with pytest.raises(PluginNameRefused, match=r"taken, as are .*leximin.*pots.*use"):
        plugin_files(name)


def test_an_unknown_kind_lists_what_there_is() -> None:
    with pytest.raises(UnknownPluginKind, match="There are: strategy"):
        plugin_files("fair", "channel")


@pytest.mark.parametrize(
    ("core", "expected"),
    [("0.1.0", ">=0.1,<0.2"), ("0.9.12", ">=0.9,<0.10"), ("2.3.1", ">=2.3,<3")],
)
def test_it_asks_for_a_core_like_the_one_it_was_written_with(core: str, expected: str) -> None:
    assert like(core) == expected


def test_what_is_written_passes_the_linter_and_the_type_checker() -> None:
    write_plugin(plugin_files("fair"), Path("fair"))
    for arguments in (
        ("ruff", "check", "--isolated", "--select=E,F,W,I,B,UP,SIM,RUF,N", "--no-cache"),
        ("ruff", "format", "--isolated", "--check", "--no-cache"),
        ("mypy", "--strict", "--config-file="),
    ):
        done = subprocess.run(
            [sys.executable, "-m", *arguments, "src", "tests"],
            cwd="fair",
            env={**os.environ, "MYPYPATH": "src"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


# ------------------------------------------------------------------------------ where it is written


def test_the_command_writes_it_and_says_how_to_go_on() -> None:
    done = run("new-plugin", "fair")
    assert done.exit_code == 0, done.output
    assert written(Path("mitwirkung-fair")) == plugin_files("fair")
    assert "mitwirkung-fair" in done.output
    assert "pip install --editable . --group test" in done.output
    assert "-m pytest" in done.output


def test_an_empty_folder_may_be_there_and_files_are_for_everybody() -> None:
    Path("mine").mkdir()
    assert run("new-plugin", "fair", "--out", "mine").exit_code == 0
    assert written(Path("mine")) == plugin_files("fair")
    assert {path.name for path in Path().iterdir()} == {"mine"}
    if sys.platform != "win32":
        fresh = Path("fresh")
        fresh.touch()
        modes = {p.stat().st_mode for p in Path("mine").rglob("*") if p.is_file()}
        assert modes == {fresh.stat().st_mode}


@pytest.mark.parametrize("what", ["a file in the folder", "a file"])
def test_what_is_there_is_never_replaced(what: str) -> None:
    place = Path("mine")
    if what == "a file":
        place.write_text("mine", "utf-8")
    else:
        place.mkdir()
        (place / "notes.txt").write_text("mine", "utf-8")
    done = run("new-plugin", "fair", "--out", "mine")
    assert done.exit_code == 2
    assert "mine" in done.output
    with pytest.raises(FolderOccupied):
        write_plugin(plugin_files("fair"), place)
    kept = place if what == "a file" else place / "notes.txt"
    assert kept.read_text("utf-8") == "mine"
    assert len(list(Path().rglob("*"))) == (1 if what == "a file" else 2)


@pytest.mark.parametrize("arguments", [("Fair",), ("simple",), ("fair", "--kind", "x")])
def test_nothing_is_written_where_the_call_is_wrong(arguments: tuple[str, ...]) -> None:
    done = run("new-plugin", *arguments)
    assert done.exit_code == 2
    assert not list(Path().iterdir())


def test_the_clerk_reads_german(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MITWIRKUNG_LANGUAGE", "de")
    assert "Kleinbuchstaben" in run("new-plugin", "Fair").output
    assert "Das Plugin liegt in mitwirkung-fair" in run("new-plugin", "fair").output


# -------------------------------------------------------------------------------- how it works


def test_installed_into_a_fresh_environment_its_kit_is_green_and_its_strategy_is_there() -> None:
    """Its README's commands as they stand, the core's wheel lying where pip finds it."""
    wheel = ("-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", "wheels", str(ROOT))
    subprocess.run([sys.executable, *wheel], check=True)
    assert run("new-plugin", "fair").exit_code == 0
    folder = Path("mitwirkung-fair")
    work = folder.joinpath("README.md").read_text("utf-8").partition("## Work on it")[2]
    commands = work.partition("```bash\n")[2].partition("```")[0]
    assert "pytest" in commands
    ran("bash", "-euxc", commands, cwd=folder)

    mitwirkung = str(folder.resolve() / ".venv" / "bin" / "mitwirkung")
    inputs = [str(SMALL / "candidates.csv"), str(SMALL / "features.csv"), "--seats", "20"]
    strategy = ["--strategy", "fair", "--setting", "feature=leaning", "--out", "dialog"]
    ran(mitwirkung, "lottery", *inputs, *strategy)
    ran(mitwirkung, "draw", "--lottery", "dialog", "--seed", "a seed")
    verified = ran(mitwirkung, "verify", "dialog")
    assert "made again, the lottery is the same" in verified
    lottery = json.loads(Path("dialog", "lottery.json").read_text("utf-8"))
    assert lottery["strategy"]["name"] == "fair"
    assert lottery["strategy"]["settings"] == {"feature": "leaning"}


def ran(*command: str, cwd: Path | None = None) -> str:
    """What a program says, once it has done its work as an author's would."""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PIP_FIND_LINKS": str(Path("wheels").resolve()),
        "PIP_NO_COMPILE": "no",  # pip reads this one the other way round: do not compile
        "PIP_QUIET": "1",
    }
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
