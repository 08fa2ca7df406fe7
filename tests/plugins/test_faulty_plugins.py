"""Installed distributions that are broken in every way: none of them stops the main job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from builders import DATA

FAULTY = Path(__file__).parent / "faulty"
NAMES = sorted(folder.name for folder in FAULTY.iterdir() if folder.is_dir())
SMALL = DATA / "repl_example_small_20"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the path in which all of them are installed, as wheels."""
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    options = ["--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    folders = [str(FAULTY / name) for name in NAMES]
    subprocess.run([*command, *options, "--target", target, *folders], check=True)
    return target


def mitwirkung(
    site: Path, cwd: Path, *arguments: object, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mitwirkung", *map(str, arguments)],
        env={
            **os.environ,
            "PYTHONPATH": str(site),
            "MITWIRKUNG_LANGUAGE": "en",
            "COLUMNS": "200",
            **environment,
        },
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
    )


def lottery(
    site: Path, cwd: Path, *options: object, **environment: str
) -> subprocess.CompletedProcess[str]:
    files = (SMALL / "candidates.csv", SMALL / "features.csv")
    arguments = ("--seats", 20, "--out", cwd / "dialog", *options)
    return mitwirkung(site, cwd, "lottery", *files, *arguments, **environment)


def listed(site: Path, cwd: Path, **environment: str) -> dict[str, dict[str, Any]]:
    done = mitwirkung(site, cwd, "plugins", "--json", **environment)
    assert done.returncode == 0, done.stderr
    return {plugin["name"]: plugin for plugin in json.loads(done.stdout)}


def test_none_of_them_stops_the_main_job_or_is_imported_by_it(site: Path, tmp_path: Path) -> None:
    for mark in site.glob("*.imported"):
        mark.unlink()
    done = lottery(site, tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "dialog" / "lottery.json").is_file()
    assert not list(site.glob("*.imported"))


def test_the_listing_says_what_is_wrong_with_each(site: Path, tmp_path: Path) -> None:
    found = listed(site, tmp_path)
    assert set(NAMES) <= set(found)
    assert next(iter(found)) == "builtin"
    assert [name for name in found if name in NAMES] == NAMES  # sorted by name
    reasons = {
        "import-error": "No module named 'no_such_library_anywhere'",
        "system-exit": "SystemExit: 3",
        "misspelt-hook": "did you mean 'register_selection_strategies'?",
        "raising-hook": "ZeroDivisionError: the hook is broken",
        "wrong-result": "'first-come' is no class of SelectionStrategy",
        "without-hook": "@hookimpl",
        "no-module": "'mitwirkung_no_module:PLUGIN'",
    }
    for name, reason in reasons.items():
        assert found[name]["status"] == "failed"
        assert reason in found[name]["reason"], name
        assert f"'{name}' of mitwirkung-{name} 1.2" in found[name]["reason"]
        assert found[name]["strategies"] == []
    for name in set(NAMES) - set(reasons):
        assert found[name]["status"] == "active", found[name]
        more = ["register_notification_channels", "register_randomness_sources"]
        last = ["register_storage_backends"]
        if name != "good":
            more, last = [], []
        assert found[name]["hooks"] == [*more, "register_selection_strategies", *last]
    assert found["good"]["sources"] == ["super-six"]
    assert found["good"]["backends"] == ["short-lived"]
    assert found["good"]["channels"] == ["town-crier"]
    for name in ("twin-a", "twin-b"):
        (conflict,) = found[name]["conflicts"]
        assert "'twin-a' of mitwirkung-twin-a 1.2, 'twin-b' of mitwirkung-twin-b 1.2" in conflict
    (kept,) = found["usurper"]["conflicts"]
    assert "it stays with 'builtin' of mitwirkung" in kept
    assert found["good"]["conflicts"] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("import-error", "cannot be imported: ModuleNotFoundError"),
        ("system-exit", "cannot be imported: SystemExit: 3"),
        ("misspelt-hook", "implements 'register_selection_strategy', which is no hook"),
        ("raising-hook", "failed: ZeroDivisionError: the hook is broken"),
        ("twin", "Block all of them but one"),
        ("nothing-like-it", "There is no selection strategy 'nothing-like-it'"),
    ],
)
def test_asked_for_by_name_the_failure_is_the_error(
    site: Path, tmp_path: Path, name: str, text: str
) -> None:
    done = lottery(site, tmp_path, "--strategy", name)
    assert done.returncode == 2
    assert text in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "dialog").exists()


def test_the_cause_is_what_the_plugin_raised(site: Path, tmp_path: Path) -> None:
    code = """
import pickle
import mitwirkung as mw
app = mw.Mitwirkung()
for name in ("import-error", "raising-hook"):
    try:
        app.strategy(name)
    except mw.PluginFailed as error:
        again = pickle.loads(pickle.dumps(error))
        print(type(error.__cause__).__name__, again.code, isinstance(error, RuntimeError))
"""
    environment = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "ModuleNotFoundError plugin-import True",
        "ZeroDivisionError plugin-hook-raised True",
    ]


