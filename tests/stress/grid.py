"""Random quota problems from easy to impossible: the same for the same seed and number.

A tight problem takes its quotas from one random panel, so that it is known whether a panel exists;
at the edge seats were moved afterwards, so that it is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

import mitwirkung as mw
from benchmarks.shapes import skewed
from builders import plan
from mitwirkung.lottery.quotas import QuotaPlan

Row = Mapping[str, str]
Bounds = dict[str, dict[str, list[int]]]
"""Feature, value: fewest and most seats."""

KINDS = ("loose", "exact", "loose", "near", "loose", "edge", "loose", "impossible")
"""In turn: half of all cases are loose, the others tight."""

STRATEGIES = ("leximin",) * 5 + ("maximin", "nash", "goldilocks")
WIDTHS = (2, 2, 2, 3, 3, 4, 5, 6, 8)
HOME = "home"


@dataclass(frozen=True)
class Size:
    """What a case is like, before its people are made.

    Attributes:
        kind: `loose` (some seats around the population's shares), `exact` (the counts of a panel),
            `near` (at most one seat off it), `edge` (some seats of it moved from one value to
            another), `impossible` (on purpose).
        strategy: the name of an optimising strategy.
        widths: how many values each feature has.
    """

    kind: str
    strategy: str
    people: int
    seats: int
    widths: tuple[int, ...]
    households: bool

    def __str__(self) -> str:
        households = ", households" if self.households else ""
        return (
            f"{self.kind}, {self.strategy}, {self.people} people, {self.seats} seats, "
            f"features {self.widths}{households}"
        )


@dataclass(frozen=True)
class Case:
    """One problem and who is to solve it; `possible`: whether there is a panel, if that is
    known."""

    size: Size
    problem: mw.SelectionProblem
    possible: bool | None


def size_of(seed: int, number: int) -> Size:
    """What the case of this number in the grid of this seed is like."""
    rng = Random(f"stress size {seed} {number}")
    people = round(100 * 50 ** rng.random())
    return Size(
        kind=KINDS[number % len(KINDS)],
        strategy=rng.choice(STRATEGIES),
        people=people,
        seats=rng.randint(10, min(110, people // 2)),
        widths=tuple(rng.choice(WIDTHS) for _ in range(rng.randint(3, 10))),
        households=rng.random() < 0.4,
    )


def make_case(seed: int, number: int) -> Case:
    """The case of this number in the grid of this seed."""
    size = size_of(seed, number)
    rng = Random(f"stress {seed} {number}")
    shares = {
        f"f{i}": [rng.uniform(0.3, 1) for _ in range(width)] for i, width in enumerate(size.widths)
    }
    people, seats = size.people, size.seats
    applicants, around, _ = skewed(
        shares, people=people, seats=seats, skew=rng.uniform(0, 0.6), seed=rng.getrandbits(32)
    )
    homes = _homes(people, rng) if size.households else [""] * people
    columns = {"id": applicants.ids, **applicants.columns, HOME: homes}
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    possible: bool | None = None
    if size.kind == "loose":
        bounds = _widened(around, rng.randint(1, 4))
    else:
        bounds = _counted(around, _panel(rows, seats, rng))
        possible = True
    if size.kind == "near":
        _widen_some(bounds, rng)
    elif size.kind == "edge":
        _move_seats(bounds, rows, rng)
        possible = None
    elif size.kind == "impossible":
        rng.choice((_ask_for_too_many, _leave_a_seat_empty, _clash))(bounds, rows, seats, rng)
        possible = False
    problem = mw.SelectionProblem(
        mw.read_applicants(rows),
        plan(**bounds),
        seats=seats,
        household=[HOME] if any(homes) else [],
    )
    return Case(size, problem, possible)


# --- people --------------------------------------------------------------------------------------


def _homes(people: int, rng: Random) -> list[str]:
    """An address for each: blank for most, the same for two to four."""
    homes: list[str] = []
    while len(homes) < people:
        size = rng.choice((1, 1, 1, 1, 1, 1, 2, 2, 3, 4))
        homes += [f"home {len(homes)}" if size > 1 else ""] * size
    rng.shuffle(homes)
    return homes[:people]


def _panel(rows: Sequence[Row], seats: int, rng: Random) -> list[Row]:
    """Random people, no two of one household."""
    panel: list[Row] = []
    homes: set[str] = set()
    for row in rng.sample(rows, len(rows)):
        if row[HOME] not in homes and len(panel) < seats:
            panel.append(row)
            homes |= {row[HOME]} - {""}
    return panel


# --- quotas --------------------------------------------------------------------------------------


def _widened(around: QuotaPlan, room: int) -> Bounds:
    return {
        feature.name: {q.value: [max(0, q.min - room), q.max + room] for q in feature.quotas}
        for feature in around.features
    }


def _counted(around: QuotaPlan, panel: Sequence[Row]) -> Bounds:
    held = {name: Counter(row[name] for row in panel) for name in around.names}
    return {
        feature.name: {value: [held[feature.name][value]] * 2 for value in feature.values}
        for feature in around.features
    }


def _widen_some(bounds: Bounds, rng: Random) -> None:
    for values in bounds.values():
        for limits in values.values():
            limits[:] = [max(0, limits[0] - rng.randint(0, 1)), limits[1] + rng.randint(0, 1)]


def _move_seats(bounds: Bounds, rows: Sequence[Row], rng: Random) -> None:
    """A few times one seat, or as many as there are people for, from one value to another of the
    same feature."""
    for _ in range(rng.randint(1, 4)):
        name = rng.choice(list(bounds))
        there = Counter(row[name] for row in rows)
        giver, taker = rng.sample(list(bounds[name]), 2)
        gives, takes = bounds[name][giver], bounds[name][taker]
        most = min(gives[0], there[taker] - takes[1])
        moved = rng.choice((min(1, most), most))
        gives[:] = [limit - moved for limit in gives]
        takes[:] = [limit + moved for limit in takes]


def _ask_for_too_many(bounds: Bounds, rows: Sequence[Row], seats: int, rng: Random) -> None:
    """A minimum above the number of all people who gave a rare answer."""
    name = rng.choice(list(bounds))
    there = Counter(row[name] for row in rows)
    rare = min(bounds[name], key=lambda value: there[value])
    bounds[name][rare] = [there[rare] + 1] * 2


def _leave_a_seat_empty(bounds: Bounds, rows: Sequence[Row], seats: int, rng: Random) -> None:
    """Maxima of one feature that add up to one seat too few."""
    values = bounds[rng.choice(list(bounds))]
    limits = next(limits for limits in values.values() if limits[1] > 0)
    limits[:] = [limits[1] - 1] * 2


def _clash(bounds: Bounds, rows: Sequence[Row], seats: int, rng: Random) -> None:
    """Minimums of two answers that too few people gave both."""
    first, second = rng.sample(list(bounds), 2)
    both = Counter((row[first], row[second]) for row in rows)
    pair = min(product(bounds[first], bounds[second]), key=lambda pair: both[pair])
    most = [
        min(seats, sum(row[name] == value for row in rows))
        for name, value in zip((first, second), pair, strict=True)
    ]
    if sum(most) <= seats + both[pair]:
        _ask_for_too_many(bounds, rows, seats, rng)
        return
    least = (most[0], seats + both[pair] + 1 - most[0])
    for name, value, low in zip((first, second), pair, least, strict=True):
        bounds[name] = {other: [0, seats] for other in bounds[name]} | {value: [low, seats]}
