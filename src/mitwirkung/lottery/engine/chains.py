"""Chains that move one seat a step towards panels, many in lock-step, in numpy alone.

A chain starts from a systematic sample of the target along a random nesting of the features, so
that most rows nearly hold, and then moves one seat a step: a seat is given up, preferably one that
counts in an over-full row, and another type takes it with odds that fall with the bounds it would
break and rise with the seats the type is behind its target over all panels so far.

The odds of every type in every chain are most of the work. How many bounds a type would break is
a sum over its features, so these are split into two halves: each type is one of few combinations
in the first half and one of few in the second, and its odds are a product of two numbers that are
worked out once for each combination. Who takes the seat is then a race: each type arrives after an
exponential time divided by its odds, and the first one wins with just these odds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.polytope import Polytope, seats_per_type

_NESTINGS = 64
_NESTINGS_AT_ONCE = 16
_PENALTY = 3.0  # odds fall by exp(-3) for each bound that is broken
_CATCH_UP = 0.7  # odds rise by exp(0.7) for each seat behind the target
_CATCH_UP_LIMIT = 4.0
_GREEDY = 0.95  # how often the seat given up is one of the worst
_NEAR = 8  # seats too many or too few, in all rows together
_NOISE = 4  # steps that the stock of random numbers would last if none were used twice
_RACES = 2**14  # shifts of one stock of arrival times, one for each step
_EARLIEST = 1e-6
_REFRESH = 4  # steps between two looks at who is behind


class _Halves:
    """The features in two halves: which combination of answers each type has in either.

    The combinations of the second half are numbered on from those of the first.

    Attributes:
        of_type: two times (T,): the combination of each type.
        rows: (features of a half, combinations) the rows of each combination; the last row, "no
            row", fills up.
        first: how many combinations there are in the first half.
    """

    def __init__(self, rows: NDArray[np.int32], no_row: int) -> None:
        parts, self.of_type = _split(rows)
        examples = [np.unique(of_type, return_index=True)[1] for of_type in self.of_type]
        self.first = len(examples[0])
        self.of_type[1] += self.first
        shape = (max(map(len, parts)), sum(map(len, examples)))
        self.rows = np.full(shape, no_row, np.intp)
        self.rows[: len(parts[0]), : self.first] = rows[examples[0]][:, parts[0]].T
        self.rows[: len(parts[1]), self.first :] = rows[examples[1]][:, parts[1]].T

    def sums(self, per_row: NDArray[np.int8]) -> NDArray[np.int8]:
        """(combinations, chains) sums over the features of ``per_row`` (R+1, chains)."""
        total: NDArray[np.int8] = per_row.take(self.rows, axis=0).sum(axis=0, dtype=np.int8)
        return total


def _split(rows: NDArray[np.int32]) -> tuple[tuple[list[int], list[int]], list[NDArray[np.intp]]]:
    """The features (columns of ``rows``) in two halves with few combinations each, and the
    combination of each type in them."""
    values = [len(np.unique(column)) for column in rows.T]
    parts: tuple[list[int], list[int]] = ([], [])
    of_type = [np.zeros(len(rows), np.intp), np.zeros(len(rows), np.intp)]
    counts = [1, 1]
    for feature in sorted(range(len(values)), key=lambda f: (-values[f], f)):
        half = int(counts[1] < counts[0])
        parts[half].append(feature)
        pairs = of_type[half] * (int(rows.max()) + 1) + rows[:, feature]
        distinct, of_type[half] = np.unique(pairs, return_inverse=True)
        counts[half] = len(distinct)
    return parts, of_type


class Chains:
    """The state of all chains.

    Tables over types or rows keep one column per chain, so that what belongs to a type or a row is
    gathered as whole lines of memory. There is no matrix product: BLAS on several threads is slow
    on a busy machine, and rounds as it likes.

    Class attributes:
        penalty: odds fall by exp(-penalty) for each bound that is broken.
        greedy: how often the seat given up is one of the worst.
        give_up: steps after which a chain starts anew.
    """

    penalty = _PENALTY
    greedy = _GREEDY
    give_up = 400

    def __init__(
        self,
        polytope: Polytope,
        target: NDArray[np.float64],
        rng: np.random.Generator,
        tilt: NDArray[np.float64] | None,
        count: int,
    ) -> None:
        self.halves = _Halves(polytope.rows, polytope.row_count)
        self.rows = polytope.rows.astype(np.intp)
        self.target = target
        self.sizes = polytope.sizes
        self.seat_count = polytope.seats
        self.row_count = polytope.row_count
        self.rng = rng
        self.follow = tilt is None
        self.odds = np.log(target / self.sizes) if tilt is None else tilt
        self.behind = np.zeros(polytope.types)
        # One more row, without bounds, stands for "no row".
        self.lower = np.append(polytope.lower, -(10**9)).astype(np.int32)[:, None]
        self.upper = np.append(polytope.upper, 10**9).astype(np.int32)[:, None]

        # Of as many bounds broken as a half has features, ..., as many helped.
        features = len(self.halves.rows)
        balance = np.arange(-features, features + 1)
        self.worth = np.exp(self.penalty * balance).astype(np.float32)

        self.nestings = self._nestings()
        self.stock = np.empty((0, self.seat_count), np.intp)
        self.count = count
        self.everyone = np.arange(count)
        self.first_seats = self.everyone * self.seat_count
        # Where the rows of a type stand in the counts of the first chain, and its combinations in
        # a table (combinations, chains).
        self.row_cells = self.rows * count
        self.combination_cells = [of_type * count for of_type in self.halves.of_type]
        self.seats = np.zeros((count, self.seat_count), np.intp)
        # For each half the cell of each seat in such a table.
        self.cells = [np.zeros((count, self.seat_count), np.intp) for _ in range(2)]
        self.room = np.zeros((polytope.types, count), np.float32)
        self.pull = np.zeros_like(self.room)  # the room, times what does not depend on rows
        self.lean = np.exp(self.odds).astype(np.float32)
        self.counts = np.zeros((self.row_count + 1, count), np.int32)
        self.age = np.zeros(count, np.int64)
        self.noise = self.rng.random((_NOISE + 1) * self.seats.size, np.float32)
        self.noise *= np.float32(0.9)
        times = self.rng.standard_exponential(_RACES + self.room.size, np.float32)
        self.speeds = 1 / np.maximum(times, np.float32(_EARLIEST))
        self.refresh_in = 0
        self.restart(self.everyone)

    def _nestings(self) -> NDArray[np.intp]:
        """Orders of the types: by one feature, inside it by the next, and so on, all in random
        order."""
        types, features = self.rows.shape
        by_feature = np.ascontiguousarray(self.rows.T)
        # A line is cut into parts by the first feature, these into smaller ones by the next, and so
        # on. Where there are too many features for a double, the innermost count for nothing.
        widths = (self.row_count + 1.0) ** -np.arange(features)
        ranks = np.tile(np.arange(self.row_count + 1.0), (_NESTINGS, 1))
        self.rng.permuted(ranks, axis=1, out=ranks)
        width = self.rng.permuted(np.tile(widths, (_NESTINGS, 1)), axis=1)
        place = float(widths.min(initial=1.0)) * self.rng.random((_NESTINGS, types))
        for feature, rows in enumerate(by_feature):
            place += ranks.take(rows, axis=1) * width[:, feature, None]
        return place.argsort(axis=1, kind="stable")

    def finished(self) -> NDArray[np.bool_]:
        """Which chains have a panel that meets all rows."""
        broken = (self.counts < self.lower) | (self.counts > self.upper)
        return np.asarray(~broken.any(axis=0))

    def harvest(self, done: NDArray[np.intp]) -> NDArray[np.int32]:
        """The panels of the chains ``done``; the types' arrears take note."""
        panels = self.seats[done].astype(np.int32)
        self.take_note(panels)
        return panels

    def take_note(self, panels: NDArray[np.int32]) -> None:
        """``panels`` (N, seats) were made: who is on few of them is behind."""
        if self.follow and len(panels):
            held = np.bincount(panels.ravel(), minlength=len(self.target))
            self.behind += self.target * len(panels) - held

    def near(self) -> NDArray[np.int32]:
        """The seats (N, k) of the chains that break few bounds, and by little."""
        short = np.maximum(self.lower - self.counts, 0).sum(axis=0)
        over = np.maximum(self.counts - self.upper, 0).sum(axis=0)
        broken = short + over
        near: NDArray[np.int32] = self.seats[(broken > 0) & (broken <= _NEAR)].astype(np.int32)
        return near

    def restart(self, chains: NDArray[np.intp]) -> None:
        """New starts for ``chains``, from a stock that is made many at a time."""
        while len(self.stock) < len(chains):
            self.stock = np.concatenate([self.stock, self._starts()])
        seats, self.stock = self.stock[: len(chains)], self.stock[len(chains) :]
        self.seats[chains] = seats
        for of_type, cells in zip(self.combination_cells, self.cells, strict=True):
            cells[chains] = of_type[seats] + chains[:, None]
        self.age[chains] = 0
        room = (self.sizes - seats_per_type(seats, len(self.sizes))).T
        self.room[:, chains] = room
        self.pull[:, chains] = room * self.lean[:, None]
        rows = self.row_count + 1
        cells = np.arange(len(chains))[:, None, None] * rows + self.rows[seats]
        counts = np.bincount(cells.ravel(), minlength=len(chains) * rows)
        self.counts[:, chains] = counts.reshape(len(chains), rows).T

    def _starts(self) -> NDArray[np.intp]:
        """Systematic samples: hardly any of them meets all rows, most nearly do."""
        k = self.seat_count
        # What the next panel of every chain should hold for nobody to be behind any more.
        owed = self.target + self.behind / self.count
        share = np.clip(owed, self.target / 3, np.minimum(3 * self.target, self.sizes))
        orders = self.nestings[self.rng.integers(0, _NESTINGS, _NESTINGS_AT_ONCE)]
        ends = np.cumsum(share[orders], axis=1)
        ends *= (k / ends[:, -1])[:, None]
        # Each order is a line from 0 to k on which a type owns its share; the seats go to the
        # owners of the points u, u+1, u+2, ... All lines are searched as one.
        line = np.arange(_NESTINGS_AT_ONCE)
        per_order = -(-self.count // _NESTINGS_AT_ONCE)
        # The u of one order are spread evenly, so that together its samples follow the target.
        spread = np.arange(per_order) + self.rng.random((_NESTINGS_AT_ONCE, per_order))
        start = k * line[:, None] + self.rng.permuted(spread, axis=1) / per_order
        points = start.reshape(-1, 1) + np.arange(k)
        found = np.searchsorted((ends + k * line[:, None]).ravel(), points.ravel(), side="right")
        found = np.minimum(found.reshape(points.shape), orders.size - 1)
        return self._within_sizes(orders.ravel()[found])

    def _within_sizes(self, seats: NDArray[np.intp]) -> NDArray[np.intp]:
        """The same seats, but those that a type is too small for go to random people."""
        held = seats_per_type(seats, len(self.sizes))
        for i in np.flatnonzero((held > self.sizes).any(axis=1)):
            kept = np.minimum(held[i], self.sizes)
            people = np.repeat(np.arange(len(kept)), self.sizes - kept)
            left = self.seat_count - int(kept.sum())
            others = self.rng.permutation(people)[:left]
            seats[i] = np.concatenate([np.repeat(np.arange(len(kept)), kept), others])
        return seats

    def step(self) -> None:
        """Move one seat in each chain."""
        if self.refresh_in == 0:
            behind = _CATCH_UP * self.behind / np.maximum(self.target, 1)
            catch_up = np.clip(behind, -_CATCH_UP_LIMIT, _CATCH_UP_LIMIT)
            self.lean = np.exp(self.odds + catch_up).astype(np.float32)
            np.multiply(self.room, self.lean[:, None], out=self.pull)
            self.refresh_in = _REFRESH
        self.refresh_in -= 1
        seat = self._seat_to_give_up()
        self._change(self.seats.ravel().take(seat), -1)
        coming = self._who_takes_it()
        self.seats.ravel()[seat] = coming
        for of_type, cells in zip(self.combination_cells, self.cells, strict=True):
            cells.ravel()[seat] = of_type.take(coming) + self.everyone
        self._change(coming, +1)
        self.age += 1

    def _change(self, types: NDArray[np.intp], by: int) -> None:
        cells = types * self.count + self.everyone
        room = self.room.ravel().take(cells) - by
        self.room.ravel()[cells] = room
        self.pull.ravel()[cells] = room * self.lean.take(types)
        # Several "no row" of one type count once here: that row has no bounds, its count may be
        # wrong.
        cells = self.row_cells.take(types, axis=0)
        cells += self.everyone[:, None]
        self.counts.ravel()[cells] += by

    def _seat_to_give_up(self) -> NDArray[np.intp]:
        """The place of a seat of each chain in ``seats``, all chains in a line."""
        greedy = self.rng.random(self.count, np.float32) < self.greedy
        sums = self.halves.sums(((self.counts > self.upper) & greedy).view(np.int8))
        # Ties are broken by chance: from a stock, as every step needs many numbers.
        begin = int(self.rng.integers(0, _NOISE * self.seats.size))
        noise = self.noise[begin : begin + self.seats.size].reshape(self.seats.shape)
        broken = noise + sums.take(self.cells[0])
        broken += sums.take(self.cells[1])
        place: NDArray[np.intp] = broken.argmax(axis=1)
        place += self.first_seats
        return place

    def _who_takes_it(self) -> NDArray[np.intp]:
        helps = 1 + (self.counts < self.lower).view(np.int8)
        helps -= (self.counts >= self.upper).view(np.int8)
        worth = self.worth.take(self.halves.sums(helps))
        first, second = self.halves.of_type
        odds = worth.take(first, axis=0)
        odds *= worth.take(second, axis=0)
        odds *= self.pull
        begin = int(self.rng.integers(0, _RACES))
        odds *= self.speeds[begin : begin + self.room.size].reshape(self.room.shape)
        first_there: NDArray[np.intp] = odds.argmax(axis=0)
        return first_there
