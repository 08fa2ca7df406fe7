"""Seconds to fill 5 of 75 seats again: from the drawn record to the new lottery.

Five times, each with other people who gave up their seats. What must be reached holds for the one
in the middle. Where whole people cannot follow the fractional optimum (a real gap, common when few
seats are left), cuts have to be found, which takes seconds; how often is told too.
"""

from __future__ import annotations

import random
import time
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
    heads = ("instance", "people", "problem, s", "lottery, s", "both, s", "gaps", "longest, s")
    rows, failures = [], []
    for name in INSTANCES:
        applicants, quotas, seats, _ = read_pool(DATA / name)
        problem = mw.SelectionProblem(applicants, quotas, seats=seats, household=HOUSEHOLD)
        record = publication(mw.solve(problem)).draw("benchmark")
        made, solved, gaps = zip(*(once(record, seed) for seed in range(5)), strict=True)
        whole = [a + b for a, b in zip(made, solved, strict=True)]
        figures = [digits(median(each)) for each in (made, solved, whole)]
        rows.append([f"`{name}`", f"{len(problem):,}", *figures, sum(gaps), digits(max(whole))])
        if median(whole) > MUST:
            failures.append(f"replacement, {name}: {digits(median(whole))} s, not {MUST:g} s")
    yield Block("replacement", table(heads, rows), failures)


def once(record: mw.DrawRecord, seed: int) -> tuple[float, float, bool]:
    """Seconds to make the problem and to solve it, and whether there was a gap."""
    freed = dict.fromkeys(random.Random(seed).sample(record.ids, FREE), "declined")
    problem = mw.replacement_problem(record, freed=freed)
    making = fastest(lambda: mw.replacement_problem(record, freed=freed), 3)
    started = time.perf_counter()
    lottery = mw.solve(problem)
    solving = time.perf_counter() - started
    gap = bool(lottery.certificate and lottery.certificate["cuts"])
    if not gap:
        solving = min(solving, fastest(lambda: mw.solve(problem), 3))
    return making, solving, gap
