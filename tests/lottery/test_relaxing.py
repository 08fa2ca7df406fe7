"""The smallest relaxations of quotas: beside all panels of small problems, and in files."""

from __future__ import annotations

import json
import pickle
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mitwirkung as mw
from builders import examples, instance, people, plan, small_problems
from mitwirkung.intake import read_applicants
from mitwirkung.lottery.feasibility import InfeasibleQuotas, TooFewApplicants, check_feasible
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.quotas import Feature, Quota, QuotaPlan
from mitwirkung.lottery.relaxing import (
    FlexTooNarrow,
    QuotaChange,
    ReasonUnfit,
    Relaxation,
    smallest_relaxations,
)
from mitwirkung.texts import translator

Limits = frozenset[tuple[str, str, str]]

# ------------------------------------------------------------------------------- by brute force


def cost_of_a_seat(quota: Quota, bound: str) -> Fraction:
    exact = Fraction(2, quota.min) if bound == "min" else Fraction(2, quota.max + 1)
    return 1 + Fraction(round(exact * 1000), 1000)


def all_ways(problem: SelectionProblem, *, beyond_flex: bool = False) -> dict[Limits, Fraction]:
    """What every panel of people would take: the limits it breaks, with the cheapest cost."""
    lot_of = {person: lot for lot, members in enumerate(problem.lots) for person in members}
    answers = [problem.answers(person) for person in range(len(problem))]
    quotas = [(f.name, quota) for f in problem.features for quota in f.quotas]
    found: dict[Limits, Fraction] = {}
    for panel in combinations(range(len(problem)), problem.seats):
        if len({lot_of[person] for person in panel}) < len(panel):
            continue
        cost, broken, allowed = Fraction(0), set(), True
        for name, quota in quotas:
            held = sum(answers[person][name] == quota.value for person in panel)
            for bound, flex, short, far in (
                ("min", quota.min_flex, quota.min - held, (quota.min_flex or 0) - held),
                ("max", quota.max_flex, held - quota.max, held - (quota.max_flex or 0)),
            ):
                if short <= 0:
                    continue
                beyond = 0 if flex is None else max(0, far)
                allowed &= beyond_flex or not beyond
                broken.add((name, quota.value, bound))
                cost += cost_of_a_seat(quota, bound) * (short + 99 * beyond)
        if allowed:
            limits = frozenset(broken)
            found[limits] = min(cost, found.get(limits, cost))
    return found


def limits_of(relaxation: Relaxation) -> Limits:
    return frozenset((c.feature, c.value, c.bound) for c in relaxation.changes)


@st.composite
def flexible_problems(draw: st.DrawFn) -> SelectionProblem:
    """Small problems, most of them impossible, some with flexible bounds."""
    problem = draw(small_problems())
    features = []
    for feature in problem.quotas.features:
        quotas = []
        for quota in feature.quotas:
            low = draw(st.sampled_from([None, None, 0, quota.min, max(0, quota.min - 1)]))
            high = draw(st.sampled_from([None, None, quota.max, quota.max + 1, 9]))
            quotas.append(quota.model_copy(update={"min_flex": low, "max_flex": high}))
        features.append(Feature(name=feature.name, quotas=tuple(quotas)))
    return SelectionProblem(
        problem.applicants,
        QuotaPlan(features=tuple(features)),
        seats=problem.seats,
        household=problem.household,
    )


