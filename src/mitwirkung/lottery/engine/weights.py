"""Weights of given panels so that every type gets the seats it is due on average.

Among all such weights those of the largest entropy are ``w[i] ~ exp(sum of y over the seats of
panel i)``, so there is one number ``y`` per type to find, by Newton's method on the convex dual.
The Newton equations are solved by conjugate gradients, which need only products with the panels: a
gather and a bincount over the seats.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.linear import Vector, conjugate_gradients, dot, sums

_STEPS = 60
_INNER_STEPS = 800
_RIDGE = 1e-12
_NEGLIGIBLE = 1e-15


class Portfolio:
    """Panels (N, k) over S types as a linear map, without its matrix."""

    def __init__(self, panels: NDArray[np.int32], types: int) -> None:
        self.panels = panels
        self.types = types
        self.count, self.seats = panels.shape
        self._flat = panels.ravel()
        cells = np.repeat(np.arange(self.count, dtype=np.int64), self.seats) * types + self._flat
        filled, held = np.unique(cells, return_counts=True)
        self._filled_panel = filled // types
        self._filled_type = filled % types
        self._held_squared = held.astype(np.float64) ** 2

    def mean(self, weights: Vector) -> Vector:
        """(S,) weighted sum of the panels."""
        return sums(self._flat, np.repeat(weights, self.seats), self.types)

    def values(self, y: Vector) -> Vector:
        """(N,) sum of ``y`` over the seats of each panel."""
        result: Vector = y[self.panels].sum(axis=1)
        return result

    def squares(self, weights: Vector) -> Vector:
        """(S,) weighted sum of the squares of the seats of each type."""
        terms = self._held_squared * weights[self._filled_panel]
        return sums(self._filled_type, terms, self.types)


def residual(portfolio: Portfolio, weights: Vector, target: Vector) -> float:
    """The largest deviation of a type, in seats."""
    return float(np.abs(portfolio.mean(weights) - target).max())


def entropic_weights(
    portfolio: Portfolio, target: Vector, tolerance: float
) -> tuple[Vector, Vector]:
    """Weights (N,) of the largest entropy whose mean is near ``target`` (S,), and the dual ``y``
    (S,).

    Newton's method goes on until the residual is below ``tolerance`` seats or no step helps. A
    large residual says that the target is no inner point of the panels' hull: there are too few
    panels, or it lies on a lower face.
    """
    y = np.zeros(portfolio.types)
    value, weights = _dual(portfolio, y, target)
    for _ in range(_STEPS):
        mean = portfolio.mean(weights)
        gradient = mean - target
        worst = float(np.abs(gradient).max())
        if worst < tolerance:
            break
        direction = _newton_direction(portfolio, weights, mean, gradient, worst)
        slope = dot(gradient, direction)
        step = 1.0
        while step > 1e-6:
            new_value, new_weights = _dual(portfolio, y + step * direction, target)
            if new_value <= value + 1e-4 * step * slope + 1e-14:
                break
            step *= 0.5
        else:
            break
        y = y + step * direction
        value, weights = new_value, new_weights
    return weights, y


def _dual(portfolio: Portfolio, y: Vector, target: Vector) -> tuple[float, Vector]:
    """Value of the convex dual at ``y``, and the weights that belong to ``y``."""
    score = portfolio.values(y)
    top = float(score.max())
    weights = np.exp(score - top)
    total = float(weights.sum())
    return top + math.log(total) - dot(y, target), weights / total


def _newton_direction(
    portfolio: Portfolio, weights: Vector, mean: Vector, gradient: Vector, worst: float
) -> Vector:
    """Minus the gradient, multiplied by the inverse covariance of a panel; more exactly near the
    end."""

    def covariance(q: Vector) -> Vector:
        image = portfolio.mean(weights * portfolio.values(q))
        return image - mean * dot(mean, q) + _RIDGE * q

    return conjugate_gradients(
        covariance,
        -gradient,
        np.maximum(portfolio.squares(weights) - mean * mean, 0.0) + _RIDGE,
        relative=min(0.1, math.sqrt(10 * worst)),
        iterations=_INNER_STEPS,
    )


def polished(portfolio: Portfolio, weights: Vector, target: Vector) -> Vector:
    """Weights near ``weights`` with a smaller residual, if there are any; never a larger one. Zeros
    stay zeros."""
    best = np.where(weights > _NEGLIGIBLE, weights, 0.0)
    best /= float(best.sum())
    if residual(portfolio, weights, target) < residual(portfolio, best, target):
        best = weights
    for _ in range(4):
        base = best
        y = conjugate_gradients(
            lambda y, base=base: portfolio.mean(base * portfolio.values(y)),  # type: ignore[misc]
            target - portfolio.mean(base),
            portfolio.squares(base) + _RIDGE,
            relative=1e-6,
            iterations=_INNER_STEPS,
        )
        new = np.maximum(base * (1 + portfolio.values(y)), 0.0)
        if not new.any():
            break
        new /= float(new.sum())
        if residual(portfolio, new, target) >= 0.5 * residual(portfolio, base, target):
            break
        best = new
    return best
