"""Why a person has this chance: by hand, for every strategy, and never about others."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given

import mitwirkung as mw
from builders import examples, instance, people, plan, small_problems, town
from mitwirkung.lottery.feasibility import InfeasibleQuotas, TooFewApplicants
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.reports.explaining import CAUSES, Explanation, UnknownPerson, explain
from mitwirkung.reports.model import Limit


def fifteen() -> SelectionProblem:
    """Six seats: three women, three men, at least three of five young people."""
    pool = {("f", "old"): 4, ("f", "young"): 2, ("m", "old"): 6, ("m", "young"): 3}
    rows = [{"sex": s, "age": a} for (s, a), number in pool.items() for _ in range(number)]
    quotas = plan(sex={"f": (3, 3), "m": (3, 3)}, age={"young": (3, 4), "old": (2, 4)})
    return SelectionProblem(people(*rows), quotas, seats=6)


def test_the_stages_of_fifteen_people_by_hand() -> None:
    """Old people are held by the young ones' minimum, men by the men's maximum."""
    lottery = mw.solve(fifteen())
    old, man, woman = explain(lottery, "p0"), explain(lottery, "p12"), explain(lottery, "p4")
    young = Limit(feature="age", value="young", bound="min", limit=3)
    men = Limit(feature="sex", value="m", bound="max", limit=3)
    women = Limit(feature="sex", value="f", bound="max", limit=3)
    assert (old.cause, old.own, old.others) == ("leximin", (), (young,))
    assert (man.own, man.alike, man.others) == ((men,), (9,), ())
    assert (woman.own, woman.alike) == ((women,), (6,))
    assert [round(float(each.chance), 9) for each in (old, man, woman)] == [0.3, 0.4, 0.9]


def test_in_words_in_two_languages() -> None:
    found = explain(mw.solve(fifteen()), "p12")
    assert found.text("en").splitlines() == [
        "Your answers: sex: m; age: young.",
        "Your chance of a seat: 40.00% (exactly 0.400000000000; if all were equal, 40.00%).",
        CAUSES["leximin"],
        "- sex: m: at most 3 seats (9 people in the pool)",
    ]
    german = found.text("de").splitlines()
    assert german[0] == "Ihre Angaben: sex: m; age: young."
    assert german[1] == (
        "Ihre Chance auf einen Platz: 40,00\N{NO-BREAK SPACE}% (genau 0,400000000000; gleich für "
        "alle wären es 40,00\N{NO-BREAK SPACE}%)."
    )
    assert german[2].startswith("Die Lotterie macht die kleinste Chance aller so groß")
    assert german[3] == "- sex: m: höchstens 3 Plätze (9 Personen im Pool)"
    assert str(found) == found.text("en")
    assert repr(found) == "<Explanation: chance 0.4000, leximin>"
    assert json.loads(json.dumps(found.as_data()))["text"]["de"] == found.text("de")
    with pytest.raises(LookupError):
        found.text("xx")


@pytest.mark.parametrize(
    ("strategy", "settings", "cause"),
    [
        ("leximin", {}, {"leximin"}),
        ("maximin", {}, {"maximin-smallest", "maximin-above"}),
        ("nash", {}, {"nash"}),
        ("goldilocks", {}, {"goldilocks"}),
        ("pots", {"features": ["age"]}, {"group"}),
        ("simple", {}, {"lots"}),
    ],
)
def test_every_strategy_has_its_words(
    strategy: str, settings: dict[str, object], cause: set[str]
) -> None:
    lottery = mw.solve(fifteen(), strategy, settings=settings)
    found = [explain(lottery, person) for person in lottery.problem.ids]
    assert {each.cause for each in found} == cause
    assert sum(each.chance for each in found) == 6
    for each in found:
        assert "{" not in each.text("de") + each.text("en")


def test_a_pot_and_a_plain_lottery_are_counted() -> None:
    pots = explain(mw.solve(fifteen(), "pots", settings={"features": ["age"]}), "p4")
    assert "5 people gave the same answers to age. Together they get 3 seats" in str(pots)
    simple = explain(mw.solve(town(), "simple"), "p0")
    assert "4 seats for 8 lots." in str(simple)
    assert "At most one person of an address gets a seat" in str(simple)


def test_nobody_is_limited() -> None:
    problem = SelectionProblem(people(*[{"x": "a"}] * 4), plan(x={"a": (0, 9)}), seats=3)
    assert explain(mw.solve(problem), "p0").cause == "equal"


def test_certain_and_without_a_chance() -> None:
    rows = [("f", "old"), ("m", "young"), ("m", "young"), ("m", "old")]
    quotas = plan(sex={"f": (1, 1), "m": (0, 1)}, age={"young": (1, 2), "old": (0, 2)})
    problem = SelectionProblem(people(*({"sex": s, "age": a} for s, a in rows)), quotas, seats=2)
    for strategy in ("leximin", "maximin", "nash", "goldilocks"):
        lottery = mw.solve(problem, strategy)
        assert explain(lottery, "p0").cause == "certain"
        none = explain(lottery, "p3")
        assert (none.cause, none.reason, none.chance) == ("none", "quotas-together", 0)
        assert "age: young: at least 1 seats" in str(none)
        assert "keine" in none.text("de")


def test_whole_people_are_named_as_a_reason() -> None:
    rows = [("a", "a", ""), ("a", "", "a"), ("", "a", "a"), ("", "", ""), ("", "", "")]
    quotas = {"a": (0, 1), "b": (0, 2)}
    named = [dict(zip("xyz", (each or "b" for each in row), strict=True)) for row in rows]
    problem = SelectionProblem(people(*named), plan(x=quotas, y=quotas, z=quotas), seats=2)
    lottery = mw.solve(problem)
    found = [explain(lottery, person) for person in problem.ids]
    assert any("cannot be divided" in str(each) for each in found)


@examples(50)
@given(small_problems())
def test_the_explanation_is_about_this_person_alone(problem: SelectionProblem) -> None:
    try:
        lottery = mw.solve(problem)
    except (InfeasibleQuotas, TooFewApplicants):
        return
    for number, person in enumerate(problem.ids):
        found = explain(lottery, person)
        assert found.chance == lottery.exact_chances[number]
        given_answers = problem.answers(number)
        assert dict(found.answers) == given_answers
        assert all(given_answers[limit.feature] == limit.value for limit in found.own)
        assert all(given_answers[limit.feature] != limit.value for limit in found.others)
        assert found.household
        for other in problem.ids:
            assert other not in found.text()


def test_a_person_who_is_not_there() -> None:
    with pytest.raises(UnknownPerson) as caught:
        explain(mw.solve(fifteen()), "anna.schmidt@example.org")
    assert "anna" not in str(caught.value)
    assert "15 people" in str(caught.value)
    assert isinstance(pickle.loads(pickle.dumps(caught.value)), UnknownPerson)


def test_a_lottery_read_from_its_folder_says_the_same(tmp_path: Path) -> None:
    problem = instance("syn_sf_b")
    lottery = mw.solve(problem)
    lottery.publish(tmp_path / "out")
    again = mw.read_lottery(tmp_path / "out").publication.lottery
    for person in problem.ids[::25]:
        found = explain(again, person)
        assert found == explain(lottery, person)
        assert isinstance(found, Explanation)
        assert found.own or found.others or found.cause == "certain"
