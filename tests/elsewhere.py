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
    passed: set[str] = set()
    failed: dict[str, str] = {}
    xfailed: dict[str, str] = {}
    for case in ElementTree.parse(folder / REPORT).iter("testcase"):
        name = case.attrib["name"]
        for found in case:
            told = xfailed if found.attrib.get("type") == "pytest.xfail" else failed
            told[name] = found.attrib["message"]
        if name not in failed and name not in xfailed:
            passed.add(name)
    (folder / REPORT).unlink()
    return Run(passed, failed, xfailed, done.stdout + done.stderr)
