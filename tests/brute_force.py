"""Leximin by enumeration: every panel is a column, every stage two small linear programmes.

Shares nothing with the engine but the LP solver: chances are those of people, panels are all
there are, and a person is fixed only if an own programme proves that nobody could do better.
"""

from __future__ import annotations

from collections.abc import Sequence

import highspy
import numpy as np

INFINITE = highspy.kHighsInf


def leximin_over_panels(panels: Sequence[Sequence[int]], people: int) -> list[float]:
    """The leximin vector of chances over all distributions on `panels`, one per person."""
    seated = np.zeros((people, len(panels)))
    for column, panel in enumerate(panels):
        seated[list(panel), column] = 1
    fixed: dict[int, float] = {}
    while len(fixed) < people:
        free = [person for person in range(people) if person not in fixed]
        level = _best(seated, fixed, free, free)
        stuck = [
            p
            for p in free
            if _best(seated, fixed | dict.fromkeys(free, level), [p], []) < level + 1e-7
        ]
        assert stuck, "no stage without somebody who cannot do better"
        fixed |= dict.fromkeys(stuck, level)
    return [fixed[person] for person in range(people)]


def _best(
    seated: np.ndarray, at_least: dict[int, float], raised: Sequence[int], free: Sequence[int]
) -> float:
    """The greatest z such that everyone in `raised` has at least z and the others their level."""
    count = seated.shape[1]
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("primal_feasibility_tolerance", 1e-10)
    model.setOptionValue("dual_feasibility_tolerance", 1e-10)
    for _ in range(count):
        model.addVar(0.0, INFINITE)
    model.addVar(0.0, 1.0)
    model.changeColCost(count, 1.0)
    model.changeObjectiveSense(highspy.ObjSense.kMaximize)
    columns = np.arange(count, dtype=np.int32)
    model.addRow(1.0, 1.0, count, columns, np.ones(count))
    for person, level in at_least.items():
        if person not in free:
            model.addRow(level - 1e-9, INFINITE, count, columns, seated[person])
    with_level = np.arange(count + 1, dtype=np.int32)
    for person in raised:
        model.addRow(0.0, INFINITE, count + 1, with_level, np.append(seated[person], -1.0))
    model.run()
    assert model.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(model.getInfo().objective_function_value)
