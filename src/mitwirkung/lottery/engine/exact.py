"""Prices without rounding.

The prices of a linear programme follow from a few panels which they make equally worth. These
equations have whole coefficients, so their solution is a fraction for each type, found here without
rounding: modulo a large prime, where no number grows, and back from there (Wang, "A p-adic
algorithm for univariate partial fractions", SYMSAC 1981).
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PRIME = 2**521 - 1
"""Fractions are found if numerator and denominator are below its root."""


def exact_prices(
    held: NDArray[np.int64], priced: NDArray[np.int64], *, most: int
) -> NDArray[np.int64] | None:
    """The smallest whole prices (T,), 0 outside of ``priced``, that make all panels ``held`` (N, T)
    worth the same; None if there is not exactly one such proportion, or a price is negative or
    above ``most``."""
    matrix: NDArray[Any] = np.concatenate([held[:, priced], np.ones((len(held), 1), np.int64)], 1)
    solution = _solved(matrix.astype(object))
    if solution is None:
        return None
    fractions = [_fraction(value) for value in solution]
    common = math.lcm(*(each.denominator for each in fractions))
    whole = [int(each * common) for each in fractions]
    divisor = math.gcd(*whole)
    if min(whole) < 0 or divisor == 0 or max(whole) // divisor > most:
        return None
    prices = np.zeros(held.shape[1], np.int64)
    prices[priced] = [each // divisor for each in whole]
    if len(np.unique(held @ prices)) > 1:
        return None
    return prices


def _solved(matrix: NDArray[Any]) -> list[int] | None:
    """The solution of ``matrix[:, :-1] * x == matrix[:, -1]`` modulo the prime, by elimination;
    None if there is not exactly one."""
    unknowns = matrix.shape[1] - 1
    if len(matrix) < unknowns:
        return None
    for column in range(unknowns):
        filled = np.flatnonzero(matrix[column:, column])
        if not len(filled):
            return None
        pivot = column + int(filled[0])
        matrix[[column, pivot]] = matrix[[pivot, column]]
        inverse = pow(int(matrix[column, column]), -1, _PRIME)
        matrix[column] = matrix[column] * inverse % _PRIME
        for row in np.flatnonzero(matrix[:, column]):
            if row != column:
                taken = matrix[row, column] * matrix[column]
                matrix[row] = (matrix[row] - taken) % _PRIME
    if matrix[unknowns:, -1].any():
        return None
    return [int(value) for value in matrix[:unknowns, -1]]


def _fraction(value: int) -> Fraction:
    """The fraction with small numerator and denominator that is ``value`` modulo the prime."""
    limit = math.isqrt(_PRIME // 2)
    before, now = _PRIME, value
    factor_before, factor = 0, 1
    while now > limit:
        quotient = before // now
        before, now = now, before - quotient * now
        factor_before, factor = factor, factor_before - quotient * factor
    return Fraction(now, factor)
