"""Weights of given panels so that every type gets the seats it is due on average.

Among all such weights those of the largest entropy are ``w[i] ~ exp(sum of y over the seats of
panel i)``, so there is one number ``y`` per type to find, by Newton's method on the convex dual.
The Newton equations are solved by conjugate gradients, which need only products with the panels: a
gather and sums over the seats.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.linear import Vector, conjugate_gradients, dot
from mitwirkung.lottery.progress import Watch

_STEPS = 60
_INNER_STEPS = 400
_RIDGE = 1e-12
_NEGLIGIBLE = 1e-15
_ROUNDING = 1e-14  # seats


class Portfolio:
    """Panels (N, k) over S types as a linear map, without its matrix."""

    def __init__(self, panels: NDArray[np.int32], types: int) -> None:
        self.panels = panels
        self.types = types
        self.count, self.seats = panels.shape
        # Seats run across, panels along: long lines of memory are added up faster.
        self._seated = np.ascontiguousarray(panels.T, np.intp)
        # The same by type: which panels seat it, and with how many.
        flat = panels.ravel()
        order = np.argsort(flat.astype(np.min_scalar_type(types)), kind="stable")
        panel, kind = order // self.seats, flat[order]
        new = np.flatnonzero(np.diff(panel, prepend=-1) | np.diff(kind, prepend=-1))
        self._panel = panel[new]
        self._held = np.diff(new, append=len(order)).astype(np.float64)
        self._present, self._first = np.unique(kind[new], return_index=True)

    def mean(self, weights: Vector) -> Vector:
        """(S,) weighted sum of the panels."""
        return self._by_type(weights[self._panel] * self._held)

    def values(self, y: Vector) -> Vector:
        """(N,) sum of ``y`` over the seats of each panel."""
        result: Vector = np.take(y, self._seated).sum(axis=0)
        return result

    def squares(self, weights: Vector) -> Vector:
        """(S,) weighted sum of the squares of the seats of each type."""
        return self._by_type(weights[self._panel] * self._held**2)

    def _by_type(self, values: Vector) -> Vector:
        total = np.zeros(self.types)
        total[self._present] = np.add.reduceat(values, self._first)
        return total


def residual(portfolio: Portfolio, weights: Vector, target: Vector) -> float:
    """The largest deviation of a type, in seats."""
    return float(np.abs(portfolio.mean(weights) - target).max())


def entropic_weights(
    portfolio: Portfolio, target: Vector, tolerance: float, watch: Watch
) -> tuple[Vector, Vector]:
    """Weights (N,) of the largest entropy whose mean is near ``target`` (S,), and the dual ``y``
    (S,).

    Newton's method goes on until the residual is below ``tolerance`` seats or no step helps. The
    dual's value is never below the entropy of weights that reach the target. Where it has fallen to
    half of that of equal weights, or the equations become too hard to solve, the target is no inner
    point of the panels' hull or hardly one: there are too few panels, or it lies on a lower face.
    Then the residual is large.
    """
    y = np.zeros(portfolio.types)
    value, weights = _dual(portfolio, y, target)
    hopeless = 0.5 * value
    for _ in range(_STEPS):
        watch.check()
        mean = portfolio.mean(weights)
        gradient = mean - target
        worst = float(np.abs(gradient).max())
        if worst < tolerance or value < hopeless:
            break
        direction, solved = _newton_direction(portfolio, weights, mean, gradient, worst)
        if not solved:
            break
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
) -> tuple[Vector, bool]:
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


def polished(portfolio: Portfolio, weights: Vector, target: Vector, watch: Watch) -> Vector:
    """Weights near ``weights`` with a smaller residual, if there are any; never a larger one. Zeros
    stay zeros."""
    best = np.where(weights > _NEGLIGIBLE, weights, 0.0)
    best /= float(best.sum())
    if residual(portfolio, weights, target) < residual(portfolio, best, target):
        best = weights
    for _ in range(4):
        watch.check()
        base = best
        if residual(portfolio, base, target) <= _ROUNDING:
            break
        y, _ = conjugate_gradients(
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
