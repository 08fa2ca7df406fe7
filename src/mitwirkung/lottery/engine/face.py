"""The smallest face of the relaxation that holds the target: what every panel of the lottery must
have in common.

Where the target meets a bound exactly, so does every panel with a positive weight. Such bounds
become equalities; types whose chance is 0 or 1 are on no or on all panels and drop out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.linear import conjugate_gradients, sums
from mitwirkung.lottery.engine.polytope import Polytope

_ON_BOUND = 1e-7  # seats
_CERTAIN = 1e-7  # chance


@dataclass(frozen=True, eq=False)
class Face:
    """A face, as a smaller problem.

    Attributes:
        polytope: the problem over the types whose chance lies between 0 and 1; None if there are
            none.
        types: (S,) their numbers in the whole problem.
        always: the seats (as type numbers) that are the same on all panels.
        target: (S,) expected seats of those types, on the equalities up to rounding.
    """

    polytope: Polytope | None
    types: NDArray[np.int64]
    always: NDArray[np.int32]
    target: NDArray[np.float64]

    def whole(self, panels: NDArray[np.int32]) -> NDArray[np.int32]:
        """Panels of the face as panels of the whole problem, in the same order."""
        chosen = self.types[panels].astype(np.int32)
        same = np.broadcast_to(self.always, (len(panels), len(self.always)))
        return np.sort(np.concatenate([same, chosen], axis=1), axis=1)


def minimal_face(polytope: Polytope, chances: NDArray[np.float64]) -> Face:
    """The face of the target ``chances`` (T,)."""
    sizes = polytope.sizes
    x = chances * sizes
    certain = chances >= 1 - _CERTAIN
    between = ~certain & (chances > 1e-9)
    types = np.flatnonzero(between)
    seats_taken = np.where(certain, sizes, 0)
    always = np.repeat(np.arange(polytope.types, dtype=np.int32), seats_taken)
    rows = polytope.counts(x)
    lower = np.where(rows >= polytope.upper - _ON_BOUND, polytope.upper, polytope.lower)
    upper = np.where(rows <= polytope.lower + _ON_BOUND, polytope.lower, polytope.upper)
    taken = np.round(polytope.counts(seats_taken.astype(np.float64))).astype(np.int64)
    seats = polytope.seats - len(always)
    if not len(types) or seats <= 0:
        return Face(None, types[:0], always, np.zeros(0))
    smaller = polytope.part(types, seats, lower - taken, upper - taken)
    return Face(smaller, types, always, onto_equalities(smaller, x[types]))


def onto_equalities(polytope: Polytope, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The point near ``x`` (expected seats, all positive) that meets the equality rows and the
    seats to rounding.

    Of all such points it changes each type least in proportion to its seats (weighted least
    squares).
    """
    numbers = np.append(np.flatnonzero(polytope.lower == polytope.upper), polytope.row_count + 1)
    aims = np.append(polytope.lower, [0, polytope.seats])[numbers].astype(np.float64)
    counted = np.ones((polytope.types, polytope.rows.shape[1] + 1))
    if polytope.values is not None:
        counted[:, :-1] = polytope.values
    # The rows of each type, numbered as in `numbers`; the last place collects rows that are no
    # equalities.
    spare = len(numbers)
    place = np.full(polytope.row_count + 2, spare)
    place[numbers] = np.arange(spare)
    seats_row = np.full((polytope.types, 1), polytope.row_count + 1)
    member = place[np.concatenate([polytope.rows, seats_row], axis=1)]

    def row_sums(v: NDArray[np.float64]) -> NDArray[np.float64]:
        return sums(member.ravel(), (counted * v[:, None]).ravel(), spare + 1)[:spare]

    def spread(y: NDArray[np.float64]) -> NDArray[np.float64]:
        along: NDArray[np.float64] = (counted * np.append(y, 0.0)[member]).sum(axis=1)
        return along

    for _ in range(2):
        base = x
        y, _ = conjugate_gradients(
            lambda y, base=base: row_sums(base * spread(y)),  # type: ignore[misc]
            aims - row_sums(base),
            np.maximum(row_sums(base), 1e-12),
            relative=1e-7,
            iterations=4 * spare,
        )
        x = np.maximum(base + base * spread(y), 0.5 * base)
    return x
