"""Lotteries over the panels known so far, by linear programmes: the one nearest to a target, and
the one that is best for a stage of leximin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.highs import INFINITY, Model, Rows, SolverError
from mitwirkung.lottery.engine.polytope import examples, seats_per_type
from mitwirkung.lottery.progress import Watch

SHORTFALL = 1e-9  # chance: a lottery this near the target is exact but for rounding
_BETTER = 1e-7  # of the worth
_MOST_TAKEN = 60  # better panels at a time
_ALIKE = 20  # times as many are chosen from
_LACKING = 1e4  # smallest chances that a chance of fixed types is worth
_SLACK = 1e-7  # of a chance: what fixed types may lose in a stage


@dataclass(frozen=True, eq=False)
class Nearest:
    """The best lottery over the given panels.

    Attributes:
        shortfall: the largest chance that any person lacks, 0 if the target is met.
        weights: (N,) weights of the panels, some 0, sum 1.
        prices: (T,) not negative, at most 1 for one seat of each person together; a panel that
            would help has ``sum(prices over its seats) > worth``.
        worth: the highest sum of prices over any given panel.
    """

    shortfall: float
    weights: NDArray[np.float64]
    prices: NDArray[np.float64]
    worth: float


def worth(panels: NDArray[np.integer[Any]], prices: NDArray[Any]) -> NDArray[Any]:
    """The sum of ``prices`` (T,) over each of the ``panels`` (N, k)."""
    # Seat after seat: numpy is slow in adding up a few numbers at a time.
    total = np.zeros(len(panels), prices.dtype)
    for seat in panels.T:
        total += prices[seat]
    return total


def dearest(
    panels: NDArray[np.integer[Any]],
    prices: NDArray[Any],
    above: float,
    most: int,
) -> NDArray[np.intp]:
    """Which ``panels`` (N, k) are worth more than ``above``; not all if they are more than
    ``most``, but some of the dearest."""
    values = worth(panels, prices)
    better = np.flatnonzero(values > above)
    if len(better) > most:
        # The very dearest would be much alike.
        top = better[np.argsort(-values[better], kind="stable")[: _ALIKE * most]]
        better = np.sort(top[evenly(len(top), most)])
    return better


def evenly(count: int, most: int) -> NDArray[np.intp]:
    """At most so many of ``count`` places, evenly."""
    return np.linspace(0, count - 1, min(count, most)).astype(np.intp)


class Master:
    """A linear programme over known panels; panels can be added, and the model goes on from where
    it stood.

    Attributes:
        panels: (N, seats) in the order in which they came.
    """

    def __init__(self, panels: NDArray[np.int32], types: int, model: Model) -> None:
        """The columns of ``model`` are a chance, then a weight for each panel; its rows a type
        each, then the sum of the weights."""
        self.panels = panels
        self.types = types
        self.model = model
        self._known = {panel.tobytes() for panel in panels}
        self._solved = False

    def take(self, panels: NDArray[np.int32]) -> int:
        """Take those of the ``panels`` (N, seats) that are new; how many they are."""
        new = panels[[panel.tobytes() not in self._known for panel in panels]]
        self._known.update(panel.tobytes() for panel in new)
        if not len(new):
            return 0
        held = np.column_stack([seats_per_type(new, self.types), np.ones(len(new), np.int64)])
        panel, row = np.nonzero(held)
        starts = np.searchsorted(panel, np.arange(len(new)))
        self.model.add_columns(starts, row, held[panel, row].astype(np.float64))
        self.panels = np.concatenate([self.panels, new])
        return len(new)

    def _solve(self) -> None:
        if not (self.model.solve(primal=self._solved) or self.model.solve_afresh()):
            raise SolverError("a lottery over known panels has no solution")
        self._solved = True

    def worth(self, prices: NDArray[np.float64]) -> float:
        """The highest sum of ``prices`` (T,) over any of the panels."""
        return float(worth(self.panels, prices).max())

    def _prices(self) -> NDArray[np.float64]:
        return np.maximum(self.model.duals()[:-1], 0.0)


class NearestMaster(Master):
    """The lottery over known panels with the smallest shortfall from a target."""

    def __init__(
        self,
        panels: NDArray[np.int32],
        target: NDArray[np.float64],
        sizes: NDArray[np.int64],
        watch: Watch | None,
    ) -> None:
        """``target`` (T,) expected seats of types of ``sizes`` (T,); ``watch`` is asked whether to
        stop, None where that is no matter of more than milliseconds."""
        n, types = len(panels), len(target)
        held = seats_per_type(panels, types)
        panel, kind = np.nonzero(held)
        everyone, every_panel = np.arange(types), np.arange(n)
        rows = Rows(
            np.append(target, 1.0),
            np.append(np.full(types, INFINITY), 1.0),
            np.concatenate([everyone, kind, np.full(n, types)]),
            np.concatenate([np.zeros(types, np.int64), 1 + panel, 1 + every_panel]),
            np.concatenate([sizes, held[panel, kind], np.ones(n)]).astype(np.float64),
        )
        cost = np.append(1.0, np.zeros(n))
        lower = np.append(-1.0, np.zeros(n))
        model = Model(
            cost, lower, np.ones(n + 1), rows, check=None if watch is None else watch.check
        )
        super().__init__(panels, types, model)

    def solve(self) -> Nearest:
        """The best lottery over the panels taken so far.

        Raises:
            SolverError: if HiGHS gives no answer.
        """
        self._solve()
        values, prices = self.model.values(), self._prices()
        weights = np.maximum(values[1:], 0.0)
        weights /= float(weights.sum())
        return Nearest(float(values[0]), weights, prices, self.worth(prices))


def nearest_lottery(
    panels: NDArray[np.int32],
    target: NDArray[np.float64],
    sizes: NDArray[np.int64],
    watch: Watch | None,
) -> Nearest:
    """The lottery over ``panels`` (N, k) with the smallest shortfall from ``target`` (T,) expected
    seats.

    Raises:
        SolverError: if HiGHS gives no answer.
    """
    return NearestMaster(panels, target, sizes, watch).solve()


def within_hull(
    panels: NDArray[np.int32],
    target: NDArray[np.float64],
    sizes: NDArray[np.int64],
) -> bool:
    """Whether some lottery over ``panels`` (N, k), which may be very many, has the ``target`` (T,)
    expected seats.

    Raises:
        SolverError: if HiGHS gives no answer.
    """
    types, count = len(target), len(panels)
    # One panel for each type, and some more evenly from the list.
    example = examples(panels, types)
    if (example < 0).any():
        return False
    some = evenly(count, 2 * types + 50)
    master = NearestMaster(panels[np.union1d(some, example)], target, sizes, None)
    while True:
        near = master.solve()
        if near.shortfall <= SHORTFALL:
            return True
        better = dearest(panels, near.prices, near.worth * (1 + _BETTER), _MOST_TAKEN)
        if not master.take(panels[better]):
            return False


class StageMaster(Master):
    """The largest smallest chance over known panels while fixed types keep theirs."""

    def __init__(self, panels: NDArray[np.int32], sizes: NDArray[np.int64]) -> None:
        """No type is fixed yet."""
        types = len(sizes)
        held = seats_per_type(panels, types)
        panel, kind = np.nonzero(held)
        everyone = np.arange(types)
        n = len(panels)
        # Columns: the smallest chance, what the fixed types lack, then a weight per panel. Rows: a
        # type each, then the sum of the weights.
        rows = Rows(
            np.append(np.zeros(types), 1.0),
            np.append(np.full(types, INFINITY), 1.0),
            np.concatenate([everyone, kind, np.full(n, types)]),
            np.concatenate([np.zeros(types, np.int64), 2 + panel, 2 + np.arange(n)]),
            np.concatenate([-sizes, held[panel, kind], np.ones(n)]).astype(np.float64),
        )
        cost = np.concatenate([[-1.0, _LACKING], np.zeros(n)])
        upper = np.append(1.0, np.full(n + 1, INFINITY))
        model = Model(cost, np.zeros(n + 2), upper, rows, presolve=False, scaling=False)
        super().__init__(panels, types, model)
        self._sizes = sizes
        self._kept = np.zeros(types)

    def fix(
        self, types: NDArray[np.int64], chances: NDArray[np.float64], on: NDArray[np.bool_]
    ) -> None:
        """From now on these ``types`` keep their ``chances`` (T,), and only panels that are ``on``
        (N,) count.

        Perhaps it takes other panels than the known ones to do so: what is lacking has a price.
        """
        # Where the chances of fixed types hang together, prices can be added to them all without
        # end; the slack makes the solver choose the smallest.
        self._kept[types] = (self._sizes * np.maximum(chances - _SLACK, 0.0))[types]
        for t in types.tolist():
            self.model.set_entry(t, 0, 0.0)
            self.model.set_entry(t, 1, float(self._sizes[t]))
        self.model.set_row_bounds(self._kept, np.full(self.types, INFINITY))
        off = np.flatnonzero(~on)
        if len(off):
            self.model.set_upper_bounds((2 + off).tolist(), [0.0] * len(off))

    def weights(self, chances: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) weights of the panels, sum 1, that give all types these ``chances`` (T,) as far as
        possible.

        Raises:
            SolverError: if HiGHS gives no answer.
        """
        self.model.set_row_bounds(self._sizes * chances, np.full(self.types, INFINITY))
        self._solve()
        weights = np.maximum(self.model.values()[2:], 0.0)
        return weights / float(weights.sum())

    def solve(self) -> tuple[float, NDArray[np.float64]]:
        """The smallest chance of the open types, and prices (T,): not negative; a panel that would
        help has a larger sum of prices than all that are known.

        The chance is below 0 as long as fixed types lack something.

        Raises:
            SolverError: if HiGHS gives no answer.
        """
        self._solve()
        level, lacking = self.model.values()[:2].tolist()
        return level - _LACKING * lacking, self._prices()
