"""What all benchmarks share: fresh processes, the fastest of some runs, pools in files, tables."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import mitwirkung as mw

HERE = Path(__file__).parent
DATA = HERE.parent / "data" / "lottery"


class Block(NamedTuple):
    """One table: its name in `docs/explanation/speed.md`, its Markdown, and what went wrong."""

    name: str
    text: str
    failures: Sequence[str] = ()


# ------------------------------------------------------------------------------------------ clocks


def fastest(act: Callable[[], object], runs: int) -> float:
    """Seconds of the fastest of some runs."""
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def peak_mb() -> float:
    """The most memory that this process has held so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def fresh(script: str, *arguments: object, python: str = sys.executable) -> dict[str, Any]:
    """What a script of this folder prints last, JSON, run in a process of its own.

    Returns:
        Instead, `{"error": ...}` where the script failed; "limit" where SIGALRM ended it.
    """
    command = [python, str(HERE / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == -signal.SIGALRM:
        return {"error": "limit"}
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return {"error": lines[-1] if lines else f"exit {done.returncode}"}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


# ------------------------------------------------------------------------------------------- pools


def made(folder: Path, shape: str, **numbers: float) -> Path:
    """The folder of a pool of `shapes.py`, made in a process of its own if it is not there yet.

    This process stays small, because a child starts with the peak memory of its parent.
    """
    words = [f"{name}={number}" for name, number in numbers.items()]
    made = folder / "-".join([shape, *words])
    if not made.exists():
        found = fresh("shapes.py", made, shape, *words)
        if "error" in found:
            raise RuntimeError(f"{made.name}: {found['error']}")
    return made


def read_pool(folder: Path) -> tuple[mw.Applicants, mw.QuotaPlan, int, list[str]]:
    """Applicants, quotas, seats and the columns of a household."""
    meta = json.loads((folder / "meta.json").read_text("utf-8"))
    return (
        mw.read_applicants(folder / "candidates.csv"),
        mw.read_quotas(folder / "features.csv"),
        meta["k"],
        meta.get("household", []),
    )


# ------------------------------------------------------------------------------------------ tables


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; the first column is text, the others stand right."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def digits(number: float) -> str:
    """Three significant digits, never an exponent."""
    if not number:
        return "0"
    places = 2
    while places < 6 and abs(number) < 10 ** (2 - places):
        places += 1
    for whole in (100, 10):
        places -= abs(number) >= whole
    return f"{number:,.{places}f}"


def share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f} %"
