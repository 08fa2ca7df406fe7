"""How a case ends. There are three good ends, and each is looked at by other means than it was
reached by: a lottery with a proof, a proof that there is none, and an honest stop.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

import mitwirkung as mw
from builders import assert_promises_hold
from mitwirkung.lottery.certificates import OptimumNotProven, certified_gap, confirm_cuts
from mitwirkung.lottery.feasibility import InfeasibleQuotas, TooFewApplicants
from stress.grid import Case

LOTTERY, IMPOSSIBLE, NOT_PROVEN, STOPPED = "lottery", "impossible", "not proven", "stopped"
GRACE = 30.0
"""Seconds in which `solve` has to end after it was told to stop."""


@dataclass(frozen=True)
class Outcome:
    """The end of a case.

    Attributes:
        end: one of the good ends; two of them are honest stops.
        seconds: of `solve` alone.
        cuts: inequalities of the certificate that an integer programme proved.
        reason: of a stop.
    """

    end: str
    seconds: float
    cuts: int = 0
    reason: str = ""


def run(case: Case, limit: float = math.inf) -> Outcome:
    """Solve a case and check its end; after ``limit`` seconds it is told to stop.

    Raises:
        AssertionError: the end is not what it claims to be.
        Exception: whatever else `solve` ends with; it should not.
    """
    started = time.perf_counter()
    try:
        lottery = mw.solve(
            case.problem,
            case.size.strategy,
            stop=lambda: time.perf_counter() - started > limit,
        )
    except mw.LotteryStopped as error:
        seconds = time.perf_counter() - started
        assert seconds < limit + GRACE, f"told to stop, it went on for {seconds - limit:.0f} s"
        return Outcome(STOPPED, seconds, reason=str(error))
    except OptimumNotProven as error:
        return Outcome(NOT_PROVEN, time.perf_counter() - started, reason=str(error))
    except InfeasibleQuotas as error:
        seconds = time.perf_counter() - started
        assert not case.possible, "there is a panel, but it was called impossible"
        check_clash(case.problem, error.params)
        return Outcome(IMPOSSIBLE, seconds)
    except TooFewApplicants:
        seconds = time.perf_counter() - started
        assert len(case.problem.lots) < case.problem.seats
        return Outcome(IMPOSSIBLE, seconds)
    seconds = time.perf_counter() - started
    assert case.possible is not False, "there is no panel, but it was called a lottery"
    check_lottery(lottery, case.size.strategy)
    assert lottery.certificate is not None
    return Outcome(LOTTERY, seconds, cuts=len(lottery.certificate["cuts"]))


def check_lottery(lottery: mw.PanelLottery, optimum: str) -> None:
    """Panels counted from the people, the gap in exact arithmetic, the cuts by integer programmes.

    Raises:
        AssertionError, ValueError: a promise is not kept.
    """
    assert lottery.strategy is not None
    promises = lottery.strategy.promises
    assert set(promises) == {"quotas", "households", optimum}
    assert_promises_hold(lottery)
    assert certified_gap(lottery, promises) is not None
    confirm_cuts(lottery)


def check_clash(problem: mw.SelectionProblem, params: Mapping[str, Any]) -> None:
    """The limits that an `InfeasibleQuotas` names cannot be met together, by scipy's solver.

    Raises:
        AssertionError: they can.
    """
    limits = params["clashes"]
    features = sorted({limit["feature"] for limit in limits})
    # Lots with equal answers to the features of the clash are interchangeable here.
    kinds: Counter[tuple[tuple[str | None, ...], ...]] = Counter(
        tuple(sorted(map(tuple, _answers(problem, lot, features)), key=repr))
        for lot in problem.lots
    )
    unknowns = [(kind, answers) for kind in kinds for answers in sorted(set(kind), key=repr)]
    most = [kinds[kind] * kind.count(answers) for kind, answers in unknowns]
    rows, lower, upper = [np.ones(len(unknowns))], [problem.seats], [problem.seats]
    for limit in limits:
        column = features.index(limit["feature"])
        rows.append(np.array([answers[column] == limit["value"] for _, answers in unknowns]))
        lower.append(limit["limit"] if limit["bound"] == "min" else 0)
        upper.append(limit["limit"] if limit["bound"] == "max" else problem.seats)
    for kind, lots in kinds.items():
        if params["households"] and len(kind) > 1:
            rows.append(np.array([other == kind for other, _ in unknowns]))
            lower.append(0)
            upper.append(lots)
    found = milp(
        np.zeros(len(unknowns)),
        integrality=np.full(len(unknowns), int(params["whole"])),
        bounds=Bounds(0, np.array(most)),
        constraints=LinearConstraint(np.array(rows, float), np.array(lower), np.array(upper)),
    )
    assert found.status == 2, f"the clash is none: {found.message}"


def _answers(
    problem: mw.SelectionProblem, lot: tuple[int, ...], features: list[str]
) -> list[list[str | None]]:
    return [[problem.answers(person)[name] for name in features] for person in lot]
