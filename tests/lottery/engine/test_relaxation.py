"""Leximin of fractions: what the solver says is not believed where it is known to mislead."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mitwirkung.lottery.engine import Polytope, relax
from mitwirkung.lottery.engine.highs import Model
from polytopes import LEVELS, make


def chances_of(polytope: Polytope) -> list[float]:
    relaxed = relax(polytope)
    assert relaxed is not None
    assert sorted(t for stage in relaxed.stages for t in stage.types.tolist()) == list(
        range(polytope.types)
    )
    return relaxed.chances.tolist()


def test_a_reduced_cost_alone_does_not_fix_a_type(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounding can give a type a positive reduced cost that has more than its floor already."""
    expected = chances_of(LEVELS)
    assert len(set(expected)) > 2
    honest = Model.reduced_costs

    def misleading(self: Model) -> NDArray[np.float64]:
        costs = honest(self)
        return np.where(self.values() > 1e-6, np.abs(costs).max(), costs)

    monkeypatch.setattr(Model, "reduced_costs", misleading)
    assert chances_of(LEVELS) == pytest.approx(expected, abs=1e-12)


def test_standing_at_the_floor_alone_does_not_fix_a_type() -> None:
    """One seat for A or B, two for C or D; A and D are one half of a quota, B and C the other.

    In the first stage any of them may stand at the floor, but only A and B are held there.
    """
    polytope = make(3, [4, 4, 3, 3], [[0], [0], [1], [1]], [1, 2], [1, 2])
    assert chances_of(polytope) == pytest.approx([1 / 8, 1 / 8, 1 / 3, 1 / 3], abs=1e-12)


def test_nobody_is_seated_more_than_once() -> None:
    """Two seats for A or B, two for A or C, three in all: if the one A could take two of them,
    there would be room for D."""
    polytope = make(3, [1, 4, 4, 20], [[0, 1], [0, 2], [1, 2], [2, 2]], [2, 2], [3, 3])
    assert chances_of(polytope) == pytest.approx([1, 1 / 4, 1 / 4, 0], abs=1e-12)


def test_many_stages_do_not_wear_out_the_floors() -> None:
    """Forty groups with exact quotas of their own, each with another chance: the loss that fixed
    types are allowed must neither add up nor leave a later stage without a solution."""
    groups = 40
    sizes = [group + 2 for group in range(groups)]
    rows = [[group] for group in range(groups)]
    polytope = make(groups, sizes, rows, [1] * groups, [1] * groups)
    assert chances_of(polytope) == pytest.approx([1 / size for size in sizes], abs=1e-12)
