"""Seconds of processor time to make a lottery, by instance and optimising strategy.

`python tests/benchmarks/strategies.py [INSTANCE ...]`: from a `SelectionProblem` to its
`PanelLottery`, the fastest of five runs; then the same for checking the certificate.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import mitwirkung as mw
from mitwirkung.lottery.certificates import certified_gap

DATA = Path(__file__).parents[1] / "data" / "lottery"
STRATEGIES = ("leximin", "maximin", "nash", "goldilocks")
HOUSEHOLD = {"city_300": ["address1", "zip"], "city_1000": ["address1", "zip"]}
RUNS = 5


def least(act: Callable[[], object]) -> float:
    seconds = []
    for _ in range(RUNS):
        started = time.process_time()
        act()
        seconds.append(time.process_time() - started)
    return min(seconds)


def line(title: str, problem: mw.SelectionProblem) -> str:
    made, checked = [], []
    for strategy in STRATEGIES:
        lottery = mw.solve(problem, strategy)
        assert lottery.strategy is not None
        promises = lottery.strategy.promises
        made.append(least(lambda strategy=strategy: mw.solve(problem, strategy)))
        checked.append(
            least(lambda lottery=lottery, promises=promises: certified_gap(lottery, promises))
        )
    return f"{title:32}{len(problem):>7}" + "".join(f"{s:12.3f}" for s in (*made, *checked))


def main(names: list[str]) -> None:
    heads = [*STRATEGIES, *(f"check {name[:4]}" for name in STRATEGIES)]
    print(f"{'instance':32}{'people':>7}" + "".join(f"{head:>12}" for head in heads))
    for name in names or sorted(folder.name for folder in DATA.iterdir()):
        applicants = mw.read_applicants(DATA / name / "candidates.csv")
        quotas = mw.read_quotas(DATA / name / "features.csv")
        seats = json.loads((DATA / name / "meta.json").read_text("utf-8"))["k"]
        print(line(name, mw.SelectionProblem(applicants, quotas, seats=seats)), flush=True)
        if name in HOUSEHOLD:
            household = HOUSEHOLD[name]
            problem = mw.SelectionProblem(applicants, quotas, seats=seats, household=household)
            print(line(f"{name}, households", problem), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
