"""Equally likely panels in place of weighted ones: herding over a portfolio, then swaps.

Herding (Welling 2009) takes, m times over, the vector that brings the seats given so far closest
to what is due; swaps exchange one vector for another as long as that helps. Flanigan, Kehne and
Procaccia ("Fair Sortition Made Transparent", 2021) show that few equal panels suffice.

All numbers are whole and below 2^53, so that double precision adds them up exactly, in any order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_UNIT = 2.0**18
_BLOCK = 64  # vectors whose exchange is looked at together
_PASSES = 100


def equal_panels(
    portfolio: NDArray[np.int64],
    due: NDArray[np.float64],
    sizes: NDArray[np.int64],
    wanted: int,
) -> NDArray[np.int64]:
    """How often each vector is taken so that its seats, on average, come close to what is due.

    Args:
        portfolio: (N, T) seats of each type in each vector.
        due: (T,) seats of each type on average.
        sizes: (T,) people of each type; a seat too many for few people counts more.
        wanted: how many vectors in all.

    Returns:
        (N,) whole numbers that add up to `wanted`.
    """
    seats = portfolio.astype(np.float64)
    weighted = seats * np.maximum(1.0, np.round(_UNIT / sizes))
    alike = (weighted @ seats.T) * _UNIT
    gain = weighted @ np.round(due * _UNIT)
    taken = np.zeros(len(seats), np.int64)
    behind = np.zeros(len(seats))  # what is still due, as each vector would count it
    half = np.diag(alike) / 2
    for _ in range(wanted):
        behind += gain
        best = int(np.argmax(behind - half))
        taken[best] += 1
        behind -= alike[best]
    _swap(taken, alike, behind)
    return taken


def _swap(
    taken: NDArray[np.int64], alike: NDArray[np.float64], behind: NDArray[np.float64]
) -> None:
    """Exchange vectors while the sum of squared deviations falls; changes `taken`, `behind`."""
    norms = np.diag(alike)
    for _ in range(_PASSES):
        better = False
        held = np.flatnonzero(taken)
        for start in range(0, len(held), _BLOCK):
            some = held[start : start + _BLOCK]
            change = (2 * behind + norms)[some, None] + (norms - 2 * behind) - 2 * alike[some]
            out, into = divmod(int(np.argmin(change)), len(taken))
            if change[out, into] < 0:
                better = True
                taken[some[out]] -= 1
                taken[into] += 1
                behind += alike[some[out]] - alike[into]
        if not better:
            return
