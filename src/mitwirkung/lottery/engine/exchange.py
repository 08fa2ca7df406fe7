"""Panels a few seats away from seats that nearly meet the quotas, looked up in a table.

Three seats are given up, and three people are looked for who bring each row to where it should be:
one that is broken to its nearest bound; one that holds stays, but for what its feature has too many
or too few then. What a type counts is a random number for each row, added up modulo 2^32; all
groups of three types stand in a table by what they count together, so that one look tells which of
them fit. (With many types it is twos, and with very many a random part of the types, so that the
table stays small.) Hundreds of thousands of exchanges are tried in hundredths of a second, where
quotas are so tight that chains alone hardly ever meet a panel. Sums that agree by chance, and types
that have nobody left, are sorted out at the end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.chains import Chains
from mitwirkung.lottery.engine.polytope import Polytope, tidy
from mitwirkung.lottery.progress import Watch

_MOST_IN_THREES, _MOST_IN_TWOS = 150, 1000  # types: the table has about half a million groups
_MOST_LEAVING = 2_500  # groups of seats that are given up in turn
_MOST_FITTING, _MOST_TRIED = 200_000, 2_000  # exchanges: those of fitting sums, and of high prices
_PLACES = 64  # of the table that says which sums occur, for each of them
_STEPS_A_LOOK = 10


class Exchanges:
    """All groups of types by what they count. Every lot is a single person."""

    def __init__(self, polytope: Polytope, rng: np.random.Generator) -> None:
        self.polytope = polytope
        self.rng = rng
        codes = rng.integers(0, 2**32, polytope.row_count + 1, np.uint32)
        codes[-1] = 0
        self.row_codes = codes[:-1]
        self.codes = codes[polytope.rows].sum(axis=1, dtype=np.uint32)
        features = [np.unique(rows) for rows in polytope.rows.T]
        self.features = [rows for rows in features if rows[-1] < polytope.row_count]

        types = np.arange(polytope.types, dtype=np.int32)
        if len(types) > _MOST_IN_TWOS:
            types = np.sort(rng.choice(types, _MOST_IN_TWOS, replace=False))
        self.size = min(3 if len(types) <= _MOST_IN_THREES else 2, polytope.seats)
        groups = types[_groups(len(types), self.size)]
        sums = self.codes[groups].sum(axis=1, dtype=np.uint32)
        keys = np.sort(sums.astype(np.uint64) << 32 | np.arange(len(sums), dtype=np.uint64))
        self.sums = (keys >> 32).astype(np.uint32)
        self.groups = groups[(keys & 0xFFFFFFFF).astype(np.intp)]
        self.shift = max(0, 32 - (len(sums) * _PLACES).bit_length())
        self.occurs = np.zeros(2 ** (32 - self.shift), np.bool_)
        self.occurs[self.sums >> self.shift] = True

    def near(
        self,
        seats: NDArray[np.int32],
        prices: NDArray[np.float64] | None = None,
        above: float = 0.0,
    ) -> NDArray[np.int32]:
        """Feasible panels (N, k) a group away from any of ``seats`` (S, k), in canonical form.

        With ``prices`` (T,), only panels worth more than ``above`` count. Not all of them are found
        where there are very many.
        """
        leaving = self._leaving()
        line, leaves, comes = self._fitting(seats, leaving)
        if prices is not None:
            priced = prices[seats]
            worth = priced.sum(axis=1)[line] + prices[self.groups[comes]].sum(axis=1)
            worth -= priced[line[:, None], leaving[leaves]].sum(axis=1)
            better = np.flatnonzero(worth > above)
            line, leaves, comes = line[better], leaves[better], comes[better]
        if len(line) > _MOST_TRIED:
            some = np.sort(self.rng.integers(0, len(line), _MOST_TRIED))
            line, leaves, comes = line[some], leaves[some], comes[some]
        panels = seats[line]
        np.put_along_axis(panels, leaving[leaves], self.groups[comes], axis=1)
        return tidy(panels[self.polytope.feasible(panels)])

    def _fitting(
        self, seats: NDArray[np.int32], leaving: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
        """Exchanges whose sums fit: the line of ``seats``, the group that leaves, that comes."""
        counts = self.polytope.row_counts(seats)
        missing = self._within_bounds(counts) - counts
        needed = (missing.astype(np.uint32) * self.row_codes).sum(axis=1, dtype=np.uint32)
        codes = np.ascontiguousarray(self.codes[seats].T)
        sums = needed + codes[leaving[:, 0]]
        for column in leaving.T[1:]:
            sums += codes[column]
        sums = sums.ravel()
        candidates = np.flatnonzero(self.occurs.take(sums >> self.shift))
        first = np.searchsorted(self.sums, sums[candidates], "left")
        ends = np.cumsum(np.searchsorted(self.sums, sums[candidates], "right") - first)
        total = int(ends[-1]) if len(ends) else 0
        if total > _MOST_FITTING:
            fits = np.sort(self.rng.integers(0, total, _MOST_FITTING))
        else:
            fits = np.arange(total)
        which = np.searchsorted(ends, fits, "right")
        comes = first[which] + fits - np.append(0, ends)[which]
        leaves, line = np.divmod(candidates[which], max(1, len(seats)))
        return line, leaves, comes

    def _within_bounds(self, counts: NDArray[np.int32]) -> NDArray[np.int64]:
        """Counts (S, R) near ``counts`` that meet all bounds; in a feature in which everybody
        counts, rows with room, chosen by chance, make up for the others."""
        lower, upper = self.polytope.lower, self.polytope.upper
        wanted = np.clip(counts.astype(np.int64), lower, upper)
        for rows in self.features:
            while True:
                off = counts[:, rows].sum(axis=1) - wanted[:, rows].sum(axis=1)
                room = np.where(
                    off[:, None] > 0, upper[rows] - wanted[:, rows], wanted[:, rows] - lower[rows]
                )
                moved = np.flatnonzero((off != 0) & (room > 0).any(axis=1))
                if not len(moved):
                    break
                chance = np.where(room[moved] > 0, self.rng.random((len(moved), len(rows))), -1.0)
                wanted[moved, rows[chance.argmax(axis=1)]] += np.sign(off[moved])
        return wanted

    def _leaving(self) -> NDArray[np.intp]:
        """Groups of places on a panel: all of them, or some by chance where there are many."""
        seats = self.polytope.seats
        if math.comb(seats, self.size) <= _MOST_LEAVING:
            groups = _groups(seats, self.size)
        else:
            drawn = self.rng.integers(0, seats, (_MOST_LEAVING, self.size))
            groups = np.unique(np.sort(drawn, axis=1), axis=0)
        return groups[(groups[:, 1:] > groups[:, :-1]).all(axis=1)]


def panels_near(
    chains: Chains,
    exchanges: Exchanges,
    steps: int,
    watch: Watch | None,
    prices: NDArray[np.float64] | None = None,
    above: float = 0.0,
) -> Iterator[NDArray[np.int32]]:
    """Let ``chains`` make so many steps; every few steps, and at the end, the feasible panels
    (N, seats) that they met and that are near them.

    Chains that follow a target take note of all of them.
    """
    polytope = exchanges.polytope
    met = [np.empty((0, polytope.seats), np.int32)]
    for step in range(1, steps + 1):
        if watch is not None:
            watch.check()
        finished = chains.finished()
        met.append(chains.harvest(np.flatnonzero(finished)))
        anew = np.flatnonzero(finished | (chains.age > chains.give_up))
        if len(anew):
            chains.restart(anew)
        chains.step()
        if step % _STEPS_A_LOOK == 0 or step == steps:
            near = exchanges.near(chains.near(), prices, above)
            chains.take_note(near)
            found = np.concatenate([*met, near])
            yield tidy(found[polytope.feasible(found)])
            met = met[:1]


def _groups(count: int, size: int) -> NDArray[np.intp]:
    """All groups of so many numbers below ``count``, ascending, also several times the same."""
    groups = np.arange(count)[:, None]
    for _ in range(size - 1):
        last = groups[:, -1]
        more = count - last
        head = np.repeat(np.arange(len(groups)), more)
        added = np.arange(len(head)) - np.repeat(np.cumsum(more) - more - last, more)
        groups = np.column_stack([groups[head], added])
    return groups
