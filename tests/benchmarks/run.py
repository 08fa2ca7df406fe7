"""All benchmarks, as Markdown tables: `nox -s bench -- [SECTION ...] [--write]`.

Without a section: `targets`, ours beside the peer, and `numbered`. The exit code is 1 if a figure
that must be reached is missed, or if the two sides disagree about an optimum.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import clashes
import dispatching
import growth
import imports
import numbered
import replacement
import steps
import strategies
import targets
from measure import Block

import procedure
import storage

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "speed.md"
SECTIONS = (
    "targets",
    "numbered",
    "replacement",
    "clashes",
    "steps",
    "strategies",
    "growth",
    "imports",
    "storage",
    "procedure",
    "dispatching",
    "postgres",
)
BESIDE = ("postgres",)
"""Sections that need a plugin: `all` leaves them out; `nox -s bench_postgres` measures them."""


def wanted(options: argparse.Namespace, scratch: Path) -> Iterator[Block]:
    """The tables of the sections that were asked for, each as soon as it is measured."""
    measures: dict[str, Callable[[], Iterator[Block]]] = {
        "targets": lambda: targets.blocks(
            scratch,
            options.peer,
            options.limit,
            tuple(options.only),
            everywhere=options.peer_everywhere,
        ),
        "numbered": numbered.blocks,
        "steps": lambda: steps.blocks(scratch),
        "strategies": strategies.blocks,
        "replacement": replacement.blocks,
        "growth": lambda: growth.blocks(scratch),
        "imports": imports.blocks,
        "clashes": clashes.blocks,
        "storage": storage.blocks,
        "procedure": procedure.blocks,
        "dispatching": dispatching.blocks,
        "postgres": lambda: import_module("postgres").blocks(),
    }
    yield machine(options.peer)
    every = [name for name in SECTIONS if name not in BESIDE]
    for section in every if "all" in options.sections else options.sections:
        yield from measures[section]()


def machine(peer: str) -> Block:
    """What was measured with."""
    ours = ", ".join(f"{name} {version(name)}" for name in ("mitwirkung", "numpy", "highspy"))
    parts = [f"{cores()}, Python {platform.python_version()}; {ours}"]
    if peer:
        code = "from importlib.metadata import version as v; print(*map(v, {names}))"
        names = ("sortition-algorithms", "mip", "highspy")
        done = subprocess.run(
            [peer, "-c", code.format(names=names)], capture_output=True, text=True, check=True
        )
        found = zip(names, done.stdout.split(), strict=True)
        parts.append("the peer: " + ", ".join(f"{name} {number}" for name, number in found))
    return Block("machine", "; ".join(parts) + ".")


def cores() -> str:
    """Processor and cores."""
    described = Path("/proc/cpuinfo")
    text = described.read_text("utf-8") if described.is_file() else ""
    model = re.search(r"model name\s*:\s*(.+)", text)
    return f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores"


def write(block: Block) -> None:
    """Put a table into the page, between its two comments."""
    begin, end = f"<!-- {block.name} -->\n", f"<!-- /{block.name} -->"
    before, _, rest = PAGE.read_text("utf-8").partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"{PAGE.name} has no place for the table {block.name!r}")
    PAGE.write_text(f"{before}{begin}\n{block.text}\n\n{end}{after}", "utf-8")


def main() -> int:
    """Measure, print, and say what was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "sections", nargs="*", default=["targets", "numbered"], choices=[*SECTIONS, "all"]
    )
    parser.add_argument("--peer", default="", help="the Python of the peer's environment")
    parser.add_argument("--limit", type=float, default=240, help="seconds for a run of the peer")
    parser.add_argument(
        "--peer-everywhere", action="store_true", help="also where seconds are to be reached"
    )
    parser.add_argument("--only", nargs="+", default=[], help="instances of `targets`")
    parser.add_argument("--write", action="store_true", help="put the tables into speed.md")
    options = parser.parse_args()
    if {"targets", "all"} & set(options.sections) and not options.peer:
        parser.error("targets needs --peer; `nox -s bench` makes its environment")
    if options.only and options.write:
        parser.error("--only measures a part of a table, so it cannot be written")
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for block in wanted(options, Path(scratch)):
            print(f"\n{block.name}\n\n{block.text}", flush=True)
            failures += block.failures
            if options.write:
                write(block)
    for failure in failures:
        print(f"MISSED: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
