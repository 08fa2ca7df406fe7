"""Panels where companions are seated all or none: first the lots of several seats, then the rest.

Once it is settled which of them are on a panel, whoever is left are single people, for whom
`sampling` and `walk` look. Where every lot is a single person, these are all there is to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine import sampling, walk
from mitwirkung.lottery.engine.exchange import Exchanges
from mitwirkung.lottery.engine.polytope import Polytope, seats_per_type, tidy
from mitwirkung.lottery.progress import Watch

_PANELS_A_CHOICE = 6
_PATIENCE = 40  # steps: a choice of companions may leave no panel at all
_MOST_NEIGHBOURHOODS = 12
_FEWEST_STEPS = 10  # in each of them

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
    exchange: bool = False,
) -> NDArray[np.int32]:
    """Panels around a target: `sampling.sample_panels`, for lots of several seats too."""
    options: dict[str, Any] = {} if patience is None else {"patience": patience}
    if polytope.units is None:
        return sampling.sample_panels(
            polytope, target, wanted, rng, tilt=tilt, watch=watch, exchange=exchange, **options
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
    exchanges: Exchanges | None,
    known: NDArray[np.int32],
    prices: NDArray[np.float64],
    above: float,
    steps: int,
    rng: np.random.Generator,
    watch: Watch,
) -> Iterator[NDArray[np.int32]]:
    """Panels near known ones: `walk.neighbours`; companions on a panel keep their seats.

    Where nobody has companions, ``exchanges`` are those of the problem.
    """
    if polytope.units is None:
        exchanges = exchanges or Exchanges(polytope, rng)
        yield from walk.neighbours(exchanges, known, prices, above, steps, watch)
        return
    alone = polytope.units == 1
    held = seats_per_type(known, polytope.types)
    choices = list(dict.fromkeys(map(tuple, np.where(alone, 0, held).tolist())))
    choices = choices[: max(1, min(_MOST_NEIGHBOURHOODS, steps // _FEWEST_STEPS))]
    place = np.cumsum(alone, dtype=np.int32) - 1
    for choice in choices:
        chosen = np.array(choice, np.int64)
        others = _others(polytope, chosen)
        if others is None or others.rest is None:
            continue
        same = known[np.all(np.where(alone, 0, held) == chosen, axis=1)]
        starts = place[same[alone[same]].reshape(len(same), -1)]
        left = above - float((prices * chosen).sum())
        few = Exchanges(others.rest, rng)
        share = steps // len(choices)
        for look in walk.neighbours(few, starts, prices[others.types], left, share, watch):
            yield others.whole(look)


def _systematic(expected: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Whole numbers with these means, none off by 1 or more: a systematic sample in random
    order."""
    order = rng.permutation(len(expected))
    ends = np.floor(np.cumsum(expected[order]) + rng.random())
    counts = np.empty(len(expected), np.int64)
    counts[order] = np.diff(ends, prepend=0.0).astype(np.int64)
    return counts


@dataclass(frozen=True, eq=False)
class _Others:
    """Single people for the seats that the chosen companions leave.

    Attributes:
        polytope: the whole problem.
        chosen: the seats of the companions, ascending.
        types: the single people's types.
        rest: the problem of seating them; None if no seat is left.
    """

    polytope: Polytope
    chosen: NDArray[np.int32]
    types: NDArray[np.int64]
    rest: Polytope | None

    def whole(self, panels: NDArray[np.int32]) -> NDArray[np.int32]:
        """Feasible panels (N, seats) from such of the rest."""
        same = np.broadcast_to(self.chosen, (len(panels), len(self.chosen)))
        seats = np.concatenate([same, self.types[panels].astype(np.int32)], axis=1)
        whole = np.sort(seats.reshape(-1, self.polytope.seats), axis=1)
        return whole[self.polytope.feasible(whole)]


def _others(polytope: Polytope, chosen: NDArray[np.int64]) -> _Others | None:
    """The rest once the ``chosen`` seats (T,) are taken; None if it has no panel."""
    assert polytope.units is not None
    left = polytope.seats - int(chosen.sum())
    seats = np.repeat(np.arange(polytope.types, dtype=np.int32), chosen)
    types = np.flatnonzero(polytope.units == 1)
    if left == 0:
        return _Others(polytope, seats, types, None)
    if left < 0 or int(polytope.sizes[types].sum()) < left:
        return None
    taken = np.round(polytope.counts(chosen.astype(np.float64))).astype(np.int64)
    rest = polytope.part(types, left, polytope.lower - taken, polytope.upper - taken)
    return _Others(polytope, seats, types, rest) if (rest.upper >= 0).all() else None


def _around(polytope: Polytope, chosen: NDArray[np.int64], look: Look) -> NDArray[np.int32]:
    """Panels (N, seats) with the ``chosen`` seats (T,) and single people for the others."""
    others = _others(polytope, chosen)
    if others is None:
        return np.empty((0, polytope.seats), np.int32)
    if others.rest is None:
        return others.whole(np.empty((1, 0), np.int32))
    return others.whole(look(others.rest, others.types))
