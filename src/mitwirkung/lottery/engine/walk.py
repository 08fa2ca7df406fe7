"""Panels of high prices, found by patient chains that start near known panels.

Chains like those of `sampling`, but a broken bound weighs less and nobody is caught up with: where
quotas are so tight that panels are rare, greedy chains are caught in front of them, while these go
round. Each starts from a known panel in which a few seats were given to others.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.polytope import Polytope, tidy
from mitwirkung.lottery.engine.sampling import Chains
from mitwirkung.lottery.progress import Watch

_CHAINS = 512
_ASK = 20  # steps between two questions whether it is enough
_GIVE_UP = 200  # steps after which a chain starts anew
_MOST_KICKS = 6  # seats that are given to others at the start


def neighbours(
    polytope: Polytope,
    known: NDArray[np.int32],
    tilt: NDArray[np.float64],
    steps: int,
    enough: Callable[[NDArray[np.int32]], bool],
    rng: np.random.Generator,
    watch: Watch,
) -> NDArray[np.int32]:
    """Feasible panels (N, seats) near ``known`` (M, seats) ones, possibly none, in canonical form.

    ``tilt`` (T,) are the logarithms of the odds with which a type takes a seat. All chains make
    ``steps`` steps at most, and now and then ask whether the panels (N, seats) that were found are
    ``enough``.
    """
    chains = _Walks(polytope, known, tilt, rng)
    found = [np.empty((0, polytope.seats), np.int32)]
    for step in range(steps):
        watch.check()
        finished = chains.finished()
        done = np.flatnonzero(finished)
        if len(done):
            found.append(chains.harvest(done))
        anew = np.flatnonzero(finished | (chains.age > _GIVE_UP))
        if len(anew):
            chains.restart(anew)
        chains.step()
        if step % _ASK == _ASK - 1 and enough(tidy(np.concatenate(found))):
            break
    panels = tidy(np.concatenate(found))
    return panels[polytope.feasible(panels)]


class _Walks(Chains):
    penalty = 1.0
    greedy = 0.9

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
