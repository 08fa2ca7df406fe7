"""Problems at random are what they are said to be, and shrink to what can be read."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from builders import feasible_panels
from mitwirkung.intake import Applicants
from mitwirkung.lottery.encoding import WEIGHT_TOTAL
from mitwirkung.lottery.feasibility import InfeasibleQuotas, TooFewApplicants, check_feasible
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import publication
from mitwirkung.lottery.quotas import QuotaPlan
from mitwirkung.testing import applicants, lotteries, problems, quota_plans

CITY = {"Stadtteil": ("Nord", "Süd"), "Geschlecht": ("weiblich", "männlich", "divers")}

seldom = settings(database=None, derandomize=True, max_examples=5000, deadline=None)
any_one = settings(seldom, phases=[Phase.generate])  # as it was found, not made small


@given(problems(feasible=True))
@settings(max_examples=150)
def test_a_feasible_problem_has_a_panel(problem: SelectionProblem) -> None:
    assert feasible_panels(problem)
    assert problem.seats <= len(problem.lots)


@given(problems(feasible=False))
@settings(max_examples=150)
def test_an_infeasible_problem_has_none_though_there_are_people_enough(
    problem: SelectionProblem,
) -> None:
    assert not feasible_panels(problem)
    assert problem.seats <= len(problem.lots)
    with pytest.raises(InfeasibleQuotas):
        check_feasible(problem)


@pytest.mark.parametrize("error", [InfeasibleQuotas, TooFewApplicants, None])
def test_without_a_wish_anything_may_come(error: type[Exception] | None) -> None:
    def happens(problem: SelectionProblem) -> bool:
        try:
            check_feasible(problem)
        except (InfeasibleQuotas, TooFewApplicants) as raised:
            return type(raised) is error
        return error is None

    find(problems(), happens, settings=any_one)


@given(problems(CITY, most=4))
def test_features_and_size_are_as_wished(problem: SelectionProblem) -> None:
    assert set(problem.quotas.names) == set(CITY)
    assert len(problem) <= 4
    for feature in problem.features:
        assert set(CITY[feature.name]) <= set(feature.values)


@given(problems(households=False, missing=False))
def test_without_households_and_missing_answers(problem: SelectionProblem) -> None:
    assert len(problem.lots) == len(problem)
    assert all(None not in profile for profile in problem.profiles)


@pytest.mark.parametrize(
    "happens",
    [
        lambda problem: any(len(lot) > 2 for lot in problem.lots),
        lambda problem: any(None in profile for profile in problem.profiles),
        lambda problem: "not stated" in {q.value for f in problem.features for q in f.quotas},
        lambda problem: len(problem.features) == 3 and problem.seats > 3,
        lambda problem: any("<" in name for name in problem.quotas.names),
        lambda problem: any('"' in person for person in problem.ids),
        lambda problem: any(not person.isascii() for person in problem.ids),
    ],
)
def test_what_is_hard_to_handle_occurs(happens: Callable[[SelectionProblem], bool]) -> None:
    find(problems(feasible=True), happens, settings=any_one)


def test_people_spell_the_same_answer_differently() -> None:
    decomposed = unicodedata.normalize("NFD", "Süd")
    for spelled in ("SÜD", "Süd"):
        found = find(
            applicants({"Stadtteil": ("Süd",)}),
            lambda pool, wanted=spelled: wanted in pool.columns["Stadtteil"],
            settings=any_one,
        )
        assert decomposed not in found.columns["Stadtteil"]  # read as NFC


@given(applicants(CITY, missing={"Stadtteil": "unconstrained"}, households=False, least=2, most=3))
def test_applicants_as_wished(pool: Applicants) -> None:
    assert 2 <= len(pool) <= 3
    assert list(pool.columns) == ["id", *CITY, "household"]
    assert len(set(pool.ids)) == len(pool)
    assert set(pool.columns["household"]) == {""}
    assert all(pool.columns["Geschlecht"])


@given(quota_plans(most=2))
def test_quotas_are_at_most_as_wished(plan: QuotaPlan) -> None:
    assert all(0 <= q.min <= q.max <= 2 for feature in plan.features for q in feature.quotas)


@given(st.data(), st.sampled_from(["id", "Household "]))
def test_a_feature_needs_a_column_of_its_own(data: st.DataObject, name: str) -> None:
    for strategy in (applicants, problems, quota_plans):
        with pytest.raises(ValueError, match="household"):
            data.draw(strategy({name: ("a", "b")}))


@given(lotteries())
def test_any_lottery_can_be_published_drawn_and_verified(lottery: PanelLottery) -> None:
    assert sum(lottery.weights) == WEIGHT_TOTAL
    assert sum(lottery.exact_chances) == lottery.problem.seats
    record = publication(lottery).draw("a seed")
    assert len(set(record.panel)) == lottery.problem.seats
    assert record.verify()


@given(st.data())
def test_a_lottery_for_a_given_problem(data: st.DataObject) -> None:
    problem = data.draw(problems(CITY, feasible=True))
    assert data.draw(lotteries(problem)).problem is problem


def test_lotteries_are_of_many_kinds() -> None:
    for happens in (
        lambda lottery: len(lottery) > 2,
        lambda lottery: not lottery.features,
        lambda lottery: len(lottery.features) > 1,
        lambda lottery: any(position for v in lottery.vectors for _, position, _ in v),
        lambda lottery: 0 in lottery.exact_chances and 1 in lottery.exact_chances,
    ):
        find(lotteries(), happens, settings=any_one)


def test_they_shrink_to_few_people_with_plain_answers() -> None:
    small = settings(database=None, derandomize=True, max_examples=100)
    found = find(problems(feasible=True), lambda problem: problem.seats >= 2, settings=small)
    assert (len(found), found.seats) == (2, 2)
    assert set(found.ids) <= {"p0", "p1", "p2"}
    assert {answer for profile in found.profiles for answer in profile} == {"a"}
    assert found.quotas.names == ("sex",)
