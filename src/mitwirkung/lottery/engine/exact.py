"""Prices without rounding.

The prices of a linear programme follow from a few panels which they make equally worth. These
equations have whole coefficients, so their solution is a fraction for each type. It is found here
without rounding: modulo a few primes, where no number grows, and back from there (Wang, "A p-adic
algorithm for univariate partial fractions", SYMSAC 1981).
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

_FIRST_PRIME = 2**31 - 1
"""Products of two remainders, and a sum of two of them, are below 2^63."""


def exact_prices(
    held: NDArray[np.int64], priced: NDArray[np.int64], *, most: int
) -> NDArray[np.int64] | None:
    """The smallest whole prices (T,), 0 outside of ``priced``, that make all panels ``held`` (N, T)
    worth the same; None if there is not exactly one such proportion, or a price is negative or
    above ``most``."""
    equations = np.unique(
        np.concatenate([held[:, priced], np.ones((len(held), 1), np.int64)], 1), axis=0
    )
    # A worth of 1 makes each price a fraction whose parts are at most this if the whole prices are
    # at most ``most``.
    largest = most * int(held.sum(axis=1).max(initial=1))
    prime, modulus = _FIRST_PRIME, 1
    residues = [0] * len(priced)
    while modulus <= 2 * largest**2:
        solution = _solved(equations, prime)
        if solution is None:
            return None
        # The number below the product of both moduli that has both remainders (Chinese remainders).
        factor = modulus * pow(modulus, -1, prime)
        residues = [
            (old + (int(new) - old) * factor) % (modulus * prime)
            for old, new in zip(residues, solution, strict=True)
        ]
        modulus *= prime
        prices = _whole(residues, modulus, most)
        if prices is not None and len(np.unique(equations[:, :-1] @ prices)) == 1:
            found = np.zeros(held.shape[1], np.int64)
            found[priced] = prices
            return found
        prime = _prime_below(prime)
    return None


def _solved(equations: NDArray[np.int64], prime: int) -> NDArray[np.int64] | None:
    """The solution of ``equations[:, :-1] * x == equations[:, -1]`` modulo a prime, by elimination;
    None if there is not exactly one."""
    matrix = equations % prime
    unknowns = matrix.shape[1] - 1
    if len(matrix) < unknowns:
        return None
    for column in range(unknowns):
        filled = np.flatnonzero(matrix[column:, column])
        if not len(filled):
            return None
        pivot = column + int(filled[0])
        matrix[[column, pivot]] = matrix[[pivot, column]]
        inverse = pow(int(matrix[column, column]), -1, prime)
        matrix[column, column:] = matrix[column, column:] * inverse % prime
        factors = matrix[:, column].copy()
        factors[column] = 0
        rows = np.flatnonzero(factors)
        taken = factors[rows, None] * matrix[column, column:] % prime
        matrix[rows, column:] = (matrix[rows, column:] - taken) % prime
    if matrix[unknowns:, -1].any():
        return None
    solution: NDArray[np.int64] = matrix[:unknowns, -1]
    return solution


def _whole(residues: list[int], modulus: int, most: int) -> NDArray[np.int64] | None:
    """The smallest whole numbers in the proportion of the fractions with these ``residues``; None
    if one is negative or above ``most``."""
    fractions = [_fraction(residue, modulus) for residue in residues]
    common = math.lcm(*(each.denominator for each in fractions))
    whole = [int(each * common) for each in fractions]
    divisor = math.gcd(*whole)
    if min(whole) < 0 or divisor == 0 or max(whole) // divisor > most:
        return None
    return np.array([each // divisor for each in whole], np.int64)


def _fraction(value: int, modulus: int) -> Fraction:
    """The fraction with small numerator and denominator that is ``value`` under the modulus."""
    limit = math.isqrt(modulus // 2)
    before, now = modulus, value
    factor_before, factor = 0, 1
    while now > limit:
        quotient = before // now
        before, now = now, before - quotient * now
        factor_before, factor = factor, factor_before - quotient * factor
    return Fraction(now, factor)


def _prime_below(number: int) -> int:
    number -= 2
    while any(number % divisor == 0 for divisor in range(3, math.isqrt(number) + 1, 2)):
        number -= 2
    return number
