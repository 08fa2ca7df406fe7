"""Optimal lotteries by enumeration: every panel is a column.

Leximin takes two small linear programmes for every stage. It shares nothing with the engine but the
LP solver: chances are those of people, panels are all there are, and a person is fixed only if an
own programme proves that nobody could do better. Goldilocks is a search by such programmes, Nash is
left to scipy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import highspy
import numpy as np
from scipy.optimize import minimize

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
    model = _quiet_model(count)
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


def nash_over_panels(seated: np.ndarray) -> float:
    """The largest geometric mean of chances over all distributions on panels.

    `seated` is (people, panels): 1, or a share of it, where a person sits; nobody sits nowhere.
    By sequential quadratic programming (Kraft 1988) in scipy, which shares nothing with the engine.
    """
    people, count = seated.shape

    def loss(weights: np.ndarray) -> float:
        return float(-np.log(np.maximum(seated @ weights, 1e-12)).sum())

    def slope(weights: np.ndarray) -> np.ndarray:
        return -seated.T @ (1 / np.maximum(seated @ weights, 1e-12))

    ones = np.ones(count)
    whole = {"type": "eq", "fun": lambda weights: ones @ weights - 1, "jac": lambda weights: ones}
    found = minimize(
        loss,
        ones / count,
        jac=slope,
        bounds=[(0.0, 1.0)] * count,
        constraints=[whole],
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-14},
    )
    weights = np.maximum(found.x, 0.0)
    return float(np.exp(np.log(seated @ (weights / weights.sum())).sum() / people))


def goldilocks_over_panels(seated: np.ndarray, equal: float, gamma: float) -> float:
    """The least largest chance / `equal` + `gamma` times `equal` / smallest chance.

    `seated` as in `nash_over_panels`; `equal` is the chance of all if there were no quotas. The
    least largest chance is a convex function of the smallest, known by a linear programme; so is
    the sum, and golden section finds where it is least.
    """
    largest = _least_largest(seated)

    def objective(smallest: float) -> float:
        return largest(smallest) / equal + gamma * equal / smallest

    low, high = 1e-9, 1.0
    golden = (5**0.5 - 1) / 2
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = objective(left), objective(right)
    for _ in range(60):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - golden * (high - low)
            at_left = objective(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + golden * (high - low)
            at_right = objective(right)
    return min(at_left, at_right)


def _least_largest(seated: np.ndarray) -> Callable[[float], float]:
    """The least largest chance if nobody has less than a given one; infinite if that cannot be."""
    people, count = seated.shape
    model = _quiet_model(count + 1)
    model.changeColCost(count, 1.0)
    columns = np.arange(count + 1, dtype=np.int32)
    for person in range(people):
        model.addRow(0.0, INFINITE, count, columns[:-1], seated[person])
    for person in range(people):
        model.addRow(-INFINITE, 0.0, count + 1, columns, np.append(seated[person], -1.0))
    model.addRow(1.0, 1.0, count, columns[:-1], np.ones(count))

    def largest(smallest: float) -> float:
        for person in range(people):
            model.changeRowBounds(person, smallest, INFINITE)
        model.run()
        if model.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            return float("inf")
        assert model.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return float(model.getInfo().objective_function_value)

    return largest


def _quiet_model(columns: int) -> highspy.Highs:
    """A strict model with columns that are at least 0."""
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("primal_feasibility_tolerance", 1e-10)
    model.setOptionValue("dual_feasibility_tolerance", 1e-10)
    for _ in range(columns):
        model.addVar(0.0, INFINITE)
    return model
