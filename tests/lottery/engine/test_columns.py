"""Leximin over whole panels: its proof, its exact prices, and how it looks for panels."""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import examples
from mitwirkung.lottery.engine import (
    Certificate,
    CertificateError,
    Cut,
    Maximin,
    Optimum,
    Polytope,
    confirm_cuts,
    exact_chances,
    gap,
    leximin,
    optimise,
)
from mitwirkung.lottery.engine.certificate import for_every_panel
from mitwirkung.lottery.engine.exact import exact_prices
from mitwirkung.lottery.engine.exchange import Exchanges
from mitwirkung.lottery.engine.hull import Hull
from mitwirkung.lottery.engine.polytope import panel_from_seats, tidy
from mitwirkung.lottery.engine.walk import neighbours
from mitwirkung.lottery.progress import Watch
from polytopes import WITH_GAP, all_panels, knotted, make, unlisted


def chances_of(polytope: Polytope, optimum: Optimum) -> list[Fraction]:
    return exact_chances(polytope, optimum.panels, optimum.weights.tolist())


@pytest.mark.parametrize("seed", WITH_GAP)
def test_the_proof_leaves_nothing_over(seed: int) -> None:
    polytope = knotted(seed)
    optimum = leximin(polytope, seed=1)
    assert gap(polytope, optimum.certificate, chances_of(polytope, optimum)) == 0
    given_others = [cut.given for cut in optimum.certificate.cuts]
    assert given_others == list(range(len(given_others)))
    assert max(given_others) > 0
    confirm_cuts(polytope, optimum.certificate)


@pytest.mark.parametrize("seed", WITH_GAP)
def test_every_panel_of_the_lottery_meets_every_cut_with_equality(seed: int) -> None:
    optimum = leximin(knotted(seed), seed=1)
    for cut in optimum.certificate.cuts:
        coefficients = dict(cut.coefficients)
        for panel in optimum.panels.tolist():
            assert sum(coefficients.get(t, 0) for t in panel) == cut.bound


def test_without_the_panels_it_speaks_of_a_cut_can_be_false() -> None:
    """Two equal people can sit together, but not beside one of the three who share a seat."""
    polytope = make(
        2,
        [1, 1, 1, 2],
        [[0, 2, 5], [0, 3, 4], [1, 2, 4], [1, 3, 5]],
        [0, 0, 0, 0, 0, 0],
        [1, 2, 1, 2, 1, 2],
    )
    optimum = leximin(polytope, seed=1)
    assert optimum.chances.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1 / 2])
    first, second = optimum.certificate.cuts
    assert second == Cut(((3, 1),), 1, given=1)
    assert polytope.feasible(np.array([[3, 3]], np.int32)).all()
    everywhere = replace(optimum.certificate, cuts=(first, replace(second, given=0)))
    with pytest.raises(CertificateError, match="cut 1"):
        confirm_cuts(polytope, everywhere)


def test_a_smaller_bound_is_found_out() -> None:
    polytope = knotted(WITH_GAP[0])
    certificate = leximin(polytope, seed=1).certificate
    *others, last = certificate.cuts
    false = replace(certificate, cuts=(*others, replace(last, bound=last.bound - 1)))
    with pytest.raises(CertificateError, match=f"cut {len(others)}"):
        confirm_cuts(polytope, false)


def test_a_cut_cannot_be_given_itself() -> None:
    polytope = knotted(WITH_GAP[0])
    optimum = leximin(polytope, seed=1)
    first, *others = optimum.certificate.cuts
    circular = replace(optimum.certificate, cuts=(replace(first, given=1), *others))
    with pytest.raises(CertificateError, match="given what comes after"):
        gap(polytope, circular, chances_of(polytope, optimum))


def test_a_certificate_with_such_cuts_survives_json() -> None:
    certificate = leximin(knotted(WITH_GAP[0]), seed=1).certificate
    assert Certificate.from_data(certificate.as_data()) == certificate
    assert all(("given" in cut) == (i > 0) for i, cut in enumerate(certificate.as_data()["cuts"]))


