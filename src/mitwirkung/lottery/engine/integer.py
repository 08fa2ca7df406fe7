"""Questions to all panels at once, answered by an integer programme."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.highs import INFINITY, Model, Rows
from mitwirkung.lottery.engine.polytope import Polytope
from mitwirkung.lottery.progress import Watch


class PanelModel(Model):
    """An integer model whose first ``types`` columns are the seats of the types; behind them stand
    the numbers of lots where a lot takes several seats."""

    types: int


Coefficients = Sequence[tuple[int, int]]
"""(type, coefficient) of a weighted sum of seats."""


def panel_model(
    polytope: Polytope,
    watch: Watch | None = None,
    given: Sequence[tuple[Coefficients, int]] = (),
    *,
    presolve: bool = True,
) -> PanelModel:
    """An integer model whose solutions are the panels, seats per type; only those with
    ``sum(c * x[t]) == value`` for each (coefficients, value) that is given. On small models
    ``presolve`` takes more time than it saves."""
    rows, most = panel_rows(polytope, polytope.lower, polytope.upper, polytope.seats, whole=True)
    zeros = np.zeros(len(most))
    check = (watch or Watch()).check
    model = PanelModel(zeros, zeros, most, rows, integer=True, presolve=presolve, check=check)
    model.types = polytope.types
    for coefficients, value in given:
        hold(model, coefficients, value)
    return model


def panel_rows(
    polytope: Polytope,
    lower: NDArray[Any],
    upper: NDArray[Any],
    seats: float | None,
    *,
    whole: bool,
) -> tuple[Rows, NDArray[np.float64]]:
    """The rows of a model of panels, and the most each column can be.

    The rows are the quota rows between ``lower`` and ``upper`` (R,), then the number of seats
    (without bounds for None). If only ``whole`` lots count, each type of lots with several seats
    has a row more, and a column for its number of lots.
    """
    row, column, value = polytope.entries()
    count, quotas = polytope.types, polytope.row_count
    units = np.ones(count, np.int64) if polytope.units is None else polytope.units
    shared = np.flatnonzero(units > 1) if whole else np.empty(0, np.int64)
    extra = np.arange(len(shared), dtype=np.int64)
    ends = (-INFINITY, INFINITY) if seats is None else (float(seats), float(seats))
    none = np.zeros(len(shared))
    rows = Rows(
        np.concatenate([lower, [ends[0]], none]).astype(np.float64),
        np.concatenate([upper, [ends[1]], none]).astype(np.float64),
        np.concatenate(
            [row, np.full(count, quotas, np.int64), quotas + 1 + extra, quotas + 1 + extra]
        ),
        np.concatenate([column, np.arange(count, dtype=np.int64), shared, count + extra]),
        np.concatenate([value, np.ones(count + len(shared)), -units[shared].astype(np.float64)]),
    )
    most = np.concatenate([polytope.sizes, polytope.sizes[shared] // units[shared]])
    return rows, most.astype(np.float64)


def hold(model: Model, coefficients: Coefficients, value: int) -> None:
    """From now on only panels with ``sum(c * x[t]) == value``."""
    types, values = zip(*coefficients, strict=True)
    model.add_row(value, list(types), [float(c) for c in values], lower=value)


def has_panel(polytope: Polytope) -> bool:
    """Whether there is any panel.

    Raises:
        SolverError: if HiGHS gives no answer.
    """
    types = np.setdiff1d(np.arange(polytope.types), without_room(polytope))
    if not len(types) or (polytope.lower > polytope.upper).any():
        return False
    smaller = polytope.part(types, polytope.seats, polytope.lower, polytope.upper)
    return panel_model(smaller, presolve=False).solve()


def without_room(polytope: Polytope) -> list[int]:
    """The types that count in a row which allows no seat."""
    if polytope.values is not None:
        return []
    closed = np.append(polytope.upper <= 0, False)
    never: list[int] = np.flatnonzero(closed[polytope.rows].any(axis=1)).tolist()
    return never


def highest(
    model: PanelModel, coefficients: Coefficients
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
    return math.floor(-model.bound() + 1e-6), _panel(model)


def better(model: PanelModel, coefficients: Coefficients, known: int) -> NDArray[np.int64] | None:
    """A panel x (T,) with ``sum(c * x[t]) > known``; None if there is none.

    Raises:
        SolverError: if HiGHS gives no answer.
    """
    _maximise(model, coefficients)
    types, values = zip(*coefficients, strict=True)
    # As a row it ends the search earlier than a best panel to start from does.
    model.add_row(INFINITY, list(types), [float(c) for c in values], lower=known + 1)
    try:
        return _panel(model) if model.solve() else None
    finally:
        model.drop_last_row()


def _panel(model: PanelModel) -> NDArray[np.int64]:
    return np.round(model.values()[: model.types]).astype(np.int64)


def _maximise(model: Model, coefficients: Coefficients) -> None:
    cost = np.zeros(model.columns)
    for t, c in coefficients:
        cost[t] = -c
    model.set_costs(cost)


def panels_met(model: PanelModel) -> NDArray[np.int64]:
    """(N, T) seats per type of the panels that the last search met on its way."""
    met = np.array(model.met).reshape(-1, model.columns)[:, : model.types]
    return np.round(met).astype(np.int64)
