"""The engine against brute force over all panels of small problems."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from builders import examples
from mitwirkung.lottery.encoding import WEIGHT_TOTAL
from mitwirkung.lottery.engine import (
    TOLERANCE,
    Conflict,
    Cut,
    NoPanel,
    Polytope,
    confirm_cuts,
    exact_chances,
    find_conflict,
    gap,
    leximin,
    relax,
)
from mitwirkung.lottery.engine.certificate import for_every_panel
from mitwirkung.lottery.engine.highs import INFINITY, Model, Rows
from polytopes import WITH_GAP, all_panels, knotted, make, problems, unlisted


def highest_level(
    chances: NDArray[np.float64], floors: NDArray[np.float64], lifted: NDArray[np.bool_]
) -> float:
    """The highest common chance of the ``lifted`` types, over weights of the columns (T, N)."""
    types, n = chances.shape
    t, i = np.nonzero(chances)
    up = np.flatnonzero(lifted)
    rows = Rows(
        np.append(np.where(lifted, 0.0, floors), 1.0),
        np.append(np.full(types, INFINITY), 1.0),
        np.concatenate([t, up, np.full(n, types)]),
        np.concatenate([i, np.full(len(up), n), np.arange(n)]),
        np.concatenate([chances[t, i], np.full(len(up), -1.0), np.ones(n)]),
    )
    model = Model(np.append(np.zeros(n), -1.0), np.zeros(n + 1), np.ones(n + 1), rows)
    assert model.solve()
    return float(model.values()[-1])


def leximin_by_brute_force(panels: NDArray[np.int64], sizes: NDArray[np.int64]) -> list[float]:
    """Leximin chances over weights of all panels: a type that alone cannot rise is fixed."""
    chances = panels.T / sizes[:, None]
    types = len(sizes)
    fixed = np.full(types, -1.0)
    while (fixed < 0).any():
        level = highest_level(chances, fixed - 1e-8, fixed < 0)
        floors = np.where(fixed < 0, level, fixed) - 1e-8
        for t in np.flatnonzero(fixed < 0):
            if highest_level(chances, floors, np.arange(types) == t) <= level + 1e-5:
                fixed[t] = level
    return [float(q) for q in fixed]


def check_against_brute_force(polytope: Polytope) -> int:
    """Compare everything; returns the number of cuts that were needed."""
    panels = all_panels(polytope)
    conflict = find_conflict(polytope)
    if not len(panels):
        with pytest.raises(NoPanel) as caught:
            leximin(polytope, seed=1)
        assert conflict is not None
        assert caught.value.conflict == conflict
        check_conflict(polytope, conflict)
        return 0
    assert conflict is None
    optimum = leximin(polytope, seed=1)
    assert optimum.chances.tolist() == pytest.approx(
        leximin_by_brute_force(panels, polytope.sizes), abs=1e-6
    )
    assert {tuple(panel) for panel in optimum.panels.tolist()} <= {
        tuple(np.repeat(np.arange(polytope.types), x).tolist()) for x in panels
    }
    listed = [tuple(panel) for panel in optimum.panels.tolist()]
    assert listed == sorted(set(listed))
    assert (optimum.weights > 0).all()
    assert int(optimum.weights.sum()) == WEIGHT_TOTAL
    exact = exact_chances(polytope, optimum.panels, optimum.weights.tolist())
    assert [float(q) for q in exact] == optimum.chances.tolist()
    assert gap(polytope, optimum.certificate, exact) <= TOLERANCE / 100
    check_cuts(optimum.certificate.cuts, panels)
    confirm_cuts(polytope, optimum.certificate)
    return len(optimum.certificate.cuts)


def check_cuts(cuts: tuple[Cut, ...], panels: NDArray[np.int64]) -> None:
    seats = int(panels[0].sum())
    for cut in for_every_panel(cuts, seats):
        assert max(worth(panels, cut)) <= cut.bound
    for number, cut in enumerate(cuts):
        face = panels
        for earlier in cuts[: cut.given]:
            face = face[np.array(worth(face, earlier)) == earlier.bound]
        assert max(worth(face, cut)) <= cut.bound
        assert cut.given in (0, number)


def worth(panels: NDArray[np.int64], cut: Cut) -> list[int]:
    """The sum of the cut's coefficients over each panel, in whole numbers of any size."""
    return [sum(c * int(x[t]) for t, c in cut.coefficients) for x in panels]


def check_conflict(polytope: Polytope, conflict: Conflict) -> None:
    bounds: set[tuple[int, str]] = set(conflict.rows)
    assert list(conflict.rows) == sorted(conflict.rows, key=lambda b: (b[0], b[1] == "max"))
    assert not len(all_panels(polytope, bounds, seats=conflict.seats))
    for left_out in conflict.rows:
        fewer = all_panels(polytope, bounds - {left_out}, seats=conflict.seats)
        # A conflict of fractions is minimal for fractions; whole numbers may clash with less.
        assert len(fewer) or not conflict.integral
    if conflict.integral:
        assert relax(polytope) is not None
    else:
        assert relax(polytope) is None
    if conflict.seats and conflict.integral:
        assert len(all_panels(polytope, bounds, seats=False))


@examples(150)
@given(problems())
def test_equals_brute_force(polytope: Polytope) -> None:
    check_against_brute_force(polytope)


@examples(100)
@given(problems())
def test_equals_brute_force_without_a_list_of_all_panels(polytope: Polytope) -> None:
    with unlisted():
        check_against_brute_force(polytope)


@pytest.mark.parametrize("seed", WITH_GAP)
def test_equals_brute_force_where_panels_lag_behind_fractions(seed: int) -> None:
    assert check_against_brute_force(knotted(seed)) > 0
    with unlisted():
        assert check_against_brute_force(knotted(seed)) > 0


@pytest.mark.parametrize("seed", WITH_GAP)
def test_and_so_does_the_way_for_many_types(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mitwirkung.lottery.engine.optimum._FEW_TYPES", 0)
    assert check_against_brute_force(knotted(seed)) > 0
    with unlisted():
        assert check_against_brute_force(knotted(seed)) > 0


@examples(20)
@given(st.integers(0, 10**6))
def test_equals_brute_force_with_exact_quotas(seed: int) -> None:
    check_against_brute_force(knotted(seed))
    with unlisted():
        check_against_brute_force(knotted(seed))


def test_a_type_on_no_panel_has_chance_0_and_the_others_are_still_optimal() -> None:
    # Rows: a pair of types that only fits together, and one type too many for its quota.
    polytope = make(2, [3, 3, 2], [[0], [0], [1]], [2, 0], [2, 0])
    optimum = leximin(polytope, seed=0)
    assert optimum.chances.tolist() == pytest.approx([1 / 3, 1 / 3, 0], abs=1e-12)
    exact = exact_chances(polytope, optimum.panels, optimum.weights.tolist())
    assert exact[2] == Fraction(0)
