"""People folded into types for the engine, and its panels unfolded into a lottery.

A type is one profile within one kind: all its people have equal features and equal household
partners, so that an optimum may give them equal chances. Companions are one type for all members:
they have one chance. The engine sees numbers only.
"""

from __future__ import annotations

import math
from collections import Counter
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
        must: the row after them: those who must be seated; None if there are none.
        parts: rows count in such parts of a seat; 1 where nobody has companions.
    """

    problem: SelectionProblem
    polytope: Polytope
    places: tuple[tuple[int, int], ...]
    quotas: tuple[tuple[str, str], ...]
    must: int | None = None
    parts: int = 1

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
        if self.polytope.units is not None:  # lots, not people
            held = held // self.polytope.units[panels.ravel()[start]]
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
                    profile = kind.profiles[0] if kind.together else problem.profile_of[person]
                    found[person] = number_of[number, profile]
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
    households = [
        number
        for number, kind in enumerate(problem.kinds)
        if len(kind.profiles) > 1 and not kind.together
    ]
    household_row = {number: len(lower) + i for i, number in enumerate(households)}
    lower += [0] * len(households)
    upper += [len(problem.kinds[number].lots) for number in households]
    seated = sum(len(kind.lots) * len(kind.profiles) for kind in problem.kinds if kind.must)
    must = len(lower) if seated else None
    if seated:
        lower.append(seated)
        upper.append(seated)

    nowhere = len(lower)
    rows: list[list[int]] = []
    sizes: list[int] = []
    places: list[tuple[int, int]] = []
    units: list[int] = []
    counts: list[list[int]] = []
    # A seat of companions counts for each member in part; in parts of this size all are whole.
    parts = math.lcm(*(len(kind.profiles) for kind in problem.kinds if kind.together))

    def rows_of(number: int, profile: int) -> list[int]:
        answers = enumerate(problem.profiles[profile])
        row = [row_of.get((column, answer), nowhere) for column, answer in answers]
        row.append(household_row.get(number, nowhere))
        return row if must is None else [*row, must if problem.kinds[number].must else nowhere]

    for number, kind in enumerate(problem.kinds):
        if kind.together:
            unit = len(kind.profiles)
            held = Counter(row for profile in kind.profiles for row in rows_of(number, profile))
            del held[nowhere]
            rows.append(list(held))
            counts.append([parts // unit * count for count in held.values()])
            sizes.append(len(kind.lots) * unit)
            places.append((number, 0))
            units.append(unit)
            continue
        for position, profile in enumerate(kind.profiles):
            if profile in kind.profiles[:position]:
                continue
            rows.append(rows_of(number, profile))
            counts.append([parts] * len(rows[-1]))
            sizes.append(len(kind.lots) * kind.profiles.count(profile))
            places.append((number, position))
            units.append(1)
    together = max(units) > 1
    width = max(map(len, rows))
    polytope = Polytope(
        seats=problem.seats,
        sizes=np.array(sizes, np.int64),
        rows=np.array([row + [nowhere] * (width - len(row)) for row in rows], np.int32),
        lower=np.array(lower, np.int64) * parts,
        upper=np.array(upper, np.int64) * parts,
        units=np.array(units, np.int64) if together else None,
        values=(
            np.array([count + [parts] * (width - len(count)) for count in counts], np.int64)
            if together
            else None
        ),
    )
    return Types(problem, polytope, tuple(places), tuple(quotas), must, parts)
