"""Panels a few seats away: all of them, no others, and found where chains alone meet hardly any."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mitwirkung.lottery.engine import exchange
from mitwirkung.lottery.engine.chains import Chains
from mitwirkung.lottery.engine.exchange import Exchanges, panels_near
from mitwirkung.lottery.engine.polytope import Polytope, panel_from_seats, seats_per_type, tidy
from mitwirkung.lottery.engine.sampling import sample_panels
from mitwirkung.lottery.engine.several import neighbours
from mitwirkung.lottery.progress import Watch
from polytopes import all_panels, problems


def exact(
    seed: int, types: int, seats: int, widths: list[int]
) -> tuple[Polytope, NDArray[np.int32]]:
    """Exact quotas taken from a random panel, and that panel; up to two people a type."""
    rng = np.random.default_rng(seed)
    before = np.cumsum([0, *widths])
    columns = [start + rng.integers(0, w, types) for start, w in zip(before, widths, strict=False)]
    rows = np.column_stack(columns).astype(np.int32)
    sizes = rng.integers(1, 3, types)
    people = np.repeat(np.arange(types), sizes)
    panel = np.sort(rng.permutation(people)[:seats]).astype(np.int32)
    counts = np.bincount(rows[panel].ravel(), minlength=int(before[-1]))
    return Polytope(seats, sizes, rows, counts, counts), panel


def changed(a: NDArray[np.int32], b: NDArray[np.int32]) -> int:
    """How many seats of ``a`` go to others in ``b``."""
    most = max(int(a.max()), int(b.max())) + 1
    return int(np.maximum(np.bincount(a, minlength=most) - np.bincount(b, minlength=most), 0).sum())


def panels_of(polytope: Polytope) -> NDArray[np.int32]:
    found = [panel_from_seats(x) for x in all_panels(polytope)]
    return tidy(np.concatenate([np.empty((0, polytope.seats), np.int32), *found]))


@given(st.integers(0, 10**6), st.integers(6, 9), st.integers(1, 6))
def test_all_panels_so_near_are_found(seed: int, types: int, seats: int) -> None:
    polytope, panel = exact(seed, types, seats, [2, 3])
    rng = np.random.default_rng(seed)
    broken = panel.copy()
    broken[int(rng.integers(0, seats))] = int(rng.integers(0, types))
    found = Exchanges(polytope, rng).near(broken[None])
    near = [each for each in panels_of(polytope) if changed(broken, each) <= 3]
    assert found.tolist() == tidy(np.array(near, np.int32).reshape(-1, seats)).tolist()


@given(problems(), st.integers(0, 99))
def test_nothing_but_panels_is_found(polytope: Polytope, seed: int) -> None:
    rng = np.random.default_rng(seed)
    seats = rng.integers(0, polytope.types, (20, polytope.seats)).astype(np.int32)
    found = Exchanges(polytope, rng).near(seats)
    everything = set(map(tuple, panels_of(polytope).tolist()))
    assert set(map(tuple, found.tolist())) <= everything


def test_rows_with_room_make_up_for_others() -> None:
    rows = np.array([[0], [0], [1], [1], [2], [2]], np.int32)
    sizes, lower, upper = np.ones(6, np.int64), np.zeros(3, np.int64), np.array([2, 1, 2])
    polytope = Polytope(3, sizes, rows, lower, upper)
    found = set()
    for seed in range(9):
        exchanges = Exchanges(polytope, np.random.default_rng(seed))
        found |= set(map(tuple, exchanges.near(np.array([[0, 2, 3]], np.int32)).tolist()))
    both = {(0, 1, b) for b in (2, 3)}
    assert found == both | {(a, b, c) for a in (0, 1) for b in (2, 3) for c in (4, 5)}


@given(st.integers(0, 10**6))
def test_only_panels_worth_enough_where_there_are_prices(seed: int) -> None:
    polytope, panel = exact(seed, 9, 6, [2, 3])
    prices = np.random.default_rng(seed).integers(0, 9, 9).astype(np.float64)
    exchanges = Exchanges(polytope, np.random.default_rng(0))
    everything = exchanges.near(panel[None])
    above = float(np.median(prices[everything].sum(axis=1)))
    found = exchanges.near(panel[None], prices, above)
    assert found.tolist() == everything[prices[everything].sum(axis=1) > above].tolist()


def test_many_types_are_exchanged_in_twos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "_MOST_IN_THREES", 8)
    polytope, panel = exact(1, 9, 6, [2, 3])
    found = Exchanges(polytope, np.random.default_rng(0)).near(panel[None])
    near = [each for each in panels_of(polytope) if changed(panel, each) <= 2]
    assert found.tolist() == tidy(np.array(near, np.int32)).tolist()


def test_of_too_many_types_a_part_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    polytope, panel = exact(1, 9, 6, [2, 3])
    monkeypatch.setattr(exchange, "_MOST_IN_THREES", 4)
    everything = Exchanges(polytope, np.random.default_rng(0)).near(panel[None])
    monkeypatch.setattr(exchange, "_MOST_IN_TWOS", 5)
    found = set()
    for seed in range(20):
        exchanges = Exchanges(polytope, np.random.default_rng(seed))
        assert len(exchanges.groups) == 15
        found |= set(map(tuple, exchanges.near(panel[None]).tolist()))
    assert found == set(map(tuple, everything.tolist()))


def test_of_too_many_exchanges_a_part_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    polytope, panel = exact(1, 14, 6, [2, 3])
    everything = Exchanges(polytope, np.random.default_rng(0)).near(panel[None])
    monkeypatch.setattr(exchange, "_MOST_LEAVING", 8)
    monkeypatch.setattr(exchange, "_MOST_FITTING", 30)
    monkeypatch.setattr(exchange, "_MOST_TRIED", 10)
    exchanges = Exchanges(polytope, np.random.default_rng(0))
    assert all(len(set(group)) == 3 for group in exchanges._leaving().tolist())
    found = exchanges.near(panel[None])
    assert 0 < len(found) <= 10 < len(everything)
    assert set(map(tuple, found.tolist())) < set(map(tuple, everything.tolist()))


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_groups_are_all_there_are(size: int) -> None:
    groups = exchange._groups(5, size).tolist()
    assert sorted(map(tuple, groups)) == list(combinations_with_replacement(range(5), size))


@pytest.mark.parametrize("steps", [1, 9, 10, 25])
def test_chains_look_around_at_their_last_step_too(steps: int) -> None:
    polytope, _ = exact(3, 30, 12, [2, 3, 3])
    even = np.full(polytope.types, polytope.seats / polytope.types)
    chains = Chains(polytope, even, np.random.default_rng(0), None, 32)
    exchanges = Exchanges(polytope, np.random.default_rng(0))
    looks = list(panels_near(chains, exchanges, steps, None))
    assert len(looks) == -(-steps // 10)
    for look in looks:
        assert len(look)
        assert polytope.feasible(look).all()
    held = sum(seats_per_type(look, polytope.types).sum() for look in looks)
    assert held >= polytope.seats  # and those who are on few of them are behind
    assert float(chains.behind.sum()) == pytest.approx(0, abs=1e-6)
    assert np.abs(chains.behind).max() > 0.1


@pytest.mark.parametrize(("patience", "seed"), [(400, 0), (60, 0), (60, 2)])
def test_rare_panels_are_met_by_samples(patience: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    types, seats = 60, 24
    rows = np.column_stack([3 * f + rng.integers(0, 3, types) for f in range(8)]).astype(np.int32)
    panel = np.sort(rng.permutation(types)[:seats])
    counts = np.bincount(rows[panel].ravel(), minlength=24)
    polytope = Polytope(seats, np.ones(types, np.int64), rows, counts, counts)
    target = np.full(types, seats / types)
    alone, helped = (
        sample_panels(
            polytope, target, 100, np.random.default_rng(0), patience=patience, exchange=exchange
        )
        for exchange in (False, True)
    )
    assert polytope.feasible(helped).all()
    assert len(helped) > max(30, 3 * len(alone))


def test_companions_on_a_panel_keep_their_seats() -> None:
    """Two couples, ten single people; a panel has six seats, exactly three of them women's."""
    units = np.array([2, 2, *[1] * 10])
    rows = np.array([[0], [1], *[[t % 2] for t in range(10)]], np.int32)
    sizes = np.array([2, 2, *[1] * 10])
    polytope = Polytope(
        *(6, sizes, rows, np.array([3, 3]), np.array([3, 3]), units, np.ones_like(rows, np.int64))
    )
    known = np.array([[0, 0, 2, 3, 5, 7], [2, 3, 4, 5, 6, 7]], np.int32)
    assert polytope.feasible(known).all()
    prices = np.arange(12, dtype=np.float64)
    for steps in (5, 60):
        looks = neighbours(
            *(polytope, None, known, prices, 0.0, steps, np.random.default_rng(0), Watch())
        )
        found = tidy(np.concatenate(list(looks)))
        assert len(found) > 3
        assert polytope.feasible(found).all()
        couples = {(int((p == 0).sum()), int((p == 1).sum())) for p in found}
        assert couples == ({(2, 0), (0, 0)} if steps == 60 else {(2, 0)})
