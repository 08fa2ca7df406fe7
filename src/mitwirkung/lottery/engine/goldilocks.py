"""Goldilocks: no chance too large and none too small.

Baharav and Flanigan, "Fair, Manipulation-Robust, and Transparent Sortition", EC 2024 (arXiv
2406.15009): of n people for k seats, the objective is the largest chance over the equal chance k/n
plus gamma times the equal chance over the smallest chance, and is to be small. The largest chance
is what somebody can gain who pretends to be rare; the smallest is fairness. People whom no panel
seats are left out of both, but count in n.

Of all lotteries only two numbers matter, the smallest chance and the largest, and these fill a
convex polygon. Its lower edge is searched: a line is laid from one known point of it to another,
the best point of the line is found by a formula, and a linear programme asks whether a point of
the polygon lies beyond the line. Where none does, the multipliers of the programme are the proof.

Many lotteries have those two chances. Of them leximin is taken: the next smallest chance as large
as possible, and so on, with nobody above the largest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from mitwirkung.lottery.engine.certificate import Certificate, Cut
from mitwirkung.lottery.engine.goal import Bound, Goal, proofs_of_absence, seatable
from mitwirkung.lottery.engine.highs import INFINITY, Model, Rows, SolverError
from mitwirkung.lottery.engine.polytope import Polytope
from mitwirkung.lottery.engine.relaxation import Relaxed, StageProof, relax
from mitwirkung.lottery.engine.system import System

_MOST_LINES = 1000
_ON_THE_LINE = 1e-12  # chance: a point this little beyond the line is on it
_ROOM = 1e-12  # of the largest chance: rounding must not make the ceiling impossible
_DIGITS = 10**30


class Goldilocks(Goal):
    """The largest chance and the inverse of the smallest, in units of the equal chance, together
    as small as possible.

    Args:
        gamma: how much the smallest chance counts beside the largest; above 0.
    """

    def __init__(self, gamma: Fraction = Fraction(1)) -> None:
        if gamma <= 0:
            raise ValueError("gamma must be greater than 0")
        self.gamma = gamma

    def relax(self, polytope: Polytope, cuts: tuple[Cut, ...] = ()) -> Relaxed | None:
        fair = relax(polytope, cuts)
        if fair is None:
            return None
        system = System(polytope, cuts, seatable(fair))
        equal = polytope.seats / int(polytope.sizes.sum())
        chances = fair.chances[system.types]
        widest = _Corner(float(chances.min()), float(chances.max()))
        best, proof = _best_corner(_Edge(system), widest, float(self.gamma) * equal**2)
        ceiling = min(1.0, best.largest * (1 + _ROOM))
        boxed = relax(polytope, cuts, ceiling=ceiling)
        if boxed is None:
            raise SolverError("leximin under the largest chance has no solution")
        return Relaxed(boxed.chances, (*proofs_of_absence(fair), proof))

    def gap(
        self, polytope: Polytope, certificate: Certificate, chances: Sequence[Fraction]
    ) -> Fraction:
        """By which part of the least possible objective the lottery's is larger at most."""
        bound = Bound(polytope, certificate, chances)
        equal = Fraction(polytope.seats, sum(bound.sizes))
        mine = [chances[t] for t in bound.types]
        reached = max(mine) / equal + self.gamma * equal / min(mine)
        return abs(reached / self._least(bound, polytope.seats, equal) - 1)

    def _least(self, bound: Bound, seats: int, equal: Fraction) -> Fraction:
        """No lottery has a smaller objective.

        If all had an equal chance nothing could be better. Beside that, with at least z for
        everybody and at most w the inequality says ``low * z - high * w <= b``; so w is at least
        ``(low * z - b) / high``, and the z that then is best is known.
        """
        shared = Fraction(seats, bound.people)
        least = shared / equal + self.gamma * equal / shared
        low, high = bound.seats(1), bound.seats(-1)
        if low and high:
            root = _root(self.gamma * low / high)
            least = max(least, 2 * root - Fraction(bound.b, high) / equal)
        return least


def _root(value: Fraction) -> Fraction:
    """The square root, rounded down in its 30th decimal."""
    return Fraction(math.isqrt(value.numerator * _DIGITS**2 // value.denominator), _DIGITS)


@dataclass(frozen=True)
class _Corner:
    """The smallest and the largest chance of a lottery."""

    smallest: float
    largest: float


def _best_corner(edge: _Edge, widest: _Corner, weight: float) -> tuple[_Corner, StageProof]:
    """Where ``largest + weight / smallest`` is least, and why.

    ``widest`` has the largest smallest chance; no better point has a larger one.
    """
    left, _ = edge.lowest(0.0)
    right = widest
    for _ in range(_MOST_LINES):
        here = _best_on_line(left, right, weight)
        slope = weight / here.smallest**2
        beyond, proof = edge.lowest(slope)
        gained = here.largest - beyond.largest - slope * (here.smallest - beyond.smallest)
        if gained <= _ON_THE_LINE:
            return here, proof
        if beyond.smallest < here.smallest:
            left = beyond
        else:
            right = beyond
    raise SolverError("the edge of smallest and largest chances has too many corners")


def _best_on_line(left: _Corner, right: _Corner, weight: float) -> _Corner:
    """The point between ``left`` and ``right`` where ``largest + weight / smallest`` is least."""
    run, rise = right.smallest - left.smallest, right.largest - left.largest
    if run <= 0 or rise <= 0:
        return right
    smallest = min(max(math.sqrt(weight * run / rise), left.smallest), right.smallest)
    share = (smallest - left.smallest) / run
    return _Corner(smallest, left.largest + share * rise)


class _Edge:
    """The lower edge of the polygon, as a live linear programme.

    A type has ``x[t] = sizes[t] * smallest + above[t]`` expected seats, and a row says that this
    is at most ``sizes[t] * largest``.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        types, rows = len(system.types), len(system.lower)
        weight = system.row_sums(system.sizes)
        filled = np.flatnonzero(weight)
        each = np.arange(types)
        self.model = Model(
            np.zeros(types + 2),
            np.zeros(types + 2),
            np.append(np.full(types, INFINITY), [1.0, 1.0]),
            Rows(
                np.append(system.lower, np.full(types, -INFINITY)),
                np.append(system.upper, np.zeros(types)),
                np.concatenate([system.row, filled, rows + each, rows + each, rows + each]),
                np.concatenate(
                    [
                        system.column,
                        np.full(len(filled), types),
                        each,
                        np.full(types, types),
                        np.full(types, types + 1),
                    ]
                ),
                np.concatenate(
                    [system.value, weight[filled], np.ones(types), system.sizes, -system.sizes]
                ),
            ),
            presolve=False,
        )

    def lowest(self, slope: float) -> tuple[_Corner, StageProof]:
        """The corner with the least ``largest - slope * smallest``, and the multipliers that prove
        it."""
        types = len(self.system.types)
        self.model.set_costs(np.append(np.zeros(types), [-slope, 1.0]))
        if not (self.model.solve() or self.model.solve_afresh()):
            raise SolverError("the edge of smallest and largest chances has no solution")
        smallest, largest = self.model.values()[types:]
        multipliers = -self.model.duals()[: len(self.system.lower)]
        # A largest chance of 1 is held there by "no more seats than people".
        held = max(0.0, -float(self.model.reduced_costs()[types + 1]))
        down = np.maximum(-self.system.prices(multipliers), 0.0)
        total = float((down * self.system.sizes).sum())
        caps = down * (held / total if total > 0 else 0.0)
        return _Corner(float(smallest), float(largest)), self.system.proof(multipliers, caps)
