"""Panels a few seats away from seats that nearly meet the quotas, looked up in a table.

Three seats are given up, and three people are looked for who bring each row to where it should be:
one that is broken to its nearest bound; one that holds stays, but for what its feature has too many
or too few then. What a type counts is a random number for each row, added up modulo 2^32; all
threes of types stand in a table by what they count together, so that one look tells which of them
fit. Thousands of threes of seats of hundreds of chains are tried in hundredths of a second, where
quotas are so tight that chains alone hardly ever meet a panel. Sums that agree by chance are sorted
out at the end.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.chains import Chains
from mitwirkung.lottery.engine.polytope import Polytope, tidy
from mitwirkung.lottery.progress import Watch

_MOST_GROUPS = 600_000  # types taken together in the table: threes up to 150 types, then twos
_MOST_LEAVING = 2_500  # groups of seats that are given up in turn
_ASK = 10  # steps between two looks for panels near the chains
_MOST_TRIED = 2_000  # exchanges whose sums fit
_SPARSE = 6  # the table of sums that occur has 2^6 places for each of them


def helped(
    chains: Chains,
    polytope: Polytope,
    steps: int,
    enough: Callable[[NDArray[np.int32], int], bool],
    rng: np.random.Generator,
    watch: Watch | None,
    prices: NDArray[np.float64] | None = None,
    above: float = 0.0,
) -> None:
    """Let ``chains`` make ``steps`` steps at most, and look for panels near them every few steps.

    ``enough`` is told the panels (N, seats) of the last few steps, some perhaps twice, and how many
    steps these were; it says whether to end.
    """
    exchanges = Exchanges(polytope, rng, prices, above)
    found = []
    for step in range(1, steps + 1):
        if watch is not None:
            watch.check()
        finished = chains.finished()
        found.append(chains.harvest(np.flatnonzero(finished)))
        anew = np.flatnonzero(finished | (chains.age > chains.give_up))
        if len(anew):
            chains.restart(anew)
        chains.step()
        if step % _ASK == 0:
            found.append(exchanges.panels(chains.near()))
            if enough(np.concatenate(found), _ASK):
                return
            found.clear()


class Exchanges:
    """All groups of three types (of two where there are too many types), by what they count.

    Every lot is a single person. With ``prices`` (T,), only panels worth more than ``above`` count.
    """

    def __init__(
        self,
        polytope: Polytope,
        rng: np.random.Generator,
        prices: NDArray[np.float64] | None = None,
        above: float = 0.0,
    ) -> None:
        self.polytope = polytope
        self.rng = rng
        self.size = 3 if polytope.types**3 <= 6 * _MOST_GROUPS else 2
        codes = rng.integers(0, 2**32, polytope.row_count + 1, np.uint32)
        codes[-1] = 0
        self.row_codes = codes[:-1]
        self.codes = codes[polytope.rows].sum(axis=1, dtype=np.uint32)
        features = [np.unique(rows) for rows in polytope.rows.T]
        self.features = [rows for rows in features if rows[-1] < polytope.row_count]
        # A group is one of the smaller groups before it, and one type more.
        self.heads = _groups(polytope.types, self.size - 1)
        head, last = _extensions(self.heads, polytope.types)
        sums = self.codes[self.heads].sum(axis=1, dtype=np.uint32)[head] + self.codes[last]
        keys = np.sort(sums.astype(np.uint64) << 32 | np.arange(len(sums), dtype=np.uint64))
        self.sums = (keys >> 32).astype(np.uint32)
        order = (keys & 0xFFFFFFFF).astype(np.intp)
        self.head, self.last = head[order], last[order]
        self.prices, self.above = prices, above
        if prices is not None:
            self.worth = prices[self.heads].sum(axis=1)[self.head] + prices[self.last]
        self.shift = max(0, 32 - len(sums).bit_length() - _SPARSE)
        self.occurs = np.zeros(2 ** (32 - self.shift), np.bool_)
        self.occurs[self.sums >> self.shift] = True

    def panels(self, seats: NDArray[np.int32]) -> NDArray[np.int32]:
        """Feasible panels (N, k) a group away from any of ``seats`` (S, k), in canonical form."""
        polytope = self.polytope
        counts = polytope.row_counts(seats)
        missing = self._within_bounds(counts) - counts
        needed = (missing.astype(np.uint32) * self.row_codes).sum(axis=1, dtype=np.uint32)
        leaving = self._leaving()
        codes = np.ascontiguousarray(self.codes[seats].T)
        sums = needed + codes[leaving[:, 0]]
        for column in leaving.T[1:]:
            sums += codes[column]
        candidate = np.flatnonzero(self.occurs.take(sums.ravel() >> self.shift))
        group, line = np.divmod(candidate, len(seats))
        sums = sums.ravel()[candidate]
        first = np.searchsorted(self.sums, sums, "left")
        fitting = np.searchsorted(self.sums, sums, "right") - first
        ends = np.cumsum(fitting)
        which = np.repeat(np.arange(len(candidate)), fitting)
        place = np.arange(len(which)) + (first - ends + fitting)[which]
        if self.prices is not None:
            priced = self.prices[seats]
            left = priced.sum(axis=1)[line] - priced[line[:, None], leaving[group]].sum(axis=1)
            better = left[which] + self.worth[place] > self.above
            which, place = which[better], place[better]
        if len(which) > _MOST_TRIED:
            some = np.sort(self.rng.integers(0, len(which), _MOST_TRIED))
            which, place = which[some], place[some]
        coming = np.column_stack([self.heads[self.head[place]], self.last[place]])
        panels = seats[line[which]]
        np.put_along_axis(panels, leaving[group[which]], coming, axis=1)
        panels = panels[polytope.feasible(panels)]
        return tidy(panels)

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

    def _leaving(self) -> NDArray[np.int64]:
        seats = self.polytope.seats
        if seats**self.size <= 6 * _MOST_LEAVING:
            groups = _groups(seats, self.size)
        else:
            groups = np.sort(self.rng.integers(0, seats, (_MOST_LEAVING, self.size)), axis=1)
        return groups[(groups[:, 1:] > groups[:, :-1]).all(axis=1)]


def _groups(count: int, size: int) -> NDArray[np.intp]:
    """All groups of so many numbers below ``count``, ascending, also several times the same."""
    groups = np.arange(count)[:, None]
    for _ in range(size - 1):
        head, last = _extensions(groups, count)
        groups = np.column_stack([groups[head], last])
    return groups


def _extensions(groups: NDArray[np.intp], count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Each of the ``groups`` with each number below ``count`` that is not below its last."""
    last = groups[:, -1]
    more = count - last
    head = np.repeat(np.arange(len(groups)), more)
    return head, np.arange(len(head)) - np.repeat(np.cumsum(more) - more - last, more)