@examples(150)
@given(flexible_problems(), st.booleans())
def test_brute_force_finds_the_same_relaxations(problem: SelectionProblem, beyond: bool) -> None:
    if len(problem.lots) < problem.seats:
        with pytest.raises(TooFewApplicants):
            smallest_relaxations(problem, beyond_flex=beyond)
        return
    ways = all_ways(problem, beyond_flex=beyond)
    if not ways:
        assert not beyond
        with pytest.raises(FlexTooNarrow) as caught:
            smallest_relaxations(problem)
        (needed,) = smallest_relaxations(problem, most=1, beyond_flex=True)
        changes = tuple(QuotaChange(**change) for change in caught.value.params["changes"])
        assert changes == needed.changes
        assert any(change.beyond_flex for change in changes)
        return
    found = smallest_relaxations(problem, most=4, beyond_flex=beyond)
    if frozenset() in ways:
        assert found == ()
        check_feasible(problem)
        return
    assert found[0].cost == min(ways.values())
    for number, relaxation in enumerate(found):
        assert_possible(problem, relaxation, beyond_flex=beyond)
        assert relaxation.cost == ways[limits_of(relaxation)]
        assert_nothing_cheaper(ways, found[:number], relaxation.cost)
    if len(found) < 4:
        assert_nothing_cheaper(ways, found, Fraction(10**9))
    for one, other in combinations(map(limits_of, found), 2):
        assert not one <= other
        assert not other <= one


def assert_possible(problem: SelectionProblem, way: Relaxation, *, beyond_flex: bool) -> None:
    """The changed plan can be met, and not without any one seat of any change."""
    changed = way.apply("too few people")
    check_feasible(like(problem, changed))
    for feature in changed.features:
        for quota in feature.quotas:
            before = quota_of(problem.quotas, feature.name, quota.value)
            if not beyond_flex:
                assert quota.min_flex == before.min_flex
                assert quota.max_flex == before.max_flex
            assert (quota.reason is None) == ((quota.min, quota.max) == (before.min, before.max))
    for change in way.changes:
        back = 1 if change.bound == "min" else -1
        quota = quota_of(changed, change.feature, change.value)
        less = quota.model_copy(
            update={change.bound: change.after + back, "min_flex": None, "max_flex": None}
        )
        if less.min <= less.max:  # else it is no quota
            tighter = replaced(changed, change.feature, less)
            with pytest.raises(InfeasibleQuotas):
                check_feasible(like(problem, tighter))


def quota_of(quotas: QuotaPlan, feature: str, value: str) -> Quota:
    return next(quota for quota in quotas.feature(feature).quotas if quota.value == value)


def replaced(quotas: QuotaPlan, feature: str, new: Quota) -> QuotaPlan:
    """The plan with one quota in place of that of the same value."""
    features = [
        Feature(
            name=each.name,
            quotas=tuple(
                new if (each.name, quota.value) == (feature, new.value) else quota
                for quota in each.quotas
            ),
        )
        for each in quotas.features
    ]
    return QuotaPlan(features=tuple(features))


def like(problem: SelectionProblem, quotas: QuotaPlan) -> SelectionProblem:
    """The same people under other quotas."""
    return SelectionProblem(
        problem.applicants, quotas, seats=problem.seats, household=problem.household
    )


def assert_nothing_cheaper(
    ways: dict[Limits, Fraction], before: tuple[Relaxation, ...], cost: Fraction
) -> None:
    """Every cheaper way contains one before it, or a part of one that is cheaper still, or is a
    part of one itself."""
    known = [limits_of(each) for each in before]
    for limits, other in ways.items():
        if other >= cost or any(limits >= each or limits < each for each in known):
            continue
        parts = [p for p, c in ways.items() if p < limits and c <= other]
        assert any(part < each for part in parts for each in known)


