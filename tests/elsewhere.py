"""pytest in somebody else's folder, as a process: nothing of this repository is on its way."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

REPORT = "report.xml"
PROJECT = "[tool.pytest]\nfilterwarnings = ['error']\n"


@dataclass(frozen=True)
class Run:
    """What pytest found: names of tests to what they said, if anything; all it printed."""

    passed: set[str]
    failed: dict[str, str]
    xfailed: dict[str, str]
    printed: str


def run_pytest(folder: Path, *options: str) -> Run:
    """Run the tests in a folder with the installed package, warnings as errors."""
    runs = run_pytest_by_class(folder, *options)
    passed = {name for run in runs.values() for name in run.passed}
    failed = {name: said for run in runs.values() for name, said in run.failed.items()}
    xfailed = {name: said for run in runs.values() for name, said in run.xfailed.items()}
    printed = next((run.printed for run in runs.values()), "")
    return Run(passed - {*failed, *xfailed}, failed, xfailed, printed)


def run_pytest_by_class(folder: Path, *options: str) -> dict[str, Run]:
    """The same, told apart by the names of the classes (or modules) that hold the tests."""
    (folder / "pyproject.toml").write_text(PROJECT, "utf-8")
    environment = {name: text for name, text in os.environ.items() if not name.startswith("PYT")}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider"),
            *(f"--junit-xml={REPORT}", "-o", "junit_logging=no", *options),
        ],
        cwd=folder,
        env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    printed = done.stdout + done.stderr
    runs: dict[str, Run] = {}
    for case in ElementTree.parse(folder / REPORT).iter("testcase"):
        name, holder = case.attrib["name"], case.attrib["classname"].rpartition(".")[2]
        run = runs.setdefault(holder, Run(set(), {}, {}, printed))
        for found in case:
            told = run.xfailed if found.attrib.get("type") == "pytest.xfail" else run.failed
            told[name] = found.attrib["message"]
        if name not in run.failed and name not in run.xfailed:
            run.passed.add(name)
    (folder / REPORT).unlink()
    return runs
