"""Leximin over whole panels, stage by stage, by column generation.

The way for few types and a real gap between fractional and whole people. A stage asks for the
largest smallest chance over the panels known so far, while those fixed before keep their chances
(Algorithm 1 of Flanigan, Goelz, Gupta, Hennig and Procaccia, Nature 596, 2021). Its prices say what
a panel that helps looks like; neighbours of known panels, then an integer programme, look for one.
When there is none, the prices are worked out without rounding: as whole numbers they are a cut,
which proves the stage. Every panel of the optimal lottery meets this cut with equality, so all
stages that follow look at those panels alone, which are fewer and fewer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.certificate import LARGEST_CUT, Certificate, Cut, Stage
from mitwirkung.lottery.engine.exact import exact_prices
from mitwirkung.lottery.engine.highs import SolverError
from mitwirkung.lottery.engine.hull import Hull, pairs, whole_prices
from mitwirkung.lottery.engine.master import SHORTFALL, StageMaster, worth
from mitwirkung.lottery.engine.polytope import seats_per_type
from mitwirkung.lottery.engine.realise import Lottery

_CERTAIN = 1 - 1e-6
_ROUGH = 1000  # prices are rounded to this part of the largest while panels are looked for
_EQUAL, _NO_PRICE = 1e-8, 1e-9  # of the largest: what is only rounding
_BETTER = 1e-7  # of the worth
_MOST_PRICINGS = 5000


def leximin_by_columns(known: Hull, excluded: Cut | None) -> tuple[Lottery, Certificate] | None:
    """The leximin lottery over all panels with its proof; None where prices have no small whole
    form.

    Args:
        known: the panels: at least one for each type that is on any; they stay as they are.
        excluded: the cut that leaves all other types out.

    Raises:
        SolverError: if HiGHS gives no usable answer.
    """
    if excluded is not None:
        return _over_the_others(known, excluded)
    return _stages(known.over(np.arange(known.polytope.types)))


def _stages(hull: Hull) -> tuple[Lottery, Certificate] | None:
    """The same over all types of the ``hull``, which knows only panels of the optimum in the
    end."""
    polytope, watch = hull.polytope, hull.watch
    sizes = polytope.sizes
    is_open = np.ones(polytope.types, np.bool_)
    chances = np.zeros(polytope.types)
    stages: list[Stage] = []
    cuts: list[Cut] = []
    master = StageMaster(hull.panels, sizes)

    while is_open.any():
        watch("cuts", 1 - float(is_open.mean()))
        found = _stage(hull, master)
        if found is None:
            return None
        if isinstance(found, float):
            stages.append(Stage(tuple(np.flatnonzero(is_open).tolist())))
            chances[is_open] = found
            break
        prices, bound = found
        seats = prices * sizes
        rest = bound - float((seats * chances)[~is_open].sum())
        held = np.flatnonzero(is_open & (prices > 0))
        if not len(held):
            raise SolverError("a stage over panels proves no type")
        stages.append(Stage(tuple(held.tolist()), cuts=((len(cuts), 1),)))
        cuts.append(Cut(pairs(prices), bound, len(cuts)))
        hull.hold(cuts[-1])
        chances[held] = rest / float(seats[is_open].sum())
        is_open[held] = False
        master.fix(held, chances, hull.on(cuts[-1], master.panels))
    lottery = hull.lottery(master.panels, master.weights(chances), chances * sizes)
    return (
        None if lottery.residual > SHORTFALL else (lottery, Certificate(tuple(stages), tuple(cuts)))
    )


def _over_the_others(known: Hull, excluded: Cut) -> tuple[Lottery, Certificate] | None:
    """The same without the types that are on no panel at all, which makes all of it smaller."""
    away = np.array([t for t, _ in excluded.coefficients])
    seated = np.setdiff1d(np.arange(known.polytope.types), away)
    found = _stages(known.over(seated))
    if found is None:
        return None
    lottery, proof = found
    stages = [Stage(tuple(away.tolist()), cuts=((0, 1),))]
    for stage in proof.stages:
        types = tuple(seated[list(stage.types)].tolist())
        stages.append(Stage(types, cuts=tuple((cut + 1, times) for cut, times in stage.cuts)))
    cuts = [excluded]
    for cut in proof.cuts:
        named = tuple((int(seated[t]), price) for t, price in cut.coefficients)
        cuts.append(Cut(named, cut.bound, cut.given + 1))
    whole = Lottery(seated[lottery.panels].astype(np.int32), lottery.weights, lottery.residual)
    return whole, Certificate(tuple(stages), tuple(cuts))


def _stage(hull: Hull, master: StageMaster) -> tuple[NDArray[np.int64], int] | float | None:
    """The whole prices (T,) that prove a stage, and the largest sum of them on any panel; 1.0 if
    all open types can be on every panel; None if the prices have no small whole form."""
    master.take(hull.panels)
    for _ in range(_MOST_PRICINGS):
        level, prices = master.solve()
        if level >= _CERTAIN:
            return 1.0
        if master.take(hull.dearer(prices, master.worth(prices) * (1 + _BETTER))):
            continue
        exact = _without_rounding(hull.panels, prices)
        whole = whole_prices(prices, _ROUGH) if exact is None else exact
        found = hull.better(whole)
        if not len(found):
            if exact is None or level < 0:
                return None
            return exact, int(worth(hull.panels, exact).max())
        if not master.take(found):
            raise SolverError("a panel that is better breaks a row")
    return None


def _without_rounding(
    panels: NDArray[np.int32], prices: NDArray[np.float64]
) -> NDArray[np.int64] | None:
    values = worth(panels, prices)
    best = panels[values >= float(values.max()) * (1 - _EQUAL)]
    most = LARGEST_CUT // panels.shape[1]
    simple = whole_prices(prices, most)
    if len(np.unique(worth(best, simple))) == 1:  # mostly so
        return simple
    priced = np.flatnonzero(prices > _NO_PRICE * float(prices.max()))
    return exact_prices(seats_per_type(best, len(prices)), priced, most=most)
