"""All panels of few seats, one seat after the other.

Where a few seats are to be filled again, panels are so small that all of them can be listed. Types
stand in a row, those with the same answer to one feature side by side, and seats are given in this
order. So each panel is met once, and a beginning that has left behind an answer with too few seats
is dropped at once; so is one with more seats missing than are left. What may follow a beginning
depends on what it counts and on its last type alone: beginnings that count the same are treated
together, so that hundreds of thousands of them take a few hundredths of a second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.polytope import Polytope

_MOST_SEATS = 8  # with more, the beginnings are too many long before the panels are
_AT_ONCE = 20_000
_LOOSE = 0.5  # a feature that leaves this part of all groups is looked at in the end only


def all_panels(polytope: Polytope, most: int) -> NDArray[np.int32] | None:
    """All panels (N, seats), each once, in an order that follows from the problem alone; None where
    there are too many.

    Args:
        polytope: the problem.
        most: so many beginnings and panels are kept at most at a time.
    """
    if polytope.units is not None or polytope.seats > _MOST_SEATS or not _apart(polytope):
        return None
    row = _Row.of(polytope)
    seats = np.empty((1, 0), np.int32)
    state = np.zeros(1, np.intp)
    counts = np.zeros((1, polytope.row_count + 1), np.int8)
    # What a state counts, as one number: so that equal ones are found fast.
    code = np.zeros(1, np.uint64)
    for left in range(polytope.seats, 0, -1):
        parent, coming = np.nonzero(row.may_follow(counts, left))
        # Of what may follow a state, whatever stands before the last type is left out.
        count = len(row.types)
        last = seats[:, -1] if seats.shape[1] else np.zeros(1, np.int32)
        order = parent * count + coming
        first = np.searchsorted(order, state * count + last)
        ends = np.cumsum(np.bincount(parent, minlength=len(counts)))
        ways = ends[state] - first
        total = int(ways.sum())
        if total > most:
            return None
        line = np.repeat(np.arange(len(seats)), ways)
        step = np.arange(total) + np.repeat(first - (np.cumsum(ways) - ways), ways)
        seats = np.column_stack([seats[line], coming[step].astype(np.int32)])
        if left > 1:
            code, example, same = np.unique(
                code[parent] + row.codes[coming], return_index=True, return_inverse=True
            )
            after = counts[parent]
            for column in row.rows.T:
                after[np.arange(len(after)), column[coming]] += 1
            after[:, -1] = 0
            counts = after[example]
            if (counts[same] != after).any():  # two sums that agree by chance
                return None
            state = same[step]
    panels = np.sort(row.types[seats], axis=1)
    parts = [panels[i : i + _AT_ONCE] for i in range(0, len(panels), _AT_ONCE)]
    return np.concatenate([panels[:0], *(part[_feasible(polytope, part)] for part in parts)])


def _feasible(polytope: Polytope, panels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """The same as `Polytope.feasible`, without a table of all types for each of ``panels``."""
    counts = polytope.row_counts(panels)
    fits: NDArray[np.bool_] = np.all(
        (counts >= polytope.lower) & (counts <= polytope.upper), axis=1
    )
    for apart in range(1, polytope.seats):
        again = panels[:, apart:] == panels[:, :-apart]
        fits &= ~(again & (polytope.sizes <= apart)[panels[:, apart:]]).any(axis=1)
    return fits


def _apart(polytope: Polytope) -> bool:
    """Whether each row belongs to one column of ``polytope.rows`` alone, as to a feature."""
    rows = [row for column in polytope.rows.T for row in np.unique(column).tolist()]
    named = [row for row in rows if row < polytope.row_count]
    return len(set(named)) == len(named)


@dataclass(frozen=True, eq=False)
class _Row:
    """The types in the order in which they get seats.

    Attributes:
        types: (n,) those who may be on a panel at all.
        rows: (n, F) the rows they count in, without features that hardly forbid anything.
        codes: (n,) a number for what each of them counts in all rows together.
        lower, upper: (R + 1,) bounds of all rows; the last one, "no row", has none.
        features: the rows of each of the F columns.
        ends: (R + 1,) the place of the last type that counts in a row of the leading feature; n for
            all other rows.
    """

    types: NDArray[np.int32]
    rows: NDArray[np.int32]
    codes: NDArray[np.uint64]
    lower: NDArray[np.int8]
    upper: NDArray[np.int8]
    features: list[NDArray[np.int64]]
    ends: NDArray[np.int64]

    @staticmethod
    def of(polytope: Polytope) -> _Row:
        seats, nowhere = polytope.seats, polytope.row_count
        lower = np.append(np.clip(polytope.lower, 0, seats + 1), 0).astype(np.int8)
        upper = np.append(np.clip(polytope.upper, 0, seats), seats).astype(np.int8)
        types = np.flatnonzero((upper[polytope.rows] > 0).all(axis=1)).astype(np.int32)
        everything = math.comb(len(types) + seats - 1, seats)
        groups = [_groups(column[types], lower, upper, seats) for column in polytope.rows.T]
        # A lower bound has to be looked at, or a beginning may count as a panel in the end.
        used = [
            f
            for f, column in enumerate(polytope.rows.T)
            if lower[column].any() or groups[f] < _LOOSE * everything
        ]
        rows = polytope.rows[types][:, used]
        ends = np.full(nowhere + 1, len(types))
        if used:
            leading = int(np.argmin([groups[f] for f in used]))
            order = np.argsort(rows[:, leading], kind="stable")
            types, rows = types[order], rows[order]
            ends[rows[:, leading]] = np.arange(len(types))
            ends[nowhere] = len(types)
        features = [np.setdiff1d(polytope.rows[:, f], [nowhere]).astype(np.int64) for f in used]
        codes = np.random.default_rng(0).integers(0, 2**64, nowhere + 1, np.uint64)
        codes[nowhere] = 0
        return _Row(types, rows, codes[rows].sum(axis=1), lower, upper, features, ends)

    def may_follow(self, counts: NDArray[np.int8], left: int) -> NDArray[np.bool_]:
        """(S, n) who can have the next of the seats that are ``left``, where so many are taken in
        each row: ``counts`` (S, R + 1)."""
        short, room = counts < self.lower, counts < self.upper
        missing = np.where(short, self.lower - counts, 0)
        ends = np.where(short, self.ends, len(self.types)).min(axis=1)
        may: NDArray[np.bool_] = np.arange(len(self.types)) <= ends[:, None]
        for rows, column in zip(self.features, self.rows.T, strict=True):
            lacking = missing[:, rows].sum(axis=1)
            helps = room & (short | (lacking < left)[:, None]) & (lacking <= left)[:, None]
            may &= helps.take(column, axis=1)
        return may


def _groups(
    column: NDArray[np.int32], lower: NDArray[np.int8], upper: NDArray[np.int8], seats: int
) -> int:
    """How many groups of types, also several times the same, one feature allows."""
    ways = [1] + [0] * seats
    for row, types in zip(
        *(each.tolist() for each in np.unique(column, return_counts=True)), strict=True
    ):
        least, most = int(lower[row]), int(upper[row])
        ways = [
            sum(
                ways[total - here] * math.comb(types + here - 1, here)
                for here in range(least, min(most, total) + 1)
            )
            for total in range(seats + 1)
        ]
    return ways[seats]
