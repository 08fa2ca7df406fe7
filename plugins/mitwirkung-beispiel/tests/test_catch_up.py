"""The strategy on the kit of mitwirkung, and what it is for."""

from __future__ import annotations

import ast
from collections import Counter
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mitwirkung as mw
import mitwirkung_beispiel
from mitwirkung.testing import SelectionStrategyKit, problems
from mitwirkung_beispiel import register_selection_strategies
from mitwirkung_beispiel.catch_up import CatchUpStrategy, apportioned, filled, seats_due


class TestCatchUp(SelectionStrategyKit):
    """What every strategy has to hold to, here with some seats in the past."""

    def make(self, problem: mw.SelectionProblem) -> CatchUpStrategy:
        feature = problem.quotas.features[0]
        before = {value: 3 * number for number, value in enumerate(feature.values)}
        return CatchUpStrategy({"feature": feature.name, "seats_before": before})


def district(quotas: dict[str, tuple[int, int]]) -> mw.Feature:
    return mw.Feature(
        name="district",
        quotas=tuple(mw.Quota(value=v, min=low, max=high) for v, (low, high) in quotas.items()),
    )


def problem(
    people: dict[str, int], quotas: dict[str, tuple[int, int]], seats: int
) -> mw.SelectionProblem:
    """So many people of each district, living alone."""
    rows = [{"district": value} for value, number in people.items() for _ in range(number)]
    numbered = [{"id": f"{i:04}", **row} for i, row in enumerate(rows)]
    applicants = mw.read_applicants(numbered, missing={"district": "unconstrained"})
    return mw.SelectionProblem(applicants, mw.QuotaPlan(features=(district(quotas),)), seats=seats)


def strategy(**settings: object) -> CatchUpStrategy:
    return CatchUpStrategy({"feature": "district", **settings})


def mean_seats(lottery: mw.PanelLottery) -> dict[str, float]:
    """Expected seats of each answer, rounded as far as weights are whole numbers."""
    seats: dict[str, Fraction] = {}
    for person, chance in enumerate(lottery.exact_chances):
        answer = lottery.problem.answers(person)["district"] or "no answer"
        seats[answer] = seats.get(answer, Fraction(0)) + chance
    return {answer: round(float(number), 6) for answer, number in seats.items()}


# ------------------------------------------------------------------------ who is due how many seats

THIRDS = {"north": (3, 5), "south": (3, 5), "west": (4, 4)}


def test_without_a_past_seats_are_in_proportion_to_the_quotas() -> None:
    lottery = strategy().solve(problem({"north": 50, "south": 20, "west": 10}, THIRDS, 12))
    assert mean_seats(lottery) == {"north": 4, "south": 4, "west": 4}
    assert lottery.vectors == (((0, 0, 4), (1, 0, 4), (2, 0, 4)),)


def test_each_panel_makes_good_its_percentage_of_what_is_lacking() -> None:
    town = problem({"north": 50, "south": 50, "west": 50}, THIRDS, 12)
    before = {"north": 14, "south": 12, "west": 10}
    for percent, north in ((0, 4), (25, 3.5), (50, 3), (75, 2.5)):
        lottery = strategy(seats_before=before, catch_up=percent).solve(town)
        assert mean_seats(lottery) == {"north": north, "south": 4, "west": 8 - north}


def test_who_had_far_too_many_still_has_a_chance() -> None:
    town = problem({"north": 50, "south": 50, "west": 50}, THIRDS, 12)
    lottery = strategy(seats_before={"north": 500}, catch_up=99).solve(town)
    assert mean_seats(lottery) == {"north": 0.04, "south": 5.98, "west": 5.98}
    assert min(lottery.exact_chances) > 0


def test_panel_after_panel_every_district_comes_to_its_share(tmp_path: Path) -> None:
    town = problem({"north": 50, "south": 50, "west": 50}, THIRDS, 12)
    had = Counter({"north": 40, "south": 0, "west": 2})
    for panel in range(12):
        lottery = strategy(seats_before=dict(had)).solve(town)
        record = lottery.publish(tmp_path / str(panel)).draw(f"seed {panel}")
        seated = [town.ids.index(person) for person in record.ids]
        had.update(str(town.answers(person)["district"]) for person in seated)
    assert had.total() == 42 + 12 * 12
    assert max(had.values()) - min(had.values()) <= 3


