"""Prices of rows at which the product of all chances is largest, by Newton's method on the dual.

The optimum over fractional panels has few unknowns: each row of the problem has a price, and the
chance of a person is inversely proportional to what a seat costs them, the sum of the prices of the
rows they count in. Only tight rows have a price, positive where the upper bound holds and negative
where the lower does. The prices minimise a convex function, the dual, with a kink at 0 in each row
whose bounds differ. It is first minimised with rounded kinks, less and less so; then it is known
which rows are tight, and Newton's method on these finds their prices exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.linear import Vector, conjugate_gradients, dot, sums
from mitwirkung.lottery.engine.system import System

_WIDEST, _NARROWEST, _NARROWER = 1.0, 1e-6, 0.2  # how far the kinks are rounded, in prices
_RIDGE = 1e-2  # times the width: prices that cancel each other must not run away
_STEPS = 50
_ROUNDS = 60
_INNER_STEPS = 1000
_SAME = 1e-11  # a row this near its bound (in seats) counts as on it, a price this near 0 as none


@dataclass(frozen=True, eq=False)
class _Point:
    """The dual with rounded kinks at some prices (Q,).

    Attributes:
        gradient: (Q,) what the rows may hold, less what they do.
        supply: (S,) seats that the people of a type give up if a seat costs them one unit more.
        bend: (Q,) second derivative of the kinks.
    """

    prices: Vector
    value: float
    gradient: Vector
    supply: Vector
    bend: Vector


class Market:
    """Prices of rows, and the chances people take at them.

    At equal chances a seat costs 1. A person takes the chance that maximises
    ``equal * log(p) - cost * p``.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self.equal = system.seats / system.people
        self.middle = (system.upper + system.lower) / 2
        self.half = (system.upper - system.lower) / 2

    def chances(self, cost: Vector) -> Vector:
        """The chances (S,) at these costs of a seat: 1 for those who would want more."""
        return self.equal / np.maximum(cost, self.equal)

    # --- rounded kinks ---------------------------------------------------------------------------

    def rounded_prices(self) -> Vector:
        """Prices near the optimum, from ever narrower rounded kinks."""
        prices = np.zeros(len(self.middle))
        prices[self.system.quotas] = 1.0
        width = _WIDEST
        while True:
            prices = self._descend(prices, width)
            if width <= _NARROWEST:
                return prices
            width *= _NARROWER

    def _descend(self, prices: Vector, width: float) -> Vector:
        """Newton's method with halved steps on the rounded dual, until the rows fit roughly."""
        every_row = np.ones(len(prices), np.bool_)
        here = self._point(prices, width)
        for _ in range(_STEPS):
            worst = float(np.abs(here.gradient).max())
            if worst < 0.1 * width:
                break
            exact = min(0.01, 0.01 * worst)
            direction = self._direction(here.supply, here.bend, here.gradient, every_row, exact)
            slope = dot(here.gradient, direction)
            step = 1.0
            while step > 1e-6:
                there = self._point(here.prices + step * direction, width)
                if there.value <= here.value + 1e-4 * step * slope + 1e-15 * abs(here.value):
                    break
                step *= 0.5
            else:
                break
            here = there
        return here.prices

    def _point(self, prices: Vector, width: float) -> _Point:
        """The dual where ``|price|`` is rounded to ``sqrt(price^2 + width^2)`` and the cap of the
        chances to a barrier, ``log(1 - p)`` times the width."""
        sizes, cost = self.system.sizes, self.system.prices(prices)
        wish, barrier = self.equal * sizes, self.equal * width
        # p solves  wish / p - cost * sizes - barrier / (1 - p) = 0.
        total = wish + cost * sizes + barrier
        root = np.sqrt(total * total - 4 * cost * sizes * wish)
        cheap = total <= 0  # and so the cost is negative
        taken = np.where(cheap, (root - total) / np.where(cheap, -2 * cost * sizes, 1.0), 0.0)
        taken = np.where(cheap, taken, 2 * wish / np.where(cheap, 1.0, total + root))
        near_1 = cost < self.equal
        rest = barrier / np.where(near_1, wish / taken - cost * sizes, 1.0)
        rest = np.where(near_1, rest, 1.0 - taken)
        kinks = np.sqrt(prices * prices + width * width)
        ridge = _RIDGE * width
        value = (wish * np.log(taken) - cost * sizes * taken + barrier * np.log(rest)).sum()
        value += (self.middle * prices + self.half * kinks + 0.5 * ridge * prices * prices).sum()
        held = self.system.row_sums(sizes * taken)
        return _Point(
            prices=prices,
            value=float(value),
            gradient=self.middle + self.half * prices / kinks + ridge * prices - held,
            supply=sizes * sizes / (wish / (taken * taken) + barrier / (rest * rest)),
            bend=self.half * width * width / kinks**3 + ridge,
        )

    def _direction(
        self,
        supply: Vector,
        bend: Vector,
        gradient: Vector,
        rows: NDArray[np.bool_],
        relative: float,
    ) -> Vector:
        """Newton's direction in the prices of some ``rows`` (Q,)."""
        system = self.system

        def curvature(q: Vector) -> Vector:
            image = system.row_sums(supply * system.prices(q)) + bend * q
            return np.where(rows, image, 0.0) + 1e-13 * q

        diagonal = sums(system.row, system.value**2 * supply[system.column], len(bend)) + bend
        direction, _ = conjugate_gradients(
            curvature,
            np.where(rows, -gradient, 0.0),
            np.maximum(diagonal, 1e-10),
            relative=relative,
            iterations=_INNER_STEPS,
        )
        return direction

    # --- exact prices ----------------------------------------------------------------------------

    def exact_prices(self, prices: Vector) -> Vector:
        """The optimum near ``prices``: rows turn out to be tight or not, by a few corrections."""
        system = self.system
        held = system.row_sums(system.sizes * self.chances(system.prices(prices)))
        equal = system.lower == system.upper
        above = prices > np.maximum(system.upper - held, 0.0)
        below = -prices > np.maximum(held - system.lower, 0.0)
        for _ in range(_ROUNDS):
            tight = equal | above | below
            bound = np.where(above, system.upper, system.lower)
            prices, held = self._fill(np.where(tight, prices, 0.0), tight, bound)
            wrong = ~equal & np.where(above, prices < -_SAME, below & (prices > _SAME))
            over = ~tight & (held > system.upper + _SAME)
            under = ~tight & (held < system.lower - _SAME)
            if not (wrong | over | under).any():
                break
            above = (above & ~wrong) | over
            below = (below & ~wrong) | under
        return prices

    def _fill(
        self, prices: Vector, tight: NDArray[np.bool_], bound: Vector
    ) -> tuple[Vector, Vector]:
        """Prices of the ``tight`` rows at which they hold their ``bound``, and what all rows hold
        then."""
        system = self.system
        before = np.inf
        for _ in range(_STEPS):
            chances = self.chances(system.prices(prices))
            held = system.row_sums(system.sizes * chances)
            gradient = np.where(tight, bound - held, 0.0)
            worst = float(np.abs(gradient).max())
            if worst < 1e-13 * system.seats or (worst < 1e-10 and worst > 0.5 * before):
                break
            before = worst
            supply = np.where(chances < 1, system.sizes * chances * chances / self.equal, 0.0)
            nothing = np.zeros(len(prices))
            prices = prices + self._direction(supply, nothing, gradient, tight, 1e-4)
        return prices, held
