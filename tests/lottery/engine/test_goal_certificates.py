"""The proofs of maximin, Nash and Goldilocks prove what they should, and nothing when changed."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from functools import cache

import pytest

from mitwirkung.lottery.engine import (
    TOLERANCE,
    Certificate,
    CertificateError,
    Cut,
    Goal,
    Goldilocks,
    Leximin,
    Maximin,
    Nash,
    Polytope,
    Stage,
    confirm_cuts,
    exact_chances,
    optimise,
)
from polytopes import make

# Women and men, three ages, and one man whose age has no quota left: he is on no panel.
LEVELS = make(
    10,
    [3, 6, 9, 12, 5, 4, 1],
    [[0, 2], [0, 3], [0, 4], [1, 2], [1, 3], [1, 4], [1, 5]],
    [5, 5, 3, 2, 3, 0],
    [5, 5, 3, 4, 4, 0],
)
# A triangle of types of which any two clash: fractions would seat 1.5 of them, people only one.
TRIANGLE = make(
    2,
    [1, 1, 1, 1],
    [[0, 1], [1, 2], [0, 2], [3, 3]],
    [0, 0, 0],
    [1, 1, 1],
)
GOALS: dict[str, Goal] = {
    "maximin": Maximin(),
    "nash": Nash(),
    "goldilocks": Goldilocks(),
    "goldilocks 1/3": Goldilocks(Fraction(1, 3)),
}
each_goal = pytest.mark.parametrize("name", GOALS)


@cache
def solved(polytope: Polytope, name: str) -> tuple[Certificate, list[Fraction]]:
    optimum = optimise(polytope, GOALS[name], seed=7)
    return optimum.certificate, exact_chances(polytope, optimum.panels, optimum.weights.tolist())


def gap_of(name: str, certificate: Certificate, chances: list[Fraction]) -> Fraction:
    return GOALS[name].gap(LEVELS, certificate, chances)


def refused(name: str, certificate: Certificate, chances: list[Fraction]) -> bool:
    """Whether a certificate proves no optimum."""
    try:
        return gap_of(name, certificate, chances) > TOLERANCE
    except CertificateError:
        return True


@each_goal
def test_it_proves_the_optimum_and_survives_json(name: str) -> None:
    for polytope in (LEVELS, TRIANGLE):
        certificate, chances = solved(polytope, name)
        left = GOALS[name].gap(polytope, certificate, chances)
        assert 0 <= left < TOLERANCE / 100
        data = json.loads(json.dumps(certificate.as_data(), allow_nan=False))
        again = Certificate.from_data(data)
        assert again == certificate
        assert GOALS[name].gap(polytope, again, chances) == left


@each_goal
def test_a_cut_makes_the_proof_where_fractions_would_promise_more(name: str) -> None:
    certificate, chances = solved(TRIANGLE, name)
    assert [float(q) for q in chances] == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1])
    assert certificate.cuts == (Cut(((0, 1), (1, 1), (2, 1)), 1),)
    confirm_cuts(TRIANGLE, certificate)


@each_goal
def test_every_changed_multiplier_proves_less(name: str) -> None:
    certificate, chances = solved(LEVELS, name)
    *absent, last = certificate.stages
    largest = max(abs(y) for _, y in last.rows)
    alone = len(last.rows) == 1 and not last.seats  # then its size says nothing
    for number, (row, y) in enumerate(last.rows):
        for other in (-y, 0, *([] if alone else [y + largest])):
            rows = list(last.rows)
            rows[number] = (row, other)
            changed = replace(last, rows=tuple(rows))
            assert refused(name, Certificate((*absent, changed)), chances)
    changed = replace(last, seats=last.seats + largest)
    assert refused(name, Certificate((*absent, changed)), chances)


@each_goal
@pytest.mark.parametrize("sign", [1, -1])
def test_a_lottery_that_moves_a_thousandth_of_a_seat_is_not_proven(name: str, sign: int) -> None:
    """From young women to others, and from other men to young ones: the quotas hold on average."""
    certificate, chances = solved(LEVELS, name)
    changed = list(chances)
    for t, share in ((0, -sign), (1, sign), (3, sign), (4, -sign)):
        changed[t] += Fraction(share, 1000) / int(LEVELS.sizes[t])
    assert gap_of(name, certificate, changed) > TOLERANCE


@each_goal
def test_chances_of_no_lottery_are_refused(name: str) -> None:
    certificate, chances = solved(LEVELS, name)
    with pytest.raises(CertificateError, match="do not fill the seats"):
        gap_of(name, certificate, [*chances[:-1], Fraction(1, 2)])
    with pytest.raises(CertificateError, match="one chance for each"):
        gap_of(name, certificate, chances[1:])


@pytest.mark.parametrize(
    ("name", "worse"),
    [
        ("maximin", ["nash", "goldilocks 1/3"]),
        ("nash", ["maximin", "goldilocks", "goldilocks 1/3"]),
        ("goldilocks", ["nash", "goldilocks 1/3"]),
        ("goldilocks 1/3", ["maximin", "nash", "goldilocks"]),
    ],
)
def test_a_worse_lottery_is_not_proven(name: str, worse: list[str]) -> None:
    """Those that are left out happen to be as good."""
    certificate, _ = solved(LEVELS, name)
    for other in GOALS:
        _, chances = solved(LEVELS, other)
        assert (gap_of(name, certificate, chances) > TOLERANCE) == (other in worse)


@each_goal
def test_the_certificate_of_another_goal_proves_nothing(name: str) -> None:
    _, chances = solved(LEVELS, name)
    certificates = [solved(LEVELS, other)[0] for other in GOALS if other != name]
    certificates.append(optimise(LEVELS, Leximin(), seed=7).certificate)
    assert all(refused(name, certificate, chances) for certificate in certificates)


@each_goal
def test_the_certificate_of_another_problem_proves_nothing(name: str) -> None:
    certificate, _ = solved(LEVELS, name)
    # The same people for two seats fewer.
    smaller = make(
        8, LEVELS.sizes.tolist(), LEVELS.rows.tolist(), [4, 4, 2, 1, 2, 0], [*[5] * 5, 0]
    )
    optimum = optimise(smaller, GOALS[name], seed=7)
    chances = exact_chances(smaller, optimum.panels, optimum.weights.tolist())
    assert GOALS[name].gap(smaller, optimum.certificate, chances) < TOLERANCE
    assert GOALS[name].gap(smaller, certificate, chances) > TOLERANCE


@each_goal
def test_nobody_is_called_absent_without_proof(name: str) -> None:
    certificate, chances = solved(LEVELS, name)
    absent, last = certificate.stages
    assert absent.types == (6,)
    for without in (replace(absent, rows=()), replace(absent, rows=((5, -1),), seats=0)):
        with pytest.raises(CertificateError, match="type 6 is on no panel"):
            gap_of(name, Certificate((without, last)), chances)
    # The type with the smallest chance would like not to count.
    t = min(last.types, key=lambda t: chances[t])
    hidden = replace(absent, types=(*absent.types, t))
    rest = replace(last, types=tuple(other for other in last.types if other != t))
    with pytest.raises(CertificateError, match=f"type {t} is on no panel"):
        gap_of(name, Certificate((hidden, rest)), chances)
    everybody = replace(last, types=(*last.types, 6))
    with pytest.raises(CertificateError, match="has no chance"):
        gap_of(name, Certificate((everybody,)), chances)
    with pytest.raises(CertificateError, match="no stage proves type 6"):
        gap_of(name, Certificate((last,)), chances)


@each_goal
def test_multipliers_of_nothing_are_refused(name: str) -> None:
    certificate, chances = solved(LEVELS, name)
    absent, last = certificate.stages
    for changed in (
        replace(last, rows=((77, 1),)),
        replace(last, caps=((0, -1),)),
        replace(last, cuts=((0, 1),)),
        replace(last, types=(*last.types, last.types[0])),
    ):
        with pytest.raises(CertificateError):
            gap_of(name, Certificate((absent, changed)), chances)
    nothing = Stage(types=last.types)
    assert refused(name, Certificate((absent, nothing)), chances)


def test_a_false_cut_would_prove_too_much_and_is_found_out() -> None:
    certificate, chances = solved(TRIANGLE, "maximin")
    false = replace(certificate, cuts=(Cut(((0, 1), (1, 1), (2, 1)), 0),))
    assert Maximin().gap(TRIANGLE, false, chances) > TOLERANCE
    with pytest.raises(CertificateError, match="cut 0"):
        confirm_cuts(TRIANGLE, false)


def test_the_short_proof_of_maximin_can_be_read() -> None:
    """Three seats at most for 15 people of one age: nobody can promise all of them more."""
    certificate, chances = solved(LEVELS, "maximin")
    last = certificate.stages[-1]
    assert max(abs(y) for _, y in last.rows) <= 3
    assert min(chances[t] for t in last.types) == pytest.approx(0.2)
