"""Problems that the kit shows a strategy besides those at random, and how they are written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mitwirkung.intake import read_applicants
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import publication
from mitwirkung.lottery.quotas import Feature, Quota, QuotaPlan
from mitwirkung.lottery.rules import CHECKABLE
from mitwirkung.names import fold

Features = Mapping[str, Sequence[str]]
"""Name of a feature to its values."""

ID = "id"
HOUSEHOLD = "household"
"""The columns beside the features."""

KEY = bytes(range(32))
"""Protects the pseudonyms of people who do not exist."""

_FEATURES = {
    "Altersgruppe": ("16 bis 29", "30 bis 59", "60 und älter"),
    "Geschlecht": ("weiblich", "männlich", "divers"),
    "Stadtteil": ("Nord", "Süd", "Ost", "West"),
}
_PEOPLE = 30
_PANEL = (0, 1, 3, 4, 6, 7)


def town(features: Features | None = None, *, households: bool) -> SelectionProblem:
    """Six seats for thirty people, and quotas that some panel meets; some live in twos."""
    features = _FEATURES if features is None else checked(features)
    rows = []
    for i in range(_PEOPLE):
        row = {ID: f"Nr. {i}", HOUSEHOLD: f"Hof {i // 3}" if i % 3 else ""}
        left = i
        for name, values in features.items():
            left, place = divmod(left, len(values))
            row[name] = values[place]
        rows.append(row)
    quotas = []
    for name, values in features.items():
        seated = Counter(rows[i][name] for i in _PANEL)
        limits = [
            Quota(value=value, min=max(0, seated[value] - 1), max=seated[value] + 1)
            for value in values
        ]
        quotas.append(Feature(name=name, quotas=tuple(limits)))
    return SelectionProblem(
        read_applicants(rows, id=ID),
        QuotaPlan(features=tuple(quotas)),
        seats=len(_PANEL),
        household=[HOUSEHOLD] if households else [],
    )


def checked(features: Features) -> Features:
    """The features, if a problem can have them beside its ids and households.

    Raises:
        ValueError: one has their name, or no values.
    """
    for name, values in features.items():
        if fold(name) in (ID, HOUSEHOLD) or not values:
            raise ValueError(
                f"a feature needs values and a name other than {ID} and {HOUSEHOLD}: {name!r}"
            )
    return features


def reordered(problem: SelectionProblem) -> Iterator[SelectionProblem]:
    """The same problem as others may have written it down."""
    applicants, plan = problem.applicants, problem.quotas
    backwards = range(len(applicants))[::-1]
    for order in (backwards, sorted(backwards, key=lambda i: (i % 3, i))):
        columns = {
            name: tuple(cells[i] for i in order)
            for name, cells in reversed(list(applicants.columns.items()))
        }
        features = tuple(
            feature.model_copy(update={"quotas": feature.quotas[::-1]})
            for feature in reversed(plan.features)
        )
        yield SelectionProblem(
            replace(applicants, ids=columns[applicants.id_column], columns=columns),
            plan.model_copy(update={"features": features}),
            seats=problem.seats,
            household=problem.household,
        )


def with_too_many_seats(problem: SelectionProblem) -> SelectionProblem:
    """A seat more than there are lots, and quotas that allow everything."""
    seats = len(problem.lots) + 1
    features = tuple(
        feature.model_copy(
            update={
                "quotas": tuple(
                    quota.model_copy(update={"min": 0, "max": seats}) for quota in feature.quotas
                )
            }
        )
        for feature in problem.quotas.features
    )
    return SelectionProblem(
        problem.applicants,
        problem.quotas.model_copy(update={"features": features}),
        seats=seats,
        household=problem.household,
    )


def data_of(problem: SelectionProblem) -> dict[str, Any]:
    """A problem as plain data, for another process."""
    applicants = problem.applicants
    return {
        "columns": {name: list(cells) for name, cells in applicants.columns.items()},
        "id": applicants.id_column,
        "missing": dict(applicants.missing),
        "quotas": problem.quotas.model_dump(mode="json"),
        "seats": problem.seats,
        "household": list(problem.household),
    }


def problem_of(data: Mapping[str, Any]) -> SelectionProblem:
    """The problem that `data_of` wrote down."""
    columns = data["columns"]
    cells = zip(*columns.values(), strict=True)
    rows = [dict(zip(columns, row, strict=True)) for row in cells]
    return SelectionProblem(
        read_applicants(rows, id=data["id"], missing=data["missing"]),
        QuotaPlan.model_validate(data["quotas"]),
        seats=data["seats"],
        household=data["household"],
    )


def published(lottery: PanelLottery) -> str:
    """What stands in `lottery.json`; if it is refused, that it is."""
    try:
        return publication(lottery, key=KEY).public.content.decode()
    except CHECKABLE as refusal:
        return type(refusal).__name__


def described(problem: SelectionProblem) -> str:
    """A problem for a reader: seats, quotas and everyone's answers (nobody is real)."""
    lines = [f"The problem: {problem.seats} seats"]
    for feature in problem.features:
        quotas = ", ".join(f"{q.value!r} {q.min} to {q.max}" for q in feature.quotas)
        lines.append(f"  quotas of {feature.name!r}: {quotas}")
    for lot in problem.lots:
        people = [f"{problem.ids[i]!r} {list(problem.answers(i).values())}" for i in lot]
        lines.append(f"  {'one household: ' if len(lot) > 1 else ''}{', '.join(people)}")
    return "\n".join(lines)
