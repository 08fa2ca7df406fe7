"""The exact leximin lottery: relaxation, panels, weights, proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.encoding import whole_weights
from mitwirkung.lottery.engine.certificate import (
    TOLERANCE,
    Certificate,
    Cut,
    Expected,
    exact_chances,
    gap,
)
from mitwirkung.lottery.engine.conflict import NoPanel, find_conflict
from mitwirkung.lottery.engine.highs import SolverError
from mitwirkung.lottery.engine.hull import Hull
from mitwirkung.lottery.engine.polytope import Polytope
from mitwirkung.lottery.engine.progress import Progress, report
from mitwirkung.lottery.engine.realise import Lottery, realise
from mitwirkung.lottery.engine.relaxation import Relaxed, relax
from mitwirkung.lottery.engine.rounding import whole_stage
from mitwirkung.lottery.engine.sampling import sample_panels

_MOST_CUTS = 400


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
    """The leximin lottery.

    Attributes:
        chances: (T,) chance of one person of each type, as realised by panels and weights.
        panels: (N, seats) feasible panels: ascending type numbers, in lexicographic order, each
            once.
        weights: (N,) whole numbers, at least 1, that add up to 16^12: those that are published.
        certificate: the proof that no lottery is fairer.
    """

    chances: NDArray[np.float64]
    panels: NDArray[np.int32]
    weights: NDArray[np.int64]
    certificate: Certificate


def leximin(polytope: Polytope, *, seed: int, progress: Progress | None = None) -> Optimum:
    """The lottery with the largest smallest chance, then the next smallest, and so on, with its
    proof.

    After Flanigan, Goelz, Gupta, Hennig and Procaccia, "Fair algorithms for selecting citizens'
    assemblies", Nature 596, 2021. The leximin optimum of the relaxation is computed over types,
    then realised by sampled panels; if that is impossible, cuts are added to the relaxation until
    it is possible.

    Args:
        polytope: the problem.
        seed: any whole number from 0, also of 256 bits; chooses the panels, not the chances.
        progress: called now and then with the name of a step and the part of it that is done.

    Raises:
        NoPanel: if no panel meets the rows.
        LotteryNotProven: if the optimum could not be proven within `TOLERANCE`.
    """
    try:
        return _leximin(polytope, np.random.default_rng(seed), progress)
    except SolverError as error:
        raise LotteryNotProven(str(error)) from error


def _leximin(polytope: Polytope, rng: np.random.Generator, progress: Progress | None) -> Optimum:
    report(progress, "relaxation", 0.0)
    relaxed = relax(polytope)
    if relaxed is None:
        raise _no_panel(polytope)
    lottery = realise(polytope, relaxed.chances, rng, progress=progress)
    if lottery is not None and lottery.realised:
        return _proven(polytope, relaxed, lottery, (), progress)
    return _with_cuts(polytope, relaxed, lottery, rng, progress)


def _no_panel(polytope: Polytope) -> Exception:
    conflict = find_conflict(polytope)
    if conflict is None:
        return LotteryNotProven("the solver contradicts itself on whether a panel exists")
    return NoPanel(conflict)


def _with_cuts(
    polytope: Polytope,
    relaxed: Relaxed,
    lottery: Lottery | None,
    rng: np.random.Generator,
    progress: Progress | None,
) -> Optimum:
    """The optimum when sampling did not reach the relaxation, perhaps because no lottery does."""
    hull = Hull(polytope, rng)
    _first_panels(hull, relaxed, lottery)
    cuts: list[Cut] = []
    excluded = hull.excluded()
    if excluded is not None:
        cuts.append(excluded)
        relaxed = _relaxed_again(polytope, cuts)
    while True:
        report(progress, "cuts", min(1.0, len(cuts) / _MOST_CUTS))
        found = hull.reach(relaxed.chances * polytope.sizes)
        if isinstance(found, Lottery):
            return _proven(polytope, relaxed, found, tuple(cuts), progress)
        new = [cut for cut in found if cut not in cuts]
        cuts += new
        if not new or len(cuts) > _MOST_CUTS:
            reason = "too many cuts" if new else "neither a lottery nor a cut was found"
            raise LotteryNotProven(reason, len(cuts), float(relaxed.chances.min()))
        relaxed = _relaxed_again(polytope, cuts)


def _first_panels(hull: Hull, relaxed: Relaxed, lottery: Lottery | None) -> None:
    polytope = hull.polytope
    if lottery is not None:
        hull.add(lottery.panels)
    start = np.maximum(relaxed.chances * polytope.sizes, 1e-6)
    hull.add(sample_panels(polytope, start, 2 * polytope.types + 50, hull.rng, patience=60))
    if not len(hull.panels) and hull.best(np.ones(polytope.types, np.int64)) is None:
        raise _no_panel(polytope)


def _relaxed_again(polytope: Polytope, cuts: Sequence[Cut]) -> Relaxed:
    relaxed = relax(polytope, tuple(cuts))
    if relaxed is None:
        raise LotteryNotProven("the cuts leave no lottery", len(cuts))
    return relaxed


def _proven(
    polytope: Polytope,
    relaxed: Relaxed,
    lottery: Lottery,
    cuts: tuple[Cut, ...],
    progress: Progress | None,
) -> Optimum:
    report(progress, "certificate", 0.0)
    weights = np.array(whole_weights(lottery.weights.tolist()), np.int64)
    used = weights > 0
    panels, weights = lottery.panels[used], weights[used]
    if not polytope.feasible(panels).all():
        raise LotteryNotProven("a panel breaks a row", len(cuts))
    chances = exact_chances(polytope, panels, weights.tolist())
    certificate = certify(polytope, relaxed, cuts, chances)
    left = gap(polytope, certificate, chances)
    if left > TOLERANCE:
        bound = float(relaxed.chances.min())
        raise LotteryNotProven(f"a chance could rise by {float(left):.1e}", len(cuts), bound)
    report(progress, "certificate", 1.0)
    realised = np.array([float(q) for q in chances])
    return Optimum(realised, panels, weights, certificate)


def certify(
    polytope: Polytope, relaxed: Relaxed, cuts: tuple[Cut, ...], chances: Sequence[Fraction]
) -> Certificate:
    """The proof of the relaxation's stages in whole numbers, at its best for these realised
    chances."""
    expected = Expected.from_chances(polytope, chances)
    stages = tuple(whole_stage(polytope, proof, cuts, expected) for proof in relaxed.stages)
    return Certificate(stages, cuts)
