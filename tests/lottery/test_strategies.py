"""What the strategies promise, on small problems where everything can be counted."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

from brute_force import leximin_over_panels
from builders import (
    DATA,
    INSTANCES,
    assert_promises_hold,
    examples,
    feasible_panels,
    instance,
    people,
    plan,
    town,
)
from mitwirkung.app import solve
from mitwirkung.errors import StrategyRefused, UnknownStrategy
from mitwirkung.intake import read_applicants
from mitwirkung.lottery.feasibility import InfeasibleQuotas, TooFewApplicants, check_feasible
from mitwirkung.lottery.pots import capped_seats
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.testing import problems


@given(problems())
@examples(200)
def test_leximin_is_that_of_brute_force_over_all_panels(problem: SelectionProblem) -> None:
    panels = feasible_panels(problem)
    if not panels:
        with pytest.raises((InfeasibleQuotas, TooFewApplicants)):
            solve(problem)
        with pytest.raises((InfeasibleQuotas, TooFewApplicants)):
            check_feasible(problem)
        return
    check_feasible(problem)
    lottery = solve(problem)
    assert_promises_hold(lottery)
    expected = leximin_over_panels(panels, len(problem))
    found = [float(chance) for chance in lottery.exact_chances]
    assert np.allclose(sorted(found), sorted(expected), atol=1e-6)
    assert sum(lottery.exact_chances) == problem.seats


@given(problems(feasible=True))
@settings(deadline=None, max_examples=50)
def test_equal_people_have_equal_chances(problem: SelectionProblem) -> None:
    lottery = solve(problem)
    mates = {
        person: tuple(problem.profile_of[other] for other in members)
        for members in problem.lots
        for person in members
    }
    chances: dict[object, set[Fraction]] = {}
    for person, chance in enumerate(lottery.exact_chances):
        chances.setdefault((problem.profile_of[person], mates[person]), set()).add(chance)
    assert all(len(found) == 1 for found in chances.values())


@pytest.mark.parametrize("name", INSTANCES)
def test_known_optima_by_person(name: str) -> None:
    lottery = solve(instance(name))
    assert_promises_hold(lottery)
    expected = read_applicants(DATA / name / "chances.csv")
    for person, chance in zip(expected.ids, expected.columns["chance"], strict=True):
        assert lottery.chances[person] == pytest.approx(float(chance), abs=1e-6)


@pytest.mark.parametrize("name", ["repl_example_small_20", "repl_example_large_200"])
def test_in_the_examples_of_nature_2021_everyone_has_one_tenth(name: str) -> None:
    chances = solve(instance(name)).exact_chances
    assert all(abs(chance - Fraction(1, 10)) < Fraction(1, 10**9) for chance in chances)


@pytest.mark.parametrize("name", ["city_300", "city_1000"])
def test_households_hold_in_real_sizes(name: str) -> None:
    problem = instance(name, ["address1", "zip"])
    assert any(len(lot) > 1 for lot in problem.lots)
    assert_promises_hold(solve(problem))


def test_the_town_of_couples_twins_and_three() -> None:
    lottery = solve(town())
    assert_promises_hold(lottery)
    assert sum(lottery.exact_chances) == 4


def test_infeasible_quotas_name_what_clashes_in_words() -> None:
    rows = [{"sex": "f", "age": "old"}] * 3 + [{"sex": "m", "age": "young"}] * 3
    problem = SelectionProblem(
        people(*rows),
        plan(sex={"f": (3, 3), "m": (0, 3)}, age={"young": (2, 3), "old": (0, 4)}),
        seats=4,
    )
    with pytest.raises(InfeasibleQuotas) as caught:
        solve(problem)
    text = str(caught.value)
    assert "sex: f: at least 3 seats (3 people in the pool)" in text
    assert "age: young: at least 2 seats (3 people in the pool)" in text
    assert set(caught.value.params["features"]) == {"sex", "age"}
    with pytest.raises(InfeasibleQuotas):
        check_feasible(problem)


def test_a_household_can_be_what_clashes() -> None:
    rows = [{"sex": "f", "home": "A"}, {"sex": "m", "home": "A"}, {"sex": "m", "home": ""}]
    problem = SelectionProblem(
        people(*rows), plan(sex={"f": (1, 2), "m": (1, 1)}), seats=2, household=["home"]
    )
    check_feasible(problem)
    strict = SelectionProblem(
        people(*rows[:2], {"sex": "m", "home": "A"}, {"sex": "f", "home": "A"}),
        plan(sex={"f": (1, 2), "m": (1, 1)}),
        seats=2,
        household=["home"],
    )
    with pytest.raises(TooFewApplicants, match="at most 1"):
        solve(strict)


def test_simple_gives_each_lot_the_same_chance() -> None:
    lottery = solve(town(), "simple")
    lots = town().lots
    assert {len(lot) for lot in lots} == {1, 2, 3}
    for members in lots:
        for person in members:
            assert lottery.exact_chances[person] == Fraction(4, len(lots) * len(members))
    assert lottery.certificate is None


def test_pots_seat_in_proportion_to_what_the_quotas_aim_at() -> None:
    rows = [{"sex": "f", "age": "old"}] * 10 + [{"sex": "m", "age": "old"}] * 30
    rows += [{"sex": "m", "age": "young"}] * 20
    problem = SelectionProblem(
        people(*rows),
        plan(sex={"f": (4, 6), "m": (4, 6)}, age={"old": (3, 8), "young": (3, 8)}),
        seats=10,
    )
    with pytest.raises(StrategyRefused, match="age, sex"):
        solve(problem, "pots")
    by_sex = solve(problem, "pots", settings={"features": ["sex"]})
    assert by_sex.vectors == (((0, 0, 5), (1, 0, 5)),)
    assert by_sex.chances["p0"] == 0.5
    assert by_sex.chances["p59"] == 0.1
    both = solve(problem, "pots", settings={"features": ["Sex", "AGE"]})
    assert both.features == ("age", "sex")
    assert len(both.classes) == 3
    assert sum(seats for _, _, seats in both.vectors[0]) == 10
    assert both.strategy is not None
    assert both.strategy.promises == ()


def test_pots_refuse_households_and_unknown_features() -> None:
    with pytest.raises(StrategyRefused, match="household"):
        solve(town(), "pots")
    with pytest.raises(StrategyRefused, match="height"):
        solve(instance("fix_150"), "pots", settings={"features": ["height"]})
    with pytest.raises(StrategyRefused, match="nonsense"):
        solve(instance("fix_150"), "pots", settings={"nonsense": 1})


def test_pots_never_seat_more_than_there_are() -> None:
    assert capped_seats([9.0, 1.0], [3, 20], 10) == [3, 7]
    assert capped_seats([1.0, 0.0], [2, 5], 4) == [2, 2]


def test_an_unknown_strategy_lists_what_there_is() -> None:
    with pytest.raises(UnknownStrategy, match="goldilocks, leximin, maximin, nash, pots, simple"):
        solve(town(), "maximum")


@pytest.mark.parametrize("strategy", ["goldilocks", "leximin", "maximin", "nash", "pots", "simple"])
def test_too_few_applicants_are_refused(strategy: str) -> None:
    problem = SelectionProblem(people({"sex": "f"}), plan(sex={"f": (0, 2)}), seats=2)
    with pytest.raises(TooFewApplicants):
        solve(problem, strategy)
