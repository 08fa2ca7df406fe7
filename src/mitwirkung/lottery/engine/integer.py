"""Questions to all panels at once, answered by an integer programme."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.highs import INFINITY, Model, Rows
from mitwirkung.lottery.engine.polytope import Polytope
from mitwirkung.lottery.progress import Watch

Coefficients = Sequence[tuple[int, int]]
"""(type, coefficient) of a weighted sum of seats."""


def panel_model(
    polytope: Polytope,
    watch: Watch | None = None,
    given: Sequence[tuple[Coefficients, int]] = (),
    *,
    presolve: bool = True,
) -> Model:
    """An integer model whose solutions are the panels, seats per type; only those with
    ``sum(c * x[t]) == value`` for each (coefficients, value) that is given. On small models
    ``presolve`` takes more time than it saves."""
    rows, types = polytope.entries()
    count = polytope.types
    model = Model(
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
        presolve=presolve,
        check=(watch or Watch()).check,
    )
    for coefficients, value in given:
        hold(model, coefficients, value)
    return model


def hold(model: Model, coefficients: Coefficients, value: int) -> None:
    """From now on only panels with ``sum(c * x[t]) == value``."""
    types, values = zip(*coefficients, strict=True)
    model.add_row(value, list(types), [float(c) for c in values], lower=value)


def highest(
    model: Model, coefficients: Coefficients
) -> tuple[int, NDArray[np.int64]] | tuple[int, None]:
    """The largest ``sum(c * x[t])`` over the panels, as a proven whole bound, and a panel x (T,)
    that comes near.

    Without any panel the bound is -1 and there is no x.

    Raises:
        SolverError: if HiGHS gives no answer.
    """
    _maximise(model, coefficients)
    if not model.solve():
        return -1, None
    return math.floor(-model.bound() + 1e-6), np.round(model.values()).astype(np.int64)


def better(model: Model, coefficients: Coefficients, known: int) -> NDArray[np.int64] | None:
    """A panel x (T,) with ``sum(c * x[t]) > known``; None if there is none.

    Raises:
        SolverError: if HiGHS gives no answer.
    """
    _maximise(model, coefficients)
    types, values = zip(*coefficients, strict=True)
    # As a row it ends the search earlier than a best panel to start from does.
    model.add_row(INFINITY, list(types), [float(c) for c in values], lower=known + 1)
    try:
        return np.round(model.values()).astype(np.int64) if model.solve() else None
    finally:
        model.drop_last_row()


def _maximise(model: Model, coefficients: Coefficients) -> None:
    cost = np.zeros(model.columns)
    for t, c in coefficients:
        cost[t] = -c
    model.set_costs(cost)


def panels_met(model: Model) -> NDArray[np.int64]:
    """(N, T) seats per type of the panels that the last search met on its way."""
    return np.round(np.array(model.met).reshape(-1, model.columns)).astype(np.int64)
