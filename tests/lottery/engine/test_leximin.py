"""Known lotteries, equal bytes, and what comes back when something is wrong."""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mitwirkung.lottery.encoding import WEIGHT_TOTAL
from mitwirkung.lottery.engine import (
    TOLERANCE,
    Conflict,
    LotteryNotProven,
    NoPanel,
    Optimum,
    Polytope,
    exact_chances,
    find_conflict,
    gap,
    leximin,
)
from polytopes import make


def nature_example(least: int) -> Polytope:
    """One of the two public examples of the replication data of Flanigan et al. 2021.

    200 people: 1 conservative woman, 99 liberal women, 100 conservative men; 20 seats, at least 9
    for each answer. Rows: female, male, liberal, conservative.
    """
    return make(20, [1, 99, 100], [[0, 3], [0, 2], [1, 3]], [least] * 4, [20] * 4)


def city(seed: int, seats: int = 30) -> Polytope:
    """300 people with four features, quotas near the city's shares, some households."""
    rng = np.random.default_rng(seed)
    values = [2, 4, 6, 3]
    starts = np.cumsum([0, *values])
    people = np.stack(
        [rng.choice(v, 300, p=rng.dirichlet(np.full(v, 4.0))) for v in values], axis=1
    )
    people = people + starts[:-1]
    shares = [seats * rng.dirichlet(np.full(v, 30.0)) for v in values]
    due = np.concatenate(shares)
    households = np.where(rng.random(300) < 0.1, starts[-1], starts[-1] + 1)
    rows, sizes = np.unique(np.column_stack([people, households]), axis=0, return_counts=True)
    lower = np.append(np.floor(due).astype(int) - 1, 0).clip(0)
    upper = np.append(np.ceil(due).astype(int) + 1, 2)
    return make(seats, sizes.tolist(), rows.tolist(), lower.tolist(), upper.tolist())


def digest(optimum: Optimum) -> str:
    parts = (optimum.chances, optimum.panels, optimum.weights)
    text = b"".join(part.tobytes() for part in parts) + repr(optimum.certificate).encode()
    return hashlib.sha256(text).hexdigest()


def checked(polytope: Polytope, optimum: Optimum) -> Optimum:
    assert polytope.feasible(optimum.panels).all()
    assert (optimum.weights > 0).all()
    assert int(optimum.weights.sum()) == WEIGHT_TOTAL
    exact = exact_chances(polytope, optimum.panels, optimum.weights.tolist())
    assert gap(polytope, optimum.certificate, exact) <= TOLERANCE / 100
    return optimum


def test_everybody_has_an_equal_chance_in_the_example_of_the_article() -> None:
    polytope = nature_example(9)
    optimum = checked(polytope, leximin(polytope, seed=4))
    assert optimum.chances == pytest.approx(0.1, abs=1e-9)


def test_exact_halves_leave_no_seat_for_the_conservative_woman() -> None:
    # 10 liberals are 10 women, so all women are liberal.
    polytope = nature_example(10)
    optimum = checked(polytope, leximin(polytope, seed=5))
    assert optimum.chances.tolist() == pytest.approx([0, 10 / 99, 0.1], abs=1e-12)


def test_levels_follow_the_scarcest_quota_first() -> None:
    # 2 of 10, then 3 of 6, by two rows that everybody counts in once.
    polytope = make(5, [4, 6, 6], [[0], [0], [1]], [2, 3], [2, 3])
    optimum = checked(polytope, leximin(polytope, seed=3))
    assert optimum.chances.tolist() == pytest.approx([0.2, 0.2, 0.5], abs=1e-12)


def test_one_type() -> None:
    polytope = make(2, [5], [[0]], [0], [2])
    optimum = checked(polytope, leximin(polytope, seed=2**256 - 1))
    assert optimum.chances.tolist() == [0.4]
    assert optimum.panels.tolist() == [[0, 0]]


def test_everybody_sits_if_there_are_as_many_seats_as_people() -> None:
    polytope = make(4, [1, 3], [[2], [1]], [0, 0], [9, 9])
    optimum = checked(polytope, leximin(polytope, seed=0))
    assert optimum.chances.tolist() == [1.0, 1.0]
    assert optimum.panels.tolist() == [[0, 1, 1, 1]]


