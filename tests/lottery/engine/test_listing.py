"""All panels of few seats: each is listed, and listed once."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mitwirkung as mw
from builders import examples, instance
from mitwirkung.lottery.engine import Polytope, has_panel, leximin, relax
from mitwirkung.lottery.engine.face import minimal_face
from mitwirkung.lottery.engine.listing import all_panels
from mitwirkung.lottery.engine.master import within_hull
from mitwirkung.lottery.engine.polytope import seats_per_type
from mitwirkung.lottery.folding import fold_types
from mitwirkung.lottery.publication import publication
from polytopes import LEVELS, WITH_GAP, knotted, make, problems, unlisted
from polytopes import all_panels as by_brute_force

HOUSEHOLD = ("address1", "zip")


def seats(panels: np.ndarray, polytope: Polytope) -> list[tuple[int, ...]]:
    return sorted(map(tuple, seats_per_type(panels, polytope.types).tolist()))


def check(polytope: Polytope) -> None:
    listed = all_panels(polytope, 10**6)
    assert listed is not None
    assert (np.sort(listed, axis=1) == listed).all()
    assert seats(listed, polytope) == sorted(map(tuple, by_brute_force(polytope).tolist()))
    assert has_panel(polytope) == bool(len(listed))
    # As it is done where there are very many beginnings and rows.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mitwirkung.lottery.engine.listing._MANY_STATES", 0)
        patch.setattr("mitwirkung.lottery.engine.listing._WORD", 4)
        again = all_panels(polytope, 10**6)
        assert again is not None
        assert (again == listed).all()


@examples(300)
@given(problems())
def test_all_panels_and_no_others(polytope: Polytope) -> None:
    check(polytope)


@examples(100)
@given(st.integers(0, 10**6))
def test_also_where_quotas_are_exact(seed: int) -> None:
    check(knotted(seed))


@examples(50)
@given(st.integers(0, 10**6))
def test_also_on_a_face(seed: int) -> None:
    polytope = knotted(seed)
    relaxed = relax(polytope)
    if relaxed is not None:
        face = minimal_face(polytope, relaxed.chances).polytope
        if face is not None:
            check(face)


def test_without_quotas() -> None:
    check(Polytope(3, np.array([1, 2, 3]), np.zeros((3, 0), np.int32), *np.zeros((2, 0), np.int64)))
    check(make(2, [2, 2], [[0], [1]], [0, 0], [0, 0]))
    check(make(2, [2, 2], [[0], [0]], [0, 1], [2, 1]))


@examples(100)
@given(st.integers(0, 10**6))
def test_a_target_within_reach_of_listed_panels_and_one_without(seed: int) -> None:
    polytope = knotted(seed)
    panels = all_panels(polytope, 10**6)
    relaxed = relax(polytope)
    if panels is None or not len(panels) or relaxed is None:
        return
    seated = seats_per_type(panels, polytope.types)
    reached = within_hull(panels, relaxed.chances * polytope.sizes, polytope.sizes)
    best = leximin(polytope, seed=1)
    assert reached == (
        bool(seated.any(axis=0).all()) and bool(np.abs(best.chances - relaxed.chances).max() < 1e-7)
    )
    if seated.any(axis=0).all():
        assert within_hull(panels, seated.mean(axis=0), polytope.sizes)


def test_no_list_where_there_are_too_many() -> None:
    panels = all_panels(knotted(WITH_GAP[0]), 10**6)
    assert panels is not None
    assert all_panels(knotted(WITH_GAP[0]), len(panels) - 1) is None
    assert LEVELS.seats > 8
    assert all_panels(LEVELS, 10**6) is None


def test_no_list_where_a_row_belongs_to_two_features_or_people_to_a_group() -> None:
    assert all_panels(make(2, [2, 2], [[0, 1], [1, 2]], [0, 0, 0], [2, 2, 2]), 10**6) is None
    single = make(2, [2, 2], [[0], [1]], [0, 0], [2, 2])
    pairs = replace(single, units=np.array([2, 1]), values=np.ones((2, 1), np.int64))
    assert all_panels(pairs, 10**6) is None


@pytest.mark.parametrize("seed", WITH_GAP)
def test_the_optimum_is_the_same_with_and_without_a_list(seed: int) -> None:
    polytope = knotted(seed)
    listed = leximin(polytope, seed=1)
    with unlisted():
        searched = leximin(polytope, seed=1)
    assert listed.chances == pytest.approx(searched.chances, abs=1e-9)


def test_so_it_is_where_five_of_75_seats_are_filled_again() -> None:
    """Draws of `tests/benchmarks/replacement.py`, some with a gap."""
    record = publication(mw.solve(instance("city_300", HOUSEHOLD))).draw("benchmark")
    gaps = 0
    for seed in range(11):
        freed = dict.fromkeys(random.Random(seed).sample(record.ids, 5), "declined")
        polytope = fold_types(mw.replacement_problem(record, freed=freed)).polytope
        listed = leximin(polytope, seed=1)
        with unlisted():
            searched = leximin(polytope, seed=1)
        assert listed.chances == pytest.approx(searched.chances, abs=1e-8)
        gaps += any(cut.bound for cut in listed.certificate.cuts)
        assert {cut.bound > 0 for cut in listed.certificate.cuts} == {
            cut.bound > 0 for cut in searched.certificate.cuts
        }
    assert gaps >= 1
