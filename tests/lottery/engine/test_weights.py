"""Weights of given panels: exact where they exist, and soon given up where they do not."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mitwirkung.lottery.engine.weights import Portfolio, entropic_weights, polished, residual
from mitwirkung.lottery.progress import Watch


def random_panels(panels: int, types: int, seats: int, seed: int) -> NDArray[np.int32]:
    rng = np.random.default_rng(seed)
    return np.sort(rng.integers(0, types, (panels, seats)), axis=1).astype(np.int32)


@pytest.mark.parametrize(("types", "seats"), [(30, 10), (1000, 75)])
def test_a_target_inside_is_met_to_ten_decimals(types: int, seats: int) -> None:
    portfolio = Portfolio(random_panels(9 * types // 4, types, seats, 1), types)
    share = np.random.default_rng(2).dirichlet(np.full(portfolio.count, 5.0))
    target = portfolio.mean(share)
    weights, _ = entropic_weights(portfolio, target, 1e-13, Watch())
    assert residual(portfolio, weights, target) < 1e-10
    assert (weights > 0).all()
    assert weights.sum() == pytest.approx(1, abs=1e-12)


def test_of_all_such_weights_they_have_the_largest_entropy() -> None:
    # Two panels are equal: nothing but the entropy says how to share their weight.
    panels = np.array([[0, 1], [0, 2], [1, 2], [1, 2]], np.int32)
    portfolio = Portfolio(panels, 3)
    weights, y = entropic_weights(portfolio, np.array([0.5, 0.75, 0.75]), 1e-13, Watch())
    assert weights == pytest.approx([0.25, 0.25, 0.25, 0.25], abs=1e-10)
    assert weights == pytest.approx(np.exp(portfolio.values(y)) / np.exp(portfolio.values(y)).sum())


@pytest.mark.parametrize("target", [[1.0, 1.0, 0.0], [0.9, 0.9, 0.2], [0.0, 2.0, 0.0]])
def test_a_target_on_the_edge_or_outside_ends_and_is_not_claimed(target: list[float]) -> None:
    """The dual has no optimum there: it must neither overflow nor run on, and the residual says
    so."""
    portfolio = Portfolio(np.array([[0, 1], [0, 2], [1, 2]], np.int32), 3)
    aim = np.array(target)
    weights, y = entropic_weights(portfolio, aim, 1e-13, Watch())
    assert np.isfinite(weights).all()
    assert np.isfinite(y).all()
    inside = min(1 - aim[0], 1 - aim[1], 1 - aim[2]) > 0
    assert (residual(portfolio, weights, aim) < 1e-10) == inside


def test_too_few_panels_are_noticed() -> None:
    types = 60
    many = Portfolio(random_panels(3 * types, types, 12, 3), types)
    target = many.mean(np.full(many.count, 1 / many.count))
    few = Portfolio(many.panels[: types // 2], types)
    weights, _ = entropic_weights(few, target, 1e-13, Watch())
    assert residual(few, weights, target) > 1e-3


def test_polishing_makes_nothing_worse_and_leaves_zeros() -> None:
    portfolio = Portfolio(random_panels(80, 30, 10, 4), 30)
    rng = np.random.default_rng(5)
    share = rng.dirichlet(np.full(80, 5.0))
    share[:10] = 0
    share /= share.sum()
    target = portfolio.mean(share)
    rough = share * (1 + 1e-4 * rng.standard_normal(80))
    rough /= rough.sum()
    better = polished(portfolio, rough, target, Watch())
    assert residual(portfolio, better, target) < residual(portfolio, rough, target) / 1000
    assert (better[:10] == 0).all()
    far = np.array([9.0, *([1 / 29] * 29)])
    assert residual(portfolio, polished(portfolio, rough, far, Watch()), far) <= residual(
        portfolio, rough, far
    )
