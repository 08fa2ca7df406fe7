"""All panels of few seats, one seat after the other.

Where a few seats are to be filled again, panels are so small that all of them can be listed. Types
stand in a row, those with the same answer to one feature side by side, and seats are given in this
order. So each panel is met once, and a beginning that has left behind an answer with too few seats
is dropped at once; so is one with more seats missing than are left. What may follow a beginning
depends on what is missing, on what has room, and on its last type alone: beginnings that are alike
in this are treated together, so that hundreds of thousands of them take a few hundredths of a
second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.polytope import Polytope

_MOST_SEATS = 8  # with more, the beginnings are too many long before the panels are
_ALL_OR_NO_BITS = np.array([[255], [0]], np.uint8)
_WORD = 64  # bits
_MANY_STATES = 500  # with fewer it takes longer to see which are alike
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
    named = np.isin(np.arange(polytope.row_count), polytope.rows)
    if (polytope.upper < 0).any() or (polytope.lower[~named] > 0).any():
        return np.empty((0, polytope.seats), np.int32)
    row = _Row.of(polytope)
    count = len(row.types)
    counts = np.zeros((1, len(row.lower)), np.int8)
    codes = np.zeros((1, row.codes.shape[1]), np.uint64)
    # Beginnings that were continued in the same way have the same state and last type.
    state, last = np.zeros(1, np.intp), np.zeros(1, np.intp)
    way = np.zeros(1, np.intp)
    seats: list[NDArray[np.integer[Any]]] = []
    for left in range(polytope.seats, 0, -1):
        # All pairs of a state and what may follow it; each beginning takes those that do not stand
        # before its last type.
        pairs = row.may_follow(counts, state, last, left)
        first = np.searchsorted(pairs, state * count + last)
        after = np.searchsorted(pairs, (state + 1) * count) - first
        ways, start = after[way], first[way]
        total = int(ways.sum())
        if total > most:
            return None
        line = np.repeat(np.arange(len(way)), ways)
        way = np.arange(total) + np.repeat(start - (np.cumsum(ways) - ways), ways)
        parent, last = np.divmod(pairs, count)
        seats = [*(seat[line] for seat in seats), row.types[last][way]]
        if left > 1:
            codes = codes[parent] + row.codes[last]
            example, state = _distinct(codes)
            codes, counts = codes[example], counts[parent[example]]
            for column in row.rows.T:
                counts[np.arange(len(counts)), column[last[example]]] += 1
            counts[:, -1] = 0
            if len(counts) > _MANY_STATES:
                example, same = row.alike(counts, left - 1)
                codes, counts, state = codes[example], counts[example], same[state]
    _sort(seats)
    fits = _at_most(seats, polytope.sizes)
    upper = np.append(polytope.upper, np.full(polytope.types + 1, polytope.seats))
    for column in row.loose:
        limited = column < polytope.row_count
        several = np.flatnonzero(sum(limited[seat].view(np.uint8) for seat in seats) > 1)
        rows = [column[seat[several]] for seat in seats]
        _sort(rows)
        fits[several] &= _at_most(rows, upper)
    return np.array([seat[fits] for seat in seats], np.int32).T


def _sort(columns: list[NDArray[np.integer[Any]]]) -> None:
    """Sort each line of some columns: two at a time, as numpy is slow on short lines."""
    for end in range(len(columns) - 1, 0, -1):
        for i in range(end):
            one, other = columns[i : i + 2]
            columns[i : i + 2] = np.minimum(one, other), np.maximum(one, other)


def _at_most(columns: list[NDArray[np.integer[Any]]], most: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which lines of some columns (N,), ascending, hold each number ``n`` at most ``most[n]``
    times."""
    fits = np.ones(len(columns[0]), np.bool_)
    for apart in range(1, len(columns)):
        for one, other in zip(columns, columns[apart:], strict=False):
            again = np.flatnonzero(one == other)
            fits[again[most[one[again]] <= apart]] = False
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
        rows: (n, F) the rows they count in, of R rows: those of features that hardly forbid
            anything are left out. The leading feature stands first.
        codes: (n, W) numbers for what each of them counts in all rows together.
        lower, upper: (R + 1,) bounds of the rows; the last one, "no row", has none.
        features: the rows of each of the F columns.
        members: for each of these rows who counts in it, as n bits.
        before: (n / 8, n + 1) the first so many types, as bits.
        ends: (R + 1,) the place of the last type that counts in a row of the leading feature; n for
            all other rows.
        loose: (T,) for each other feature the row that a type counts in; another number for each
            type where that row allows everything.
    """

    types: NDArray[np.integer[Any]]
    rows: NDArray[np.intp]
    codes: NDArray[np.uint64]
    lower: NDArray[np.int8]
    upper: NDArray[np.int8]
    features: list[NDArray[np.intp]]
    members: list[NDArray[np.uint8]]
    before: NDArray[np.uint8]
    ends: NDArray[np.int64]
    loose: list[NDArray[np.integer[Any]]]

    @staticmethod
    def of(polytope: Polytope) -> _Row:
        seats, nowhere = polytope.seats, polytope.row_count
        lower = np.append(np.clip(polytope.lower, 0, seats + 1), 0).astype(np.int8)
        upper = np.append(np.clip(polytope.upper, 0, seats), seats).astype(np.int8)
        fits = np.ones(polytope.types, np.bool_)
        for column in polytope.rows.T:
            # Where lower bounds take all seats, nobody else has one.
            full = int(lower[np.unique(column)].sum()) >= seats
            fits &= (lower if full else upper)[column] > 0
            fits &= upper[column] > 0
        types = np.flatnonzero(fits)
        everything = math.comb(len(types) + seats - 1, seats)
        groups = [_groups(column[types], lower, upper, seats) for column in polytope.rows.T]
        everyone = nowhere + 1 + np.arange(polytope.types)
        used: list[int] = []
        loose = []
        for f, column in enumerate(polytope.rows.T):
            # A lower bound has to be looked at, or a beginning may count as a panel in the end.
            if lower[column].any() or groups[f] < _LOOSE * everything:
                used.append(f)
            else:
                limited = np.where(upper[column] < seats, column, everyone)
                loose.append(limited.astype(np.min_scalar_type(nowhere + polytope.types)))
        if used:
            leading = min(used, key=lambda f: groups[f])
            used.insert(0, used.pop(used.index(leading)))
            types = types[np.argsort(polytope.rows[types, leading], kind="stable")]
        # Only rows of these features are counted from here on.
        named = [np.unique(polytope.rows[:, f]) for f in used]
        counted = np.unique(np.concatenate([[nowhere], *named]))
        features = [np.searchsorted(counted, each) for each in named]
        rows = np.searchsorted(counted, polytope.rows[types][:, used])
        ends = np.full(len(counted), len(types))
        if used:
            ends[rows[:, 0]] = np.arange(len(types))
            ends[-1] = len(types)
        return _Row(
            types=types.astype(np.min_scalar_type(polytope.types)),
            rows=rows,
            codes=_bits(np.append(upper[counted[:-1]], 0))[rows].sum(axis=1, dtype=np.uint64),
            lower=lower[counted],
            upper=upper[counted],
            features=features,
            members=[
                np.packbits(column == these[:, None], axis=1)
                for column, these in zip(rows.T, features, strict=True)
            ],
            before=np.packbits(~np.tri(len(types), len(types) + 1, 0, np.bool_), axis=0),
            ends=ends,
            loose=loose,
        )

    def alike(
        self, counts: NDArray[np.int8], left: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Which of the states with these ``counts`` (S, R + 1) stand for all, and for which of them
        each: after them the same can follow on the seats that are ``left``."""
        short = np.maximum(self.lower - counts, 0)
        room = np.minimum(self.upper - counts, left)
        for rows in self.features:
            # Seats that are all needed in some rows leave no room in others.
            full = (short[:, rows].sum(axis=1) >= left)[:, None]
            room[:, rows] = np.where(full, np.minimum(room, short)[:, rows], room[:, rows])
        both = np.concatenate([short[:, :-1], room[:, :-1]], axis=1)
        codes: NDArray[np.uint64] = both.astype(np.uint64) @ _bits(both.max(axis=0, initial=0))
        return _distinct(codes)

    def may_follow(
        self,
        counts: NDArray[np.int8],
        state: NDArray[np.intp],
        last: NDArray[np.intp],
        left: int,
    ) -> NDArray[np.intp]:
        """Who can have the next of the seats that are ``left`` where ``counts`` (S, R + 1) seats
        are taken in each row: pairs of one of the S states and a type, as ``state * n + type``.

        Only types that do not stand before the first ``last`` type (M,) of those in a ``state``
        (M,).
        """
        count = len(self.types)
        short, room = counts < self.lower, counts < self.upper
        missing = np.where(short, self.lower - counts, 0)
        leading = self.features[0] if self.features else np.zeros(1, np.intp)
        ends = np.where(short[:, leading], self.ends[leading], count).min(axis=1)
        starts = np.full(len(counts), count)
        np.minimum.at(starts, state, last)
        # States stand along the lines: numpy is fast on long ones.
        may = self.before[:, np.minimum(ends + 1, count)] & ~self.before[:, starts]
        for rows, members in zip(self.features, self.members, strict=True):
            lacking = missing[:, rows].sum(axis=1)[:, None]
            helps = room[:, rows] & (short[:, rows] | (lacking < left)) & (lacking <= left)
            among = np.zeros_like(may)
            for these, who in zip(np.where(helps.T, *_ALL_OR_NO_BITS), members, strict=True):
                among |= these & who[:, None]
            may &= among
        return np.flatnonzero(np.unpackbits(np.ascontiguousarray(may.T), axis=1, count=count))