@examples(40)
@given(flexible_problems(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(problem: SelectionProblem, random: object) -> None:
    applicants = problem.applicants
    rows = [
        {"id": i, **{name: cells[n] for name, cells in applicants.columns.items()}}
        for n, i in enumerate(applicants.ids)
    ]
    random.shuffle(rows)  # type: ignore[attr-defined]
    features = list(problem.quotas.features)
    random.shuffle(features)  # type: ignore[attr-defined]
    again = SelectionProblem(
        read_applicants(rows, id="id"),
        QuotaPlan(features=tuple(features)),
        seats=problem.seats,
        household=problem.household,
    )
    told = [outcome(each) for each in (problem, again)]
    assert told[0] == told[1]


def outcome(problem: SelectionProblem) -> object:
    try:
        return [(w.cost, set(w.changes)) for w in smallest_relaxations(problem, beyond_flex=True)]
    except TooFewApplicants as error:
        return str(error)


# ------------------------------------------------------------------------------------- by hand


def few_women() -> SelectionProblem:
    """Four women where five are asked for; the plan allows three."""
    rows = [{"sex": "f", "age": "old"}] * 4 + [{"sex": "m", "age": "young"}] * 9
    quotas = QuotaPlan(
        features=(
            Feature(
                name="sex",
                quotas=(
                    Quota(value="f", min=5, max=5, min_flex=3),
                    Quota(value="m", min=5, max=5),
                ),
            ),
            Feature(
                name="age",
                quotas=(Quota(value="young", min=0, max=10), Quota(value="old", min=0, max=10)),
            ),
        )
    )
    return SelectionProblem(people(*rows), quotas, seats=10)


def test_in_words_in_two_languages() -> None:
    (way,) = smallest_relaxations(few_women())
    assert way.cost == Fraction(1400 + 1333, 1000)
    assert str(way) == (
        "- sex: f: at least 4 instead of 5 seats (4 people in the pool)\n"
        "- sex: m: at most 6 instead of 5 seats (9 people in the pool)"
    )
    assert way.describe(translator("de")) == (
        "- sex: f: mindestens 4 statt 5 Plätze (4 Personen im Pool)\n"
        "- sex: m: höchstens 6 statt 5 Plätze (9 Personen im Pool)"
    )
    assert repr(way) == "<Relaxation: 2 changes, cost 2.733>"
    assert json.loads(json.dumps(way.as_data()))["changes"][0]["after"] == 4


def test_small_minimums_are_protected() -> None:
    """Either the one old woman or one of five men gives way; the seat of the woman is dearer."""
    rows = [{"x": "a", "y": "c"}] * 5 + [{"x": "b", "y": "d"}] * 5
    quotas = plan(x={"a": (5, 6), "b": (0, 6)}, y={"c": (0, 6), "d": (1, 6)})
    problem = SelectionProblem(people(*rows), quotas, seats=5)
    first, second = smallest_relaxations(problem)
    assert [c.value for c in first.changes] == ["a"]
    assert [c.value for c in second.changes] == ["d"]
    assert (first.cost, second.cost) == (Fraction(14, 10), 3)


def test_whole_people_can_be_what_is_missing() -> None:
    """Fractions meet these quotas: half a person of each of three pairs."""
    rows = [("a", "a", ""), ("a", "", "a"), ("", "a", "a")]
    named = [dict(zip("xyz", (each or "b" for each in row), strict=True)) for row in rows]
    limits = {"a": (1, 1), "b": (0, 9)}
    quotas = plan(x=limits, y=limits, z=limits)
    problem = SelectionProblem(people(*named, *[dict.fromkeys("xyz", "b")] * 2), quotas, seats=2)
    with pytest.raises(InfeasibleQuotas) as caught:
        check_feasible(problem)
    assert caught.value.params["whole"]
    ways = smallest_relaxations(problem)
    assert min(all_ways(problem).values()) == ways[0].cost == 2


def test_more_seats_asked_for_than_there_are() -> None:
    """A minimum above the number of seats counts from where it stands."""
    problem = SelectionProblem(
        people(*[{"x": "a"}] * 4), plan(x={"a": (5, 9), "b": (0, 9)}), seats=3
    )
    (way,) = smallest_relaxations(problem)
    assert [(c.before, c.after) for c in way.changes] == [(5, 3)]
    assert way.cost == 2 * Fraction(14, 10)


def test_a_reason_is_kept_and_added_to() -> None:
    problem = few_women()
    (way,) = smallest_relaxations(problem)
    changed = way.apply("  too few women  ")
    assert changed.feature("sex").quotas[0].reason == "min 5 → 4: too few women"
    assert changed.changes == ("sex: f: min 5 → 4: too few women; sex: m: max 5 → 6: too few women")
    assert changed.feature("sex").quotas[0].min_flex == 3
    rows = [{"sex": "m", "age": "old"}] * 7 + [{"sex": "f", "age": "old"}] * 3
    fewer = SelectionProblem(people(*rows), changed, seats=10)
    (again,) = smallest_relaxations(fewer)
    assert again.apply("one more left").feature("sex").quotas[0].reason == (
        "min 5 → 4: too few women; min 4 → 3: one more left"
    )


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "a\ttab", "\ud800"])
def test_a_reason_has_to_be_fit_to_be_published(reason: str) -> None:
    (way,) = smallest_relaxations(few_women())
    with pytest.raises(ReasonUnfit):
        way.apply(reason)


