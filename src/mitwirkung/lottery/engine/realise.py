"""From chances to a lottery: panels and weights whose mean is the target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.face import Face, minimal_face
from mitwirkung.lottery.engine.highs import SolverError
from mitwirkung.lottery.engine.listing import all_panels
from mitwirkung.lottery.engine.master import nearest_lottery, within_hull
from mitwirkung.lottery.engine.polytope import Polytope, tidy
from mitwirkung.lottery.engine.several import sample_panels
from mitwirkung.lottery.engine.weights import (
    Portfolio,
    entropic_weights,
    polished,
    residual,
)
from mitwirkung.lottery.progress import Watch

_GOOD = 1e-9  # seats: a lottery this near its target counts as realised
_SHARP = 1e-13  # seats: what Newton's method aims at
_NEAR = 1e-3  # seats: a linear programme may finish what Newton's method left
_FEW_SEATS, _FEW_BEGINNINGS = 5, 100_000  # to list all panels takes some hundredths of a second
_MOST_CELLS = 2e8  # the finishing linear programme is not tried on larger tables


@dataclass(frozen=True, eq=False)
class Lottery:
    """Weighted panels.

    Attributes:
        panels: (N, seats) feasible panels in canonical form.
        weights: (N,) not negative, sum 1.
        residual: the largest deviation of a type from the target, in seats.
    """

    panels: NDArray[np.int32]
    weights: NDArray[np.float64]
    residual: float

    @property
    def realised(self) -> bool:
        """Whether the target is met."""
        return self.residual <= _GOOD


def realise(
    polytope: Polytope,
    chances: NDArray[np.float64],
    rng: np.random.Generator,
    *,
    rounds: int = 4,
    watch: Watch | None = None,
) -> Lottery | None:
    """A lottery whose chances come as near to ``chances`` (T,) as sampled panels allow; None
    without any panel.

    Panels are sampled on the smallest face of the quotas that holds the target; more are added,
    ``rounds`` times at most, while the weights do not reach it.
    """
    watch = watch or Watch()
    face = minimal_face(polytope, chances)
    if face.polytope is None:
        return _single(polytope, face)
    few = face.polytope.seats <= _FEW_SEATS
    # Panels of few seats are further from the target, so it takes more of them to surround it.
    wanted = (9 if few else 5) * face.polytope.types // 2 + 20
    if few:
        watch("panels", 0.0)
        panels = all_panels(face.polytope, _FEW_BEGINNINGS)
        if panels is not None and len(panels) <= wanted:
            watch("weights", 0.0)
            return _of_all(face, face.polytope, panels, watch)
        if panels is not None and not within_hull(panels, face.target, face.polytope.sizes):
            return None
    panels = np.empty((0, face.polytope.seats), np.int32)
    best: Lottery | None = None
    for number in range(rounds):
        watch("panels", number / rounds, gap=None if best is None else best.residual)
        more = sample_panels(face.polytope, face.target, wanted, rng, watch=watch, exchange=True)
        wanted = (6 if few else 3) * face.polytope.types // 4 + 30
        known = len(panels)
        panels = tidy(np.concatenate([panels, more])) if known else more
        if len(panels) == known:  # there are hardly any more
            break
        watch("weights", number / rounds, gap=None if best is None else best.residual)
        lottery = _weigh(face.polytope, face.target, panels, watch, last=number == rounds - 1)
        if best is None or lottery.residual < best.residual:
            best = lottery
        if best.realised:
            break
    return None if best is None else _whole(face, best)


def _of_all(
    face: Face, polytope: Polytope, panels: NDArray[np.int32], watch: Watch
) -> Lottery | None:
    """The lottery over all ``panels`` of the face; there are no others to look for."""
    if not len(panels):
        return None
    return _whole(face, _weigh(polytope, face.target, tidy(panels), watch, last=True))


def _single(polytope: Polytope, face: Face) -> Lottery | None:
    """The lottery of one panel, when every chance is 0 or 1."""
    panel = np.sort(face.always)[None, :]
    if not polytope.feasible(panel).all():
        return None
    return Lottery(panel, np.ones(1), 0.0)


def _weigh(
    polytope: Polytope,
    target: NDArray[np.float64],
    panels: NDArray[np.int32],
    watch: Watch,
    *,
    last: bool,
) -> Lottery:
    portfolio = Portfolio(panels, polytope.types)
    weights, _ = entropic_weights(portfolio, target, _SHARP, watch)
    off = residual(portfolio, weights, target)
    if off > _SHARP and (off < _NEAR or last):
        weights = polished(portfolio, weights, target, watch)
        off = residual(portfolio, weights, target)
    small = portfolio.count * polytope.types <= _MOST_CELLS
    if off > _GOOD and small and (off < _NEAR or last):
        # The target may lie on a lower face of the panels' hull, where the dual of the entropy has
        # no optimum.
        try:
            basic = nearest_lottery(panels, target, polytope.sizes, watch).weights
        except SolverError:
            return Lottery(panels, weights, off)
        basic = polished(portfolio, basic, target, watch)
        if residual(portfolio, basic, target) < off:
            weights = basic
            off = residual(portfolio, weights, target)
    return Lottery(panels, weights, off)


def _whole(face: Face, lottery: Lottery) -> Lottery:
    """The lottery of the face as one of the whole problem."""
    used = lottery.weights > 0
    # Seats that all panels share do not change their order.
    return Lottery(face.whole(lottery.panels[used]), lottery.weights[used], lottery.residual)
