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
    largest = max(
        [abs(proof.seats)]
        + [float(np.abs(v).max()) for v in (proof.rows, proof.caps, proof.cuts) if len(v)]
    )
    if largest == 0:
        return Stage(types=tuple(proof.types.tolist()))
    precision = 2.0**_BITS * max([1] + [cut.largest() for cut in cuts])
    stages = [_scaled(proof, precision / largest)]
    factor = small_factor(_all_multipliers(proof) / largest)
    if factor is not None:
        stages.insert(0, _scaled(proof, factor / largest))
    if len(stages) == 1:
        return stages[0]
    return min(stages, key=lambda stage: stage_gap(polytope, stage, cuts, expected))


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
