"""Seconds to make and to check a lottery, by instance and optimising strategy.

From a `SelectionProblem` to its `PanelLottery`, and the check of its certificate: each the fastest
of five runs in one process.
"""

from __future__ import annotations

from collections.abc import Iterator

from measure import DATA, Block, digits, fastest, read_pool, table

import mitwirkung as mw
from mitwirkung.lottery.certificates import certified_gap

STRATEGIES = ("leximin", "maximin", "nash", "goldilocks")
HOUSEHOLD = ("address1", "zip")
WITH_HOUSEHOLDS = ("city_300", "city_1000")
RUNS = 5


def blocks() -> Iterator[Block]:
    """One row for each instance, two where it has households."""
    heads = ("instance", "people", *STRATEGIES, *(f"check {name}" for name in STRATEGIES))
    rows = []
    for folder in sorted(DATA.iterdir()):
        applicants, quotas, seats, _ = read_pool(folder)
        rows.append(row(folder.name, mw.SelectionProblem(applicants, quotas, seats=seats)))
        if folder.name in WITH_HOUSEHOLDS:
            problem = mw.SelectionProblem(applicants, quotas, seats=seats, household=HOUSEHOLD)
            rows.append(row(f"{folder.name}, households", problem))
    yield Block("strategies", table(heads, rows))


def row(title: str, problem: mw.SelectionProblem) -> list[str]:
    made, checked = [], []
    for name in STRATEGIES:
        lottery = mw.solve(problem, name)
        assert lottery.strategy is not None
        promises = lottery.strategy.promises
        made.append(fastest(lambda name=name: mw.solve(problem, name), RUNS))
        checked.append(
            fastest(
                lambda lottery=lottery, promises=promises: certified_gap(lottery, promises), RUNS
            )
        )
    return [title, f"{len(problem):,}", *map(digits, (*made, *checked))]
