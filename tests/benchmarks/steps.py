"""Seconds of each step of the main job, from files to a verified record, and where they go.

`python steps.py FOLDER RUNS` measures one pool in a process of its own.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from measure import DATA, Block, digits, fresh, made, peak_mb, read_pool, share, table

import mitwirkung as mw
from mitwirkung.lottery.publication import publication
from mitwirkung.lottery.verification import verify

STEPS = ("read", "problem", "digest", "lottery", "publish", "draw", "verify", "public check")
"""`verify` is the city's, with all files; `public check` is anyone's, with the two public ones."""
SHARES = ("syn_sf_b", "city_1000", "city")
T = TypeVar("T")


def once(folder: Path) -> dict[str, Any]:
    """Seconds of the steps and of the parts of making the lottery, and how large it all is."""
    seconds: dict[str, float] = {}
    marks: list[tuple[str, float]] = []

    def timed(step: str, act: Callable[[], T]) -> T:
        started = time.perf_counter()
        done = act()
        seconds[step] = time.perf_counter() - started
        return done

    def mark(part: str) -> None:
        marks.append((part, time.perf_counter()))

    def lottery() -> mw.PanelLottery:
        mark("other")
        found = mw.solve(problem, progress=lambda step: mark(step.stage))
        mark("end")
        return found

    applicants, quotas, seats, household = timed("read", lambda: read_pool(folder))
    problem = timed(
        "problem",
        lambda: mw.SelectionProblem(applicants, quotas, seats=seats, household=household),
    )
    timed("digest", lambda: problem.digest)
    solved = timed("lottery", lottery)
    published = timed("publish", lambda: publication(solved))
    record = timed("draw", lambda: published.draw("benchmark"))
    assert timed("verify", record.verify)
    files = published.public.content, record.public.content
    assert timed("public check", lambda: verify(*files))

    parts: dict[str, float] = {}
    for (part, started), (_, ended) in pairwise(marks):
        parts[part] = parts.get(part, 0) + ended - started

    from mitwirkung.lottery.folding import fold_types

    return {
        "people": len(problem),
        "types": fold_types(problem).polytope.types,
        "vectors": len(solved),
        "seconds": seconds,
        "parts": parts,
        "file_megabytes": len(published.public.content) / 1e6,
    }


def main(folder: Path, runs: int) -> None:
    measured = [once(folder) for _ in range(runs)]
    found = min(measured, key=lambda run: run["seconds"]["lottery"])
    best = {step: min(run["seconds"][step] for run in measured) for step in STEPS}
    print(json.dumps({**found, "seconds": best, "megabytes": peak_mb()}))


# ------------------------------------------------------------------------------------------- tables


def row_of(found: dict[str, Any]) -> list[str]:
    """The cells under `HEADS` of one measured pool."""
    if "error" in found:
        return [found["error"], *[""] * (len(HEADS) - 1)]
    sizes = [f"{found[key]:,}" for key in ("people", "types", "vectors")]
    seconds = [digits(found["seconds"][step]) for step in STEPS]
    return [*sizes, *seconds, f"{found['file_megabytes']:.1f}", f"{found['megabytes']:.0f}"]


HEADS = ("people", "types", "vectors", *STEPS, "file, MB", "memory, MB")


def blocks(scratch: Path) -> Iterator[Block]:
    """Steps of all instances; shares of the steps, and of the parts of the lottery, for three."""
    folders = {folder.name: folder for folder in sorted(DATA.iterdir())}
    folders["big_assembly"] = made(scratch, "big_assembly")
    folders["city"] = made(scratch, "city")
    found = {name: fresh("steps.py", folder, 3) for name, folder in folders.items()}
    failures = [f"{name}: {run['error']}" for name, run in found.items() if "error" in run]
    rows = [[f"`{name}`", *row_of(run)] for name, run in found.items()]
    yield Block("steps", table(("instance", *HEADS), rows), failures)

    three = {name: found[name] for name in SHARES if "error" not in found[name]}
    yield _shares("shares", "step", {name: run["seconds"] for name, run in three.items()})
    parts = {name: run["parts"] for name, run in three.items()}
    yield _shares("parts", "part of the lottery", parts)


def _shares(block: str, head: str, seconds: dict[str, dict[str, float]]) -> Block:
    """What share of the whole each part takes; a column for each instance."""
    names = list(dict.fromkeys(name for parts in seconds.values() for name in parts))
    rows = [
        [name, *(share(parts.get(name, 0), sum(parts.values())) for parts in seconds.values())]
        for name in names
    ]
    return Block(block, table((head, *(f"`{name}`" for name in seconds)), rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
