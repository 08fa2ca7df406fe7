"""Many feasible panels whose mean follows a target, in numpy alone.

Many chains run in lock-step. A chain starts from a systematic sample of the target along a random
nesting of the features, so that most rows nearly hold, and then moves one seat a step: a seat is
given up, preferably one that counts in an over-full row, and another type takes it with odds that
fall with the bounds it would break and rise with the seats the type is behind its target over all
panels so far. As soon as all rows hold the panel is kept and the chain starts anew.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.polytope import Polytope, seats_per_type, tidy

_CHAINS = 64
_NESTINGS = 64
_GIVE_UP = 400  # steps after which a chain starts anew
_PENALTY = 2.5  # odds fall by exp(-2.5) for each bound that is broken
_CATCH_UP = 0.7  # odds rise by exp(0.7) for each seat behind the target
_CATCH_UP_LIMIT = 4.0
_GREEDY = 0.85  # how often the seat given up is one of the worst


def sample_panels(
    polytope: Polytope,
    target: NDArray[np.float64],
    wanted: int,
    rng: np.random.Generator,
    *,
    tilt: NDArray[np.float64] | None = None,
    patience: int = _GIVE_UP,
) -> NDArray[np.int32]:
    """About ``wanted`` feasible panels, possibly fewer or none, in canonical form (unique, sorted).

    Args:
        polytope: the problem.
        target: (T,) expected seats of each type, all positive, with the sum ``polytope.seats``.
        wanted: how many panels to make before duplicates are dropped.
        rng: the only source of chance.
        tilt: (T,) fixed odds (logarithms) instead of following the target.
        patience: give up after so many steps of all chains in which none has found a panel.
    """
    chains = _Chains(polytope, target, rng, tilt)
    found: list[NDArray[np.int32]] = []
    made = 0
    steps_left = _GIVE_UP * (wanted // _CHAINS + 3)
    dry = 0
    while made < wanted and steps_left > 0 and dry <= patience:
        done = chains.finished()
        if len(done):
            found.append(chains.harvest(done))
            made += len(done)
            dry = 0
        anew = np.union1d(done, np.flatnonzero(chains.age > _GIVE_UP))
        if len(anew):
            chains.restart(anew)
        else:
            chains.step()
        steps_left -= 1
        dry += 1
    if not found:
        return np.empty((0, polytope.seats), np.int32)
    panels = tidy(np.concatenate(found))
    return panels[polytope.feasible(panels)]


class _Chains:
    """The state of all chains.

    Tables over types or rows keep one column per chain, so that the rows of a type are gathered as
    whole lines of memory. There is no matrix product: BLAS on several threads is slow on a busy
    machine, and rounds as it likes.
    """

    def __init__(
        self,
        polytope: Polytope,
        target: NDArray[np.float64],
        rng: np.random.Generator,
        tilt: NDArray[np.float64] | None,
    ) -> None:
        self.polytope = polytope
        self.target = target
        self.rng = rng
        self.follow = tilt is None
        self.sizes = polytope.sizes.astype(np.float32)
        self.odds = np.log(target / polytope.sizes) if tilt is None else tilt
        self.behind = np.zeros(polytope.types)
        # One more row, without bounds, stands for "no row".
        self.lower = np.append(polytope.lower, -(10**9)).astype(np.int32)[:, None]
        self.upper = np.append(polytope.upper, 10**9).astype(np.int32)[:, None]
        self.columns = [np.ascontiguousarray(column) for column in polytope.rows.T]
        self.nestings = self._nestings()
        self.stock = np.empty((0, polytope.seats), np.int32)
        self.everyone = np.arange(_CHAINS)
        self.seats = np.zeros((_CHAINS, polytope.seats), np.int32)
        self.held = np.zeros((polytope.types, _CHAINS), np.float32)
        self.counts = np.zeros((polytope.row_count + 1, _CHAINS), np.int32)
        self.age = np.zeros(_CHAINS, np.int64)
        self.restart(self.everyone)

    def _nestings(self) -> NDArray[np.int64]:
        """Orders of the types: by one feature, inside it by the next, and so on, all in random
        order."""
        types, features = self.polytope.rows.shape
        orders = []
        for _ in range(_NESTINGS):
            keys: list[NDArray[Any]] = [np.array(self.rng.random(types))]
            for feature in self.rng.permutation(features):
                rank = self.rng.permutation(self.polytope.row_count + 1)
                keys.append(rank[self.polytope.rows[:, feature]])
            orders.append(np.lexsort(keys))
        return np.array(orders)

    def finished(self) -> NDArray[np.int64]:
        """Chains whose panel meets all rows."""
        broken = (self.counts < self.lower) | (self.counts > self.upper)
        return np.flatnonzero(~broken.any(axis=0))

    def harvest(self, done: NDArray[np.int64]) -> NDArray[np.int32]:
        """The panels of the chains ``done``; the types' arrears take note."""
        panels = self.seats[done]
        if self.follow:
            held = np.bincount(panels.ravel(), minlength=self.polytope.types)
            self.behind += self.target * len(done) - held
        return panels

    def restart(self, chains: NDArray[np.int64]) -> None:
        """New starts for ``chains``, from a stock that is made many at a time."""
        if len(self.stock) < len(chains):
            self.stock = self._starts()
        seats, self.stock = self.stock[: len(chains)], self.stock[len(chains) :]
        self.seats[chains] = seats
        self.age[chains] = 0
        self.held[:, chains] = seats_per_type(seats, self.polytope.types).T
        rows = self.polytope.row_count + 1
        cells = np.arange(len(chains))[:, None, None] * rows + self.polytope.rows[seats]
        counts = np.bincount(cells.ravel(), minlength=len(chains) * rows)
        self.counts[:, chains] = counts.reshape(len(chains), rows).T

    def _starts(self) -> NDArray[np.int32]:
        """Systematic samples (chains, seats): hardly any of them meets all rows, most nearly do."""
        k = self.polytope.seats
        pull = np.exp(np.clip(0.3 * self.behind, -1, 1))
        share = np.clip(self.target * pull, 0, self.polytope.sizes)
        order = self.nestings[self.rng.integers(0, _NESTINGS, _CHAINS)]
        along = np.cumsum(share[order], axis=1)
        along *= (k / along[:, -1])[:, None]
        # How many of the points u, u+1, u+2, ... lie below each type's end on the line from 0 to k.
        below = np.clip(np.floor(along - self.rng.random((_CHAINS, 1))) + 1, 0, k).astype(np.int64)
        held = np.zeros((_CHAINS, self.polytope.types), np.int64)
        np.put_along_axis(held, order, np.diff(below, axis=1, prepend=0), 1)
        held = np.minimum(held, self.polytope.sizes)
        for i in np.flatnonzero(held.sum(axis=1) < k):
            self._fill_up(held[i])
        everywhere = np.tile(np.arange(self.polytope.types, dtype=np.int32), _CHAINS)
        return np.repeat(everywhere, held.ravel()).reshape(_CHAINS, k)

    def _fill_up(self, held: NDArray[np.int64]) -> None:
        """Give the seats that are left to random people, in place."""
        people = np.repeat(np.arange(len(held)), self.polytope.sizes - held)
        left = self.polytope.seats - int(held.sum())
        for t in self.rng.permutation(people)[:left]:
            held[t] += 1

    def step(self) -> None:
        """Move one seat in each chain."""
        seat = self._seat_to_give_up()
        self._change(self.seats[self.everyone, seat], -1)
        coming = self._who_takes_it()
        self.seats[self.everyone, seat] = coming
        self._change(coming, +1)
        self.age += 1

    def _change(self, types: NDArray[np.int32], by: int) -> None:
        self.held[types, self.everyone] += by
        # Several "no row" of one type count once here: that row has no bounds, its count may be
        # wrong.
        self.counts[self.polytope.rows[types], self.everyone[:, None]] += by

    def _seat_to_give_up(self) -> NDArray[np.int64]:
        over = self.counts > self.upper
        broken = over[self.polytope.rows[self.seats], self.everyone[:, None, None]].sum(axis=2)
        worst = (broken + 0.9 * self.rng.random(self.seats.shape)).argmax(axis=1)
        anyone = self.rng.integers(0, self.polytope.seats, _CHAINS)
        return np.where(self.rng.random(_CHAINS) < _GREEDY, worst, anyone)

    def _who_takes_it(self) -> NDArray[np.int32]:
        full = self.counts >= self.upper
        short = self.counts < self.lower
        helps = short.astype(np.int8) - full
        balance = np.zeros((self.polytope.types, _CHAINS), np.int8)
        for column in self.columns:
            balance += np.take(helps, column, axis=0)
        catch_up = np.clip(_CATCH_UP * self.behind, -_CATCH_UP_LIMIT, _CATCH_UP_LIMIT)
        odds = np.multiply(balance, np.float32(_PENALTY), dtype=np.float32)
        odds += (self.odds + catch_up).astype(np.float32)[:, None]
        odds = np.exp(odds)
        odds *= self.sizes[:, None] - self.held
        line = np.cumsum(odds, axis=0)
        point = self.rng.random(_CHAINS, np.float32) * line[-1]
        chosen = np.add.reduce(line <= point, axis=0, dtype=np.int32)
        last = self.polytope.types - 1
        return np.minimum(np.asarray(chosen, np.int32), last, dtype=np.int32)