def _bits(most: NDArray[np.integer[Any]]) -> NDArray[np.uint64]:
    """(M, W) A number for each of M places: sums of so many times these numbers tell all lists of M
    numbers that are no larger than ``most`` (M,), as each place has bits of its own."""
    one = np.zeros((len(most), 1), np.uint64)
    used = 0
    for place, width in enumerate(int(number).bit_length() for number in most):
        if used + width > _WORD:
            one, used = np.column_stack([one, np.zeros(len(most), np.uint64)]), 0
        if width:
            one[place, -1] = 1 << used
            used += width
    return one


def _distinct(
    codes: NDArray[np.uint64],
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Lines of ``codes`` (N, W) that all others are equal to, and to which of them each is."""
    key = codes[:, 0]
    for column in codes.T[1:]:
        _, before = np.unique(key, return_inverse=True)
        _, here = np.unique(column, return_inverse=True)
        key = (before * (int(here.max(initial=0)) + 1) + here).astype(np.uint64)
    _, example, same = np.unique(key, return_index=True, return_inverse=True)
    return example, same


def _groups(
    column: NDArray[np.int32], lower: NDArray[np.int8], upper: NDArray[np.int8], seats: int
) -> float:
    """How many groups of types, also several times the same, one feature allows."""
    ways = np.array([1.0])
    for row, types in zip(
        *(each.tolist() for each in np.unique(column, return_counts=True)), strict=True
    ):
        here = [
            math.comb(types + held - 1, held) if lower[row] <= held <= upper[row] else 0
            for held in range(seats + 1)
        ]
        ways = np.convolve(ways, here)[: seats + 1]
    return float(ways[seats:].sum())
