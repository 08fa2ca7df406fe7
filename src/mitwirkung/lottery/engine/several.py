"""Panels where companions are seated all or none: first the lots of several seats, then the rest.

Once it is settled which of them are on a panel, whoever is left are single people, for whom
`sampling` and `walk` look. Where every lot is a single person, these are all there is to it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine import sampling, walk
from mitwirkung.lottery.engine.polytope import Polytope, seats_per_type, tidy
from mitwirkung.lottery.progress import Watch

_PANELS_A_CHOICE = 6
_PATIENCE = 40  # steps: a choice of companions may leave no panel at all
_MOST_NEIGHBOURHOODS = 12

Look = Callable[[Polytope, NDArray[np.int64]], NDArray[np.int32]]
"""From the rest of a problem and its types to panels of it."""


def sample_panels(
    polytope: Polytope,
    target: NDArray[np.float64],
    wanted: int,
    rng: np.random.Generator,
    *,
    tilt: NDArray[np.float64] | None = None,
    patience: int | None = None,
    watch: Watch | None = None,
) -> NDArray[np.int32]:
    """Panels around a target: `sampling.sample_panels`, for lots of several seats too."""
    options = {} if patience is None else {"patience": patience}
    if polytope.units is None:
        return sampling.sample_panels(
            polytope, target, wanted, rng, tilt=tilt, watch=watch, **options
        )
    units = polytope.units
    shared = np.flatnonzero(units > 1)
    wish = target if tilt is None else target * np.exp(tilt - tilt.max())
    wish = wish * (polytope.seats / float(wish.sum()))
    owed = wish

    def look(rest: Polytope, types: NDArray[np.int64]) -> NDArray[np.int32]:
        near = np.maximum(owed[types], 1e-9)
        return sampling.sample_panels(
            rest,
            near * (rest.seats / float(near.sum())),
            _PANELS_A_CHOICE,
            rng,
            tilt=None if tilt is None else tilt[types],
            patience=_PATIENCE,
            watch=watch,
        )

    found = []
    behind = np.zeros(polytope.types)
    for _ in range(-(-wanted // _PANELS_A_CHOICE)):
        chosen = np.zeros(polytope.types, np.int64)
        chosen[shared] = units[shared] * _systematic(owed[shared] / units[shared], rng)
        found.append(_around(polytope, chosen, look))
        # Who is behind over all panels so far has better odds for the next ones.
        held = np.bincount(found[-1].ravel(), minlength=polytope.types)
        behind += wish * len(found[-1]) - held
        limit = np.minimum(3 * wish, polytope.sizes)
        owed = np.clip(wish + behind / _PANELS_A_CHOICE, wish / 3, limit)
    return tidy(np.concatenate(found))


def neighbours(
    polytope: Polytope,
    known: NDArray[np.int32],
    prices: NDArray[np.float64],
    above: float,
    steps: int,
    enough: Callable[[NDArray[np.int32]], bool],
    rng: np.random.Generator,
    watch: Watch,
) -> NDArray[np.int32]:
    """Panels near known ones: `walk.neighbours`; companions on a panel keep their seats."""
    if polytope.units is None:
        return walk.neighbours(polytope, known, prices, above, steps, enough, rng, watch)
    alone = polytope.units == 1
    held = seats_per_type(known, polytope.types)
    choices = list(dict.fromkeys(map(tuple, np.where(alone, 0, held).tolist())))
    found = [np.empty((0, polytope.seats), np.int32)]
    choices = choices[:_MOST_NEIGHBOURHOODS]
    for choice in choices:
        chosen = np.array(choice, np.int64)
        same = known[np.all(np.where(alone, 0, held) == chosen, axis=1)]
        starts = same[alone[same]].reshape(len(same), -1)
        left = above - float(prices @ chosen)

        def look(
            rest: Polytope,
            types: NDArray[np.int64],
            starts: NDArray[np.int32] = starts,
            left: float = left,
        ) -> NDArray[np.int32]:
            place = np.cumsum(alone, dtype=np.int32) - 1
            share = max(1, steps // len(choices))
            return walk.neighbours(
                *(rest, place[starts], prices[types], left),
                *(share, lambda panels: False, rng, watch),
            )

        found.append(_around(polytope, chosen, look))
    return tidy(np.concatenate(found))


def _systematic(expected: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Whole numbers with these means, none off by 1 or more: a systematic sample in random
    order."""
    order = rng.permutation(len(expected))
    ends = np.floor(np.cumsum(expected[order]) + rng.random())
    counts = np.empty(len(expected), np.int64)
    counts[order] = np.diff(ends, prepend=0.0).astype(np.int64)
    return counts


def _around(polytope: Polytope, chosen: NDArray[np.int64], look: Look) -> NDArray[np.int32]:
    """Panels (N, seats) with the ``chosen`` seats (T,) and single people for the others."""
    assert polytope.units is not None
    left = polytope.seats - int(chosen.sum())
    fixed = np.repeat(np.arange(polytope.types, dtype=np.int32), chosen)
    types = np.flatnonzero(polytope.units == 1)
    panels = np.empty((1 if left == 0 else 0, max(left, 0)), np.int32)
    if left > 0 and len(types) and int(polytope.sizes[types].sum()) >= left:
        taken = np.round(polytope.counts(chosen.astype(np.float64))).astype(np.int64)
        rest = polytope.part(types, left, polytope.lower - taken, polytope.upper - taken)
        if (rest.upper >= 0).all():
            panels = types[look(rest, types)].astype(np.int32).reshape(-1, left)
    if left < 0 or not len(panels):
        return np.empty((0, polytope.seats), np.int32)
    same = np.broadcast_to(fixed, (len(panels), len(fixed)))
    whole = np.sort(np.concatenate([same, panels], axis=1), axis=1)
    return whole[polytope.feasible(whole)]
