"""Panels of high prices, found by patient chains that start near known panels.

Chains like those of `sampling`, but a broken bound weighs less and nobody is caught up with: where
quotas are so tight that panels are rare, greedy chains are caught in front of them, while these go
round. Each starts from a known panel in which a few seats were given to others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.polytope import Polytope, tidy
from mitwirkung.lottery.engine.sampling import Chains
from mitwirkung.lottery.progress import Watch

_CHAINS = 512
_GIVE_UP = 200  # steps after which a chain starts anew
_MOST_KICKS = 6  # seats that are given to others at the start


class Walks(Chains):
    """Chains that go on from where they stood when they are asked again."""

    penalty = 1.0
    greedy = 0.9

    def __init__(
        self, polytope: Polytope, known: NDArray[np.int32], rng: np.random.Generator
    ) -> None:
        """``known`` (M, seats) are panels to start from."""
        self.polytope = polytope
        self.known = known
        even = np.full(polytope.types, polytope.seats / polytope.types)
        super().__init__(polytope, even, rng, np.zeros(polytope.types), _CHAINS)

    def look(
        self, known: NDArray[np.int32], tilt: NDArray[np.float64], steps: int, watch: Watch
    ) -> NDArray[np.int32]:
        """The panels (N, seats) met in so many ``steps``, possibly none, in canonical form.

        ``tilt`` (T,) are the logarithms of the odds with which a type takes a seat.
        """
        self.known = known
        self.odds = tilt[self.types]
        self.refresh_in = 0
        found = [np.empty((0, self.seat_count), np.int32)]
        for _ in range(steps):
            watch.check()
            finished = self.finished()
            done = np.flatnonzero(finished)
            if len(done):
                found.append(self.harvest(done))
            anew = np.flatnonzero(finished | (self.age > _GIVE_UP))
            if len(anew):
                self.restart(anew)
            self.step()
        panels = tidy(np.concatenate(found))
        return panels[self.polytope.feasible(panels)]

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
