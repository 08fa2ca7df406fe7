"""Seconds of each step of the main job, from files to a verified record: `nox -s bench`.

Arguments: names of instances (all by default). The fastest of three runs is printed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import mitwirkung as mw
from mitwirkung.lottery.publication import publication

DATA = Path(__file__).parents[1] / "data" / "lottery"
STEPS = ("read", "problem", "lottery", "publish", "draw", "verify")
T = TypeVar("T")


def once(folder: Path, seats: int) -> tuple[dict[str, float], mw.DrawRecord]:
    seconds: dict[str, float] = {}

    def timed(step: str, act: Callable[[], T]) -> T:
        started = time.perf_counter()
        done = act()
        seconds[step] = time.perf_counter() - started
        return done

    applicants, quotas = timed(
        "read",
        lambda: (
            mw.read_applicants(folder / "candidates.csv"),
            mw.read_quotas(folder / "features.csv"),
        ),
    )
    problem = timed("problem", lambda: mw.SelectionProblem(applicants, quotas, seats=seats))
    lottery = timed("lottery", lambda: mw.solve(problem))
    published = timed("publish", lambda: publication(lottery))
    record = timed("draw", lambda: published.draw("benchmark"))
    assert timed("verify", record.verify)
    return seconds, record


def main(names: list[str]) -> None:
    names = names or sorted(folder.name for folder in DATA.iterdir())
    print(f"{'instance':24}{'people':>8}{'vectors':>9}" + "".join(f"{step:>9}" for step in STEPS))
    for name in names:
        seats = json.loads((DATA / name / "meta.json").read_text("utf-8"))["k"]
        runs = [once(DATA / name, seats) for _ in range(3)]
        best = {step: min(seconds[step] for seconds, _ in runs) for step in STEPS}
        lottery = runs[0][1].publication.lottery
        numbers = f"{len(lottery.problem):>8}{len(lottery):>9}"
        print(f"{name:24}{numbers}" + "".join(f"{best[step]:9.3f}" for step in STEPS))


if __name__ == "__main__":
    main(sys.argv[1:])
