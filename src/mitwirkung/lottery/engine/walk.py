"""Panels near known ones, in the direction of high prices.

Chains like those of `sampling`, but each starts from a known panel in which a few seats were given
to others. Where panels are so rare that chains from afar hardly ever arrive, their neighbours are
still found.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.polytope import Polytope, tidy
from mitwirkung.lottery.engine.sampling import Chains
from mitwirkung.lottery.progress import Watch

_CHAINS = 64
_STEPS = 40
_GIVE_UP = 25  # steps after which a chain starts anew
_MOST_KICKS = 3  # seats that are given to others at the start


def neighbours(
    polytope: Polytope,
    known: NDArray[np.int32],
    tilt: NDArray[np.float64],
    rng: np.random.Generator,
    watch: Watch,
) -> NDArray[np.int32]:
    """Feasible panels (N, seats) near ``known`` (M, seats) ones, possibly none, in canonical form.

    ``tilt`` (T,) are the logarithms of the odds with which a type takes a seat.
    """
    chains = _Walks(polytope, known, tilt, rng)
    found = [np.empty((0, polytope.seats), np.int32)]
    for _ in range(_STEPS):
        watch.check()
        finished = chains.finished()
        done = np.flatnonzero(finished)
        if len(done):
            found.append(chains.harvest(done))
        anew = np.flatnonzero(finished | (chains.age > _GIVE_UP))
        if len(anew):
            chains.restart(anew)
        chains.step()
    panels = tidy(np.concatenate(found))
    return panels[polytope.feasible(panels)]


class _Walks(Chains):
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
        place = np.empty(len(self.types), np.intp)
        place[self.types] = np.arange(len(self.types))
        chosen = self.rng.integers(0, len(self.known), self.count)
        seats = place[self.known[chosen]]
        odds = np.cumsum(np.exp(self.odds - self.odds.max()) * self.sizes)
        kicks = self.rng.integers(1, _MOST_KICKS + 1, self.count)
        for kick in range(_MOST_KICKS):
            seat = self.rng.integers(0, self.seat_count, self.count)
            comes = np.searchsorted(odds, self.rng.random(self.count) * odds[-1], side="right")
            kicked = np.flatnonzero(kicks > kick)
            seats[kicked, seat[kicked]] = np.minimum(comes, len(odds) - 1)[kicked]
        return self._within_sizes(seats)
