"""Small problems for the engine, by hand and at random, and all their panels."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import strategies as st
from numpy.typing import NDArray

from mitwirkung.lottery.engine import Polytope

WITH_GAP = (12, 52, 72, 92, 100, 110, 127, 146, 167, 181)
"""Found by search: problems of `knotted` whose fractional optimum no lottery reaches."""


def make(
    seats: int, sizes: list[int], rows: list[list[int]], lower: list[int], upper: list[int]
) -> Polytope:
    return Polytope(
        seats,
        np.array(sizes, np.int64),
        np.array(rows, np.int32).reshape(len(sizes), -1),
        np.array(lower, np.int64),
        np.array(upper, np.int64),
    )


# Women and men, three ages; young men are many, old women few; several stages.
LEVELS = make(
    10,
    [3, 6, 9, 12, 5, 4],
    [[0, 2], [0, 3], [0, 4], [1, 2], [1, 3], [1, 4]],
    [5, 5, 3, 2, 3],
    [5, 5, 3, 4, 4],
)


@contextmanager
def unlisted() -> Iterator[None]:
    """The engine samples panels and asks integer programmes, as it does for many seats."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mitwirkung.lottery.engine.listing._MOST_SEATS", 0)
        yield


@st.composite
def problems(draw: st.DrawFn) -> Polytope:
    """Up to 6 types and 5 seats, some without an answer, some with households, most with panels."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=6))
    people = [t for t, size in enumerate(sizes) for _ in range(size)]
    panel = draw(st.permutations(people))[: draw(st.integers(1, min(5, len(people))))]
    columns: list[list[int]] = []
    lower: list[int] = []
    upper: list[int] = []
    for _ in range(draw(st.integers(1, 4))):
        values = draw(st.integers(2, 3))
        answers = st.integers(len(lower), len(lower) + values)
        column = [draw(answers) for _ in sizes]
        # One number past the values of the feature says: no answer.
        column = [-1 if row == len(lower) + values else row for row in column]
        for row in range(len(lower), len(lower) + values):
            held = sum(column[t] == row for t in panel)
            lower.append(max(0, held + draw(st.sampled_from([0, 0, 0, -1, -1, 1]))))
            upper.append(max(0, held + draw(st.sampled_from([0, 0, 0, 1, 1, -1]))))
        columns.append(column)
    if draw(st.booleans()):
        column = [draw(st.sampled_from([len(lower), -1])) for _ in sizes]
        lower.append(0)
        upper.append(max(1, sum(column[t] >= 0 for t in panel)))
        columns.append(column)
    none = len(lower)
    rows = [
        [column[t] if column[t] >= 0 else none for column in columns] for t in range(len(sizes))
    ]
    return make(len(panel), sizes, rows, lower, upper)


def knotted(seed: int) -> Polytope:
    """Many yes-or-no features and mostly exact quotas: panels often lag behind fractions."""
    rng = np.random.default_rng(seed)
    types = int(rng.integers(5, 9))
    sizes = rng.integers(1, 3, types)
    seats = int(rng.integers(2, 6))
    people = np.repeat(np.arange(types), sizes)
    panel = np.bincount(rng.permutation(people)[:seats], minlength=types)
    features = int(rng.integers(3, 7))
    rows = rng.integers(0, 2, (types, features)) + 2 * np.arange(features)
    held = np.bincount(rows.ravel(), np.repeat(panel, features), 2 * features).astype(int)
    slack = (rng.random((2, 2 * features)) < 0.25).astype(int)
    lower = np.maximum(held - slack[0], 0)
    return make(seats, sizes.tolist(), rows.tolist(), lower.tolist(), (held + slack[1]).tolist())


def all_panels(
    polytope: Polytope, bounds: set[tuple[int, str]] | None = None, *, seats: bool = True
) -> NDArray[np.int64]:
    """All panels as seats per type (N, T), perhaps with only some of the bounds."""
    members = np.zeros((polytope.row_count, polytope.types), np.int64)
    for t, r in itertools.product(range(polytope.types), range(polytope.row_count)):
        members[r, t] = int(r in polytope.rows[t].tolist())
    every = {(r, kind) for r in range(polytope.row_count) for kind in ("min", "max")}
    kept = every if bounds is None else bounds
    rows = range(polytope.row_count)
    lower = [polytope.lower[r] if (r, "min") in kept else -1 for r in rows]
    upper = [polytope.upper[r] if (r, "max") in kept else 10**6 for r in rows]
    found = []
    for x in itertools.product(*(range(int(m) + 1) for m in polytope.sizes)):
        if sum(x) == polytope.seats or not seats:
            held = members @ np.array(x)
            if (held >= lower).all() and (held <= upper).all():
                found.append(x)
    return np.array(found, np.int64).reshape(-1, polytope.types)
