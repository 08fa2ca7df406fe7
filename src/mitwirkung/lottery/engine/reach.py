"""What panels can be: how many of a group, who is on none, and what a bound costs in chances."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.highs import Model, SolverError
from mitwirkung.lottery.engine.hull import Hull
from mitwirkung.lottery.engine.integer import panel_rows
from mitwirkung.lottery.engine.polytope import Polytope
from mitwirkung.lottery.engine.relaxation import relax
from mitwirkung.lottery.engine.several import sample_panels
from mitwirkung.lottery.progress import Watch

_NEAR = 1e-6  # seats: a bound of the relaxation that is this near a whole number is that number


def without(polytope: Polytope, rows: Sequence[int], *, parts: int = 1) -> Polytope:
    """The same people, with rows that bound nothing.

    ``parts`` of the unit in which rows count are a seat.
    """
    lower, upper = polytope.lower.copy(), polytope.upper.copy()
    lower[list(rows)], upper[list(rows)] = 0, polytope.seats * parts
    return replace(polytope, lower=lower, upper=upper)


def row_ends(polytope: Polytope, rows: Sequence[int], *, parts: int = 1) -> list[tuple[int, int]]:
    """The fewest and most seats of each of these rows, over all panels.

    ``parts`` of the unit in which rows count are a seat.

    They are whole bounds from fractional panels: no panel is outside, but whole people may stay a
    little inside.

    Raises:
        SolverError: if HiGHS gives no answer, or there is no fractional panel.
    """
    rows_of, most = panel_rows(
        polytope, polytope.lower, polytope.upper, polytope.seats, whole=False
    )
    none = np.zeros(len(most))
    model = Model(none, none, most, rows_of, presolve=False)
    entry_row, entry_type, value = polytope.entries()

    def least(cost: NDArray[np.float64]) -> float:
        model.set_costs(cost)
        if not model.solve():
            raise SolverError("there is no fractional panel")
        return float((cost * model.values()).sum())

    ends = []
    for row in rows:
        here = entry_row == row
        share = np.zeros(polytope.types)
        share[entry_type[here]] = value[here] / parts
        ends.append((math.ceil(least(share) - _NEAR), math.floor(-least(-share) + _NEAR)))
    return ends


def never_on_a_panel(polytope: Polytope, watch: Watch | None = None) -> NDArray[np.int64]:
    """The types that no panel of whole people seats, ascending; proven by integer programmes.

    Raises:
        SolverError: if HiGHS gives no answer.
    """
    relaxed = relax(polytope)
    if relaxed is None:
        return np.arange(polytope.types)
    # Panels only save programmes; the answer does not depend on them.
    hull = Hull(polytope, np.random.default_rng(0), watch or Watch())
    start = np.maximum(relaxed.chances * polytope.sizes, 1e-6)
    wanted = polytope.types // 2 + 50
    hull.add(sample_panels(polytope, start, wanted, hull.rng, patience=60, exchange=True))
    excluded = hull.excluded()
    if excluded is None:
        return np.zeros(0, np.int64)
    return np.array([t for t, _ in excluded.coefficients], np.int64)
