"""Seconds to fill 5 of 75 seats again: from the drawn record to the new lottery.

Eleven times, each with other people who gave up their seats. Where whole people cannot follow the
fractional optimum (a real gap, common when few seats are left), cuts have to be found, which takes
longer than all else: these are counted apart.
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
DRAWS = 11
INSTANCES = ("city_300", "city_1000")
HOUSEHOLD = ("address1", "zip")


def blocks() -> Iterator[Block]:
    """One row for each instance with 75 seats."""
    heads = (
        "instance",
        "people",
        "gap",
        "draws",
        "problem, s",
        "lottery, s",
        "both, s",
        "longest, s",
    )
    rows, failures = [], []
    for name in INSTANCES:
        applicants, quotas, seats, _ = read_pool(DATA / name)
        problem = mw.SelectionProblem(applicants, quotas, seats=seats, household=HOUSEHOLD)
        record = publication(mw.solve(problem)).draw("benchmark")
        draws = [once(record, seed) for seed in range(DRAWS)]
        for gap in (False, True):
            times = [(made, solved) for made, solved, has_gap in draws if has_gap == gap]
            if not times:
                continue
            whole = [made + solved for made, solved in times]
            figures = [digits(median(each)) for each in (*zip(*times, strict=True), whole)]
            said = "yes" if gap else "no"
            row = [f"`{name}`", f"{len(problem):,}", said, len(times), *figures]
            rows.append([*row, digits(max(whole))])
            if max(whole) > MUST:
                kind = "with" if gap else "without"
                failures.append(
                    f"replacement, {name} {kind} a gap: {digits(max(whole))} s, not {MUST:g} s"
                )
    yield Block("replacement", table(heads, rows), failures)


def once(record: mw.DrawRecord, seed: int) -> tuple[float, float, bool]:
    """Seconds to make the problem and to solve it, and whether there was a gap."""
    freed = dict.fromkeys(random.Random(seed).sample(record.ids, FREE), "declined")
    problem = mw.replacement_problem(record, freed=freed)
    making = fastest(lambda: mw.replacement_problem(record, freed=freed), 3)
    solving = fastest(lambda: mw.solve(problem), 3)
    certificate = mw.solve(problem).certificate
    gap = certificate is not None and any(cut["bound"] for cut in certificate["cuts"])
    return making, solving, gap
