"""Quotas that cannot be met where companions come together: changes are counted in people."""

from __future__ import annotations

from itertools import combinations

import pytest

from mitwirkung import (
    Feature,
    InfeasibleQuotas,
    Quota,
    QuotaPlan,
    SelectionProblem,
    Wishes,
    assess_quotas,
    read_applicants,
    smallest_relaxations,
    solve,
)

ROWS = [
    {"id": "a1", "gender": "f", "age": "old", "with": "A"},
    {"id": "a2", "gender": "m", "age": "young", "with": "A"},
    {"id": "b1", "gender": "f", "age": "old", "with": "B"},
    {"id": "b2", "gender": "f", "age": "old", "with": "B"},
    {"id": "b3", "gender": "m", "age": "old", "with": "B"},
    {"id": "c", "gender": "m", "age": "young", "with": ""},
    {"id": "d", "gender": "m", "age": "old", "with": ""},
]


def problem(gender: dict[str, tuple[int, int]], seats: int, **wishes: object) -> SelectionProblem:
    plan = QuotaPlan(
        features=(
            Feature(
                name="gender",
                quotas=tuple(
                    Quota(value=v, min=low, max=high) for v, (low, high) in gender.items()
                ),
            ),
            Feature(
                name="age",
                quotas=(Quota(value="old", min=0, max=9), Quota(value="young", min=0, max=9)),
            ),
        )
    )
    declared = Wishes(companions="with", **wishes)  # type: ignore[arg-type]
    return SelectionProblem(read_applicants(ROWS), plan, seats=seats, wishes=declared)


def possible(seats: int) -> list[list[dict[str, str]]]:
    """All groups of so many people in which companions come all or none."""
    parties: dict[str, list[dict[str, str]]] = {}
    for row in ROWS:
        parties.setdefault(row["with"] or row["id"], []).append(row)
    groups = [
        [person for party in chosen for person in party]
        for number in range(len(parties) + 1)
        for chosen in combinations(parties.values(), number)
    ]
    return [group for group in groups if len(group) == seats]


@pytest.mark.parametrize("seats", [3, 4, 5, 6])
@pytest.mark.parametrize("women", range(6))
def test_the_smallest_change_is_that_of_the_nearest_group(seats: int, women: int) -> None:
    held = problem({"f": (women, women), "m": (0, 9)}, seats)
    near = min(
        abs(women - sum(person["gender"] == "f" for person in group)) for group in possible(seats)
    )
    if near == 0:
        assert smallest_relaxations(held) == ()
        return
    with pytest.raises(InfeasibleQuotas):
        solve(held)
    ways = smallest_relaxations(held, beyond_flex=True)
    assert min(sum(abs(c.after - c.before) for c in way.changes) for way in ways) == near
    for way in ways:
        quotas = {q.value: (q.min, q.max) for q in way.apply("a test").features[0].quotas}
        assert solve(problem(quotas, seats)).chances


def test_the_outlook_counts_people() -> None:
    held = problem({"f": (0, 9), "m": (0, 9)}, 5)
    numbers = [sum(person["gender"] == "f" for person in group) for group in possible(5)]
    outlook = assess_quotas(held).features[0].quotas[0]
    assert outlook.reachable[0] <= min(numbers)
    assert outlook.reachable[1] >= max(numbers)
    assert outlook.reachable[1] <= 5
