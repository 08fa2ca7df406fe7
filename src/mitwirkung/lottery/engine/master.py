"""How near a lottery over given panels comes to a target, by a linear programme."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.highs import INFINITY, Model, Rows, SolverError
from mitwirkung.lottery.engine.polytope import seats_per_type
from mitwirkung.lottery.progress import Watch


@dataclass(frozen=True, eq=False)
class Nearest:
    """The best lottery over the given panels.

    Attributes:
        shortfall: the largest chance that any person lacks, 0 if the target is met.
        weights: (N,) weights of the panels, some 0, sum 1.
        prices: (T,) not negative, at most 1 for one seat of each person together; a panel that
            would help has ``sum(prices over its seats) > worth``.
        worth: the highest sum of prices over any given panel.
    """

    shortfall: float
    weights: NDArray[np.float64]
    prices: NDArray[np.float64]
    worth: float


def nearest_lottery(
    panels: NDArray[np.int32],
    target: NDArray[np.float64],
    sizes: NDArray[np.int64],
    watch: Watch,
) -> Nearest:
    """The lottery over ``panels`` (N, k) with the smallest shortfall from ``target`` (T,) expected
    seats.

    Raises:
        SolverError: if HiGHS gives no answer.
    """
    n, types = len(panels), len(target)
    held = seats_per_type(panels, types)
    panel, kind = np.nonzero(held)
    everyone, every_panel = np.arange(types), np.arange(n)
    # Columns: a weight per panel, then the shortfall. Rows: a type each, then the sum of the
    # weights.
    rows = Rows(
        np.append(target, 1.0),
        np.append(np.full(types, INFINITY), 1.0),
        np.concatenate([kind, everyone, np.full(n, types)]),
        np.concatenate([panel, np.full(types, n), every_panel]),
        np.concatenate([held[panel, kind], sizes, np.ones(n)]).astype(np.float64),
    )
    cost = np.append(np.zeros(n), 1.0)
    lower = np.append(np.zeros(n), -1.0)
    model = Model(cost, lower, np.append(np.ones(n), 1.0), rows, check=watch.check)
    if not model.solve():
        raise SolverError("the nearest lottery has no solution")
    values = model.values()
    weights = np.maximum(values[:-1], 0.0)
    prices = np.maximum(model.duals()[:-1], 0.0)
    worth = float(prices[panels].sum(axis=1).max())
    return Nearest(float(values[-1]), weights / float(weights.sum()), prices, worth)
