"""Certificates prove what they should, and nothing when they are changed."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from mitwirkung.lottery.engine import (
    TOLERANCE,
    Certificate,
    CertificateError,
    Cut,
    Optimum,
    Polytope,
    Stage,
    confirm_cuts,
    exact_chances,
    gap,
    leximin,
)
from mitwirkung.lottery.engine.certificate import inequality
from polytopes import LEVELS, make

# A triangle of types of which any two clash: fractions would seat 1.5 of them, people only one.
TRIANGLE = make(
    2,
    [1, 1, 1, 1],
    [[0, 1], [1, 2], [0, 2], [3, 3]],
    [0, 0, 0],
    [1, 1, 1],
)


@cache
def solved(polytope: Polytope) -> tuple[Optimum, list[Fraction]]:
    optimum = leximin(polytope, seed=7)
    return optimum, exact_chances(polytope, optimum.panels, optimum.weights.tolist())


def test_levels_are_proven_in_several_stages() -> None:
    optimum, chances = solved(LEVELS)
    assert len(optimum.certificate.stages) > 1
    assert gap(LEVELS, optimum.certificate, chances) < TOLERANCE / 10**4


def test_a_cut_makes_the_proof_where_fractions_would_promise_more() -> None:
    optimum, chances = solved(TRIANGLE)
    assert optimum.chances == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1])
    assert optimum.certificate.cuts == (Cut(((0, 1), (1, 1), (2, 1)), 1),)
    assert gap(TRIANGLE, optimum.certificate, chances) < TOLERANCE / 10**4
    confirm_cuts(TRIANGLE, optimum.certificate)


def test_it_survives_json() -> None:
    for polytope in (LEVELS, TRIANGLE):
        optimum, chances = solved(polytope)
        data = json.loads(json.dumps(optimum.certificate.as_data(), allow_nan=False))
        again = Certificate.from_data(data)
        assert again == optimum.certificate
        assert gap(polytope, again, chances) == gap(polytope, optimum.certificate, chances)


def test_every_inequality_holds_for_every_panel() -> None:
    for polytope in (LEVELS, TRIANGLE):
        optimum, _ = solved(polytope)
        for stage in optimum.certificate.stages:
            a, b = inequality(polytope, stage, optimum.certificate.cuts)
            assert all(sum(a[t] for t in panel) <= b for panel in optimum.panels.tolist())


def test_any_whole_multipliers_make_a_true_inequality() -> None:
    optimum, _ = solved(LEVELS)
    rng = np.random.default_rng(0)
    for _ in range(50):
        multipliers = rng.integers(-5, 6, 6).tolist()
        stage = Stage((0,), tuple(enumerate(multipliers[:5])), multipliers[5], ((1, 3),))
        a, b = inequality(LEVELS, stage, ())
        assert all(sum(a[t] for t in panel) <= b for panel in optimum.panels.tolist())


def test_changed_multipliers_prove_less() -> None:
    optimum, chances = solved(LEVELS)
    certificate = optimum.certificate
    for number, stage in enumerate(certificate.stages[:-1]):
        rows = tuple((row, -y) for row, y in stage.rows)
        stages = list(certificate.stages)
        stages[number] = replace(stage, rows=rows, seats=-stage.seats)
        assert gap(LEVELS, Certificate(tuple(stages)), chances) > TOLERANCE


def test_a_type_in_the_wrong_stage_is_not_proven() -> None:
    optimum, chances = solved(LEVELS)
    first, *others = optimum.certificate.stages
    last = others[-1]
    moved = replace(first, types=(*first.types, last.types[0]))
    rest = [replace(last, types=last.types[1:])] if len(last.types) > 1 else []
    assert gap(LEVELS, Certificate((moved, *others[:-1], *rest)), chances) > TOLERANCE


def test_a_dropped_stage_and_a_type_twice_are_refused() -> None:
    optimum, chances = solved(LEVELS)
    stages = optimum.certificate.stages
    with pytest.raises(CertificateError, match="no stage proves type"):
        gap(LEVELS, Certificate(stages[1:]), chances)
    with pytest.raises(CertificateError, match="proven before"):
        gap(LEVELS, Certificate((*stages, stages[0])), chances)
    with pytest.raises(CertificateError, match="proves no type"):
        gap(LEVELS, Certificate((*stages, Stage(()))), chances)


def test_changed_chances_are_noticed() -> None:
    optimum, chances = solved(LEVELS)
    for t in range(LEVELS.types):
        changed = list(chances)
        changed[t] += Fraction(1, 1000)
        with pytest.raises(CertificateError):
            gap(LEVELS, optimum.certificate, changed)
    with pytest.raises(CertificateError, match="one chance for each"):
        gap(LEVELS, optimum.certificate, chances[1:])
    with pytest.raises(CertificateError, match="outside"):
        gap(LEVELS, optimum.certificate, [Fraction(-1), *chances[1:]])


def test_a_feasible_but_less_fair_lottery_has_a_gap() -> None:
    polytope = make(2, [2, 2], [[0], [0]], [2], [2])
    optimum, chances = solved(polytope)
    assert [float(q) for q in chances] == pytest.approx([1 / 2, 1 / 2], abs=1e-12)
    unfair = [Fraction(1, 4), Fraction(3, 4)]
    assert gap(polytope, optimum.certificate, unfair) >= Fraction(1, 4)


@pytest.mark.parametrize(
    "change",
    [
        {"rows": ((9, 1),)},
        {"rows": ((0, 1), (0, 1))},
        {"caps": ((0, -1),)},
        {"caps": ((77, 1),)},
        {"cuts": ((0, 1),)},
    ],
)
def test_multipliers_of_nothing_or_of_a_wrong_sign_are_refused(change: dict[str, object]) -> None:
    optimum, chances = solved(LEVELS)
    first, *others = optimum.certificate.stages
    stage = replace(first, **change)  # type: ignore[arg-type]
    with pytest.raises(CertificateError, match="stage 0"):
        gap(LEVELS, Certificate((stage, *others)), chances)


def test_a_false_cut_is_found_out() -> None:
    false = Cut(((0, 1), (1, 1), (2, 1)), 0)
    with pytest.raises(CertificateError, match="cut 0"):
        confirm_cuts(TRIANGLE, Certificate((), (false,)))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"stages": [], "cuts": [{"coefficients": [[0, 1.5]], "bound": 1}]},
        {"stages": [{"types": ["a"], "rows": [], "seats": 0, "caps": [], "cuts": []}], "cuts": []},
        {"stages": [{"types": [0], "rows": [[1]], "seats": 0, "caps": [], "cuts": []}], "cuts": []},
        {"stages": [{"types": [0], "rows": 5, "seats": 0, "caps": [], "cuts": []}], "cuts": []},
    ],
)
def test_data_of_another_shape_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(CertificateError):
        Certificate.from_data(data)
