"""Conjugate gradients: symmetric equations that are known only by what they do to a vector."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


def dot(a: Vector, b: Vector) -> float:
    """Inner product with numpy's own sum: BLAS may round differently with another number of
    threads."""
    return float((a * b).sum())


def sums(cells: NDArray[np.integer[Any]], values: Vector, length: int) -> Vector:
    """What falls into each of ``length`` cells: ``values[i]`` into ``cells[i]``, added in this
    order."""
    return np.bincount(cells, values, minlength=length).astype(np.float64, copy=False)


def conjugate_gradients(
    apply: Callable[[Vector], Vector],
    right: Vector,
    diagonal: Vector,
    *,
    relative: float,
    iterations: int,
) -> tuple[Vector, bool]:
    """An approximate solution of ``apply(x) == right`` for a positive semidefinite ``apply``.

    Args:
        apply: multiplies by the matrix.
        right: the right side; where the matrix is singular it must lie in its range, up to
            rounding.
        diagonal: positive, near the matrix's diagonal (the preconditioner).
        relative: stop when the preconditioned residual has fallen to this part of the first.
        iterations: at most so many steps.

    Where rounding leaves the right side outside the range, steps end by making things worse: the
    best point counts.

    Returns:
        The solution, and whether it came within the allowed steps.
    """
    x = np.zeros_like(right)
    residual = right.copy()
    scaled = residual / diagonal
    direction = scaled.copy()
    energy = dot(residual, scaled)
    stop = relative * math.sqrt(energy)
    best, least = x, energy
    for _ in range(iterations):
        if math.sqrt(energy) <= stop or energy == 0:
            break
        image = apply(direction)
        curvature = dot(direction, image)
        if curvature <= 0:  # only rounding is left of the direction
            break
        step = energy / curvature
        x = x + step * direction
        residual -= step * image
        scaled = residual / diagonal
        new = dot(residual, scaled)
        direction = scaled + (new / energy) * direction
        energy = new
        if energy < least:
            best, least = x, energy
        elif energy > 1e6 * least:
            break
    else:
        return best, False
    return best, True
