"""Seconds to fill 5 of 75 seats again: from the drawn record to the new lottery.

Five times, each with other people who gave up their seats; the fastest of three runs of each. What
must be reached holds for the one in the middle: where whole people cannot follow the fractional
optimum, the proof takes longer.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from statistics import median

from measure import DATA, Block, digits, fastest, read_pool, table

import mitwirkung as mw
from mitwirkung.lottery.publication import publication

MUST = 0.2
FREE = 5
INSTANCES = ("city_300", "city_1000")
HOUSEHOLD = ("address1", "zip")


def blocks() -> Iterator[Block]:
    """One row for each instance with 75 seats."""
    heads = ("instance", "people", "seats", "problem, s", "lottery, s", "longest, s", "must reach")
    rows, failures = [], []
    for name in INSTANCES:
        applicants, quotas, seats, _ = read_pool(DATA / name)
        problem = mw.SelectionProblem(applicants, quotas, seats=seats, household=HOUSEHOLD)
        record = publication(mw.solve(problem)).draw("benchmark")
        made, solved = zip(*(once(record, seed) for seed in range(5)), strict=True)
        whole = [a + b for a, b in zip(made, solved, strict=True)]
        figures = (median(made), median(solved), max(whole))
        rows.append([f"`{name}`", f"{len(problem):,}", seats, *map(digits, figures), f"{MUST:g} s"])
        if median(whole) > MUST:
            failures.append(f"replacement, {name}: {digits(median(whole))} s")
    yield Block("replacement", table(heads, rows), failures)


def once(record: mw.DrawRecord, seed: int) -> tuple[float, float]:
    """Seconds to make the problem, and to solve it."""
    freed = dict.fromkeys(random.Random(seed).sample(record.ids, FREE), "declined")
    problem = mw.replacement_problem(record, freed=freed)
    making = fastest(lambda: mw.replacement_problem(record, freed=freed), 3)
    return making, fastest(lambda: mw.solve(problem), 3)