def test_without_rows() -> None:
    polytope = make(2, [1, 2, 3], [[], [], []], [], [])
    optimum = checked(polytope, leximin(polytope, seed=0))
    assert optimum.chances == pytest.approx(1 / 3, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_a_city_is_realised_and_proven(seed: int) -> None:
    polytope = city(seed)
    checked(polytope, leximin(polytope, seed=seed))


def test_another_seed_gives_other_panels_and_the_same_chances() -> None:
    polytope = city(1)
    one, other = leximin(polytope, seed=1), leximin(polytope, seed=2)
    assert one.panels.tolist() != other.panels.tolist()
    assert one.chances == pytest.approx(other.chances, abs=1e-8)


SCRIPT = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("the_tests", sys.argv[1])
tests = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tests)
print(tests.digest(tests.leximin(tests.city(1), seed=2**255 + 1)))
"""


@pytest.mark.parametrize(("hashing", "threads"), [("1", "1"), ("2", "2")])
def test_same_bytes_in_another_process(hashing: str, threads: str) -> None:
    here = digest(leximin(city(1), seed=2**255 + 1))
    environment = {
        **os.environ,
        "PYTHONHASHSEED": hashing,
        "OPENBLAS_NUM_THREADS": threads,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    there = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(Path(__file__))],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.strip() == here


def test_rows_that_clash_are_named() -> None:
    # Seven women wanted, five there; the rest is possible.
    polytope = make(10, [5, 20], [[0, 2], [1, 2]], [7, 0, 0], [10, 10, 10])
    assert find_conflict(polytope) == Conflict(((0, "min"),), integral=False, seats=False)
    with pytest.raises(NoPanel, match="min of row 0") as caught:
        leximin(polytope, seed=1)
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.conflict == caught.value.conflict


def test_maxima_that_leave_seats_empty() -> None:
    polytope = make(10, [20, 20], [[0], [1]], [0, 0], [4, 5])
    conflict = find_conflict(polytope)
    assert conflict == Conflict(((0, "max"), (1, "max")), integral=False, seats=True)


def test_more_seats_than_people() -> None:
    assert find_conflict(make(3, [2], [[0]], [0], [9])) == Conflict((), integral=False, seats=True)


def test_a_minimum_above_its_own_maximum() -> None:
    conflict = find_conflict(make(5, [9, 9], [[0], [1]], [4], [2]))
    assert conflict == Conflict(((0, "min"), (0, "max")), integral=False, seats=False)


def test_only_whole_people_clash() -> None:
    # Three pairs of three types, one seat each: halves would do, people do not.
    rows = [[0, 1], [0, 2], [1, 2]]
    polytope = make(1, [1, 1, 1], rows, [0, 0, 0], [1, 1, 1])
    assert find_conflict(polytope) is None
    # One of each pair must sit, and exactly one: half of each type.
    clash = make(2, [1, 1, 1, 1], [*rows, [3, 3]], [1, 1, 1], [1, 1, 1])
    conflict = find_conflict(clash)
    assert conflict is not None
    assert conflict.integral


def test_a_large_conflict_is_found() -> None:
    polytope = city(2)
    lower = polytope.lower.copy()
    lower[0] = polytope.upper[0] = 29
    lower[2] = polytope.upper[2] = 29
    clash = Polytope(polytope.seats, polytope.sizes, polytope.rows, lower, polytope.upper)
    conflict = find_conflict(clash)
    assert conflict is not None
    assert not conflict.integral
    assert find_conflict(clash) == conflict


def test_malformed_problems_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        make(0, [1], [[0]], [0], [1])
    with pytest.raises(ValueError, match="only once"):
        make(1, [1], [[0, 0]], [0], [1])
    with pytest.raises(ValueError, match="numbers from 0"):
        make(1, [1], [[2]], [0], [1])


def test_the_error_of_an_unproven_lottery_says_what_is_known() -> None:
    error = LotteryNotProven("too many cuts", 7, 0.25)
    again = pickle.loads(pickle.dumps(error))
    assert (again.reason, again.cuts, again.bound) == ("too many cuts", 7, 0.25)
    assert "0.25" in str(again)
