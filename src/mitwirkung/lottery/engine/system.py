"""The relaxation as one sparse system: quotas, the number of seats and cuts over some types."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.certificate import Cut
from mitwirkung.lottery.engine.linear import Vector, sums
from mitwirkung.lottery.engine.polytope import Polytope
from mitwirkung.lottery.engine.relaxation import StageProof, entries


class System:
    """``lower <= M x <= upper`` for the expected seats ``x`` of some types; all others have none.

    The rows are the quota rows, the number of seats, and the cuts, each divided by its largest
    coefficient.

    Attributes:
        types: (S,) the types that may have seats, ascending.
        sizes: (S,) people per type.
        seats, people: how many, of these types.
        lower, upper: (Q,) bounds.
        row, column, value: the entries of M; columns are positions in ``types``.
    """

    def __init__(self, polytope: Polytope, cuts: tuple[Cut, ...], types: NDArray[np.int64]) -> None:
        self.types = types
        self.sizes = polytope.sizes[types].astype(np.float64)
        self.seats = polytope.seats
        self.people = float(self.sizes.sum())
        self.quotas = polytope.row_count
        self.cut_scales = np.array([cut.largest() for cut in cuts], np.float64)
        bounds = np.array([cut.bound for cut in cuts], np.float64) / self.cut_scales
        # The coefficients of cuts are positive, so no sum is below 0.
        self.lower = np.concatenate([polytope.lower, [polytope.seats], np.zeros(len(cuts))])
        self.upper = np.concatenate([polytope.upper, [polytope.seats], bounds])
        row, column, value = entries(polytope, cuts)
        place = np.full(polytope.types, -1)
        place[types] = np.arange(len(types))
        known = place[column] >= 0
        self.row, self.column, self.value = row[known], place[column][known], value[known]

    def row_sums(self, x: Vector) -> Vector:
        """M x."""
        return sums(self.row, self.value * x[self.column], len(self.lower))

    def prices(self, multipliers: Vector) -> Vector:
        """What one seat of each type costs at these multipliers of the rows (Q,): (S,)."""
        return sums(self.column, self.value * multipliers[self.row], len(self.types))

    def proof(self, multipliers: Vector, caps: Vector) -> StageProof:
        """Multipliers of rows (Q,) and of "no more seats than people" (S,) as a proof."""
        capped = np.flatnonzero(caps > 0)
        return StageProof(
            types=self.types,
            rows=multipliers[: self.quotas],
            seats=float(multipliers[self.quotas]),
            capped=self.types[capped],
            caps=caps[capped],
            cuts=np.maximum(multipliers[self.quotas + 1 :], 0.0) / self.cut_scales,
        )
