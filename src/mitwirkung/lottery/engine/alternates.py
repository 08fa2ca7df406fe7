"""Which types of people to have as alternates, so that quotas hold after people dropped out.

Sample average approximation after Assos, Baharav, Flanigan and Procaccia, "Alternates, Assemble!
Selecting Optimal Alternates for Citizens' Assemblies" (EC 2025, arXiv 2506.15716): over scenarios
of who drops out, the mean number of seats off the quotas after the best replacement. The linear
relaxation is solved by column generation, so that only types that can help become columns; its
optimum is a bound that no set of alternates can be below. The whole numbers are then chosen among
these types by an integer programme.
"""

from __future__ import annotations

from dataclasses import dataclass

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
        numbers: (T,) whole numbers.
        expected: seats off the quotas on average over the scenarios, if people could be divided in
            the replacement.
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


def choose(
    answers: NDArray[np.bool_], sizes: NDArray[np.int64], count: int, scenarios: Scenarios
) -> Chosen:
    """The alternates with the fewest seats off the quotas on average.

    Args:
        answers: (T, Q) which quotas each type counts in.
        sizes: (T,) how many of each type there are.
        count: how many alternates, at most the sum of ``sizes``.
        scenarios: who may drop out.

    Raises:
        SolverError: if HiGHS gives no answer.
    """
    # To begin with: types that are many, so that the first programme has a solution.
    order = np.argsort(-sizes, kind="stable")
    enough = int(np.searchsorted(np.cumsum(sizes[order]), count)) + 1
    types = np.sort(order[: max(_START, enough)])
    for _ in range(_MOST_ROUNDS):
        model = _model(answers[types], sizes[types], count, scenarios, integer=False)
        if not model.solve():
            raise SolverError("the alternates' programme has no solution")
        bound = float((model.values() * _cost(len(types), scenarios)).sum())
        gains = _gains(model.duals(), answers, count, len(types), scenarios)
        gains[types] = 0.0
        best = np.argsort(-gains, kind="stable")[:_ADD]
        best = best[gains[best] > 1e-7]
        if not len(best):
            break
        types = np.sort(np.concatenate([types, best]))
    else:
        raise SolverError("the alternates' programme comes to no end")
    model = _model(answers[types], sizes[types], count, scenarios, integer=True)
    model.stop_within(_GAP)
    if not model.solve():
        raise SolverError("the alternates' programme has no whole solution")
    numbers = np.zeros(len(sizes), np.int64)
    numbers[types] = np.round(model.values()[: len(types)]).astype(np.int64)
    expected = float((model.values() * _cost(len(types), scenarios)).sum())
    return Chosen(numbers, expected, bound)


def _cost(types: int, scenarios: Scenarios) -> NDArray[np.float64]:
    """Per column: 1/S for each seat off. Columns: alternates of each type; for each scenario those
    of them who come; for each scenario and quota the seats below, then above."""
    count, quotas = scenarios.left.shape
    off = np.full(2 * count * quotas, 1.0 / count)
    return np.concatenate([np.zeros(types * (1 + count)), off])


def _model(
    answers: NDArray[np.bool_],
    sizes: NDArray[np.int64],
    count: int,
    scenarios: Scenarios,
    *,
    integer: bool,
) -> Model:
    """Rows: the number of alternates; per scenario that of those who come; per scenario and quota
    the seats; per scenario and type that no more come than there are."""
    total, quotas = scenarios.left.shape
    types = len(sizes)
    each = np.arange(types)
    comes = np.minimum(count, scenarios.free)
    held, group = np.nonzero(answers)
    rows, columns, values = [np.zeros(types, np.int64)], [each], [np.ones(types)]

    def add(row: NDArray[np.int64], column: NDArray[np.int64], value: float) -> None:
        rows.append(row)
        columns.append(column)
        values.append(np.full(len(row), value))

    slack = types * (1 + total)
    for s in range(total):
        first = types * (1 + s)
        quota_row = 1 + total + s * quotas
        cap_row = 1 + total + total * quotas + s * types
        add(np.full(types, 1 + s), first + each, 1.0)
        add(quota_row + group, first + held, 1.0)
        add(quota_row + np.arange(quotas), slack + s * quotas + np.arange(quotas), 1.0)
        above = slack + (total + s) * quotas
        add(quota_row + np.arange(quotas), above + np.arange(quotas), -1.0)
        add(cap_row + each, first + each, 1.0)
        add(cap_row + each, each, -1.0)
    missing = (scenarios.lower - scenarios.left).ravel()
    room = (scenarios.upper - scenarios.left).ravel()
    cost = _cost(types, scenarios)
    upper = np.full(len(cost), INFINITY)
    upper[:types] = np.minimum(sizes, count)
    upper[types:slack] = float(count)
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
    duals: NDArray[np.float64],
    answers: NDArray[np.bool_],
    count: int,
    types: int,
    scenarios: Scenarios,
) -> NDArray[np.float64]:
    """What one alternate of each type (T,) would take off the objective at these prices."""
    total, quotas = scenarios.left.shape
    per_scenario = duals[1 : 1 + total]
    per_quota = duals[1 + total : 1 + total + total * quotas].reshape(total, quotas)
    # Coming in a scenario is worth the prices of the quotas and of the seat, if that is positive.
    worth = np.zeros((len(answers), total))
    for quota in range(quotas):
        worth += answers[:, quota, None] * per_quota[None, :, quota]
    gains: NDArray[np.float64] = np.maximum(worth + per_scenario, 0.0).sum(axis=1) + duals[0]
    return gains
