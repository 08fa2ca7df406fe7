"""Rounding shares so that they keep their sum."""

from __future__ import annotations

from collections.abc import Sequence


def largest_remainder(weights: Sequence[int], total: int) -> list[int]:
    """Whole shares of ``total`` in proportion to whole weights >= 0, not all 0; they add up to it.

    Hamilton's method, also Hare/Niemeyer: each gets the whole part of its exact share, and what is
    left goes to the largest fractions; of equal ones to the earlier.
    """
    everything = sum(weights)
    if everything == total:
        return list(weights)
    exact = [divmod(weight * total, everything) for weight in weights]
    shares = [whole for whole, _ in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: (-exact[i][1], i))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares
