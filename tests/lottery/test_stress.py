"""A sample of the stress grid: each run ends with a proof, or says honestly that it has none.

The whole grid, whose hard cases take minutes, is `nox -s stress`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from builders import people, plan
from mitwirkung.app import solve
from mitwirkung.lottery.certificates import OptimumNotProven
from mitwirkung.lottery.feasibility import InfeasibleQuotas
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem
from stress import outcome
from stress.__main__ import FAILED, run_alone, table, told
from stress.grid import Case, Size, make_case
from stress.outcome import IMPOSSIBLE, LOTTERY, NOT_PROVEN, STOPPED, run

SEED = 1
SLOW = (11, 14, 16, 17, 19, 22)  # some seconds to minutes each


@pytest.mark.parametrize("number", [n for n in range(24) if n not in SLOW])
def test_every_run_ends_well(number: int) -> None:
    ended = run(make_case(SEED, number))
    assert ended.end in (LOTTERY, IMPOSSIBLE)


@pytest.mark.parametrize("number", SLOW[:3])
def test_a_slow_run_stops_honestly(number: int) -> None:
    stopped = run(make_case(SEED, number), limit=0.05)
    assert stopped.end == STOPPED
    assert stopped.reason.startswith("Stopped before")


def test_a_case_is_the_same_whenever_it_is_made() -> None:
    one, other = make_case(SEED, 3), make_case(SEED, 3)
    assert one.size == other.size
    assert one.problem.digest == other.problem.digest
    assert make_case(SEED + 1, 3).problem.digest != one.problem.digest


# --- what is no good end -------------------------------------------------------------------------

ROWS = [{"a": "x"}] * 4 + [{"a": "y"}] * 4
SIZE = Size("loose", "leximin", 8, 4, (2,), False)


def case(least: int = 1, *, possible: bool | None = None) -> Case:
    quotas = plan(a={"x": (least, 4), "y": (1, 4)})
    return Case(SIZE, SelectionProblem(people(*ROWS), quotas, seats=4), possible)


def ends_with(made: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `solve` end with something."""

    def instead(*_: Any, **__: Any) -> Any:
        if isinstance(made, Exception):
            raise made
        return made

    monkeypatch.setattr(outcome.mw, "solve", instead)


def test_the_good_ends_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(case()).end == LOTTERY
    assert run(case(4)).end == IMPOSSIBLE
    ends_with(OptimumNotProven("optimum-not-proven", reason="a reason"), monkeypatch)
    stopped = run(case())
    assert stopped.end == NOT_PROVEN
    assert "a reason" in stopped.reason


def test_a_weaker_lottery_is_no_good_end(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = solve(case().problem)
    assert honest.strategy is not None
    weaker = PanelLottery(
        honest.problem, ["a"], [(1, {(0, 0): 3, (1, 0): 1})], honest.certificate
    ).signed(honest.strategy)
    ends_with(weaker, monkeypatch)
    with pytest.raises(ValueError, match="gap"):
        run(case())


def test_a_lottery_without_proof_or_quotas_is_no_good_end(monkeypatch: pytest.MonkeyPatch) -> None:
    ends_with(solve(case().problem, "simple"), monkeypatch)
    with pytest.raises(AssertionError):
        run(case())
    honest = solve(case().problem)
    assert honest.strategy is not None
    vectors = [(1, {(0, 0): 4}), (1, {(1, 0): 4})]
    broken = PanelLottery(honest.problem, ["a"], vectors, honest.certificate)
    ends_with(broken.signed(honest.strategy), monkeypatch)
    with pytest.raises(AssertionError):
        run(case())


def test_what_is_called_impossible_must_be(monkeypatch: pytest.MonkeyPatch) -> None:
    clash = [{"feature": "a", "value": "x", "bound": "min", "limit": 2, "people": 4}]
    ends_with(InfeasibleQuotas.of(4, clash, households=False, whole=False), monkeypatch)
    with pytest.raises(AssertionError, match="the clash is none"):
        run(case())
    with pytest.raises(AssertionError, match="there is a panel"):
        run(case(possible=True))


def test_what_is_impossible_gets_no_lottery() -> None:
    with pytest.raises(AssertionError, match="there is no panel"):
        run(case(possible=False))


def test_households_count_in_a_clash() -> None:
    rows = [{"a": "x", "home": "A"}] * 3 + [{"a": "x", "home": ""}] + [{"a": "y", "home": ""}] * 3
    problem = SelectionProblem(
        people(*rows), plan(a={"x": (3, 4), "y": (0, 4)}), seats=4, household=["home"]
    )
    assert run(Case(SIZE, problem, None)).end == IMPOSSIBLE


# --- in a process of its own ---------------------------------------------------------------------


def test_every_end_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tests = str(Path(__file__).parents[1])
    monkeypatch.setenv("PYTHONPATH", tests)
    good = run_alone(SEED, 7, limit=600)
    endless = run_alone(SEED, 7, limit=0.01)
    # A package of this name that raises stands in front of the real one.
    (tmp_path / "scipy").mkdir()
    (tmp_path / "scipy" / "__init__.py").write_text("raise RuntimeError('broken')\n", "utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), tests]))
    failed = run_alone(SEED, 7, limit=600)
    runs = [good, endless, failed]
    assert [each.outcome.end for each in runs] == [IMPOSSIBLE, STOPPED, FAILED]
    assert "RuntimeError: broken" in told(SEED, failed)
    counts = table(runs).splitlines()[-1].split()
    assert counts[:7] == ["all", "3", "0", "1", "0", "1", "1"]
