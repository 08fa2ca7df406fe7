"""Seconds to say why quotas cannot be met and which smallest change would do, and what they cost.

Every instance is made impossible in up to three ways: `few`: of the group with the largest minimum
too few applied; `both`: of two groups that fill more than all seats together nobody belongs to
both; `exchanged`: the limits of large and small groups of each feature are exchanged.

`python clashes.py FOLDER` measures one instance in a process of its own.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

from measure import DATA, Block, digits, fresh, read_pool, table

import mitwirkung as mw
from mitwirkung.intake import Applicants

MUST = 2.0
"""Seconds, for the conflict and for the smallest relaxation."""
RUNS = 3


def ways(problem: mw.SelectionProblem) -> dict[str, mw.SelectionProblem]:
    """The problem made impossible; what could still be met is left out."""
    return {"few": few(problem), "both": both(problem), "exchanged": exchanged(problem)}


def few(problem: mw.SelectionProblem) -> mw.SelectionProblem:
    """Two people fewer of the group with the largest minimum than are asked for."""
    quotas = [(f.name, q.value, q.min) for f in problem.quotas.features for q in f.quotas]
    name, value, least = max(quotas, key=lambda quota: quota[2])
    column = problem.applicants.columns[name]
    inside = [i for i, cell in enumerate(column) if cell == value][: least - 2]
    return among(problem, [i for i, c in enumerate(column) if c != value or i in set(inside)])


def both(problem: mw.SelectionProblem) -> mw.SelectionProblem:
    """Nobody belongs to two groups whose minimums are more than all seats; else as it is."""
    quotas = [(q.min, f.name, q.value) for f in problem.quotas.features for q in f.quotas]
    pairs = [(a, b) for a, b in combinations(quotas, 2) if a[1] != b[1]]
    (least, name, value), (other_least, other, other_value) = max(
        pairs, key=lambda pair: pair[0][0] + pair[1][0]
    )
    if least + other_least <= problem.seats:
        return problem
    columns = problem.applicants.columns
    cells = zip(columns[name], columns[other], strict=True)
    return among(problem, [i for i, c in enumerate(cells) if c != (value, other_value)])


def exchanged(problem: mw.SelectionProblem) -> mw.SelectionProblem:
    """In each feature the smallest group has the limits of the largest, and so on."""
    features = []
    for feature in problem.quotas.features:
        ordered = sorted(feature.quotas, key=lambda quota: (quota.max, quota.value))
        limits = {a.value: b for a, b in zip(ordered, reversed(ordered), strict=True)}
        quotas = [mw.Quota(value=v, min=limits[v].min, max=limits[v].max) for v in feature.values]
        features.append(mw.Feature(name=feature.name, quotas=tuple(quotas)))
    plan = mw.QuotaPlan(features=tuple(features))
    return mw.SelectionProblem(problem.applicants, plan, seats=problem.seats)


def among(problem: mw.SelectionProblem, rows: Iterable[int]) -> mw.SelectionProblem:
    """The same quotas for a part of the people."""
    kept, all_of_them = list(rows), problem.applicants
    part = Applicants(
        ids=tuple(all_of_them.ids[i] for i in kept),
        columns={n: tuple(cells[i] for i in kept) for n, cells in all_of_them.columns.items()},
        rows=tuple(all_of_them.rows[i] for i in kept),
        id_column=all_of_them.id_column,
    )
    return mw.SelectionProblem(part, problem.quotas, seats=problem.seats)


def clash_of(problem: mw.SelectionProblem) -> mw.InfeasibleQuotas | None:
    """What cannot be met together; None if everything can."""
    try:
        mw.check_feasible(problem)
    except mw.InfeasibleQuotas as error:
        return error
    return None


def fastest(act: Callable[[], object], runs: int) -> float:
    """Seconds of the processor in the fastest of some runs; nothing here waits."""
    seconds = []
    for _ in range(runs):
        started = time.process_time()
        act()
        seconds.append(time.process_time() - started)
    return min(seconds)


def once(folder: Path) -> dict[str, Any]:
    """Figures of all ways of one instance."""
    applicants, quotas, seats, _ = read_pool(folder)
    problem = mw.SelectionProblem(applicants, quotas, seats=seats)
    clash_of(problem)  # everything is imported
    found: dict[str, Any] = {"assessment": fastest(lambda: mw.assess_quotas(problem), RUNS)}
    for way, impossible in ways(problem).items():
        clash = clash_of(impossible)
        if clash is None:
            continue
        (smallest,) = mw.smallest_relaxations(impossible, most=1)

        def relax(most: int, impossible: mw.SelectionProblem = impossible) -> None:
            mw.smallest_relaxations(impossible, most=most)

        found[way] = {
            "limits": len(clash.params["clashes"]),
            "changes": len(smallest.changes),
            "cost": float(smallest.cost),
            "conflict": fastest(lambda impossible=impossible: clash_of(impossible), RUNS),
            "smallest": fastest(lambda: relax(1), RUNS),
            "five": fastest(lambda: relax(5), 1),
        }
    return found


# ------------------------------------------------------------------------------------------- tables

HEADS = ("limits", "changes", "cost", "conflict, s", "smallest, s", "five, s")


def blocks() -> Iterator[Block]:
    """Impossible quotas, then what is known before the draw where they can be met."""
    found = {folder.name: fresh("clashes.py", folder) for folder in sorted(DATA.iterdir())}
    failures = [f"{name}: {run['error']}" for name, run in found.items() if "error" in run]
    rows = []
    for name, run in found.items():
        for way, row in run.items():
            if not isinstance(row, dict):
                continue
            seconds = [digits(row[key]) for key in ("conflict", "smallest", "five")]
            sizes = row["limits"], row["changes"], f"{row['cost']:.2f}"
            rows.append([f"`{name}`, {way}", *sizes, *seconds])
            failures += [
                f"{name}, {way}: {key} took {row[key]:.2f} s, not {MUST:.0f}"
                for key in ("conflict", "smallest")
                if row[key] > MUST
            ]
    yield Block("clashes", table(("instance, way", *HEADS), rows), failures)
    measured = {name: run for name, run in found.items() if "error" not in run}
    times = [[f"`{name}`", digits(run["assessment"])] for name, run in measured.items()]
    yield Block("assessment", table(("instance", "seconds"), times))


if __name__ == "__main__":
    print(json.dumps(once(Path(sys.argv[1]))))
