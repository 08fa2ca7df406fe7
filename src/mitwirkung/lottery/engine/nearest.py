"""Quotas that no panel meets, loosened as little as possible: one integer programme."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.highs import INFINITY, Model, Rows
from mitwirkung.lottery.engine.integer import panel_rows
from mitwirkung.lottery.engine.polytope import Polytope

_SMALL = 1e-3  # what decides between equally small deviations: large quotas give way before small


def nearest_bounds(
    polytope: Polytope, flexible: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Bounds (R,) of the rows with which a panel exists, as near to the given ones as possible.

    The sum of what the first ``flexible`` rows are loosened by is the smallest possible, in seats;
    the other rows hold. None if no panel has these other rows and the seats.

    Raises:
        SolverError: if HiGHS gives no answer.
    """
    upper = np.maximum(polytope.lower, polytope.upper)
    rows, most = panel_rows(polytope, polytope.lower, upper, polytope.seats, whole=True)
    columns = len(most)
    row = np.arange(flexible, dtype=np.int64)
    below, above = columns + row, columns + flexible + row
    ones = np.ones(flexible)
    loose = Rows(
        rows.lower,
        rows.upper,
        np.concatenate([rows.row, row, row]),
        np.concatenate([rows.column, below, above]),
        np.concatenate([rows.value, ones, -ones]),
    )
    cost = np.zeros(columns + 2 * flexible)
    cost[below] = 1 + _SMALL / (1 + polytope.lower[:flexible])
    cost[above] = 1 + _SMALL / (1 + upper[:flexible])
    model = Model(
        cost,
        np.zeros(len(cost)),
        np.concatenate([most, np.full(2 * flexible, INFINITY)]),
        loose,
        integer=True,
    )
    if not model.solve():
        return None
    values = np.round(model.values()).astype(np.int64)
    new_lower, new_upper = polytope.lower.copy(), upper.copy()
    new_lower[row] -= values[below]
    new_upper[row] += values[above]
    return new_lower, new_upper
