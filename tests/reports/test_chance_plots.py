"""The pictures of everyone's chances and of their Lorenz curve."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import altair as alt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import mitwirkung as mw
from builders import instance, people, plan, small_problems, town
from mitwirkung.lottery.draw import gini
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.reports.chance_plots import LEVELS, alike
from mitwirkung.reports.picture import Picture
from svg_pictures import read_svg, texts_of


def points(picture: Picture) -> list[dict[str, Any]]:
    """The points of the curve: the longest data set."""
    return max(picture.chart.to_dict()["datasets"].values(), key=len)


def city(size: int) -> PanelLottery:
    """A lottery for many people in groups of different sizes, whose chances are set by hand."""
    groups = size // 10
    sizes = [5 + i % 11 for i in range(groups)]
    sizes[-1] += size - sum(sizes)
    rows = [{"group": f"g{i:04}"} for i, number in enumerate(sizes) for _ in range(number)]
    values = {f"g{i:04}": (0, 75) for i in range(groups)}
    problem = SelectionProblem(people(*rows), plan(group=values), seats=75)
    vectors = [
        (1 + start % 7, {((start + i) % groups, 0): 1 for i in range(75)})
        for start in range(0, groups, 25)
    ]
    return PanelLottery(problem, ["group"], vectors)


# --- sorted chances ------------------------------------------------------------------------------


@settings(max_examples=20)
@given(small_problems())
def test_the_steps_are_the_chances(problem: SelectionProblem) -> None:
    assume(len(problem.lots) >= problem.seats)
    lottery = mw.solve(problem, "simple")
    steps = points(mw.plot_chances(lottery))
    assert [step["people"] for step in (steps[0], steps[-1])] == [0, len(problem)]
    drawn = [
        step["chance"]
        for step, after in pairwise(steps)
        for _ in range(after["people"] - step["people"])
    ]
    assert drawn == pytest.approx(sorted(map(float, lottery.exact_chances)), abs=1e-3)


def test_equal_chances_are_a_line_with_a_name() -> None:
    picture = mw.plot_chances(mw.solve(town(), "simple"), language="de")
    level = min(picture.chart.to_dict()["datasets"].values(), key=len)
    assert level == [{"chance": pytest.approx(1 / 3, abs=1e-6)}]
    texts = texts_of(read_svg(picture.svg()))
    assert {"gleiche Chance", "für alle, 33,3\N{NO-BREAK SPACE}%"} <= set(texts)
    assert {"Die Chancen aller auf einen Platz", "Chance auf einen Platz"} <= set(texts)


def test_the_alternative_says_it_in_figures() -> None:
    picture = mw.plot_chances(mw.solve(town(), "simple"))
    assert picture.alt == (
        "4 seats, 12 people in the pool. The smallest chance is 16.7%, the median 25.0%, the "
        "largest 50.0%. Equal chances would be 33.3% each: 7 people have less, 5 have more, 0 have "
        "no chance."
    )


def test_one_chance_for_all_is_a_flat_line() -> None:
    lottery = mw.solve(instance("repl_example_small_20"))
    picture = mw.plot_chances(lottery)
    assert points(picture) == [{"people": 0, "chance": 0.1}, {"people": 200, "chance": 0.1}]
    read_svg(picture.svg())


# --- Lorenz curve --------------------------------------------------------------------------------


@settings(max_examples=20)
@given(small_problems())
def test_the_area_is_the_gini_coefficient(problem: SelectionProblem) -> None:
    assume(len(problem.lots) >= problem.seats)
    lottery = mw.solve(problem, "simple")
    curve = points(mw.plot_lorenz(lottery))
    assert (curve[0], curve[-1]) == ({"people": 0, "seats": 0}, {"people": 1, "seats": 1})
    below = sum(
        (after["people"] - point["people"]) * (after["seats"] + point["seats"]) / 2
        for point, after in pairwise(curve)
    )
    assert 1 - 2 * below == pytest.approx(float(gini(lottery.exact_chances)), abs=1e-3)
    assert all(point["seats"] <= point["people"] + 1e-6 for point in curve)


def test_the_coefficient_stands_in_the_title_and_the_half_in_the_alternative() -> None:
    lottery = mw.solve(town(), "simple")  # 3 people with 1/6, 4 with 1/4, 5 with 1/2
    picture = mw.plot_lorenz(lottery)
    # mean difference of two people over twice the mean: 11/72 / (2/3)
    assert picture.title == "Lorenz curve of the chances: Gini coefficient 0.23"
    assert "can expect 31.2% of the seats" in picture.alt  # (3/6 + 3/4) of 4
    texts = texts_of(read_svg(picture.svg()))
    assert {picture.title, "equal chances", "100%"} <= set(texts)
    german = mw.plot_lorenz(lottery, language="de")
    assert german.title == "Lorenzkurve der Chancen: Gini-Koeffizient 0,23"
    assert "entfallen im Mittel 31,2\N{NO-BREAK SPACE}% der Plätze" in german.alt


def test_an_odd_number_of_people_is_halved() -> None:
    rows = [{"age": age} for age in ("old", "young", "young")]
    problem = SelectionProblem(people(*rows), plan(age={"old": (1, 1), "young": (1, 1)}), seats=2)
    picture = mw.plot_lorenz(mw.solve(problem))  # chances 1/2, 1/2, 1
    assert "can expect 37.5% of the seats" in picture.alt


# --- many people ---------------------------------------------------------------------------------


@given(st.lists(st.fractions(0, 1, max_denominator=10**6), min_size=1, max_size=60))
def test_runs_keep_everybody_and_what_looks_alike(found: list[Fraction]) -> None:
    chances = sorted([*found, Fraction(1, 3)])
    runs = alike(chances)
    assert [chance for run in runs for chance in run] == chances
    for run in runs:
        assert run[-1] - run[0] <= chances[-1] / LEVELS
        assert all(run) or not any(run)


def test_the_runs_of_many_different_chances_are_few() -> None:
    assert len(alike([Fraction(i, 40_000) for i in range(1, 20_001)])) <= LEVELS + 1


def test_twenty_thousand_people_are_a_small_picture() -> None:
    lottery = city(20_000)
    assert len(set(lottery.exact_chances)) > 50
    with alt.data_transformers.enable(max_rows=10):  # no limit of a notebook is in the way
        for picture in (mw.plot_chances(lottery), mw.plot_lorenz(lottery, language="de")):
            root = read_svg(picture.svg())
            assert len(picture.svg()) < 100_000
            assert "20,000" in texts_of(root) or "20.000 Personen" in picture.alt
