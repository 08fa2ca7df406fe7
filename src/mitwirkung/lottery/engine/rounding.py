"""From the solver's multipliers to whole ones."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.certificate import Cut, Expected, Pairs, Stage, stage_gap
from mitwirkung.lottery.engine.polytope import Polytope
from mitwirkung.lottery.engine.relaxation import StageProof

# Doubles have 53 bits: with more, whole multipliers would only copy the solver's rounding errors.
_BITS = 56
_LARGEST_FACTOR = 10**6
_LARGEST_DENOMINATOR = 100


def whole_stage(
    polytope: Polytope, proof: StageProof, cuts: Sequence[Cut], expected: Expected
) -> Stage:
    """The stage with whole multipliers that prove the smaller gap for what the types have.

    Mostly the true multipliers are fractions with a small common denominator. Found, they are exact
    where the solver's are rounded, and short to read. Otherwise the solver's are scaled up far
    enough to lose nothing.
    """
    short = short_stage(proof)
    if short is None:
        return fine_stage(proof, cuts)
    left = stage_gap(polytope, short, cuts, expected)
    if not left:
        return short
    fine = fine_stage(proof, cuts)
    return short if left <= stage_gap(polytope, fine, cuts, expected) else fine


def fine_stage(proof: StageProof, cuts: Sequence[Cut]) -> Stage:
    """The stage with the solver's multipliers, scaled up far enough to lose nothing."""
    largest = _largest_multiplier(proof)
    if largest == 0:
        return Stage(types=tuple(proof.types.tolist()))
    precision = 2.0**_BITS * max([1] + [cut.largest() for cut in cuts])
    return _scaled(proof, precision / largest)


def short_stage(proof: StageProof) -> Stage | None:
    """The stage with small multipliers in the same proportions; None if there are none."""
    largest = _largest_multiplier(proof)
    factor = small_factor(_all_multipliers(proof) / largest) if largest else None
    return None if factor is None else _scaled(proof, factor / largest)


def _largest_multiplier(proof: StageProof) -> float:
    return float(np.abs(_all_multipliers(proof)).max())


def _all_multipliers(proof: StageProof) -> NDArray[np.float64]:
    return np.concatenate([proof.rows, [proof.seats], proof.caps, proof.cuts])


def small_factor(values: NDArray[np.float64], accuracy: float = 1e-9) -> int | None:
    """The smallest known whole number that makes all ``values`` (within -1 to 1) whole; None if
    there is none."""
    factor = 1
    for value in values:
        scaled = float(value) * factor
        if abs(scaled - round(scaled)) <= accuracy * factor:
            continue
        nearest = Fraction(scaled).limit_denominator(_LARGEST_DENOMINATOR)
        if abs(scaled - float(nearest)) > accuracy * factor:
            return None
        factor *= nearest.denominator
        if factor > _LARGEST_FACTOR:
            return None
    return factor


def _scaled(proof: StageProof, scale: float) -> Stage:
    caps = _sparse(proof.caps, scale)
    return Stage(
        types=tuple(proof.types.tolist()),
        rows=_sparse(proof.rows, scale),
        seats=round(proof.seats * scale),
        caps=tuple((int(proof.capped[i]), y) for i, y in caps),
        cuts=_sparse(proof.cuts, scale),
    )


def _sparse(values: NDArray[np.float64], scale: float) -> Pairs:
    whole = [round(float(v) * scale) for v in values]
    return tuple((i, y) for i, y in enumerate(whole) if y)
