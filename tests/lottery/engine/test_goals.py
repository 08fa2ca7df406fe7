"""Maximin, Nash and Goldilocks against brute force over all panels, and what must hold of them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from brute_force import goldilocks_over_panels, nash_over_panels
from builders import examples, instance
from mitwirkung.lottery.encoding import WEIGHT_TOTAL
from mitwirkung.lottery.engine import (
    TOLERANCE,
    Goal,
    Goldilocks,
    Leximin,
    Maximin,
    Nash,
    NoPanel,
    Optimum,
    Polytope,
    confirm_cuts,
    exact_chances,
    leximin,
    optimise,
    relax,
)
from mitwirkung.lottery.engine.highs import INFINITY, Model, Rows
from mitwirkung.lottery.folding import fold_types
from polytopes import WITH_GAP, all_panels, knotted, make, problems

GAMMAS = (Fraction(1), Fraction(1, 3), Fraction(5))


def solved(polytope: Polytope, goal: Goal, seed: int = 1) -> Optimum:
    """The optimum, its panels, weights and proof checked by the definition."""
    optimum = optimise(polytope, goal, seed=seed)
    assert polytope.feasible(optimum.panels).all()
    assert (optimum.weights > 0).all()
    assert int(optimum.weights.sum()) == WEIGHT_TOTAL
    exact = exact_chances(polytope, optimum.panels, optimum.weights.tolist())
    assert [float(q) for q in exact] == optimum.chances.tolist()
    assert 0 <= goal.gap(polytope, optimum.certificate, exact) <= TOLERANCE / 10
    confirm_cuts(polytope, optimum.certificate)
    return optimum


def share_of(panels: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """One person's share of a panel's seats: (T, N)."""
    return panels.T / sizes[:, None]


def with_people(shares: NDArray[np.float64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """A row for each person whom some panel seats."""
    seated = shares.max(axis=1) > 0
    return np.repeat(shares[seated], sizes[seated], axis=0)


def largest_minimum(seated: NDArray[np.float64]) -> float:
    people, n = seated.shape
    person, panel = np.nonzero(seated)
    rows = Rows(
        np.append(np.zeros(people), 1.0),
        np.append(np.full(people, INFINITY), 1.0),
        np.concatenate([person, np.arange(people), np.full(n, people)]),
        np.concatenate([panel, np.full(people, n), np.arange(n)]),
        np.concatenate([seated[person, panel], np.full(people, -1.0), np.ones(n)]),
    )
    model = Model(np.append(np.zeros(n), -1.0), np.zeros(n + 1), np.ones(n + 1), rows)
    assert model.solve()
    return float(model.values()[-1])


def check_maximin(polytope: Polytope, panels: NDArray[np.int64]) -> int:
    optimum = solved(polytope, Maximin())
    shares = share_of(panels, polytope.sizes)
    best = largest_minimum(with_people(shares, polytope.sizes))
    mine = optimum.chances[shares.max(axis=1) > 0]
    assert mine.min() == pytest.approx(best, abs=1e-8)
    return len(optimum.certificate.cuts)


def check_nash(polytope: Polytope, panels: NDArray[np.int64]) -> int:
    optimum = solved(polytope, Nash())
    shares = share_of(panels, polytope.sizes)
    seated = shares.max(axis=1) > 0
    assert (optimum.chances[~seated] == 0).all()
    everybody = with_people(shares, polytope.sizes)
    mine = np.repeat(optimum.chances[seated], polytope.sizes[seated])
    # The condition of the article, over every panel there is.
    sums = panels[:, seated] @ (1 / optimum.chances[seated])
    assert sums.max() <= len(mine) * (1 + 1e-9)
    best = nash_over_panels(everybody)
    assert float(np.exp(np.log(mine).mean())) == pytest.approx(best, rel=1e-6)
    return len(optimum.certificate.cuts)


def check_goldilocks(polytope: Polytope, panels: NDArray[np.int64], gamma: Fraction) -> int:
    optimum = solved(polytope, Goldilocks(gamma))
    shares = share_of(panels, polytope.sizes)
    mine = optimum.chances[shares.max(axis=1) > 0]
    equal = polytope.seats / int(polytope.sizes.sum())
    best = goldilocks_over_panels(with_people(shares, polytope.sizes), equal, float(gamma))
    reached = mine.max() / equal + float(gamma) * equal / mine.min()
    assert reached == pytest.approx(best, rel=1e-6)
    return len(optimum.certificate.cuts)


Checks = Callable[[Polytope, NDArray[np.int64]], int]
CHECKS: dict[str, Checks] = {
    "maximin": check_maximin,
    "nash": check_nash,
    **{
        f"goldilocks {gamma}": lambda polytope, panels, gamma=gamma: check_goldilocks(
            polytope, panels, gamma
        )
        for gamma in GAMMAS
    },
}
GOALS: dict[str, Goal] = {
    "maximin": Maximin(),
    "nash": Nash(),
    **{f"goldilocks {gamma}": Goldilocks(gamma) for gamma in GAMMAS},
}


@pytest.mark.parametrize("name", CHECKS)
@examples(60)
@given(polytope=problems())
def test_equals_brute_force(name: str, polytope: Polytope) -> None:
    panels = all_panels(polytope)
    if len(panels):
        CHECKS[name](polytope, panels)
    else:
        with pytest.raises(NoPanel):
            optimise(polytope, GOALS[name], seed=1)


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("seed", WITH_GAP)
def test_equals_brute_force_where_panels_lag_behind_fractions(name: str, seed: int) -> None:
    polytope = knotted(seed)
    assert CHECKS[name](polytope, all_panels(polytope)) > 0


@pytest.mark.parametrize("name", CHECKS)
@examples(20)
@given(seed=st.integers(0, 10**6))
def test_equals_brute_force_with_exact_quotas(name: str, seed: int) -> None:
    polytope = knotted(seed)
    CHECKS[name](polytope, all_panels(polytope))


# --- ties ------------------------------------------------------------------------------------


def test_maximin_is_the_lottery_of_leximin() -> None:
    polytope = fold_types(instance("fix_150")).polytope
    one, other = optimise(polytope, Maximin(), seed=3), leximin(polytope, seed=3)
    assert one.panels.tolist() == other.panels.tolist()
    assert one.weights.tolist() == other.weights.tolist()
    assert len(one.certificate.stages) == 1 < len(other.certificate.stages)


def leximin_below(seated: NDArray[np.float64], ceiling: float) -> list[float]:
    """Leximin over weights of all panels under which nobody has more than ``ceiling``: each level
    is raised for all, then for one after the other."""
    people = len(seated)
    fixed = np.full(people, -1.0)

    def level(floors: NDArray[np.float64], lifted: NDArray[np.bool_]) -> float:
        n = seated.shape[1]
        person, panel = np.nonzero(seated)
        up = np.flatnonzero(lifted)
        rows = Rows(
            np.concatenate([np.where(lifted, 0.0, floors), np.zeros(people), [1.0]]),
            np.concatenate([np.full(people, INFINITY), np.full(people, ceiling), [1.0]]),
            np.concatenate([person, up, people + person, np.full(n, 2 * people)]),
            np.concatenate([panel, np.full(len(up), n), panel, np.arange(n)]),
            np.concatenate(
                [seated[person, panel], np.full(len(up), -1.0), seated[person, panel], np.ones(n)]
            ),
        )
        model = Model(np.append(np.zeros(n), -1.0), np.zeros(n + 1), np.ones(n + 1), rows)
        assert model.solve()
        return float(model.values()[-1])

    while (fixed < 0).any():
        common = level(fixed - 1e-8, fixed < 0)
        floors = np.where(fixed < 0, common, fixed) - 1e-8
        for person in np.flatnonzero(fixed < 0):
            if level(floors, np.arange(people) == person) <= common + 1e-5:
                fixed[person] = common
    return [float(q) for q in fixed]


@pytest.mark.parametrize("seed", [*range(8), *WITH_GAP[:3]])
def test_goldilocks_breaks_ties_by_leximin_below_its_largest_chance(seed: int) -> None:
    polytope = knotted(seed)
    panels = all_panels(polytope)
    assert len(panels)
    chances = solved(polytope, Goldilocks()).chances
    shares = share_of(panels, polytope.sizes)
    assert chances.tolist() == pytest.approx(
        leximin_below(shares, float(chances.max()) + 1e-9), abs=1e-6
    )


# --- by hand -----------------------------------------------------------------------------------


def test_nash_by_hand() -> None:
    """Two seats, at least one for the two women; alone they and the eight men would have 0.2."""
    polytope = make(2, [2, 8], [[0], [1]], [1, 0], [2, 2])
    assert solved(polytope, Nash()).chances.tolist() == pytest.approx([0.5, 0.125], abs=1e-12)


def test_nash_caps_chances_at_1() -> None:
    """Two seats at least for A and the two B, at most two for the B and the twenty C, five in all.

    A need not be on a panel, but a seat for A is the cheapest way to fill the first quota: only the
    cap keeps the chance of A from growing.
    """
    polytope = make(5, [1, 2, 20, 20], [[0, 2], [0, 1], [2, 1], [2, 2]], [2, 0], [3, 2])
    expected = [1, 1 / 2, 1 / 20, 2 / 20]
    assert solved(polytope, Nash()).chances.tolist() == pytest.approx(expected, abs=1e-12)


def test_goldilocks_by_hand() -> None:
    """Three seats: one at least for A and the four B, one at least for A and the four C; twenty D.

    If A has the chance x, then B and C share 1 - x seats each and D have 1 + x together: of 29
    people A has the largest chance and D the smallest. With gamma = 9 the sum of x / equal and
    9 * equal * 20 / (1 + x) is least where (1 + x)^2 = 180 equal^2. With gamma = 1 it would be
    least below x = 0.2, where A has no more than B and C: it stops there.
    """
    polytope = make(3, [1, 4, 4, 20], [[0, 1], [0, 2], [1, 2], [2, 2]], [1, 1], [3, 3])
    x = 180**0.5 * 3 / 29 - 1
    expected = [x, (1 - x) / 4, (1 - x) / 4, (1 + x) / 20]
    found = solved(polytope, Goldilocks(Fraction(9))).chances.tolist()
    assert found == pytest.approx(expected, abs=1e-9)
    found = solved(polytope, Goldilocks()).chances.tolist()
    assert found == pytest.approx([0.2, 0.2, 0.2, 0.06], abs=1e-9)


def test_gamma_weighs_the_smallest_chance() -> None:
    polytope = fold_types(instance("syn_sf_b")).polytope
    found = [solved(polytope, Goldilocks(gamma)).chances for gamma in (Fraction(1, 9), Fraction(9))]
    assert found[0].min() < found[1].min()
    assert found[0].max() < found[1].max()
    with pytest.raises(ValueError, match="gamma"):
        Goldilocks(Fraction(0))


@pytest.mark.parametrize("name", GOALS)
def test_people_on_no_panel_are_left_out(name: str) -> None:
    # The third type exceeds its quota of 0; the fourth could only sit without the first.
    polytope = make(2, [3, 3, 2, 1], [[0], [0], [1], [2]], [2, 0, 0], [2, 0, 9])
    optimum = solved(polytope, GOALS[name])
    assert optimum.chances.tolist() == pytest.approx([1 / 3, 1 / 3, 0, 0], abs=1e-12)
    *absent, last = optimum.certificate.stages
    assert sorted(t for stage in absent for t in stage.types) == [2, 3]
    assert last.types == (0, 1)


@pytest.mark.parametrize("name", GOALS)
def test_all_are_seated(name: str) -> None:
    polytope = make(4, [1, 3], [[2], [1]], [0, 0], [9, 9])
    assert solved(polytope, GOALS[name]).chances.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("name", GOALS)
def test_equal_chances_where_the_quotas_allow_them(name: str) -> None:
    polytope = make(3, [4, 2, 6], [[0], [1], [1]], [0, 1], [3, 3])
    assert solved(polytope, GOALS[name]).chances.tolist() == pytest.approx([0.25] * 3, abs=1e-10)


@pytest.mark.parametrize("name", GOALS)
def test_somebody_is_on_every_panel(name: str) -> None:
    polytope = make(3, [1, 9, 9], [[0], [1], [1]], [1, 2], [1, 2])
    chances = solved(polytope, GOALS[name]).chances
    assert chances.tolist() == pytest.approx([1, 1 / 9, 1 / 9], abs=1e-10)


# --- on instances of real size -------------------------------------------------------------------


def mean(polytope: Polytope, chances: NDArray[np.float64]) -> float:
    return float(np.exp((polytope.sizes * np.log(chances)).sum() / polytope.sizes.sum()))


def balance(polytope: Polytope, chances: NDArray[np.float64]) -> float:
    equal = polytope.seats / int(polytope.sizes.sum())
    return float(chances.max() / equal + equal / chances.min())


ADDRESS = ("address1", "zip")


@pytest.mark.parametrize(
    ("name", "household"),
    [
        ("city_300", ()),
        ("city_300", ADDRESS),
        ("fix_150", ()),
        ("repl_example_small_20", ()),
        ("syn_cca", ()),
        ("syn_sf_b", ()),
    ],
)
def test_each_goal_is_best_at_what_it_wants(name: str, household: tuple[str, ...]) -> None:
    polytope = fold_types(instance(name, household)).polytope
    goals = (Leximin(), Maximin(), Nash(), Goldilocks())
    fair, least, product, between = (solved(polytope, goal).chances for goal in goals)
    assert least.min() == pytest.approx(fair.min(), abs=1e-10)
    for other in (product, between):
        assert other.min() <= fair.min() + 1e-9
    for other in (fair, least, between):
        assert mean(polytope, product) >= mean(polytope, other) * (1 - 1e-9)
    for other in (fair, least, product):
        assert balance(polytope, between) <= balance(polytope, other) * (1 + 1e-9)


def test_no_sampled_panel_breaks_the_inequality_of_nash() -> None:
    polytope = fold_types(instance("city_300")).polytope
    chances = solved(polytope, Nash()).chances
    people = int(polytope.sizes.sum())
    others = [leximin(polytope, seed=2).panels, optimise(polytope, Goldilocks(), seed=2).panels]
    for panels in others:
        assert ((1 / chances)[panels].sum(axis=1) <= people * (1 + 1e-9)).all()


@pytest.mark.parametrize("ceiling", [0.11, 0.2])
def test_leximin_under_a_ceiling(ceiling: float) -> None:
    polytope = make(3, [10, 10, 10], [[0], [1], [2]], [0, 0, 1], [3, 1, 1])
    relaxed = relax(polytope, ceiling=ceiling)
    assert relaxed is not None
    assert relaxed.chances.max() <= ceiling * (1 + 1e-9)
    assert float((polytope.sizes * relaxed.chances).sum()) == pytest.approx(3, abs=1e-9)
    assert relax(polytope, ceiling=0.09) is None


# --- the same everywhere -------------------------------------------------------------------------


def digest(goal: Goal) -> str:
    polytope = fold_types(instance("syn_sf_b")).polytope
    optimum = optimise(polytope, goal, seed=2**255 + 1)
    parts = (optimum.chances, optimum.panels, optimum.weights)
    text = b"".join(part.tobytes() for part in parts) + repr(optimum.certificate).encode()
    return hashlib.sha256(text).hexdigest()


SCRIPT = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("the_tests", sys.argv[1])
tests = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tests)
print(tests.digest(tests.GOALS[sys.argv[2]]))
"""


@pytest.mark.parametrize("name", ["nash", "goldilocks 1/3"])
@pytest.mark.parametrize(("hashing", "threads"), [("1", "1"), ("2", "2")])
def test_same_bytes_in_another_process(name: str, hashing: str, threads: str) -> None:
    environment = {
        **os.environ,
        "PYTHONHASHSEED": hashing,
        "OPENBLAS_NUM_THREADS": threads,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    there = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(Path(__file__)), name],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    # HiGHS 1.16 greets on the same stream.
    assert there.stdout.split()[-1] == digest(GOALS[name])
