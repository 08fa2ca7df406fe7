"""Leximin over fractional panels: the largest smallest chance, then the next, by one linear model.

The method is Algorithm 1 of Flanigan, Goelz, Gupta, Hennig and Procaccia (Nature 596, 2021),
applied to types of interchangeable people and to the linear relaxation of the set of panels: the
model has one row per quota instead of one variable per panel, and a stage takes milliseconds.

In a stage every type ``t`` that is not yet fixed gets ``x[t] = sizes[t] * z + above[t]`` expected
seats, a fixed type ``x[t] = sizes[t] * chance[t] + above[t]``, with ``above >= 0``. The stage
maximises ``z``. The reduced cost of ``above[t]`` says how much ``z`` would lose for one seat given
to ``t`` beyond its floor: where it is positive, the type cannot rise above ``z`` while nobody lower
falls, and is fixed there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.certificate import Cut
from mitwirkung.lottery.engine.highs import INFINITY, Model, Rows, SolverError
from mitwirkung.lottery.engine.linear import sums
from mitwirkung.lottery.engine.polytope import Polytope

# A type is fixed only where its share of the stage's proof is not tiny beside the largest share:
# the certificate divides by it. The others have the same level in a later stage, with a better
# proof.
_SHARE = 1e-2
# Fixed types may lose this much, over all people together, so that rounding never makes a later
# stage impossible. It does not lower the levels, which come from the multipliers. Cuts have rounded
# coefficients: where two nearly agree, too little slack would let their rounding alone hold a type.
_SLACK = 1e-9
_SLACK_WITH_CUTS = 1e-6
_LARGEST_SLACK = 1e-3


@dataclass(frozen=True, eq=False)
class StageProof:
    """Why the types of a stage cannot rise, as the solver's multipliers (floats, only a
    suggestion).

    ``sum(rows * row sums) + seats * sum(x) + sum(caps * x[capped]) + sum(cuts * cut sums)`` is at
    most its value at the stage's optimum for every fractional panel.
    """

    types: NDArray[np.int64]
    rows: NDArray[np.float64]
    seats: float
    capped: NDArray[np.int64]
    caps: NDArray[np.float64]
    cuts: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Relaxed:
    """The leximin chances (T,) of the relaxation and the proof of each stage; the last stage has
    level 1 or a proof."""

    chances: NDArray[np.float64]
    stages: tuple[StageProof, ...]


def relax(
    polytope: Polytope, cuts: tuple[Cut, ...] = (), *, ceiling: float = 1.0
) -> Relaxed | None:
    """Leximin chances over all fractional panels that also meet ``cuts``; None if there is no
    fractional panel.

    With a ``ceiling`` below 1 no chance may be above it; the proofs then hold under it alone.

    Raises:
        SolverError: if HiGHS gives no usable answer.
    """
    if (polytope.lower > polytope.upper).any():
        return None
    stages = _Stages(polytope, cuts, ceiling)
    proofs: list[StageProof] = []
    while stages.open.any():
        level = stages.solve()
        if level is None:
            return None
        if level >= 1 - 1e-9:
            proofs.append(stages.proof_of_certainty())
            stages.fix(proofs[-1].types, 1.0)
            break
        proofs.append(stages.proof())
        stages.fix(proofs[-1].types, stages.level_from(proofs[-1]))
    return Relaxed(stages.chances, tuple(proofs))


def largest_minimum(polytope: Polytope, apart: NDArray[np.int64]) -> float:
    """The largest smallest chance over all fractional panels, of all types but those ``apart``.

    Raises:
        SolverError: if HiGHS gives no usable answer, or there is no fractional panel.
    """
    stages = _Stages(polytope, (), 1.0)
    stages.fix(apart, 0.0)
    level = stages.solve()
    if level is None:
        raise SolverError("there is no fractional panel")
    return level


def entries(
    polytope: Polytope, cuts: tuple[Cut, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The matrix of the relaxation as entries (row, type, value): the quota rows, the number of
    seats, then the cuts, each divided by its largest coefficient."""
    rows, types, values = polytope.entries()
    everyone = np.arange(polytope.types, dtype=np.int64)
    all_rows = [rows, np.full(polytope.types, polytope.row_count, np.int64)]
    all_types = [types, everyone]
    all_values = [values, np.ones(polytope.types)]
    for number, cut in enumerate(cuts):
        numbers, coefficients = np.array(cut.coefficients, np.int64).reshape(-1, 2).T
        all_rows.append(np.full(len(numbers), polytope.row_count + 1 + number, np.int64))
        all_types.append(numbers)
        all_values.append(coefficients / float(cut.largest()))
    return np.concatenate(all_rows), np.concatenate(all_types), np.concatenate(all_values)