def test_a_twin_can_be_used_when_the_other_is_blocked(site: Path, tmp_path: Path) -> None:
    done = lottery(site, tmp_path, "--strategy", "twin", MITWIRKUNG_BLOCK_PLUGINS="twin-b")
    assert done.returncode == 0, done.stderr
    strategy = json.loads((tmp_path / "dialog" / "lottery.json").read_text("utf-8"))["strategy"]
    assert strategy["name"] == "twin"


def test_a_good_and_a_slow_one_work_among_the_others(site: Path, tmp_path: Path) -> None:
    for number, name in enumerate(("good", "slow")):
        folder = tmp_path / str(number)
        folder.mkdir()
        done = lottery(site, folder, "--strategy", name)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("by", ["environment", "settings", "distribution", "everything"])
def test_what_is_blocked_is_never_imported(site: Path, tmp_path: Path, by: str) -> None:
    environment = {}
    if by == "settings":
        (tmp_path / "mitwirkung.toml").write_text('[plugins]\nblock = ["Blocked"]\n', "utf-8")
    else:
        named = {"environment": "x, blocked", "distribution": "mitwirkung_BLOCKED"}
        environment["MITWIRKUNG_BLOCK_PLUGINS"] = named.get(by, "*")
    for mark in site.glob("*.imported"):
        mark.unlink()
    blocked = listed(site, tmp_path, **environment)["blocked"]
    assert (blocked["status"], blocked["code"]) == ("blocked", "plugin-blocked")
    assert not (site / "mitwirkung_blocked.imported").exists()
    place = "mitwirkung.toml" if by == "settings" else "MITWIRKUNG_BLOCK_PLUGINS"
    assert place in blocked["reason"]
    done = lottery(site, tmp_path, "--strategy", "blocked", **environment)
    assert done.returncode == 2
    assert f"is blocked by {place}" in done.stderr


def test_a_strategy_that_breaks_is_named_without_what_it_said(site: Path, tmp_path: Path) -> None:
    done = lottery(site, tmp_path, "--strategy", "bad-solver")
    assert done.returncode == 2
    assert "of mitwirkung-bad-solver 1.2 failed with KeyError" in done.stderr
    assert "nobody like" not in done.stderr
    assert not (tmp_path / "dialog").exists()


def test_a_lottery_can_be_verified_where_its_strategy_is_not_installed(
    site: Path, tmp_path: Path
) -> None:
    assert lottery(site, tmp_path, "--strategy", "good").returncode == 0
    drawn = mitwirkung(site, tmp_path, "draw", "--lottery", "dialog", "--seed", "1 2 3")
    assert drawn.returncode == 0, drawn.stderr
    here = mitwirkung(site, tmp_path, "verify", "dialog")
    assert "made again, the lottery is the same" in here.stdout
    elsewhere = mitwirkung(tmp_path / "nowhere", tmp_path, "verify", "dialog")
    assert elsewhere.returncode == 0, elsewhere.stdout
    assert "the strategy 'good' cannot be used here" in elsewhere.stdout


def test_the_table_for_people_says_the_same(site: Path, tmp_path: Path) -> None:
    done = mitwirkung(site, tmp_path, "plugins", MITWIRKUNG_LANGUAGE="de")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].split()[:4] == ["Erweiterung", "Paket", "Version", "Zustand"]
    assert any(line.startswith("good") and "in Gebrauch" in line for line in lines)
    assert any("lässt sich nicht laden: SystemExit: 3" in line for line in lines)


def test_the_listing_works_while_the_settings_do_not(site: Path, tmp_path: Path) -> None:
    (tmp_path / "mitwirkung.toml").write_text('[selection]\nuse = "import-error"\n', "utf-8")
    assert listed(site, tmp_path)["import-error"]["status"] == "failed"
    assert mitwirkung(site, tmp_path, "settings", "--sample").returncode == 0
    done = mitwirkung(site, tmp_path, "settings")
    assert done.returncode == 2
    assert "cannot be imported" in done.stderr


def test_sections_of_plugins_that_cannot_be_used_stop_nobody(site: Path, tmp_path: Path) -> None:
    text = "[selection.import-error]\nx = 1\n[selection.twin]\nx = 1\n"
    (tmp_path / "mitwirkung.toml").write_text(text, "utf-8")
    assert lottery(site, tmp_path).returncode == 0
    (tmp_path / "mitwirkung.toml").write_text("[selection.pot]\nx = 1\n", "utf-8")
    done = mitwirkung(site, tmp_path, "settings")
    assert done.returncode == 2
    assert "did you mean 'pots'?" in done.stderr
