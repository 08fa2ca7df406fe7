"""Chains that move one seat a step towards panels, many in lock-step, in numpy alone.

A chain starts from a systematic sample of the target along a random nesting of the features, so
that most rows nearly hold, and then moves one seat a step: a seat is given up, preferably one that
counts in an over-full row, and another type takes it with odds that fall with the bounds it would
break and rise with the seats the type is behind its target over all panels so far.

The odds of every type in every chain are most of the work. How many bounds a type would break is
a sum over its features, so these are split into two halves: each type is one of few combinations
in the first half and one of few in the second, and its odds are a product of two numbers that are
worked out once for each combination.
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
_REFRESH = 4  # steps between two looks at who is behind


class _Half:
    """Some of the features: which combination of answers each type has there.

    Attributes:
        of_type: (T,) the combination of each type.
        rows: for each feature the row of each combination.
        count: how many combinations there are.
    """

    def __init__(self, rows: NDArray[np.int32], of_type: NDArray[np.intp]) -> None:
        _, examples = np.unique(of_type, return_index=True)
        self.of_type = of_type
        self.rows = [np.ascontiguousarray(column) for column in rows[examples].T]
        self.count = len(examples)

    def sums(self, per_row: NDArray[np.int8]) -> NDArray[np.int8]:
        """(combinations, chains) sums over the features of ``per_row`` (R+1, chains)."""
        total = np.zeros((self.count, per_row.shape[1]), np.int8)
        for column in self.rows:
            total += per_row.take(column, axis=0)
        return total


def _halves(rows: NDArray[np.int32]) -> tuple[_Half, _Half]:
    """The features (columns of ``rows``) in two halves, each with few combinations."""
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
    return _Half(rows[:, parts[0]], of_type[0]), _Half(rows[:, parts[1]], of_type[1])


class Chains:
    """The state of all chains.

    Tables over types or rows keep one column per chain, so that what belongs to a type or a row is
    gathered as whole lines of memory. There is no matrix product: BLAS on several threads is slow
    on a busy machine, and rounds as it likes. Types are numbered anew, in layers across the blocks
    of those with equal answers in the first half.

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
        self.halves = self.first, self.second = _halves(polytope.rows)
        self._arrange_blocks(count)
        self.rows = polytope.rows[self.types].astype(np.intp)
        self.target = target[self.types]
        self.sizes = polytope.sizes[self.types]
        self.seat_count = polytope.seats
        self.row_count = polytope.row_count
        self.rng = rng
        self.follow = tilt is None
        self.odds = np.log(self.target / self.sizes) if tilt is None else tilt[self.types]
        self.behind = np.zeros(len(self.types))
        # One more row, without bounds, stands for "no row".
        self.lower = np.append(polytope.lower, -(10**9)).astype(np.int32)[:, None]
        self.upper = np.append(polytope.upper, 10**9).astype(np.int32)[:, None]

        features = polytope.rows.shape[1]
        # Of 0, 1, ... more bounds that are helped than broken, then of -F, ..., -1.
        balance = np.array([*range(features + 1), *range(-features, 0)])
        self.worth = np.exp(self.penalty * balance).astype(np.float32)

        self.nestings = self._nestings()
        self.stock = np.empty((0, self.seat_count), np.intp)
        self.count = count
        self.everyone = np.arange(count)
        # Where the rows of a type stand in the counts of the first chain.
        self.row_cells = self.rows * count
        self.seats = np.zeros((count, self.seat_count), np.intp)
        # For each half the cell of each seat in a table (combinations, chains).
        self.cells = np.zeros((2, count, self.seat_count), np.intp)
        self.room = np.zeros((len(self.types), count), np.float32)
        self.counts = np.zeros((self.row_count + 1, count), np.int32)
        self.age = np.zeros(count, np.int64)
        self.noise = self.rng.random((_NOISE + 1) * self.seats.size, np.float32)
        self.noise *= np.float32(0.9)
        self.refresh_in = 0
        self.restart(self.everyone)

    def _arrange_blocks(self, count: int) -> None:
        """Number the types anew: the first of every block, then the second of every block that has
        one, and so on; the largest block leads. So each such layer can be added to the one before
        as a whole."""
        block = self.first.of_type
        self.block_sizes = np.bincount(block)
        rank = np.argsort(np.argsort(-self.block_sizes, kind="stable"))
        by_block = np.argsort(block, kind="stable")
        starts = np.cumsum(self.block_sizes) - self.block_sizes
        depth = np.empty(len(block), np.intp)
        depth[by_block] = np.arange(len(block)) - starts[block[by_block]]
        self.types = np.lexsort((rank[block], depth)).astype(np.int32)
        for half in self.halves:
            half.of_type = half.of_type[self.types]
        widths = np.bincount(depth)
        layers = np.cumsum(widths) - widths
        self.layers = [
            (slice(before, before + width), slice(here, here + width))
            for before, here, width in zip(layers, layers[1:], widths[1:], strict=False)
        ]
        # (depth, blocks) the type that stands there; beyond its end, the last one of the block.
        reach = np.minimum(np.arange(len(widths))[:, None], self.block_sizes - 1)
        self.in_block = layers[reach] + rank
        self.in_block_cells = self.in_block * count

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
        panels = self.types[self.seats[done]]
        self.take_note(panels)
        return panels

    def take_note(self, panels: NDArray[np.int32]) -> None:
        """``panels`` (N, seats) were made: who is on few of them is behind."""
        if self.follow and len(panels):
            held = np.bincount(panels.ravel(), minlength=len(self.types))[self.types]
            self.behind += self.target * len(panels) - held

    def near(self) -> NDArray[np.int32]:
        """The seats (N, k) of the chains that break few bounds, and by little."""
        short = np.maximum(self.lower - self.counts, 0).sum(axis=0)
        over = np.maximum(self.counts - self.upper, 0).sum(axis=0)
        broken = short + over
        near: NDArray[np.int32] = self.types[self.seats[(broken > 0) & (broken <= _NEAR)]]
        return near

    def restart(self, chains: NDArray[np.intp]) -> None:
        """New starts for ``chains``, from a stock that is made many at a time."""
        while len(self.stock) < len(chains):
            self.stock = np.concatenate([self.stock, self._starts()])
        seats, self.stock = self.stock[: len(chains)], self.stock[len(chains) :]
        self.seats[chains] = seats
        for half, cells in zip(self.halves, self.cells, strict=True):
            cells[chains] = half.of_type[seats] * self.count + chains[:, None]
        self.age[chains] = 0
        self.room[:, chains] = (self.sizes - seats_per_type(seats, len(self.types))).T
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
        held = seats_per_type(seats, len(self.types))
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
            self.lean = np.exp(self.odds + catch_up).astype(np.float32)[:, None]
            self.refresh_in = _REFRESH
        self.refresh_in -= 1
        seat = self._seat_to_give_up()
        self._change(self.seats[self.everyone, seat], -1)
        coming = self._who_takes_it()
        self.seats[self.everyone, seat] = coming
        for half, cells in zip(self.halves, self.cells, strict=True):
            cells[self.everyone, seat] = half.of_type[coming] * self.count + self.everyone
        self._change(coming, +1)
        self.age += 1

    def _change(self, types: NDArray[np.intp], by: int) -> None:
        self.room.ravel()[types * self.count + self.everyone] -= by
        # Several "no row" of one type count once here: that row has no bounds, its count may be
        # wrong.
        self.counts.ravel()[self.row_cells[types] + self.everyone[:, None]] += by

    def _seat_to_give_up(self) -> NDArray[np.intp]:
        greedy = self.rng.random(self.count) < self.greedy
        over = ((self.counts > self.upper) & greedy).view(np.int8)
        # Ties are broken by chance: from a stock, as every step needs many numbers.
        begin = int(self.rng.integers(0, _NOISE * self.seats.size))
        broken = self.noise[begin : begin + self.seats.size].reshape(self.seats.shape)
        for half, cells in zip(self.halves, self.cells, strict=True):
            broken = broken + half.sums(over).take(cells)
        return np.asarray(broken.argmax(axis=1), np.intp)

    def _who_takes_it(self) -> NDArray[np.intp]:
        full = (self.counts >= self.upper).view(np.int8)
        short = (self.counts < self.lower).view(np.int8)
        helps = short - full
        odds = self._worth(self.second, helps).take(self.second.of_type, axis=0)
        odds *= self.room
        odds *= self.lean
        # First a block of types, then one in it: the odds of a block are added up along it.
        for before, here in self.layers:
            odds[here] += odds[before]
        line = odds.take(self.in_block[-1], axis=0)
        line *= self._worth(self.first, helps)
        block = self._drawn(np.cumsum(line, axis=0))
        cells = self.in_block_cells.take(block, axis=1)
        cells += self.everyone
        place = np.minimum(self._drawn(odds.take(cells)), self.block_sizes[block] - 1)
        return np.asarray(self.in_block[place, block], np.intp)

    def _worth(self, half: _Half, helps: NDArray[np.int8]) -> NDArray[np.float32]:
        # Wrapped, negative numbers count from the end.
        return self.worth.take(half.sums(helps), mode="wrap")

    def _drawn(self, line: NDArray[np.float32]) -> NDArray[np.intp]:
        """In each chain the place whose part of the ``line`` (places, chains) a random point
        hits."""
        point = self.rng.random(self.count, np.float32) * line[-1]
        passed = (line <= point).sum(axis=0, dtype=np.int32)
        place: NDArray[np.intp] = np.minimum(passed, len(line) - 1).astype(np.intp)
        return place