def test_seats_that_nobody_can_take_go_to_the_others() -> None:
    lottery = strategy().solve(problem({"north": 50, "south": 1, "west": 50}, THIRDS, 12))
    assert mean_seats(lottery) == {"north": 5.5, "south": 1, "west": 5.5}
    without_the_south = strategy(seats_before={"north": 9}, catch_up=0).solve(
        problem({"north": 50, "west": 50}, THIRDS, 12)
    )
    assert mean_seats(without_the_south) == {"north": 6, "west": 6}


def test_no_answer_or_an_open_quota_keeps_the_share_of_the_applicants() -> None:
    quotas = {"north": (3, 5), "south": (3, 5), "elsewhere": (0, 10)}
    people = {"north": 40, "south": 30, "elsewhere": 20, "": 10}
    expected = {"north": 3.5, "south": 3.5, "elsewhere": 2, "no answer": 1}
    assert mean_seats(strategy().solve(problem(people, quotas, 10))) == expected


def test_a_quota_of_0_gives_no_seat_and_is_refused_where_seats_would_stay_empty() -> None:
    quotas = {"north": (4, 4), "abroad": (0, 0)}
    fits = strategy().solve(problem({"north": 5, "abroad": 3}, quotas, 4))
    assert mean_seats(fits) == {"north": 4, "abroad": 0}
    with pytest.raises(mw.StrategyRefused, match="too few of those who applied"):
        strategy().solve(problem({"north": 3, "abroad": 3}, quotas, 4))
    with pytest.raises(mw.StrategyRefused, match="too few of those who applied"):
        strategy().solve(problem({"abroad": 9}, {"abroad": (0, 0)}, 4))


# ------------------------------------------------------------------------------------- households


def test_of_a_household_one_is_seated_and_everyone_of_a_district_has_one_chance() -> None:
    rows = [("north", "A"), ("north", "A"), ("north", "A"), ("south", "B"), ("west", "B")]
    rows += [(value, "") for value in ("north", "south", "west") for _ in range(9)]
    numbered = [{"id": i, "district": d, "home": home} for i, (d, home) in enumerate(rows)]
    town = mw.SelectionProblem(
        mw.read_applicants(numbered),
        mw.QuotaPlan(features=(district({"north": (2, 4), "south": (2, 4), "west": (1, 3)}),)),
        seats=8,
        household=["home"],
    )
    lottery = strategy().solve(town)
    assert len(lottery.classes) == 5
    assert mean_seats(lottery) == {"north": 3, "south": 3, "west": 2}
    chances: dict[str | None, set[float]] = {}
    for person, chance in enumerate(lottery.exact_chances):
        value = town.answers(person)["district"]
        chances.setdefault(value, set()).add(round(float(chance), 9))
    assert chances == {"north": {0.25}, "south": {0.3}, "west": {0.2}}


@settings(deadline=None)
@given(problems(feasible=True), st.data())
def test_only_members_of_a_full_household_have_less_than_others_with_their_answer(
    town: mw.SelectionProblem, data: st.DataObject
) -> None:
    feature = data.draw(st.sampled_from(town.quotas.features))
    before = {value: data.draw(st.integers(0, 9)) for value in feature.values}
    made = CatchUpStrategy({"feature": feature.name, "seats_before": before}).solve(town)
    chances = [float(chance) for chance in made.exact_chances]
    answers = [town.answers(person)[feature.name] for person in range(len(town))]
    for members in town.lots:
        full = sum(chances[person] for person in members) > 1 - 1e-9
        for person in members:
            alike = [c for c, a in zip(chances, answers, strict=True) if a == answers[person]]
            assert full or chances[person] > max(alike) - 1e-9


