"""Questions to all panels at once, answered by an integer programme."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.highs import Model, Rows
from mitwirkung.lottery.engine.polytope import Polytope
from mitwirkung.lottery.progress import Watch


def panel_model(polytope: Polytope, watch: Watch | None = None) -> Model:
    """An integer model whose solutions are the panels, seats per type."""
    rows, types = polytope.entries()
    count = polytope.types
    return Model(
        np.zeros(count),
        np.zeros(count),
        polytope.sizes.astype(np.float64),
        Rows(
            np.append(polytope.lower, polytope.seats).astype(np.float64),
            np.append(polytope.upper, polytope.seats).astype(np.float64),
            np.concatenate([rows, np.full(count, polytope.row_count, np.int64)]),
            np.concatenate([types, np.arange(count, dtype=np.int64)]),
            np.ones(len(rows) + count),
        ),
        integer=True,
        check=(watch or Watch()).check,
    )


def highest(
    model: Model, coefficients: Iterable[tuple[int, int]]
) -> tuple[int, NDArray[np.int64]] | tuple[int, None]:
    """The largest ``sum(c * x[t])`` over the panels, as a proven whole bound, and a panel x (T,)
    that comes near.

    Without any panel the bound is -1 and there is no x.

    Raises:
        SolverError: if HiGHS gives no answer.
    """
    cost = np.zeros(model.columns)
    for t, c in coefficients:
        cost[t] = -c
    model.set_costs(cost)
    if not model.solve():
        return -1, None
    return math.floor(-model.bound() + 1e-6), np.round(model.values()).astype(np.int64)
