"""Which types of people to have as alternates, so that quotas hold after people dropped out.

Sample average approximation after Assos, Baharav, Flanigan and Procaccia, "Alternates, Assemble!
Selecting Optimal Alternates for Citizens' Assemblies" (EC 2025, arXiv 2506.15716): over scenarios
of who drops out, the mean number of seats off the quotas after the best replacement. The linear
relaxation is solved by column generation, so that only types that can help become columns; its
optimum is a bound that no set of alternates can be below. The whole numbers are then chosen among
these types by an integer programme.

The paper has single people. Here a type may be of companions, who come together or not at all: they
take several seats at once and count in a quota as often as they give its answer. So a free seat can
be left that none of the alternates fits; it counts as one seat off in each feature.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.highs import INFINITY, Model, Rows, SolverError

_START, _ADD = 25, 15  # types to begin with, and to add at a time
_MOST_ROUNDS = 60
_GAP = 0.01  # the integer programme may stop this near its own optimum


@dataclass(frozen=True, eq=False)
class Chosen:
    """How many alternates of each type.

    Attributes:
        numbers: (T,) whole numbers of lots.
        expected: seats off the quotas on average over the scenarios.
        bound: no numbers have less.
    """

    numbers: NDArray[np.int64]
    expected: float
    bound: float


@dataclass(frozen=True, eq=False)
class Scenarios:
    """Who is left in each of S scenarios.

    Attributes:
        left: (S, Q) seats that are still held, per quota.
        free: (S,) seats that fell free.
        lower, upper: (Q,) the quotas.
    """

    left: NDArray[np.int64]
    free: NDArray[np.int64]
    lower: NDArray[np.int64]
    upper: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Lots:
    """Types of those who can be alternates.

    Attributes:
        answers: (T, Q) how many people of a lot count in each quota.
        people: (T,) how many people come with a lot: more than one if they are companions.
        sizes: (T,) how many lots there are.
    """

    answers: NDArray[np.int64]
    people: NDArray[np.int64]
    sizes: NDArray[np.int64]

    def only(self, types: NDArray[np.intp]) -> Lots:
        """Some of the types."""
        return Lots(self.answers[types], self.people[types], self.sizes[types])

    @cached_property
    def empty(self) -> float:
        """What a seat that stays empty counts for: the features of one person. 0 where everybody
        comes alone, as no seat can be left then."""
        if self.people.max() == 1:
            return 0.0
        return float((self.answers.sum(axis=1) / self.people).max())


def filling(lots: Lots, count: int) -> NDArray[np.int64] | None:
    """Numbers of lots (T,) with exactly so many people, types that are many first; None if there
    are none."""
    reached: dict[int, tuple[int, int] | None] = {0: None}  # people to the last type and its lots
    for t in np.argsort(-lots.sizes, kind="stable").tolist():
        if count in reached:
            break
        for before in list(reached):
            for number in range(1, int(lots.sizes[t]) + 1):
                people = before + number * int(lots.people[t])
                if people > count:
                    break
                reached.setdefault(people, (t, number))
    if count not in reached:
        return None
    numbers = np.zeros(len(lots.sizes), np.int64)
    while (last := reached[count]) is not None:
        t, number = last
        numbers[t] = number
        count -= number * int(lots.people[t])
    return numbers


def choose(lots: Lots, count: int, scenarios: Scenarios) -> Chosen:
    """The alternates with the fewest seats off the quotas on average.

    Args:
        lots: who can be one.
        count: how many alternates, in people; there has to be a `filling`.
        scenarios: who may drop out.

    Raises:
        SolverError: if HiGHS gives no answer.
    """
    # To begin with: types that are many, so that the first programme has a solution.
    order = np.argsort(-lots.sizes, kind="stable")
    enough = filling(lots, count)
    if enough is None:
        raise SolverError("no lots have so many people")
    types = np.union1d(order[:_START], np.flatnonzero(enough))
    for _ in range(_MOST_ROUNDS):
        model = _model(lots.only(types), count, scenarios, integer=False)
        if not model.solve():
            raise SolverError("the alternates' programme has no solution")
        bound = float((model.values() * _cost(lots.only(types), scenarios)).sum())
        gains = _gains(model.duals(), lots, count, scenarios)
        gains[types] = 0.0
        best = np.argsort(-gains, kind="stable")[:_ADD]
        best = best[gains[best] > 1e-7]
        if not len(best):
            break
        types = np.sort(np.concatenate([types, best]))
    else:
        raise SolverError("the alternates' programme comes to no end")
    model = _model(lots.only(types), count, scenarios, integer=True)
    model.stop_within(_GAP)
    if not model.solve():
        raise SolverError("the alternates' programme has no whole solution")
    numbers = np.zeros(len(lots.sizes), np.int64)
    numbers[types] = np.round(model.values()[: len(types)]).astype(np.int64)
    expected = float((model.values() * _cost(lots.only(types), scenarios)).sum())
    return Chosen(numbers, expected, bound)


def _cost(lots: Lots, scenarios: Scenarios) -> NDArray[np.float64]:
    """Per column: 1/S for each seat off. Columns: alternates of each type; for each scenario those
    of them who come; for each scenario and quota the seats below, then above; where there are
    companions, for each scenario the seats that stay empty."""
    count, quotas = scenarios.left.shape
    off = np.full(2 * count * quotas, 1.0 / count)
    empty = np.full(count if lots.empty else 0, lots.empty / count)
    return np.concatenate([np.zeros(len(lots.sizes) * (1 + count)), off, empty])


def _model(lots: Lots, count: int, scenarios: Scenarios, *, integer: bool) -> Model:
    """Rows: the number of alternates; per scenario that of those who come; per scenario and quota
    the seats; per scenario and type that no more come than there are."""
    total, quotas = scenarios.left.shape
    types = len(lots.sizes)
    each = np.arange(types)
    comes = np.minimum(count, scenarios.free)
    held, group = np.nonzero(lots.answers)
    rows, columns = [np.zeros(types, np.int64)], [each]
    values = [lots.people.astype(np.float64)]

    def add(
        row: NDArray[np.int64], column: NDArray[np.int64], value: float | NDArray[np.int64]
    ) -> None:
        rows.append(row)
        columns.append(column)
        values.append(np.full(len(row), value, np.float64))

    slack = types * (1 + total)
    for s in range(total):
        first = types * (1 + s)
        quota_row = 1 + total + s * quotas
        cap_row = 1 + total + total * quotas + s * types
        add(np.full(types, 1 + s), first + each, lots.people)
        add(quota_row + group, first + held, lots.answers[held, group])
        add(quota_row + np.arange(quotas), slack + s * quotas + np.arange(quotas), 1.0)
        above = slack + (total + s) * quotas
        add(quota_row + np.arange(quotas), above + np.arange(quotas), -1.0)
        add(cap_row + each, first + each, 1.0)
        add(cap_row + each, each, -1.0)
        if lots.empty:
            add(np.array([1 + s]), np.array([slack + 2 * total * quotas + s]), 1.0)
    missing = (scenarios.lower - scenarios.left).ravel()
    room = (scenarios.upper - scenarios.left).ravel()
    cost = _cost(lots, scenarios)
    upper = np.full(len(cost), INFINITY)
    upper[:types] = np.minimum(lots.sizes, count // lots.people)
    fitting = lots.people[None, :] <= comes[:, None]
    upper[types:slack] = np.where(fitting, float(count), 0.0).ravel()
    return Model(
        cost,
        np.zeros(len(cost)),
        upper,
        Rows(
            np.concatenate([[count], comes, missing, np.full(total * types, -INFINITY)]).astype(
                np.float64
            ),
            np.concatenate([[count], comes, room, np.zeros(total * types)]).astype(np.float64),
            np.concatenate(rows).astype(np.int64),
            np.concatenate(columns).astype(np.int64),
            np.concatenate(values),
        ),
        integer=integer,
    )


def _gains(
    duals: NDArray[np.float64], lots: Lots, count: int, scenarios: Scenarios
) -> NDArray[np.float64]:
    """What one lot of each type (T,) would take off the objective at these prices."""
    total, quotas = scenarios.left.shape
    per_scenario = duals[1 : 1 + total]
    per_quota = duals[1 + total : 1 + total + total * quotas].reshape(total, quotas)
    # Coming in a scenario is worth the prices of the quotas and of the seats, if that is positive
    # and there are as many seats.
    worth = lots.people[:, None] * per_scenario[None, :]
    for quota in range(quotas):
        worth = worth + lots.answers[:, quota, None] * per_quota[None, :, quota]
    fitting = lots.people[:, None] <= np.minimum(count, scenarios.free)[None, :]
    gains = np.where(fitting, np.maximum(worth, 0.0), 0.0).sum(axis=1) + lots.people * duals[0]
    return np.asarray(gains, np.float64)
