"""The lottery that is optimal for a goal: relaxation, panels, weights, proof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.encoding import whole_weights
from mitwirkung.lottery.engine.certificate import (
    TOLERANCE,
    Certificate,
    Cut,
    exact_chances,
)
from mitwirkung.lottery.engine.columns import leximin_by_columns
from mitwirkung.lottery.engine.conflict import NoPanel, find_conflict
from mitwirkung.lottery.engine.goal import Goal, Leximin
from mitwirkung.lottery.engine.highs import SolverError
from mitwirkung.lottery.engine.hull import Hull
from mitwirkung.lottery.engine.polytope import Polytope
from mitwirkung.lottery.engine.realise import Lottery, realise
from mitwirkung.lottery.engine.relaxation import Relaxed
from mitwirkung.lottery.engine.several import sample_panels
from mitwirkung.lottery.progress import Watch

_MOST_CUTS = 400
_SAME = 1e-7  # chance: worth a try to prove it as that of the relaxation
_FEW_TYPES = 200  # with more, most stages are proven by quotas, and columns would do it again


class LotteryNotProven(RuntimeError):
    """The lottery could not be brought to a proven optimum; nothing weaker is returned.

    Attributes:
        reason: what went wrong.
        cuts: how many cuts were proven until then.
        bound: no lottery has a smallest chance above this (None if not known).
    """

    def __init__(self, reason: str, cuts: int = 0, bound: float | None = None) -> None:
        super().__init__(reason, cuts, bound)
        self.reason, self.cuts, self.bound = reason, cuts, bound

    def __str__(self) -> str:
        known = "" if self.bound is None else f"; the smallest chance is at most {self.bound:.9f}"
        return f"the lottery is not proven: {self.reason} ({self.cuts} cuts{known})"


@dataclass(frozen=True, eq=False)
class Optimum:
    """The lottery.

    Attributes:
        chances: (T,) chance of one person of each type, as realised by panels and weights.
        panels: (N, seats) feasible panels: ascending type numbers, in lexicographic order, each
            once.
        weights: (N,) whole numbers, at least 1, that add up to 16^12: those that are published.
        certificate: the proof that no lottery is better for the goal.
    """

    chances: NDArray[np.float64]
    panels: NDArray[np.int32]
    weights: NDArray[np.int64]
    certificate: Certificate


def leximin(polytope: Polytope, *, seed: int, watch: Watch | None = None) -> Optimum:
    """The lottery with the largest smallest chance, then the next smallest, and so on: see
    `optimise`."""
    return optimise(polytope, Leximin(), seed=seed, watch=watch)


def optimise(polytope: Polytope, goal: Goal, *, seed: int, watch: Watch | None = None) -> Optimum:
    """The lottery that is best for a goal over all lotteries on panels, with its proof.

    After Flanigan, Goelz, Gupta, Hennig and Procaccia, "Fair algorithms for selecting citizens'
    assemblies", Nature 596, 2021. The optimum of the relaxation is computed over types, then
    realised by sampled panels; if that is impossible, cuts are added to the relaxation until it is
    possible.

    Args:
        polytope: the problem.
        goal: what the lottery is to be optimal for.
        seed: any whole number from 0, also of 256 bits; chooses the panels, not the chances.
        watch: told each step, and asked whether to stop.

    Raises:
        NoPanel: if no panel meets the rows.
        LotteryNotProven: if the optimum could not be proven within `TOLERANCE`.
        LotteryStopped: if `watch` says so.
    """
    try:
        return _optimise(polytope, goal, np.random.default_rng(seed), watch or Watch())
    except SolverError as error:
        raise LotteryNotProven(str(error)) from error


def _optimise(polytope: Polytope, goal: Goal, rng: np.random.Generator, watch: Watch) -> Optimum:
    watch("relaxation", 0.0)
    relaxed = goal.relax(polytope)
    if relaxed is None:
        raise _no_panel(polytope, watch)
    watch("relaxation", 1.0, bound=goal.highest_minimum(relaxed))
    lottery = realise(polytope, relaxed.chances, rng, watch=watch)
    if lottery is not None and lottery.realised:
        return _proven(
            polytope, goal, relaxed, lottery, _relaxed_proof(polytope, goal, relaxed), watch
        )
    return _with_cuts(polytope, goal, relaxed, lottery, rng, watch)


def _no_panel(polytope: Polytope, watch: Watch) -> Exception:
    conflict = find_conflict(polytope, watch)
    if conflict is None:
        return LotteryNotProven("the solver contradicts itself on whether a panel exists")
    return NoPanel(conflict)


def _with_cuts(
    polytope: Polytope,
    goal: Goal,
    relaxed: Relaxed,
    lottery: Lottery | None,
    rng: np.random.Generator,
    watch: Watch,
) -> Optimum:
    """The optimum when sampling did not reach the relaxation, perhaps because no lottery does."""
    watch("cuts", 0.0)
    hull = Hull(polytope, rng, watch)
    _first_panels(hull, relaxed, lottery)
    cuts: list[Cut] = []
    excluded = hull.excluded()
    seated = polytope.types - (0 if excluded is None else len(excluded.coefficients))
    if goal.leximin_is_best and (hull.listed is not None or seated <= _FEW_TYPES):
        best = leximin_by_columns(hull, excluded)
        if best is not None:
            certificate = goal.of_leximin(best[1])
            by_quotas = _relaxed_proof(polytope, goal, relaxed)

            def certify(chances: Sequence[Fraction]) -> tuple[Certificate, Fraction]:
                # Whole people may reach what fractions promise after all: sampling had bad luck.
                near = [float(chance) for chance in chances]
                if np.abs(near - relaxed.chances).max() < _SAME:
                    proof, left = by_quotas(chances)
                    if left <= TOLERANCE:
                        return proof, left
                return certificate, goal.gap(polytope, certificate, chances)

            return _proven(polytope, goal, relaxed, best[0], certify, watch)
    if excluded is not None:
        cuts.append(excluded)
        relaxed = _relaxed_again(polytope, goal, cuts)
    while True:
        share = len(cuts) / _MOST_CUTS
        watch("cuts", share, bound=goal.highest_minimum(relaxed))
        found = hull.reach(relaxed.chances * polytope.sizes, share)
        if isinstance(found, Lottery):
            return _proven(
                polytope, goal, relaxed, found, _relaxed_proof(polytope, goal, relaxed, cuts), watch
            )
        new = [cut for cut in found if cut not in cuts]
        cuts += new
        if not new or len(cuts) > _MOST_CUTS:
            reason = "too many cuts" if new else "neither a lottery nor a cut was found"
            raise LotteryNotProven(reason, len(cuts), goal.highest_minimum(relaxed))
        relaxed = _relaxed_again(polytope, goal, cuts)


def _first_panels(hull: Hull, relaxed: Relaxed, lottery: Lottery | None) -> None:
    polytope = hull.polytope
    if lottery is not None:
        hull.add(lottery.panels)
    if hull.listed is not None:
        if not len(hull.listed):
            raise _no_panel(polytope, hull.watch)
        hull.start_from_list(relaxed)
        return
    start = np.maximum(relaxed.chances * polytope.sizes, 1e-6)
    hull.add(
        sample_panels(
            *(polytope, start, 2 * polytope.types + 50, hull.rng),
            patience=60,
            watch=hull.watch,
            exchange=True,
        )
    )
    if not len(hull.panels) and hull.best(np.ones(polytope.types, np.int64)) is None:
        raise _no_panel(polytope, hull.watch)


def _relaxed_again(polytope: Polytope, goal: Goal, cuts: Sequence[Cut]) -> Relaxed:
    relaxed = goal.relax(polytope, tuple(cuts))
    if relaxed is None:
        raise LotteryNotProven("the cuts leave no lottery", len(cuts))
    return relaxed


def _relaxed_proof(
    polytope: Polytope, goal: Goal, relaxed: Relaxed, cuts: Sequence[Cut] = ()
) -> Callable[[Sequence[Fraction]], tuple[Certificate, Fraction]]:
    return lambda chances: goal.certify(polytope, relaxed, tuple(cuts), chances)


def _proven(
    polytope: Polytope,
    goal: Goal,
    relaxed: Relaxed,
    lottery: Lottery,
    certify: Callable[[Sequence[Fraction]], tuple[Certificate, Fraction]],
    watch: Watch,
) -> Optimum:
    """The lottery in whole weights, if the proof that ``certify`` makes for its chances holds."""
    watch("certificate", 0.0, gap=lottery.residual)
    weights = np.array(whole_weights(lottery.weights.tolist()), np.int64)
    used = weights > 0
    panels, weights = lottery.panels[used], weights[used]
    if not polytope.feasible(panels).all():
        raise LotteryNotProven("a panel breaks a row")
    chances = exact_chances(polytope, panels, weights.tolist())
    certificate, left = certify(chances)
    if left > TOLERANCE:
        reason = f"the proof leaves a gap of {float(left):.1e}"
        raise LotteryNotProven(reason, len(certificate.cuts), goal.highest_minimum(relaxed))
    watch("certificate", 1.0, gap=lottery.residual)
    realised = np.array([float(q) for q in chances])
    return Optimum(realised, panels, weights, certificate)
