"""What is known before the draw: beside all panels of small problems, and in words."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given

import mitwirkung as mw
from brute_force import leximin_over_panels
from builders import examples, feasible_panels, instance, people, plan, small_problems
from mitwirkung.display import table_text
from mitwirkung.lottery.feasibility import InfeasibleQuotas, TooFewApplicants
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.quotas import Quota, QuotaPlan
from mitwirkung.reports.assessment import assess_quotas


def freed(problem: SelectionProblem, names: set[tuple[str, str]]) -> SelectionProblem:
    """The same people without some quotas."""
    features = [
        feature.model_copy(
            update={
                "quotas": tuple(
                    Quota(value=q.value, min=0, max=problem.seats)
                    if (feature.name, q.value) in names
                    else q
                    for q in feature.quotas
                )
            }
        )
        for feature in problem.quotas.features
    ]
    return SelectionProblem(
        problem.applicants,
        QuotaPlan(features=tuple(features)),
        seats=problem.seats,
        household=problem.household,
    )


def reached(problem: SelectionProblem) -> dict[tuple[str, str], tuple[int, int]]:
    """Fewest and most of each answer, over all panels of people."""
    answers = [problem.answers(person) for person in range(len(problem))]
    names = [(f.name, quota.value) for f in problem.features for quota in f.quotas]
    counts = [
        Counter(item for person in panel for item in answers[person].items())
        for panel in feasible_panels(problem)
    ]
    return {name: (min(c[name] for c in counts), max(c[name] for c in counts)) for name in names}


def smallest(problem: SelectionProblem, among: list[int]) -> float:
    """The largest smallest chance of some people, over all lotteries on panels."""
    place = {person: number for number, person in enumerate(among)}
    panels = feasible_panels(problem)
    mine = [[place[person] for person in panel if person in place] for panel in panels]
    return min(leximin_over_panels(mine, len(among)))


@examples(60)
@given(small_problems(most=7))
def test_brute_force_finds_the_same_before_the_draw(problem: SelectionProblem) -> None:
    try:
        found = assess_quotas(problem)
    except TooFewApplicants:
        assert len(problem.lots) < problem.seats
        return
    except InfeasibleQuotas:
        assert not feasible_panels(problem)
        return
    seated = {person for panel in feasible_panels(problem) for person in panel}
    never = sorted(set(range(len(problem))) - seated)
    assert found.ids_without_chance == tuple(problem.ids[person] for person in never)
    assert found.never.people == len(never) == sum(group.people for group in found.never.groups)
    assert smallest(problem, sorted(seated)) <= found.smallest_chance + Fraction(1, 10**6)
    whole = reached(problem)
    for feature in found.features:
        names = {(feature.name, quota.value) for quota in feature.quotas}
        alone = reached(freed(problem, names))
        for quota in feature.quotas:
            name = feature.name, quota.value
            assert quota.people == sum(
                problem.answers(p)[feature.name] == quota.value for p in range(len(problem))
            )
            for ours, theirs in ((quota.reachable, whole[name]), (quota.alone, alone[name])):
                assert ours[0] <= theirs[0] <= theirs[1] <= ours[1]
            assert quota.min <= quota.reachable[0]
            assert quota.reachable[1] <= min(quota.max, problem.seats)
            one = smallest(freed(problem, {name}), sorted(seated))
            assert one <= quota.smallest_chance + Fraction(1, 10**6)
            assert quota.smallest_chance >= found.smallest_chance
        assert feature.smallest_chance >= max(q.smallest_chance for q in feature.quotas)


def shut_out() -> SelectionProblem:
    """Two seats, one for a woman and one for a young person: the old man has no chance."""
    rows = [("f", "old"), ("f", "old"), ("m", "young"), ("m", "young"), ("m", "old")]
    quotas = plan(sex={"f": (1, 1), "m": (0, 1)}, age={"young": (1, 2), "old": (0, 2)})
    return SelectionProblem(people(*({"sex": s, "age": a} for s, a in rows)), quotas, seats=2)


def test_by_hand() -> None:
    found = assess_quotas(shut_out())
    assert found.smallest_chance == Fraction(1, 2)
    assert found.ids_without_chance == ("p4",)
    sex, age = found.features
    assert [(quota.reachable, quota.alone) for quota in sex.quotas] == [
        ((1, 1), (0, 1)),
        ((1, 1), (1, 2)),
    ]
    assert [(quota.reachable, quota.alone) for quota in age.quotas] == [
        ((1, 1), (0, 1)),
        ((1, 1), (1, 2)),
    ]
    (group,) = found.never.groups
    assert (group.people, group.reason) == (1, "quotas-together")
    limits = {(each.feature, each.value, each.bound) for each in group.limits}
    assert ("age", "young", "min") in limits
    assert limits & {("sex", "f", "min"), ("sex", "m", "max")}


def test_in_words_in_two_languages() -> None:
    found = assess_quotas(shut_out())
    text = str(found)
    assert text.startswith("5 people of the pool in 5 lots; the quotas can be met with 2 seats.")
    assert "Without a chance: 1 people." in text
    assert "age: young: at least 1 seats" in text.replace("\n", " ")
    german = table_text(found.table("de"))
    assert "5 Personen" in german
    assert "Ohne Chance: 1 Personen." in german
    assert "age: young: mindestens 1" in german.replace("\n", " ")
    for shown in (text, german, repr(found), json.dumps(found.as_data())):
        assert "p4" not in shown
    with pytest.raises(LookupError):
        found.table("xx")


@pytest.mark.parametrize("name", ["syn_sf_b", "city_300", "repl_example_small_20"])
def test_the_smallest_chance_is_that_of_leximin(name: str) -> None:
    problem = instance(name)
    found = assess_quotas(problem)
    lottery = mw.solve(problem)
    assert abs(found.smallest_chance - min(lottery.exact_chances)) < Fraction(1, 10**6)
    assert found.never.people == 0


def test_a_feature_costs_what_none_of_its_quotas_does_alone() -> None:
    """With two values each quota says what the other one says."""
    rows = [{"sex": "f"}] * 2 + [{"sex": "m"}] * 18
    quotas = plan(sex={"f": (2, 2), "m": (2, 2)})
    found = assess_quotas(SelectionProblem(people(*rows), quotas, seats=4))
    (sex,) = found.features
    assert found.smallest_chance == round(Fraction(2, 18), 6)
    assert [quota.smallest_chance for quota in sex.quotas] == [found.smallest_chance] * 2
    assert sex.smallest_chance == Fraction(1, 5)
