"""Panels a few seats away: all of them and no others."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mitwirkung.lottery.engine import exchange
from mitwirkung.lottery.engine.exchange import Exchanges
from mitwirkung.lottery.engine.polytope import Polytope, panel_from_seats, tidy
from mitwirkung.lottery.engine.sampling import sample_panels
from polytopes import all_panels


def tight(seed: int, types: int, seats: int) -> tuple[Polytope, NDArray[np.int32]]:
    """Exact quotas taken from a random panel, and that panel."""
    rng = np.random.default_rng(seed)
    rows = np.column_stack([rng.integers(0, 2, types), 2 + rng.integers(0, 3, types)])
    sizes = rng.integers(1, 3, types)
    people = np.repeat(np.arange(types), sizes)
    panel = np.sort(rng.permutation(people)[:seats]).astype(np.int32)
    counts = np.bincount(rows[panel].ravel(), minlength=5)
    return Polytope(seats, sizes, rows.astype(np.int32), counts, counts), panel


def changed(a: NDArray[np.int32], b: NDArray[np.int32]) -> int:
    """How many seats of ``a`` go to others in ``b``."""
    most = max(int(a.max()), int(b.max())) + 1
    return int(np.maximum(np.bincount(a, minlength=most) - np.bincount(b, minlength=most), 0).sum())


@given(st.integers(0, 10**6), st.integers(6, 9), st.integers(4, 6))
def test_all_panels_so_near_are_found(seed: int, types: int, seats: int) -> None:
    polytope, panel = tight(seed, types, seats)
    rng = np.random.default_rng(seed)
    broken = panel.copy()
    broken[int(rng.integers(0, seats))] = int(rng.integers(0, types))
    found = Exchanges(polytope, rng).panels(broken[None])
    assert polytope.feasible(found).all()
    assert all(changed(broken, each) <= 3 for each in found)
    everything = np.concatenate([panel_from_seats(x) for x in all_panels(polytope)])
    near = [each for each in everything if changed(broken, each) <= 3]
    assert found.tolist() == tidy(np.array(near, np.int32)).tolist()


def test_rows_with_room_make_up_for_others() -> None:
    rows = np.array([[0], [0], [1], [1], [2], [2]], np.int32)
    sizes, lower, upper = np.ones(6, np.int64), np.zeros(3, np.int64), np.array([2, 1, 2])
    polytope = Polytope(3, sizes, rows, lower, upper)
    found = set()
    for seed in range(9):
        exchanges = Exchanges(polytope, np.random.default_rng(seed))
        found |= set(map(tuple, exchanges.panels(np.array([[0, 2, 3]], np.int32)).tolist()))
    both = {(0, 1, b) for b in (2, 3)}
    assert found == both | {(a, b, c) for a in (0, 1) for b in (2, 3) for c in (4, 5)}


@given(st.integers(0, 10**6))
def test_only_panels_worth_enough_where_there_are_prices(seed: int) -> None:
    polytope, panel = tight(seed, 9, 6)
    prices = np.random.default_rng(seed).integers(0, 9, 9).astype(np.float64)
    everything = Exchanges(polytope, np.random.default_rng(0)).panels(panel[None])
    above = float(np.median(prices[everything].sum(axis=1)))
    found = Exchanges(polytope, np.random.default_rng(0), prices, above).panels(panel[None])
    assert found.tolist() == everything[prices[everything].sum(axis=1) > above].tolist()


def test_many_types_are_exchanged_in_twos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "_MOST_GROUPS", 10)
    polytope, panel = tight(1, 9, 6)
    exchanges = Exchanges(polytope, np.random.default_rng(0))
    assert exchanges.size == 2
    found = exchanges.panels(panel[None])
    assert len(found) > 1
    assert all(changed(panel, each) <= 2 for each in found)


def test_many_seats_are_given_up_by_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "_MOST_LEAVING", 20)
    polytope, _ = tight(1, 9, 6)
    leaving = Exchanges(polytope, np.random.default_rng(0))._leaving()
    assert 0 < len(leaving) <= 20
    assert all(len(set(group)) == 3 for group in leaving.tolist())


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_groups_are_all_there_are(size: int) -> None:
    groups = {tuple(group) for group in exchange._groups(5, size).tolist()}
    distinct = set(combinations(range(5), size))
    assert distinct <= groups
    assert all(list(group) == sorted(group) for group in groups)
    assert len(groups) == len(exchange._groups(5, size))


def test_rare_panels_are_met_by_samples() -> None:
    rng = np.random.default_rng(0)
    types, seats = 60, 24
    rows = np.column_stack([3 * f + rng.integers(0, 3, types) for f in range(8)]).astype(np.int32)
    panel = np.sort(rng.permutation(types)[:seats])
    counts = np.bincount(rows[panel].ravel(), minlength=24)
    polytope = Polytope(seats, np.ones(types, np.int64), rows, counts, counts)
    target = np.full(types, seats / types)
    found = sample_panels(polytope, target, 100, np.random.default_rng(0))
    assert len(found) > 20
