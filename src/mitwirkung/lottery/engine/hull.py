"""When whole panels cannot follow the fractional optimum: what is known of all panels, and cuts.

`columns` finds leximin with it, for few types or listed panels. For other goals, and for many
types, the fractional problem is cut down to the hull of the panels, as far as the optimum needs it:
the lottery nearest to the target has prices under which the target is worth more than any panel;
the best panel under these prices, found by an integer programme, gives a bound which all panels
meet and the target does not. With that cut the chances are computed anew. Where all panels can be
listed (`listing`), the list answers in place of the integer programme.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.certificate import LARGEST_CUT, Cut, Pairs
from mitwirkung.lottery.engine.exchange import Exchanges
from mitwirkung.lottery.engine.integer import (
    PanelModel,
    better,
    highest,
    hold,
    panel_model,
    panels_met,
    without_room,
)
from mitwirkung.lottery.engine.listing import all_panels
from mitwirkung.lottery.engine.master import SHORTFALL, NearestMaster, dearest, evenly, worth
from mitwirkung.lottery.engine.polytope import Polytope, examples, panel_from_seats, tidy
from mitwirkung.lottery.engine.realise import Lottery
from mitwirkung.lottery.engine.relaxation import Relaxed, StageProof
from mitwirkung.lottery.engine.rounding import small_factor
from mitwirkung.lottery.engine.several import neighbours, sample_panels
from mitwirkung.lottery.engine.weights import Portfolio, polished, residual
from mitwirkung.lottery.progress import Watch

_ROUGH, _FINE = 10**5, 10**7  # prices are rounded to this part of the largest
_TOLERABLE = 1e-6  # chance: a lottery to offer when rounding hides whether a cut remains
_CUTS_A_ROUND = 3
_PRICINGS_A_ROUND = 2000
_TILTS = (3.0, 8.0, 20.0)
_FEWEST_STARTS, _MOST_STARTS = 10, 100
_FEWEST_STEPS, _MOST_STEPS = 10, 150
_PROMISING = 0.98  # of the worth of the best panel known: to be kept for later prices
_EFFORT_PER_STEP = 90  # iterations of the simplex method
_EFFORT_PER_TYPE, _MOST_EXPECTED = 20, 2000  # what the first integer programme may take
_ENOUGH, _MOST_KEPT = 10, 300  # better panels, and all of those that a walk finds
_MOST_LISTED = 400_000  # panels and their beginnings: listed in some tenths of a second
_MOST_FROM_LIST = 100  # better panels at a time
_MOST_TAKEN = 20  # of those known
_TIGHT = 1e-6


class Hull:
    """All panels of a problem, known by the ones found so far, and by their list or an integer
    programme.

    Attributes:
        panels: (N, seats) those found so far, in canonical form.
        listed: all of them; None where they are too many to be listed.
    """

    def __init__(
        self,
        polytope: Polytope,
        rng: np.random.Generator,
        watch: Watch,
        listed: NDArray[np.int32] | None = None,
    ) -> None:
        """``listed`` are all panels, where that is known already."""
        self.polytope = polytope
        self.rng = rng
        self.watch = watch
        self.listed = all_panels(polytope, _MOST_LISTED) if listed is None else listed
        if self.listed is not None:
            self.listed = np.asfortranarray(self.listed)  # seat after seat is read
        self.panels = np.empty((0, polytope.seats), np.int32)
        self.held: list[Cut] = []

    def over(self, types: NDArray[np.int64]) -> Hull:
        """The same without all other types, which are on no panel; with nothing held."""
        whole = self.polytope
        part = whole.part(types, whole.seats, whole.lower, whole.upper)
        place = np.zeros(whole.types, np.int32)
        place[types] = np.arange(len(types))
        listed = None if self.listed is None else place[self.listed]
        hull = Hull(part, self.rng, self.watch, listed)
        hull.add(place[self.panels])
        return hull

    @cached_property
    def model(self) -> PanelModel:
        """The integer programme."""
        model = panel_model(self.polytope, self.watch, presolve=False)
        model.effort = min(_EFFORT_PER_TYPE * self.polytope.types, _MOST_EXPECTED)
        never = without_room(self.polytope)
        model.set_upper_bounds(never, [0.0] * len(never))
        return model

    def add(self, panels: NDArray[np.int32]) -> None:
        """Take note of feasible ``panels`` (N, seats)."""
        self.panels = tidy(np.concatenate([self.panels, panels]))

    def start_from_list(self, relaxed: Relaxed) -> None:
        """Take note of listed panels that are as near the optimum of the relaxation as whole panels
        can be, and of one for each type that is on any."""
        assert self.listed is not None
        types = self.polytope.types
        # What meets the inequalities of all stages with equality is worth the most.
        values = worth(self.listed, sum(map(self._shares, relaxed.stages), np.zeros(types)))
        near = np.flatnonzero(values > values.max() - _TIGHT)
        wanted = min(2 * types + 50, len(values))
        if len(near) < wanted:
            near = np.argpartition(-values, wanted - 1)[:wanted]
        example = examples(self.listed, types)
        chosen = np.union1d(near[evenly(len(near), wanted)], example[example >= 0])
        self.add(self.listed[chosen])

    def _shares(self, proof: StageProof) -> NDArray[np.float64]:
        """What a seat of each type (T,) counts in the inequality of a stage; at most 1."""
        shares: NDArray[np.float64]
        shares = np.append(proof.rows, 0.0)[self.polytope.rows].sum(axis=1) + proof.seats
        shares[proof.capped] += proof.caps
        shares /= max(float(np.abs(shares).max()), 1e-300)
        return shares

    def best(self, coefficients: NDArray[np.int64]) -> tuple[int, int] | None:
        """The proven bound and the value found of the whole ``coefficients`` (T,) over all panels;
        None without panel.

        The best panel is added to those known.
        """
        if self.listed is not None:
            if not len(self.listed):
                return None
            values = worth(self.listed, coefficients)
            self.add(self.listed[[values.argmax()]])
            return int(values.max()), int(values.max())
        bound, x = highest(self.model, pairs(coefficients))
        if x is None:
            return None
        self._add_met(x)
        return bound, int((coefficients * x).sum())

    def better(self, coefficients: NDArray[np.int64]) -> NDArray[np.int32]:
        """Panels (N, seats) with a larger sum of the whole ``coefficients`` (T,) than all known
        ones, to which they are added; none if there is none."""
        known = int(worth(self.panels, coefficients).max())
        if self.listed is not None:
            return self._best_listed(coefficients, known)
        x = better(self.model, pairs(coefficients), known)
        return self.panels[:0] if x is None else self._add_met(x)

    def dearer(self, prices: NDArray[np.float64], above: float) -> NDArray[np.int32]:
        """Some panels (N, seats) worth more than ``above`` under the ``prices`` (T,); none if none
        is found."""
        if self.listed is not None:
            return self._best_listed(prices, above)
        found = self._dearest_known(prices, above)
        if not len(found):
            self.walk(prices)
            found = self._dearest_known(prices, above)
        return found

    def _dearest_known(self, prices: NDArray[np.float64], above: float) -> NDArray[np.int32]:
        values = worth(self.panels, prices)
        best = np.argsort(-values, kind="stable")[:_MOST_TAKEN]
        found: NDArray[np.int32] = self.panels[best[values[best] > above]]
        return found

    def _best_listed(
        self, prices: NDArray[np.int64] | NDArray[np.float64], above: float
    ) -> NDArray[np.int32]:
        """The listed panels that are worth the most, if more than ``above``; they are added."""
        assert self.listed is not None
        found = self.listed[dearest(self.listed, prices, above, _MOST_FROM_LIST)]
        self.panels = np.concatenate([self.panels, found])
        return found

    def _add_met(self, best: NDArray[np.int64]) -> NDArray[np.int32]:
        whole = [x for x in [best, *panels_met(self.model)] if x.sum() == self.polytope.seats]
        met = np.concatenate([panel_from_seats(x) for x in whole])
        met = tidy(met[self.polytope.feasible(met)])
        met = met[self.meets(met)]
        self.add(met)
        return met

    def hold(self, cut: Cut) -> None:
        """From now on only panels that meet the cut with equality count as panels."""
        self.held.append(cut)
        self.panels = self.panels[self.on(cut, self.panels)]
        if self.listed is None:
            hold(self.model, cut.coefficients, cut.bound)
        else:
            self.listed = np.asfortranarray(self.listed[self.on(cut, self.listed)])

    def meets(self, panels: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Which of the ``panels`` (N, seats) meet all cuts that are held."""
        meets = np.ones(len(panels), np.bool_)
        for cut in self.held:
            meets &= self.on(cut, panels)
        return meets

    def on(self, cut: Cut, panels: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Which of the ``panels`` (N, seats) meet a cut with equality."""
        coefficients = np.zeros(self.polytope.types, np.int64)
        types, values = zip(*cut.coefficients, strict=True)
        coefficients[list(types)] = values
        on_it: NDArray[np.bool_] = worth(panels, coefficients) == cut.bound
        return on_it

    def walk(self, prices: NDArray[np.float64]) -> None:
        """Look for panels worth more than all known ones near the best of these: until some are
        found, or as long as the last integer programme suggests; not at all where it was easy.

        Where all panels are listed, the best of them are taken."""
        if self.listed is not None:
            self._best_listed(prices, float(prices[self.panels].sum(axis=1).max()) * (1 + 1e-7))
            return
        steps = min(self.model.effort // _EFFORT_PER_STEP, _MOST_STEPS)
        if steps < _FEWEST_STEPS:
            return
        worth = prices[self.panels].sum(axis=1)
        start = np.argsort(-worth, kind="stable")[: max(_FEWEST_STARTS, len(worth) // 3)]
        starts, best = self.panels[start[:_MOST_STARTS]], float(worth.max())
        found = self.panels[:0]
        exchanges = self._exchanges if self.polytope.units is None else None
        looks = neighbours(
            *(self.polytope, exchanges, starts, prices, best * _PROMISING, steps),
            *(self.rng, self.watch),
        )
        for look in looks:
            found = tidy(np.concatenate([found, look[self.meets(look)]]))
            if int((prices[found].sum(axis=1) > best * (1 + 1e-7)).sum()) >= _ENOUGH:
                break
        dearest = np.argsort(-prices[found].sum(axis=1), kind="stable")
        self.add(found[dearest[:_MOST_KEPT]])

    @cached_property
    def _exchanges(self) -> Exchanges:
        return Exchanges(self.polytope, self.rng)

    def excluded(self) -> Cut | None:
        """The cut which says that some types are on no panel at all; None if each is on one (or
        there is no panel)."""
        panels = self.panels if self.listed is None else self.listed
        missing = examples(panels, self.polytope.types) < 0
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
            if missing.any():
                self.walk(missing.astype(np.float64))
                missing[np.unique(self.panels)] = False
        return None

    def reach(self, target: NDArray[np.float64], share: float) -> Lottery | list[Cut]:
        """A lottery whose mean is ``target`` (T,) expected seats, or cuts that the target breaks.

        An empty list says that neither was found. ``share`` is what `watch` is told of the work.
        """
        cuts: list[Cut] = []
        master = NearestMaster(self.panels, target, self.polytope.sizes, self.watch)
        for _ in range(_PRICINGS_A_ROUND):
            master.take(self.panels)
            near = master.solve()
            self.watch("cuts", share, gap=max(0.0, near.shortfall))
            if near.shortfall <= SHORTFALL:
                return self.lottery(master.panels, near.weights, target)
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
                    return self.lottery(master.panels, near.weights, target)
                break
            if len(cuts) >= _CUTS_A_ROUND:
                break
        return cuts

    def lottery(
        self,
        panels: NDArray[np.int32],
        weights: NDArray[np.float64],
        target: NDArray[np.float64],
    ) -> Lottery:
        """The lottery with these ``weights`` (N,) of ``panels`` (N, seats), polished."""
        order = np.lexsort(panels.T[::-1])
        panels, weights = panels[order], weights[order]
        portfolio = Portfolio(panels, self.polytope.types)
        weights = polished(portfolio, weights, target, self.watch)
        used = weights > 0
        off = residual(portfolio, weights, target)
        return Lottery(panels[used], weights[used], off)

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
        return Cut(pairs(coefficients), bound)


def pairs(coefficients: NDArray[np.int64]) -> Pairs:
    """The coefficients that are not 0, each with its type."""
    return tuple((int(t), int(coefficients[t])) for t in np.flatnonzero(coefficients))


def whole_prices(prices: NDArray[np.float64], largest: int) -> NDArray[np.int64]:
    """Whole numbers (T,) in proportion to ``prices`` (T,): exactly where the proportions are
    simple."""
    scaled = prices / float(prices.max())
    factor = small_factor(scaled, accuracy=1e-8)
    if factor is None or factor > largest:
        factor = largest
    return np.round(scaled * factor).astype(np.int64)
