"""Optimal lotteries by enumeration: every panel is a column.

Leximin takes two small linear programmes for every stage. It shares nothing with the engine but the
LP solver: chances are those of people, panels are all there are, and a person is fixed only if an
own programme proves that nobody could do better. Nash and Goldilocks are left to scipy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import highspy
import numpy as np
from scipy.optimize import minimize

INFINITE = highspy.kHighsInf
_TRIES = 10


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


def nash_over_panels(seated: np.ndarray) -> float:
    """The largest geometric mean of chances over all distributions on panels.

    `seated` is (people, panels): 1, or a share of it, where a person sits; nobody sits nowhere.
    """

    def loss(weights: np.ndarray) -> float:
        return float(-np.log(np.maximum(seated @ weights, 1e-12)).sum())

    def slope(weights: np.ndarray) -> np.ndarray:
        return -seated.T @ (1 / np.maximum(seated @ weights, 1e-12))

    def mean(weights: np.ndarray) -> float:
        return float(np.exp(np.log(seated @ weights).mean()))

    return max(mean(found) for found in _least(loss, slope, lambda weights: weights, seated, []))


def goldilocks_over_panels(seated: np.ndarray, equal: float, gamma: float) -> float:
    """The least largest chance / `equal` + `gamma` times `equal` / smallest chance.

    `seated` as in `nash_over_panels`; `equal` is the chance of all if there were no quotas.
    """
    people, count = seated.shape

    def objective(smallest: float, largest: float) -> float:
        return largest / equal + gamma * equal / smallest

    def slope(point: np.ndarray) -> np.ndarray:
        return np.append(np.zeros(count), [-gamma * equal / point[-2] ** 2, 1 / equal])

    def point_of(weights: np.ndarray) -> np.ndarray:
        chances = seated @ weights
        return np.append(weights, [chances.min(), chances.max()])

    above = np.hstack([seated, -np.ones((people, 1)), np.zeros((people, 1))])
    below = np.hstack([-seated, np.zeros((people, 1)), np.ones((people, 1))])
    rows = np.vstack([above, below])
    between = {"type": "ineq", "fun": lambda point: rows @ point, "jac": lambda point: rows}
    tried = _least(lambda point: objective(*point[-2:]), slope, point_of, seated, [between])
    return min(objective(*point_of(weights)[-2:]) for weights in tried)


def _least(
    loss: Callable[[np.ndarray], float],
    slope: Callable[[np.ndarray], np.ndarray],
    point_of: Callable[[np.ndarray], np.ndarray],
    seated: np.ndarray,
    constraints: list[dict[str, Any]],
) -> Iterator[np.ndarray]:
    """Weights, positive and with the sum 1, whose point has the least loss; those of failed tries
    before.

    Sequential quadratic programming (Kraft 1988) by scipy, which shares nothing with the engine.
    Now and then it gets lost: then it starts again from other weights.
    """
    count = seated.shape[1]
    rng = np.random.default_rng(count)
    weights = np.full(count, 1 / count)
    for _ in range(_TRIES):
        start = point_of(weights)
        more = len(start) - count
        ones = np.append(np.ones(count), np.zeros(more))
        whole = {
            "type": "eq",
            "fun": lambda point, ones=ones: ones @ point - 1,
            "jac": lambda point, ones=ones: ones,
        }
        found = minimize(
            loss,
            start,
            jac=slope,
            bounds=[(0.0, 1.0)] * count + [(1e-6, 1.0)] * more,
            constraints=[whole, *constraints],
            method="SLSQP",
            options={"maxiter": 500, "ftol": 1e-14},
        )
        reached = np.maximum(found.x[:count], 1e-15)
        yield reached / reached.sum()
        if found.success:
            return
        weights = rng.dirichlet(np.ones(count))
