"""Panels of high prices, found by patient chains that start near known panels.

Chains like those that sample a target, but a broken bound weighs less and nobody is caught up with:
where quotas are so tight that panels are rare, greedy chains are caught in front of them, while
these go round. Each starts from a known panel in which a few seats were given to others. What is
near a panel is completed by `exchange`: most panels are found so.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.chains import Chains
from mitwirkung.lottery.engine.exchange import Exchanges, panels_near
from mitwirkung.lottery.engine.polytope import Polytope
from mitwirkung.lottery.progress import Watch

_CHAINS = 512
_TILT = 2.0  # logarithm of the odds of the highest price against none
_MOST_KICKS = 6  # seats that are given to others at the start


def neighbours(
    exchanges: Exchanges,
    known: NDArray[np.int32],
    prices: NDArray[np.float64],
    above: float,
    steps: int,
    watch: Watch,
) -> Iterator[NDArray[np.int32]]:
    """Look after look, feasible panels (N, seats) near ``known`` (M, seats) ones.

    Types of high ``prices`` (T,) are favoured. Of the panels near a chain only those worth more
    than ``above`` are looked for; those that a chain meets by itself may be worth less. All chains
    make so many steps.
    """
    tilt = prices * (_TILT / max(float(prices.max()), 1e-300))
    chains = _Walks(exchanges.polytope, known, tilt, exchanges.rng)
    return panels_near(chains, exchanges, steps, watch, prices, above)


class _Walks(Chains):
    penalty = 1.0
    greedy = 0.9
    give_up = 200

    def __init__(
        self,
        polytope: Polytope,
        known: NDArray[np.int32],
        tilt: NDArray[np.float64],
        rng: np.random.Generator,
    ) -> None:
        self.known = known
        even = np.full(polytope.types, polytope.seats / polytope.types)
        super().__init__(polytope, even, rng, tilt, _CHAINS)

    def _starts(self) -> NDArray[np.intp]:
        chosen = self.rng.integers(0, len(self.known), self.count)
        seats = self.known[chosen].astype(np.intp)
        odds = np.cumsum(np.exp(self.odds - self.odds.max()) * self.sizes)
        kicks = self.rng.integers(1, _MOST_KICKS + 1, self.count)
        for kick in range(_MOST_KICKS):
            seat = self.rng.integers(0, self.seat_count, self.count)
            comes = np.searchsorted(odds, self.rng.random(self.count) * odds[-1], side="right")
            kicked = np.flatnonzero(kicks > kick)
            seats[kicked, seat[kicked]] = np.minimum(comes, len(odds) - 1)[kicked]
        return self._within_sizes(seats)