def test_flex_that_is_too_narrow_says_what_it_would_take() -> None:
    problem = SelectionProblem(
        people(*[{"sex": "f", "age": "old"}] * 2, *[{"sex": "m", "age": "old"}] * 9),
        few_women().quotas,
        seats=10,
    )
    with pytest.raises(FlexTooNarrow) as caught:
        smallest_relaxations(problem)
    assert (
        "- sex: f: at least 2 instead of 5 seats (2 people in the pool), beyond min_flex 3"
        in str(caught.value)
    )
    assert "jenseits von min_flex 3" in caught.value.describe(translator("de"))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    (way,) = smallest_relaxations(problem, beyond_flex=True)
    assert way.apply("nobody else").feature("sex").quotas[0].min_flex == 2


def test_households_are_honoured_and_never_changed() -> None:
    rows = [{"sex": "f", "home": "A"}, {"sex": "f", "home": "A"}, {"sex": "m", "home": "B"}]
    problem = SelectionProblem(
        people(*rows), plan(sex={"f": (2, 2), "m": (0, 1)}), seats=2, household=["home"]
    )
    (way,) = smallest_relaxations(problem)
    assert [(c.value, c.after) for c in way.changes] == [("f", 1)]


def test_a_possible_problem_needs_nothing() -> None:
    assert smallest_relaxations(instance("repl_example_small_20")) == ()


# ------------------------------------------------------------------------------------- in files


def test_the_reason_is_written_read_and_published(tmp_path: Path) -> None:
    (way,) = smallest_relaxations(few_women())
    path = tmp_path / "new.csv"
    mw.write_quotas(way.apply("zu wenige Bewerbungen, trotz Nachfrage"), path)
    assert path.read_text("utf-8").splitlines()[:3] == [
        "feature,value,min,max,min_flex,max_flex,reason",
        'sex,f,4,5,3,,"min 5 → 4: zu wenige Bewerbungen, trotz Nachfrage"',
        'sex,m,5,6,,,"max 5 → 6: zu wenige Bewerbungen, trotz Nachfrage"',
    ]
    quotas = mw.read_quotas(path)
    assert (
        quotas.feature("sex").quotas
        == way.apply("zu wenige Bewerbungen, trotz Nachfrage").feature("sex").quotas
    )
    problem = SelectionProblem(few_women().applicants, quotas, seats=10)
    facts = mw.Facts.model_validate({"quotas": {"method": "Beschluss des Rates"}})
    ours = "sex: f: min 5 → 4: zu wenige"
    for stated, begin in ((facts, f"Beschluss des Rates; {ours}"), (None, ours)):
        folder = tmp_path / begin[:3]
        published = mw.solve(problem).publish(folder, facts=stated)
        method = json.loads((folder / "lottery.json").read_bytes())["quotas"]["method"]
        assert method.startswith(begin)
        record = published.draw("a public seed")
        assert record.verify()
        assert mw.verify_record(folder, quotas=quotas, applicants=problem.applicants)
        assert "Nachfrage" in record.publication.public.quotas.method