class _Stages:
    """The live model. Its rows are the quota rows, the number of seats, the cuts, then the caps as
    they are needed."""

    def __init__(self, polytope: Polytope, cuts: tuple[Cut, ...], ceiling: float) -> None:
        self.sizes = polytope.sizes.astype(np.float64)
        self.most = ceiling * self.sizes
        self.types = polytope.types
        self.quotas = polytope.row_count
        self.people = int(polytope.sizes.sum())
        self.cut_scales = np.array([cut.largest() for cut in cuts], np.float64)
        self.entry_row, self.entry_column, self.entry_value = entries(polytope, cuts)
        cut_bounds = np.array([cut.bound for cut in cuts], np.float64) / self.cut_scales
        self.lower = np.concatenate(
            [polytope.lower, [polytope.seats], np.full(len(cuts), -INFINITY)]
        ).astype(np.float64)
        self.upper = np.concatenate([polytope.upper, [polytope.seats], cut_bounds]).astype(
            np.float64
        )
        self.open = np.ones(self.types, np.bool_)
        self.chances = np.zeros(self.types)
        self.slack = (_SLACK_WITH_CUTS if cuts else _SLACK) / self.people
        self.caps: dict[int, int] = {}  # type -> its row, in the order of the rows
        self.weight_of_z = self._row_sums(self.sizes)
        self.model = self._build()

    def _row_sums(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        weights = self.entry_value * x[self.entry_column]
        return sums(self.entry_row, weights, len(self.lower))

    def _build(self) -> Model:
        z = self.types
        filled = np.flatnonzero(self.weight_of_z)
        rows = Rows(
            self.lower,
            self.upper,
            np.concatenate([self.entry_row, filled]),
            np.concatenate([self.entry_column, np.full(len(filled), z, np.int64)]),
            np.concatenate([self.entry_value, self.weight_of_z[filled]]),
        )
        # "above" has no upper bound of its own: caps are rows, so that their multipliers stand in
        # the proof.
        return Model(
            np.append(np.zeros(self.types), -1.0),
            np.zeros(self.types + 1),
            np.append(np.full(self.types, INFINITY), 1.0),
            rows,
            presolve=False,
            scaling=False,  # numbers of people and ones: near each other as they are
        )

    def floor(self) -> NDArray[np.float64]:
        """Expected seats that fixed types keep, 0 for open ones."""
        kept = np.maximum(0.0, self.chances - self.slack)
        return np.where(self.open, 0.0, self.sizes * kept)

    def solve(self) -> float | None:
        """Solve the stage, adding caps ``x[t] <= most[t]`` until all hold; its level, None if
        nothing is possible."""
        while True:
            if not self._solve_once():
                return None
            values = self.model.values()
            self.above, level = values[:-1], float(values[-1])
            x = self.above + self.floor() + np.where(self.open, self.sizes * level, 0.0)
            over = np.flatnonzero(x > self.most * (1 + 1e-9))
            missing = [int(t) for t in over if int(t) not in self.caps]
            if not missing:
                return level
            for t in missing:
                self._add_cap(t)

    def _solve_once(self) -> bool:
        if self.model.solve() or self.model.solve_afresh():
            return True
        if self.open.all():
            return False
        # A later stage is possible in truth, so rounding is to blame: loosen the floors a little.
        while self.slack < _LARGEST_SLACK / self.people:
            self.slack *= 10
            self._shift_bounds()
            if self.model.solve_afresh():
                return True
        raise SolverError("a stage of the relaxation has no solution")

    def _add_cap(self, t: int) -> None:
        size, most = float(self.sizes[t]), float(self.most[t])
        z = self.types
        if self.open[t]:
            self.model.add_row(most, [t, z], [1.0, size])
        else:
            self.model.add_row(most - float(self.floor()[t]), [t], [1.0])
        self.caps[t] = len(self.lower) + len(self.caps)

    def proof(self) -> StageProof:
        """The multipliers of the stage and the types they prove best."""
        share = self.model.reduced_costs()[:-1] * self.sizes
        held = self.open & (self.above <= 1e-9 * self.sizes)
        share = np.where(held, share, 0.0)
        if not share.max() > 0:
            raise SolverError("a stage of the relaxation proves no type")
        return self._multipliers(np.flatnonzero(share >= _SHARE * share.max()))

    def _multipliers(self, types: NDArray[np.int64]) -> StageProof:
        duals = -self.model.duals()
        fixed_rows = len(self.lower)
        return StageProof(
            types=types,
            rows=duals[: self.quotas],
            seats=float(duals[self.quotas]),
            capped=np.array(list(self.caps), np.int64),
            caps=np.maximum(duals[fixed_rows:], 0.0),
            cuts=np.maximum(duals[self.quotas + 1 : fixed_rows], 0.0) / self.cut_scales,
        )

    def level_from(self, proof: StageProof) -> float:
        """The stage's level from its multipliers: free of the tolerances with which HiGHS meets
        bounds.

        At the optimum the inequality of the multipliers holds with equality, fixed types at their
        chances and open types at the level.
        """
        upper, lower = self.upper[: self.quotas], self.lower[: self.quotas]
        bound = (proof.rows * np.where(proof.rows > 0, upper, lower)).sum()
        bound += proof.seats * self.upper[self.quotas]
        bound += (proof.caps * self.most[proof.capped]).sum()
        cuts = proof.cuts * self.cut_scales
        bound += (cuts * self.upper[self.quotas + 1 :]).sum()
        multipliers = np.concatenate([proof.rows, [proof.seats], cuts])
        share = sums(self.entry_column, self.entry_value * multipliers[self.entry_row], self.types)
        share[proof.capped] += proof.caps
        share *= self.sizes
        taken = (share * self.chances)[~self.open].sum()
        return float(np.clip((bound - taken) / share[self.open].sum(), 0.0, 1.0))

    def proof_of_certainty(self) -> StageProof:
        """The last stage when all open types are on every panel: a chance of 1 needs no
        multipliers."""
        nothing = np.zeros(0)
        return StageProof(
            types=np.flatnonzero(self.open),
            rows=np.zeros(self.quotas),
            seats=0.0,
            capped=np.zeros(0, np.int64),
            caps=nothing,
            cuts=np.zeros(len(self.cut_scales)),
        )

    def fix(self, types: NDArray[np.int64], level: float) -> None:
        """Fix the chances of ``types`` at ``level``."""
        self.chances[types] = level
        self.open[types] = False
        weight = self._row_sums(np.where(self.open, self.sizes, 0.0))
        for row in np.flatnonzero(weight != self.weight_of_z):
            self.model.set_entry(int(row), self.types, float(weight[row]))
        self.weight_of_z = weight
        for t in types:
            if int(t) in self.caps:
                self.model.set_entry(self.caps[int(t)], self.types, 0.0)
        self._shift_bounds()

    def _shift_bounds(self) -> None:
        """Take the floors of the fixed types off the bounds of all rows."""
        floor = self.floor()
        taken = self._row_sums(floor)
        capped = np.array(list(self.caps), np.int64)
        self.model.set_row_bounds(
            np.concatenate([self.lower - taken, np.full(len(capped), -INFINITY)]),
            np.concatenate([self.upper - taken, (self.most - floor)[capped]]),
        )
