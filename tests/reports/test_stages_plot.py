"""What holds the chances where they are: read from the certificate, and drawn."""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from PIL import Image

import mitwirkung as mw
from builders import examples, people, plan, small_problems, town
from mitwirkung.lottery.feasibility import InfeasibleQuotas, TooFewApplicants
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.reports.model import Limit
from mitwirkung.reports.picture import Picture
from mitwirkung.reports.stages import levels
from mitwirkung.texts import translator
from svg_pictures import read_svg, texts_of

LONG = "Ich habe einen Abschluss, den das Formular sehr lang benennt, weil das Feld es erlaubt"


def fifteen(young: str = "young") -> SelectionProblem:
    """Six seats: three women, three men, at least three of five young people."""
    pool = {("f", "old"): 4, ("f", young): 2, ("m", "old"): 6, ("m", young): 3}
    rows = [{"sex": s, "age": a} for (s, a), number in pool.items() for _ in range(number)]
    quotas = plan(sex={"f": (3, 3), "m": (3, 3)}, age={young: (3, 4), "old": (2, 4)})
    return SelectionProblem(people(*rows), quotas, seats=6)


def whole_people() -> SelectionProblem:
    """Two seats; any two of the first three people share an answer that has one seat."""
    rows = [("a", "a", ""), ("a", "", "a"), ("", "a", "a"), ("", "", ""), ("", "", "")]
    quotas = {"a": (0, 1), "b": (0, 2)}
    named = [dict(zip("xyz", (each or "b" for each in row), strict=True)) for row in rows]
    return SelectionProblem(people(*named), plan(x=quotas, y=quotas, z=quotas), seats=2)


def bars_of(picture: Picture) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = max(picture.chart.to_dict()["datasets"].values(), key=len)
    return [row for row in rows if row["place"]]


def limit(feature: str, value: str, bound: Any, number: int) -> Limit:
    return Limit(feature=feature, value=value, bound=bound, limit=number)


def test_levels_are_those_that_can_be_worked_out_by_hand() -> None:
    old, men, women = levels(mw.solve(fifteen()))
    assert [(each.people, round(float(each.chance), 9)) for each in (old, men, women)] == [
        (10, 0.3),
        (3, 0.4),
        (2, 0.9),
    ]
    assert (old.limits, old.seats) == ((limit("age", "young", "min", 3),), True)
    assert (men.limits, men.seats) == ((limit("sex", "m", "max", 3),), False)
    assert women.limits == (limit("sex", "f", "max", 3),)


def test_a_cut_is_named() -> None:
    three, two = levels(mw.solve(whole_people()))
    assert (three.people, three.cuts, three.limits) == (3, True, ())
    assert (two.people, two.cuts, two.limits) == (2, True, ())


@examples(40)
@given(small_problems())
def test_levels_are_all_people_from_small_to_large(problem: SelectionProblem) -> None:
    try:
        lottery = mw.solve(problem)
    except (InfeasibleQuotas, TooFewApplicants):
        return
    found = levels(lottery)
    assert sum(each.people for each in found) == len(problem)
    assert [each.chance for each in found] == sorted(each.chance for each in found)
    alike = [chance for each in found for chance in [float(each.chance)] * each.people]
    assert alike == pytest.approx(sorted(map(float, lottery.exact_chances)), abs=1e-8)
    for each in found:
        for one in each.limits:
            quota = next(
                q
                for feature in problem.quotas.features
                if feature.name == one.feature
                for q in feature.quotas
                if q.value == one.value
            )
            said = quota.min if one.bound == "min" else min(quota.max, problem.seats)
            assert one.limit == said


def test_what_no_lower_level_names_comes_first() -> None:
    lottery = mw.solve(town())
    known: set[Limit] = set()
    for each in levels(lottery):
        new = [one not in known for one in each.limits]
        assert new == sorted(new, reverse=True)
        known.update(each.limits)


def test_everything_is_drawn_to_scale_and_said() -> None:
    picture = mw.plot_stages(mw.solve(fifteen()))
    assert [row["chance"] for row in bars_of(picture)] == [0.3, 0.4, 0.9]
    texts = texts_of(read_svg(picture.svg()))
    for text in ("age: young: at least 3 seats", "the number of seats", "30.0%", "10", "People"):
        assert text in texts
    assert {"chance of a seat", "equal chance of all, 40.0%"} <= set(texts)
    assert picture.alt == (
        "6 seats, 15 people in the pool. 10 people with a chance of 30.0%, held there by: age: "
        "young: at least 3 seats; the number of seats. 3 people with a chance of 40.0%, held there "
        "by: sex: m: at most 3 seats. 2 people with a chance of 90.0%, held there by: sex: f: at "
        "most 3 seats."
    )


def test_german_is_german() -> None:
    picture = mw.plot_stages(mw.solve(whole_people()), language="de")
    texts = set(texts_of(read_svg(picture.svg())))
    assert {"dort gehalten durch", "Personen sind unteilbar"} <= texts
    assert {"33,3\N{NO-BREAK SPACE}%", "Chance auf einen Platz", picture.title} <= texts
    assert picture.title == "Was die Chancen dort hält, wo sie sind"
    texts = set(texts_of(read_svg(mw.plot_stages(mw.solve(fifteen()), language="de").svg())))
    assert "die Zahl der Plätze" in texts


def test_the_picture_names_few_limits_and_the_alternative_all() -> None:
    from mitwirkung.examples import dortmund

    example = dortmund()
    problem = mw.read_problem(
        example / "bewerbungen.csv", example / "quoten.csv", seats=75, id="ID"
    )
    lottery = mw.solve(problem)
    picture = mw.plot_stages(lottery)
    rows = bars_of(picture)
    assert all(len(row["words"]) <= 3 for row in rows)
    assert any("more" in row["words"][-1] for row in rows)
    for each in levels(lottery):
        for one in each.limits:
            assert f"{one.feature}: {one.value}: at " in picture.alt
    read_svg(picture.svg())


def test_somebody_without_and_somebody_with_certainty() -> None:
    rows = [{"age": age} for age in ("old", "young", "young")]
    quotas = plan(age={"old": (1, 1), "young": (1, 1)})
    picture = mw.plot_stages(mw.solve(SelectionProblem(people(*rows), quotas, seats=2)))
    assert "1 people with a chance of 100.0%" in picture.alt
    quotas = plan(age={"old": (0, 0), "young": (2, 2)})
    lottery = mw.solve(SelectionProblem(people(*rows), quotas, seats=2))
    assert [each.chance for each in levels(lottery)] == [Fraction(0), Fraction(1)]
    assert "age: old: at most 0 seats" in mw.plot_stages(lottery).alt


@pytest.mark.parametrize("long", [LONG, "W" * 80])
def test_long_answers_stand_inside(long: str) -> None:
    picture = mw.plot_stages(mw.solve(fifteen(young=long)))
    image = Image.open(BytesIO(picture.png(1.0))).convert("RGB")
    width, height = image.size
    for edge in (image.crop((0, 0, 4, height)), image.crop((width - 4, 0, width, height))):
        assert edge.getcolors() == [(4 * height, (255, 255, 255))]


@pytest.mark.parametrize("strategy", ["simple", "maximin", "nash"])
def test_other_strategies_have_no_stages(strategy: str) -> None:
    lottery = mw.solve(town(), strategy)
    with pytest.raises(mw.NoStages) as caught:
        mw.plot_stages(lottery)
    assert caught.value.code == "no-stages"
    assert "keine Stufen" in caught.value.describe(translator("de"))
