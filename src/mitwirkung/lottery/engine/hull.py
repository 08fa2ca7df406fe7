"""When whole panels cannot follow the fractional optimum: pricing and cuts.

Tight quotas can leave fractional chances that no lottery over whole panels has. Then the fractional
problem is cut down to the hull of the panels, as far as the optimum needs it: the lottery nearest
to the target has prices under which the target is worth more than any panel; the best panel under
these prices, found by an integer programme, gives a bound which all panels meet and the target does
not. With that cut the chances are computed anew.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.certificate import LARGEST_CUT, Cut
from mitwirkung.lottery.engine.highs import Model
from mitwirkung.lottery.engine.integer import highest, panel_model
from mitwirkung.lottery.engine.master import nearest_lottery
from mitwirkung.lottery.engine.polytope import Polytope, panel_from_seats, tidy
from mitwirkung.lottery.engine.realise import Lottery
from mitwirkung.lottery.engine.rounding import small_factor
from mitwirkung.lottery.engine.sampling import sample_panels
from mitwirkung.lottery.engine.weights import Portfolio, polished, residual
from mitwirkung.lottery.progress import Watch

SHORTFALL = 1e-9  # chance: a lottery this near the target is exact but for rounding
_ROUGH, _FINE = 10**5, 10**7  # prices are rounded to this part of the largest
_TOLERABLE = 1e-6  # chance: a lottery to offer when rounding hides whether a cut remains
_CUTS_A_ROUND = 3
_PRICINGS_A_ROUND = 2000
_TILTS = (3.0, 8.0, 20.0)


class Hull:
    """All panels of a problem, known by the ones found so far and by an integer programme."""

    def __init__(self, polytope: Polytope, rng: np.random.Generator, watch: Watch) -> None:
        self.polytope = polytope
        self.rng = rng
        self.watch = watch
        self.model: Model = panel_model(polytope, watch)
        self.panels = np.empty((0, polytope.seats), np.int32)

    def add(self, panels: NDArray[np.int32]) -> None:
        """Take note of feasible ``panels`` (N, seats)."""
        self.panels = tidy(np.concatenate([self.panels, panels]))

    def best(self, coefficients: NDArray[np.int64]) -> tuple[int, int] | None:
        """The proven bound and the value found of the whole ``coefficients`` (T,) over all panels;
        None without panel.

        The best panel is added to those known.
        """
        bound, x = highest(self.model, enumerate(coefficients.tolist()))
        if x is None:
            return None
        panel = panel_from_seats(x)
        if panel.shape[1] == self.polytope.seats and self.polytope.feasible(panel).all():
            self.add(panel)
        return bound, int((coefficients * x).sum())

    def excluded(self) -> Cut | None:
        """The cut which says that some types are on no panel at all; None if each is on one (or
        there is no panel)."""
        missing = np.ones(self.polytope.types, np.bool_)
        missing[np.unique(self.panels)] = False
        while missing.any():
            found = self.best(missing.astype(np.int64))
            if found is None:
                return None
            if found[0] == 0:
                return Cut(tuple((int(t), 1) for t in np.flatnonzero(missing)), 0)
            before = int(missing.sum())
            missing[np.unique(self.panels)] = False
            if int(missing.sum()) == before:
                return None
        return None

    def reach(self, target: NDArray[np.float64], share: float) -> Lottery | list[Cut]:
        """A lottery whose mean is ``target`` (T,) expected seats, or cuts that the target breaks.

        An empty list says that neither was found. ``share`` is what `watch` is told of the work.
        """
        cuts: list[Cut] = []
        for _ in range(_PRICINGS_A_ROUND):
            near = nearest_lottery(self.panels, target, self.polytope.sizes, self.watch)
            self.watch("cuts", share, gap=max(0.0, near.shortfall))
            if near.shortfall <= SHORTFALL:
                return self._lottery(near.weights, target)
            if self._price_by_sampling(target, near.prices, near.worth):
                continue
            before = len(self.panels)
            cut = self._price_exactly(target, near.prices, _ROUGH)
            if cut is None and len(self.panels) == before:
                fine = min(_FINE, LARGEST_CUT // self.polytope.seats)
                cut = self._price_exactly(target, near.prices, fine)
            if cut is not None and cut not in cuts:
                cuts.append(cut)
            if len(self.panels) == before:
                if not cuts and near.shortfall <= _TOLERABLE:
                    return self._lottery(near.weights, target)
                break
            if len(cuts) >= _CUTS_A_ROUND:
                break
        return cuts

    def _lottery(self, weights: NDArray[np.float64], target: NDArray[np.float64]) -> Lottery:
        portfolio = Portfolio(self.panels, self.polytope.types)
        weights = polished(portfolio, weights, target, self.watch)
        used = weights > 0
        off = residual(portfolio, weights, target)
        return Lottery(self.panels[used], weights[used], off)

    def _price_by_sampling(
        self, target: NDArray[np.float64], prices: NDArray[np.float64], worth: float
    ) -> bool:
        """Whether chains that lean to high prices found panels worth more than all known ones."""
        start = np.maximum(target, 1e-6)
        largest = float(prices.max())
        if largest <= 0:
            return False
        found = False
        for tilt in _TILTS:
            panels = sample_panels(
                self.polytope,
                start,
                20,
                self.rng,
                tilt=prices / largest * tilt,
                patience=30,
                watch=self.watch,
            )
            better = prices[panels].sum(axis=1) > worth + 1e-7 * max(1e-3, worth)
            if better.any():
                self.add(panels[better])
                found = True
        return found

    def _price_exactly(
        self, target: NDArray[np.float64], prices: NDArray[np.float64], largest: int
    ) -> Cut | None:
        """The best panel under the prices is added; the cut it proves, if the target breaks it."""
        if not prices.any():
            return None
        coefficients = whole_prices(prices, largest)
        found = self.best(coefficients)
        if found is None:
            return None
        bound = found[0]
        value = float((coefficients * target).sum())
        if value <= bound + 1e-9 * max(1, bound):
            return None
        filled = np.flatnonzero(coefficients)
        return Cut(tuple((int(t), int(coefficients[t])) for t in filled), bound)


def whole_prices(prices: NDArray[np.float64], largest: int) -> NDArray[np.int64]:
    """Whole numbers (T,) in proportion to ``prices`` (T,): exactly where the proportions are
    simple."""
    scaled = prices / float(prices.max())
    factor = small_factor(scaled, accuracy=1e-8)
    if factor is None or factor > largest:
        factor = largest
    return np.round(scaled * factor).astype(np.int64)
