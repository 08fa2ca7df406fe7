"""Seats follow the population by a named method, exactly, and shut nobody's answer out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitwirkung.errors import InputError
from mitwirkung.lottery.apportionment import (
    METHODS,
    hare_niemeyer,
    quotas_from_population,
    read_population,
    sainte_lague,
)

weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any)
seats = st.integers(0, 200)
both = pytest.mark.parametrize("apportion", METHODS.values(), ids=METHODS)


# --- the methods -----------------------------------------------------------------------------


def test_examples_by_hand() -> None:
    # the largest quotients are 53, 24, 23, 53/3, 53/5, 24/3, 23/3; then 53/7
    assert sainte_lague([53, 24, 23], 7) == (3, 2, 2)
    # the exact shares are 3.71, 1.68, 1.61
    assert hare_niemeyer([53, 24, 23], 7) == (4, 2, 1)
    # the exact shares are 48.2 and 0.45: Sainte-Lague may go beyond the neighbouring numbers
    assert sainte_lague([964, 9, 9, 9, 9], 50) == (50, 0, 0, 0, 0)
    assert hare_niemeyer([964, 9, 9, 9, 9], 50) == (48, 1, 1, 0, 0)


def test_the_alabama_paradox_is_one_of_hare_niemeyer_only() -> None:
    votes = [1500, 1500, 900, 500, 500, 200]
    assert hare_niemeyer(votes, 25) == (7, 7, 4, 3, 3, 1)
    assert hare_niemeyer(votes, 26) == (8, 8, 5, 2, 2, 1)
    assert sainte_lague(votes, 26)[3] >= sainte_lague(votes, 25)[3]


@both
def test_equal_claims_go_to_the_first_listed(apportion: Any) -> None:
    assert apportion([1, 1, 1], 4) == (2, 1, 1)
    assert apportion([1, 1, 1], 5) == (2, 2, 1)
    assert apportion([0, 5], 1) == (0, 1)


@both
@given(weights=weights, seats=seats)
def test_all_seats_are_given_and_none_for_a_zero(
    apportion: Any, weights: list[int], seats: int
) -> None:
    given_seats = apportion(weights, seats)
    assert sum(given_seats) == seats
    assert all(s == 0 for s, weight in zip(given_seats, weights, strict=True) if weight == 0)
    for one, own in zip(given_seats, weights, strict=True):
        for other, others in zip(given_seats, weights, strict=True):
            assert own <= others or one >= other


@both
@given(weights=weights, seats=seats, factor=st.fractions(Fraction(1, 1000), 1000))
def test_only_the_proportion_matters(
    apportion: Any, weights: list[int], seats: int, factor: Fraction
) -> None:
    assert apportion([weight * factor for weight in weights], seats) == apportion(weights, seats)


@given(weights=weights, seats=seats)
def test_one_more_seat_costs_nobody_a_seat(weights: list[int], seats: int) -> None:
    before, after = sainte_lague(weights, seats), sainte_lague(weights, seats + 1)
    assert all(b <= a for b, a in zip(before, after, strict=True))


@given(weights=weights, seats=seats, data=st.data())
def test_a_larger_weight_costs_no_seat(weights: list[int], seats: int, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(weights) - 1))
    more = list(weights)
    more[position] += data.draw(st.integers(1, 10**6))
    assert sainte_lague(more, seats)[position] >= sainte_lague(weights, seats)[position]


@given(weights=weights, seats=seats)
def test_sainte_lague_minimises_the_largest_claim_left(weights: list[int], seats: int) -> None:
    found = sainte_lague(weights, seats)
    pairs = list(zip(weights, found, strict=True))
    left = max(Fraction(weight, 2 * s + 1) for weight, s in pairs)
    assert all(Fraction(weight, 2 * s - 1) >= left for weight, s in pairs if s)


@given(weights=weights, seats=seats)
def test_hare_niemeyer_rounds_to_a_neighbour(weights: list[int], seats: int) -> None:
    total = sum(weights)
    for weight, s in zip(weights, hare_niemeyer(weights, seats), strict=True):
        assert math.floor(Fraction(weight * seats, total)) <= s
        assert s <= math.ceil(Fraction(weight * seats, total))


@both
@pytest.mark.parametrize(
    ("weights", "seats"),
    [([], 3), ([0, 0], 3), ([1, -1], 3), ([1, math.nan], 3), ([1, math.inf], 3), ([1], -1)],
)
def test_what_cannot_be_apportioned_is_refused(
    apportion: Any, weights: list[float], seats: int
) -> None:
    with pytest.raises(ValueError):
        apportion(weights, seats)


# --- quotas ----------------------------------------------------------------------------------

COUNTS = {
    "Geschlecht": {"weiblich": 5060, "männlich": 4930, "divers": 10, "keine Angabe": 0},
    "Alter": {"16-39": 300, "40+": 500},
}


def bounds(plan: Any) -> dict[str, dict[str, tuple[int, int]]]:
    return {f.name: {q.value: (q.min, q.max) for q in f.quotas} for f in plan.features}


def test_quotas_follow_the_population() -> None:
    plan = quotas_from_population(COUNTS, seats=75, source="Melderegister", date="2026-06-30")
    assert bounds(plan) == {
        "Geschlecht": {
            "weiblich": (38, 38),
            "männlich": (37, 37),
            "divers": (0, 1),
            "keine Angabe": (0, 1),
        },
        "Alter": {"16-39": (28, 28), "40+": (47, 47)},
    }
    assert plan.population == COUNTS
    assert plan.provenance.source == "Melderegister"
    assert plan.provenance.date == "2026-06-30"


def test_a_tolerance_widens_every_quota() -> None:
    plan = quotas_from_population(COUNTS, seats=75, tolerance=2, method="hare-niemeyer")
    assert bounds(plan)["Geschlecht"] == {
        "weiblich": (36, 40),
        "männlich": (35, 39),
        "divers": (0, 2),
        "keine Angabe": (0, 2),
    }


def test_the_method_stands_in_words() -> None:
    words = quotas_from_population(COUNTS, seats=75).provenance.method
    assert words.startswith("Sainte-Laguë (Webster) for 75 seats")
    assert "no tolerance" in words
    assert "normalised by its own total (Geschlecht 10000, Alter 800)" in words
    words = quotas_from_population(
        {"a": {"x": 1, "y": 1}}, seats=4, tolerance=1, method="hare-niemeyer"
    ).provenance.method
    assert words.startswith("Hare/Niemeyer (largest remainders) for 4 seats")
    assert "1 seats more or fewer" in words
    assert "nothing was normalised" in words


@pytest.mark.parametrize(
    "shares",
    [
        {"x": 48.7, "y": 51.3},
        {"x": Decimal("48.7"), "y": Decimal("51.3")},
        {"x": Fraction(487, 10), "y": Fraction(513, 10)},
        {"x": np.float64(48.7), "y": np.float64(51.3)},
        {"x": np.int64(487), "y": 513},
    ],
)
def test_shares_are_exact(shares: Mapping[str, Any]) -> None:
    plan = quotas_from_population({"a": shares}, seats=1000)
    assert plan.population == {"a": {"x": 487, "y": 513}}
    assert bounds(plan) == {"a": {"x": (487, 487), "y": (513, 513)}}


@given(
    counts=st.dictionaries(
        st.sampled_from("abcdef"), st.integers(0, 10**7), min_size=1, max_size=6
    ).filter(lambda counts: any(counts.values())),
    seats=st.integers(1, 300),
    tolerance=st.integers(0, 5),
    method=st.sampled_from(list(METHODS)),
)
def test_quotas_can_be_met_and_shut_nobody_out(
    counts: dict[str, int], seats: int, tolerance: int, method: Any
) -> None:
    plan = quotas_from_population({"f": counts}, seats=seats, tolerance=tolerance, method=method)
    (feature,) = plan.features
    assert feature.values == tuple(counts)
    assert sum(q.min for q in feature.quotas) <= seats <= sum(q.max for q in feature.quotas)
    assert all(q.max >= 1 for q in feature.quotas)


def test_everything_wrong_in_the_counts_comes_at_once() -> None:
    counts: dict[str, dict[str, Any]] = {
        "a": {"x": -1, "X ": math.nan, "": 1, "y": True, "z": "5"},
        " A": {"x": 0},
        "": {"x": 1},
        "b": {},
    }
    with pytest.raises(InputError) as caught:
        quotas_from_population(counts, seats=0, tolerance=-1, method="dice")  # type: ignore[arg-type]
    assert [(finding.code, finding.column) for finding in caught.value.findings] == [
        ("population-count", "a"),
        ("population-value-twice", "a"),
        ("population-count", "a"),
        ("population-value-blank", "a"),
        ("population-count", "a"),
        ("population-count", "a"),
        ("population-feature-twice", None),
        ("population-zero", "A"),
        ("population-feature-blank", None),
        ("population-zero", "b"),
        ("apportionment-seats", None),
        ("apportionment-tolerance", None),
        ("apportionment-method", None),
    ]
    assert "sainte-lague, hare-niemeyer" in str(caught.value)
    with pytest.raises(InputError):
        quotas_from_population({}, seats=10)


# --- files of counts -------------------------------------------------------------------------


def test_counts_are_read(tmp_path: Path) -> None:
    path = tmp_path / "bevölkerung.csv"
    text = "Feature;Value;note;Count;\nAlter;16-39;;300;\n\nalter;40+;x;500;\nOrt;Nord;;7;\n"
    path.write_text(text, encoding="utf-8")
    population = read_population(path)
    assert population == {"Alter": {"16-39": 300, "40+": 500}, "Ort": {"Nord": 7}}
    assert list(population) == ["Alter", "Ort"]
    assert quotas_from_population(population, seats=8).population == population


def test_every_error_in_the_counts_is_named(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("feature,value,count\na,x,1.000\na,y,-1\na,X,3\n,z,4\nb,,\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_population(path)
    assert [(e.code, e.row, e.column) for e in caught.value.findings] == [
        ("population-number", 2, "count"),
        ("population-number", 3, "count"),
        ("quota-twice", 4, "value"),
        ("population-feature-blank", 5, "feature"),
        ("quota-value-blank", 6, "value"),
        ("population-number", 6, "count"),
    ]
    path.write_text("feature,count\na,1\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_population(path)
    (finding,) = caught.value.findings
    assert finding.params == {"missing": ["value"], "expected": ["feature", "value", "count"]}