# ---------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"feature": "quarter"}, "feature: no feature 'quarter'; there are: district"),
        ({"seats_before": {"nroth": 3}}, "no value of district is nroth; .* north, south, west"),
        ({"seats_before": {"north": -1}}, "seats_before"),
        ({"catch_up": 100}, "catch_up"),
        ({"catchup": 5}, "catchup"),
    ],
)
def test_settings_that_do_not_fit_say_what_does(stated: dict[str, object], told: str) -> None:
    town = problem({"north": 5, "south": 5, "west": 5}, THIRDS, 12)
    with pytest.raises(mw.StrategyRefused, match=told):
        strategy(**stated).solve(town)


def test_fewer_people_than_seats_are_refused() -> None:
    with pytest.raises(mw.TooFewApplicants):
        strategy().solve(problem({"north": 5}, THIRDS, 12))


def test_the_plugin_adds_the_strategy() -> None:
    assert register_selection_strategies() == [CatchUpStrategy]


def test_only_public_names_of_the_core_are_used() -> None:
    for path in Path(mitwirkung_beispiel.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("mitwirkung."):
                raise AssertionError(f"{path.name} imports from {node.module}")


# ------------------------------------------------------------------------------- the mathematics


@st.composite
def expectations(draw: st.DrawFn) -> dict[tuple[int, int], Fraction]:
    """Fractions that add up to a whole number."""
    parts = draw(st.lists(st.fractions(min_value=0, max_value=9, max_denominator=60), max_size=9))
    last = ceil(sum(parts)) - sum(parts) + draw(st.integers(0, 3))
    return {(number, 0): part for number, part in enumerate([*parts, Fraction(last)])}


@settings(deadline=None)
@given(expectations())
def test_vectors_have_exactly_the_mean_and_each_rounds_up_or_down(
    expected: dict[tuple[int, int], Fraction],
) -> None:
    vectors = list(apportioned(expected))
    assert 1 <= len(vectors) <= len(expected)
    assert sum(weight for weight, _ in vectors) == 1
    for place, part in expected.items():
        assert sum(weight * seats[place] for weight, seats in vectors) == part
    for weight, seats in vectors:
        assert weight > 0
        assert sum(seats.values()) == sum(expected.values())
        for first in range(len(expected)):
            for last in range(first + 1, len(expected) + 1):
                run = list(expected)[first:last]
                exact = sum(expected[place] for place in run)
                assert floor(exact) <= sum(seats[place] for place in run) <= ceil(exact)


weights_and_room = st.lists(
    st.tuples(st.fractions(min_value=0, max_value=9, max_denominator=60), st.integers(1, 9)),
    min_size=1,
    max_size=9,
)


@settings(deadline=None)
@given(weights_and_room, st.integers(1, 30))
def test_seats_go_by_weight_until_there_is_no_room(
    rows: list[tuple[Fraction, int]], seats: int
) -> None:
    weights, room = [w for w, _ in rows], [r for _, r in rows]
    given_seats = filled(weights, room, seats)
    assert sum(given_seats) == min(seats, sum(r for w, r in rows if w))
    rates = {s / w for s, w, r in zip(given_seats, weights, room, strict=True) if w and s < r}
    assert len(rates) <= 1  # those with room left get one rate, and those without no more than it
    for got, weight, cap in zip(given_seats, weights, room, strict=True):
        assert 0 <= got <= cap
        assert got > 0 or weight == 0
        if got == cap and rates:
            assert got <= max(rates) * weight


counts = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 60), min_size=1)


@settings(deadline=None)
@given(counts, st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 60)), st.integers(0, 99))
def test_all_seats_are_due_to_somebody_and_more_to_who_had_less(
    shares: dict[str, int], before: dict[str, int], percent: int
) -> None:
    seats = sum(shares.values())
    feature = district({value: (number, number) for value, number in shares.items()})
    had = {value: number for value, number in before.items() if value in shares}
    people = dict.fromkeys(shares, 100)
    stated = strategy(seats_before=had, catch_up=percent).settings
    due = seats_due(feature, people, seats, stated)
    assert sum(due.values()) == seats
    panels = Fraction(seats + sum(had.values()), seats)
    for value, share in shares.items():
        assert due[value] >= share * Fraction(100 - percent, 100)
        if had.get(value, 0) >= share * panels:
            assert due[value] == share * Fraction(100 - percent, 100)
    plain = seats_due(feature, people, seats, strategy(catch_up=percent).settings)
    assert plain == dict(shares)
