"""Bounds that give way: the cheapest changes of them after which a panel exists.

An elastic programme (Brown and Graves, "Elastic programming", 1975; Chinneck, "Feasibility and
Infeasibility in Optimization", 2008, chapter 6): beside the seats of each type there is a column
for each bound that may be moved, which costs so much a seat. Seats are whole numbers, and with them
the moves, so that the answer holds for panels of whole people as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.integer import panel_model
from mitwirkung.lottery.engine.polytope import Polytope
from mitwirkung.lottery.progress import Watch

_QUESTIONS = 400
"""So many sets of bounds that have to stay are looked at, at most, for each way asked for."""


@dataclass(frozen=True)
class Elastic:
    """A bound of a row that may be moved outwards.

    Attributes:
        row, side: which bound.
        steps: (seats, cost of each of them): first so many seats at this cost, then so many at the
            next, which is higher. Costs are whole numbers above 0.
    """

    row: int
    side: Literal["min", "max"]
    steps: tuple[tuple[int, int], ...]

    def cost(self, moved: int) -> int:
        """What it costs to move the bound by so many seats."""
        total = 0
        for seats, cost in self.steps:
            total += cost * min(moved, seats)
            moved -= min(moved, seats)
        return total


@dataclass(frozen=True)
class Moves:
    """Bounds to be moved together.

    Attributes:
        seats: (number of a bound in the sequence that was given, seats it is moved by, at least 1),
            ascending.
        cost: of all of them.
    """

    seats: tuple[tuple[int, int], ...]
    cost: int

    @property
    def bounds(self) -> frozenset[int]:
        """The numbers of the bounds that are moved."""
        return frozenset(number for number, _ in self.seats)


def cheapest_moves(
    polytope: Polytope,
    bounds: Sequence[Elastic],
    count: int = 1,
    *,
    parts: int = 1,
    watch: Watch | None = None,
) -> tuple[Moves, ...]:
    """Up to ``count`` ways to make a panel possible, the cheapest first; none if there is no way.

    Each is the cheapest of those that do not move all bounds of one before it, so that nothing in
    it is idle: no bound can stay where it was, or be moved less, while the others are moved as they
    are. Those that move only a part of the bounds of one before it (but more, at a higher cost) are
    left out. Where a panel exists already, the only way moves nothing.

    The search is that of Reiter, "A theory of diagnosis from first principles" (1987), by cost:
    after a way is found, each of its bounds in turn has to stay. A tree that gets large is left,
    with fewer ways than were asked for.

    Bounds move by whole seats; ``parts`` of the unit in which rows count are one.

    Raises:
        SolverError: if HiGHS gives no answer.
    """
    programme = _Programme(polytope, bounds, parts, watch)
    left = _QUESTIONS * count
    met: list[Moves] = []
    found: list[Moves] = []
    # (cost, bounds that have to stay, whether the cost is exact or a bound for it)
    waiting: list[tuple[int, tuple[int, ...], bool]] = [(0, (), False)]
    planned: set[tuple[int, ...]] = {()}
    best: dict[tuple[int, ...], Moves] = {}
    while waiting and left and len(found) < count:
        _, fixed, exact = heappop(waiting)
        if not exact:
            left -= 1
            moves = next((m for m in met if m.bounds.isdisjoint(fixed)), None)
            if moves is None:
                moves = programme.solve(fixed)
            if moves is not None:
                best[fixed] = moves
                heappush(waiting, (moves.cost, fixed, True))
            continue
        moves = best[fixed]
        if not any(moves.bounds >= other.bounds for other in met):
            met.append(moves)
            if not any(moves.bounds < other.bounds for other in found):
                found.append(moves)
        for number in sorted(moves.bounds):
            stay = tuple(sorted({*fixed, number}))
            if stay not in planned:
                planned.add(stay)
                heappush(waiting, (moves.cost, stay, False))
    return tuple(found)


class _Programme:
    """The live model: seats of the types, then the steps of the bounds."""

    def __init__(
        self, polytope: Polytope, bounds: Sequence[Elastic], parts: int, watch: Watch | None
    ) -> None:
        self.polytope, self.bounds, self.parts = polytope, bounds, parts
        self.model = panel_model(polytope, watch)
        self.first_step = self.model.columns
        for bound in bounds:
            towards = float(parts if bound.side == "min" else -parts)
            for seats, cost in bound.steps:
                self.model.add_column([bound.row], [towards], cost=float(cost), upper=float(seats))

    def solve(self, fixed: Sequence[int]) -> Moves | None:
        """The cheapest moves that leave the bounds with these numbers where they are."""
        upper = [
            0.0 if number in fixed else float(seats)
            for number, bound in enumerate(self.bounds)
            for seats, _ in bound.steps
        ]
        self.model.set_upper_bounds(list(range(self.first_step, self.model.columns)), upper)
        if not self.model.solve():
            return None
        held = np.round(self.model.values()[: self.polytope.types])
        seats = self._moved(np.round(self.polytope.counts(held)).astype(np.int64))
        return Moves(tuple(seats), sum(self.bounds[number].cost(n) for number, n in seats))

    def _moved(self, rows: NDArray[np.int64]) -> list[tuple[int, int]]:
        """How far each bound is from what the panel needs: counted, not read from the solver."""
        found = []
        for number, bound in enumerate(self.bounds):
            if bound.side == "min":
                short = int(self.polytope.lower[bound.row] - rows[bound.row])
            else:
                short = int(rows[bound.row] - self.polytope.upper[bound.row])
            if short > 0:
                found.append((number, -(-short // self.parts)))
        return found
