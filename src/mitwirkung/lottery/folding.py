"""People folded into types for the engine, and its panels unfolded into a lottery.

A type is one profile within one kind: all its people have equal features and equal household
partners, so that an optimum may give them equal chances. The engine sees numbers only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mitwirkung.lottery.engine.polytope import Polytope
from mitwirkung.lottery.panels import PanelLottery, Seats
from mitwirkung.lottery.problem import SelectionProblem


@dataclass(frozen=True, eq=False)
class Types:
    """The polytope of a problem and what its numbers mean.

    Attributes:
        polytope: T types, R rows.
        places: per type the kind and the first position of the profile in it. The kinds are
            the classes of a lottery that looks at every feature.
        quotas: per row (feature, value); the rows beyond are kinds of households, at most one
            seat per household.
    """

    problem: SelectionProblem
    polytope: Polytope
    places: tuple[tuple[int, int], ...]
    quotas: tuple[tuple[str, str], ...]

    def lottery(
        self,
        panels: NDArray[np.int32],
        weights: NDArray[np.int64],
        certificate: Mapping[str, Any] | None,
    ) -> PanelLottery:
        """The lottery of N weighted panels; `panels` is (N, seats), each row ascending type
        numbers.

        All seats of a type are given to its first position; members with equal answers share
        their positions by the hash of the draw.
        """
        vectors = zip(weights.tolist(), self._seats(panels), strict=True)
        return PanelLottery(self.problem, self.problem.quotas.names, vectors, certificate)

    def _seats(self, panels: NDArray[np.int32]) -> list[Seats]:
        """The panels as vectors: types ascend by kind and position, as the entries of a vector
        do."""
        first = np.diff(panels, axis=1, prepend=-1) != 0
        start = np.flatnonzero(first)
        held = np.diff(start, append=panels.size)
        most = int(held.max())
        # Equal entries of all vectors are one object.
        entry = [(*place, number + 1) for place in self.places for number in range(most)]
        cells = panels.ravel()[start].astype(np.int64) * most + held - 1
        entries = [entry[cell] for cell in cells.tolist()]
        ends = np.cumsum(first.sum(axis=1)).tolist()
        return [tuple(entries[a:b]) for a, b in zip([0, *ends], ends, strict=False)]

    def type_of_people(self) -> list[int]:
        """The type of each person, in the order of `problem.ids`."""
        problem = self.problem
        number_of = {
            (kind, problem.kinds[kind].profiles[position]): number
            for number, (kind, position) in enumerate(self.places)
        }
        found = [0] * len(problem)
        for number, kind in enumerate(problem.kinds):
            for lot in kind.lots:
                for person in problem.lots[lot]:
                    found[person] = number_of[number, problem.profile_of[person]]
        return found

    def chances(self, lottery: PanelLottery) -> list[Fraction]:
        """Everyone's exact chance, one per type."""
        people = [
            self.problem.lots[self.problem.kinds[number].lots[0]][position]
            for number, position in self.places
        ]
        return [lottery.exact_chances[person] for person in people]


def fold_types(problem: SelectionProblem) -> Types:
    """The types of a problem, by kind and then by profile."""
    features = problem.features
    row_of: dict[tuple[int, str | None], int] = {}
    quotas: list[tuple[str, str]] = []
    lower: list[int] = []
    upper: list[int] = []
    for column, feature in enumerate(features):
        for quota in sorted(feature.quotas, key=lambda quota: quota.value):
            row_of[column, quota.value] = len(lower)
            quotas.append((feature.name, quota.value))
            lower.append(min(quota.min, problem.seats + 1))
            upper.append(min(quota.max, problem.seats))
    households = [number for number, kind in enumerate(problem.kinds) if len(kind.profiles) > 1]
    household_row = {number: len(lower) + i for i, number in enumerate(households)}
    lower += [0] * len(households)
    upper += [len(problem.kinds[number].lots) for number in households]

    nowhere = len(lower)
    rows: list[list[int]] = []
    sizes: list[int] = []
    places: list[tuple[int, int]] = []
    for number, kind in enumerate(problem.kinds):
        for position, profile in enumerate(kind.profiles):
            if profile in kind.profiles[:position]:
                continue
            answers = enumerate(problem.profiles[profile])
            row = [row_of.get((column, answer), nowhere) for column, answer in answers]
            rows.append([*row, household_row.get(number, nowhere)])
            sizes.append(len(kind.lots) * kind.profiles.count(profile))
            places.append((number, position))
    polytope = Polytope(
        seats=problem.seats,
        sizes=np.array(sizes, np.int64),
        rows=np.array(rows, np.int32),
        lower=np.array(lower, np.int64),
        upper=np.array(upper, np.int64),
    )
    return Types(problem, polytope, tuple(places), tuple(quotas))