@pytest.mark.parametrize("seed", WITH_GAP[:4])
def test_maximin_needs_no_more_than_the_first_stage(seed: int) -> None:
    polytope = knotted(seed)
    optimum = optimise(polytope, Maximin(), seed=1)
    full = leximin(polytope, seed=1)
    assert optimum.chances.tolist() == full.chances.tolist()
    assert len(optimum.certificate.stages) < len(full.certificate.stages)
    assert Maximin().gap(polytope, optimum.certificate, chances_of(polytope, optimum)) == 0


def test_inequalities_for_every_panel_by_hand() -> None:
    # At most one of a, b; given exactly one of them, at most one of c, d. Of 3 seats, c and d can
    # have at most 3: two more than the bound.
    first, second = Cut(((0, 1), (1, 1)), 1), Cut(((2, 1), (3, 1)), 1, given=1)
    assert for_every_panel((first, second), 3) == (
        first,
        Cut(((0, 2), (1, 2), (2, 1), (3, 1)), 3),
    )


@examples(50)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=8).filter(any), st.integers(0, 10**6))
def test_exact_prices_are_found_again(prices: list[int], seed: int) -> None:
    """From panels that are worth the same: first with one type each, then mixed."""
    priced = [t for t, price in enumerate(prices) if price]
    common = math.lcm(*(prices[t] for t in priced))
    held = np.zeros((len(priced), len(prices)), np.int64)
    for row, t in enumerate(priced):
        held[row, t] = common // prices[t]
    mixed = np.random.default_rng(seed).permutation(held).cumsum(axis=0)
    scaled = (
        mixed * np.array([math.lcm(*range(1, 9)) // n for n in range(1, 1 + len(held))])[:, None]
    )
    divisor = math.gcd(*prices)
    for panels in (held, scaled):
        found = exact_prices(panels, np.array(priced), most=20)
        assert found is not None
        assert found.tolist() == [price // divisor for price in prices]


def test_exact_prices_by_hand() -> None:
    held = np.array([[3, 0, 1], [0, 2, 0]])
    assert exact_prices(held, np.array([0, 1]), most=10) is not None
    assert exact_prices(held, np.array([0, 1]), most=10).tolist() == [2, 3, 0]  # type: ignore[union-attr]
    assert exact_prices(held, np.array([0, 1]), most=2) is None
    assert exact_prices(held, np.array([0, 1, 2]), most=10) is None  # more than one proportion
    assert exact_prices(np.array([[1], [2]]), np.array([0]), most=10) is None  # none


def test_walks_meet_panels() -> None:
    polytope = knotted(WITH_GAP[0])
    panels = tidy(np.concatenate([panel_from_seats(x) for x in all_panels(polytope)]))
    rng = np.random.default_rng(1)
    flat = np.zeros(polytope.types)
    exchanges = Exchanges(polytope, rng)
    looks = list(neighbours(exchanges, panels[:1], flat, -1.0, 40, Watch()))
    found = tidy(np.concatenate(looks))
    assert len(found) > 1
    assert {tuple(p) for p in found.tolist()} <= {tuple(p) for p in panels.tolist()}


def test_a_better_panel_is_found_or_there_is_none() -> None:
    for seed in WITH_GAP[:4]:
        polytope = knotted(seed)
        panels = all_panels(polytope)
        coefficients = np.random.default_rng(seed).integers(0, 20, polytope.types)
        for context in (nullcontext, unlisted):
            with context():
                hull = Hull(polytope, np.random.default_rng(0), Watch())
            assert (hull.listed is None) == (context is unlisted)
            hull.add(panel_from_seats(panels[np.argmin(panels @ coefficients)]))
            while len(hull.better(coefficients)):
                pass
            assert coefficients[hull.panels].sum(axis=1).max() == (panels @ coefficients).max()
