"""Quotas that cannot be met together: a smallest set of them, found by leaving out one after the
other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mitwirkung.lottery.engine.highs import INFINITY, Model
from mitwirkung.lottery.engine.integer import panel_rows
from mitwirkung.lottery.engine.polytope import Polytope
from mitwirkung.lottery.progress import Watch

Bound = tuple[int, Literal["min", "max"]]
_BLOCKS = (64, 16, 4, 1)


@dataclass(frozen=True)
class Conflict:
    """Bounds that no panel meets together, though any one left out would make it possible.

    Attributes:
        rows: (row, "min" or "max"), in the order of the rows.
        integral: whether only the wholeness of people makes it impossible (fractions would do).
        seats: whether the number of seats is part of the conflict; if not, no panel of any size
            meets the rows.
    """

    rows: tuple[Bound, ...]
    integral: bool
    seats: bool


class NoPanel(ValueError):
    """There is no panel; ``conflict`` says why."""

    def __init__(self, conflict: Conflict) -> None:
        super().__init__(conflict)
        self.conflict = conflict

    def __str__(self) -> str:
        bounds = ", ".join(f"{kind} of row {row}" for row, kind in self.conflict.rows)
        return f"no panel meets together: {bounds or 'the number of seats'}"


def find_conflict(polytope: Polytope, watch: Watch | None = None) -> Conflict | None:
    """A minimal set of bounds that cannot be met together, the same for the same problem; None if a
    panel exists.

    Raises:
        SolverError: if HiGHS gives no answer.
    """
    for integral in (False, True):
        question = _Question(polytope, integral, watch or Watch())
        bounds = question.all_bounds()
        if question.possible(bounds, seats=True):
            continue
        rows = _shrink(question, bounds)
        # With the seats the rows are few and easy to tell; often they clash with each other alone.
        return Conflict(rows, integral, seats=question.possible(list(rows), seats=False))
    return None


def _shrink(question: _Question, bounds: list[Bound]) -> tuple[Bound, ...]:
    """Deletion filter: what can be left out while the rest stays impossible, is. Large blocks go
    first."""
    kept = bounds
    for size in _BLOCKS:
        start = 0
        while start < len(kept):
            fewer = kept[:start] + kept[start + size :]
            if question.possible(fewer, seats=True):
                start += size
            else:
                kept = fewer
    return tuple(kept)


class _Question:
    """One live model in which bounds are switched on and off."""

    def __init__(self, polytope: Polytope, integral: bool, watch: Watch) -> None:
        self.polytope = polytope
        self.everyone = polytope.counts(polytope.sizes.astype(np.float64))
        open_ends = np.full(polytope.row_count, INFINITY)
        rows, most = panel_rows(polytope, -open_ends, open_ends, None, whole=integral)
        zeros = np.zeros(len(most))
        self.model = Model(
            zeros, zeros, most, rows, integer=integral, presolve=integral, check=watch.check
        )

    def all_bounds(self) -> list[Bound]:
        """The bounds that say anything at all, in the order of the rows."""
        bounds: list[Bound] = []
        for row in range(self.polytope.row_count):
            if self.polytope.lower[row] > 0:
                bounds.append((row, "min"))
            if self.polytope.upper[row] < self.everyone[row] or self._crossed(row):
                bounds.append((row, "max"))
        return bounds

    def _crossed(self, row: int) -> bool:
        return bool(self.polytope.upper[row] < self.polytope.lower[row])

    def possible(self, bounds: list[Bound], *, seats: bool) -> bool:
        """Whether seats per type exist that meet these bounds."""
        lower = np.full(self.polytope.row_count + 1, -INFINITY)
        upper = np.full(self.polytope.row_count + 1, INFINITY)
        for row, kind in bounds:
            if kind == "min":
                lower[row] = self.polytope.lower[row]
            else:
                upper[row] = self.polytope.upper[row]
        if seats:
            lower[-1] = upper[-1] = self.polytope.seats
        if (lower > upper).any():
            return False
        self.model.set_row_bounds(lower, upper)
        return self.model.solve()
