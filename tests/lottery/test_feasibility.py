"""What is said of the pool where quotas cannot be met: refused people, households, companions."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given

from builders import examples, people, plan, small_problems
from mitwirkung.errors import MitwirkungError
from mitwirkung.lottery.feasibility import (
    InfeasibleQuotas,
    TooFewApplicants,
    check_feasible,
    seatable_by_answer,
)
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.relaxing import smallest_relaxations
from mitwirkung.lottery.wishes import Wishes
from mitwirkung.texts import translator


def clash_of(problem: SelectionProblem) -> MitwirkungError:
    with pytest.raises((InfeasibleQuotas, TooFewApplicants)) as caught:
        check_feasible(problem)
    assert isinstance(caught.value, MitwirkungError)
    return caught.value


def test_who_is_refused_is_not_in_the_pool() -> None:
    rows = [{"sex": sex} for sex in "fffmmmmm"]
    problem = SelectionProblem(
        people(*rows),
        plan(sex={"f": (2, 4), "m": (0, 4)}),
        seats=4,
        wishes=Wishes(must_not={"p0": "of the council", "p1": "of the council"}),
    )
    clash = clash_of(problem)
    assert "- sex: f: at least 2 seats (1 people in the pool)" in str(clash)
    assert "The pool is without 2 people who applied" in str(clash)
    assert "Nicht im Pool sind 2 Personen" in clash.describe(translator("de"))
    (cheapest, *_) = smallest_relaxations(problem)
    assert "at least 1 instead of 2 seats (1 people in the pool)" in str(cheapest)
    few = SelectionProblem(
        people(*rows[:3]), plan(sex={"f": (0, 3)}), seats=3, wishes=Wishes(must_not={"p0": "late"})
    )
    assert str(clash_of(few)).splitlines() == [
        "3 seats cannot be filled: there are 2 people in the pool.",
        "The pool is without 1 people who applied: they are refused, or cannot be seated beside "
        "somebody else.",
    ]


def test_of_a_household_one_is_counted_and_of_companions_all() -> None:
    """Three women, two of them of one household; three men, two of them companions."""
    columns = ("sex", "home", "with")
    rows = [
        dict(zip(columns, cells, strict=True))
        for cells in ("fA-", "fA-", "f--", "m-x", "m-x", "m--")
        for cells in [[cell.replace("-", "") for cell in cells]]
    ]
    problem = SelectionProblem(
        people(*rows),
        plan(sex={"f": (3, 4), "m": (0, 4)}),
        seats=4,
        household="home",
        wishes=Wishes(companions="with"),
    )
    assert dict(seatable_by_answer(problem)) == {("sex", "f"): 2, ("sex", "m"): 3}
    pool = "(3 people in the pool, of whom at most 2 can be seated, one per household)"
    assert f"- sex: f: at least 3 seats {pool}" in str(clash_of(problem))
    changes = [str(each) for each in smallest_relaxations(problem)]
    assert f"- sex: f: at least 2 instead of 3 seats {pool}" in changes[0]
    few = SelectionProblem(people(*rows[:2]), plan(sex={"f": (0, 2)}), seats=2, household="home")
    assert str(clash_of(few)) == (
        "2 seats cannot be filled: there are 2 people in the pool, of whom at most 1 can be "
        "seated, one per household."
    )


def test_a_strategy_of_another_version_names_no_refused_people() -> None:
    error = TooFewApplicants("applicants-too-few", people=3, lots=2, seats=4)
    assert "3 people in the pool, of whom at most 2" in str(error)


def allowed(problem: SelectionProblem) -> list[list[int]]:
    """Every set of people that households and companions leave, by trying."""
    together = {lot for kind in problem.kinds if kind.together for lot in kind.lots}
    choices = [
        [(), members] if lot in together else [(), *((person,) for person in members)]
        for lot, members in enumerate(problem.lots)
    ]
    return [list(itertools.chain.from_iterable(each)) for each in itertools.product(*choices)]


@given(small_problems(most=7, wishes=True))
@examples(60)
def test_no_panel_holds_more_than_can_be_seated(problem: SelectionProblem) -> None:
    sets = allowed(problem)
    most = seatable_by_answer(problem)
    for column, feature in enumerate(problem.features):
        for quota in feature.quotas:
            found = max(
                sum(problem.profiles[problem.profile_of[i]][column] == quota.value for i in each)
                for each in sets
            )
            assert found == most[feature.name, quota.value]
