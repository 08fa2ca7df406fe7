"""Made-up pools of real size: the same people for the same call, whatever the machine.

`big_assembly` and `city` are the two shapes that the speed of the engine is measured on besides the
instances in `tests/data`; `tight` makes small pools with exact quotas, in which whole people often
cannot reach what fractions of people could.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from random import Random

from mitwirkung.intake import Applicants, read_applicants
from mitwirkung.lottery.quotas import Feature, Quota, QuotaPlan

Shares = Mapping[str, Sequence[float]]
"""Per feature the shares of its values, in any unit."""

Pool = tuple[Applicants, QuotaPlan, int]
"""Applicants, quotas and seats: what a `SelectionProblem` is made of."""

ASSEMBLY: Shares = {
    "gender": (50.5, 48.5, 1),
    "age": (17, 15, 17, 16, 17, 18),
    "region": (13, 12, 11, 10, 10, 9, 9, 8, 8, 6, 4),
    "education": (23, 38, 39),
    "ethnicity": (80, 9, 6, 5),
    "housing": (50, 28, 22),
    "attitude": (28, 30, 24, 18),
}
CITY: Shares = {
    "gender": (50, 49, 1),
    "age": (14, 19, 16, 20, 18, 13),
    "district": (13, 12, 11, 10, 9, 9, 8, 8, 7, 6, 4, 3),
    "migration": (56, 44),
    "education": (28, 31, 19, 22),
}


def big_assembly(seed: int = 1) -> Pool:
    """1,727 people, 110 seats, 7 features, about 1,370 types."""
    return skewed(ASSEMBLY, people=1727, seats=110, skew=0.45, seed=seed)


def city(people: int = 20_000, seats: int = 75, seed: int = 1) -> Pool:
    """75 seats, 5 features; about 1,200 types where 20,000 people apply."""
    return skewed(CITY, people=people, seats=seats, skew=0.45, seed=seed)


def skewed(shares: Shares, *, people: int, seats: int, skew: float, seed: int) -> Pool:
    """A pool that differs from the population, and quotas of one seat around the population's
    shares.

    Args:
        shares: the population's.
        people, seats: how many.
        skew: standard deviation of the logarithm by which a value's share among the applicants is
            off, and of that by which answers to two features attract each other.
        seed: chooses the skew and the people.
    """
    rng = Random(seed)
    values = {name: range(len(parts)) for name, parts in shares.items()}
    willing = {
        name: [part * rng.lognormvariate(0, skew) for part in parts]
        for name, parts in shares.items()
    }
    names = list(shares)
    # Each feature after the first leans on the one before it.
    pull = {
        (name, before): [rng.lognormvariate(0, skew) for _ in values[name]]
        for i, name in enumerate(names[1:])
        for before in values[names[i]]
    }
    rows = []
    for number in range(people):
        row: dict[str, str] = {"id": f"p{number:06}"}
        before = 0
        for i, name in enumerate(names):
            odds = willing[name]
            if i:
                odds = [a * b for a, b in zip(odds, pull[name, before], strict=True)]
            before = _one_of(odds, rng)
            row[name] = f"{name} {before}"
        rows.append(row)
    features = tuple(_feature(name, parts, seats) for name, parts in shares.items())
    return read_applicants(rows), QuotaPlan(features=features), seats


def _one_of(odds: Sequence[float], rng: Random) -> int:
    line = list(accumulate(odds))
    point = rng.random() * line[-1]
    return next(i for i, end in enumerate(line) if point < end)


def _feature(name: str, parts: Sequence[float], seats: int) -> Feature:
    total = sum(parts)
    due = [seats * part / total for part in parts]
    quotas = tuple(
        Quota(value=f"{name} {i}", min=int(seat), max=int(seat) + 1) for i, seat in enumerate(due)
    )
    return Feature(name=name, quotas=quotas)


def tight(people: int = 80, seats: int = 24, features: int = 8, seed: int = 0) -> Pool:
    """Exact quotas taken from one random panel, for as many types as people: often with a gap."""
    rng = Random(seed)
    widths = {f"f{i}": rng.choice((2, 2, 3, 3, 4)) for i in range(features)}
    odds = {name: [rng.uniform(0.3, 1) for _ in range(width)] for name, width in widths.items()}
    rows = [
        {"id": f"p{number:03}"} | {name: f"{name} {_one_of(odds[name], rng)}" for name in widths}
        for number in range(people)
    ]
    panel = rng.sample(rows, seats)
    plan = []
    for name, width in widths.items():
        quotas = []
        for value in (f"{name} {i}" for i in range(width)):
            held = sum(row[name] == value for row in panel)
            quotas.append(Quota(value=value, min=held, max=held))
        plan.append(Feature(name=name, quotas=tuple(quotas)))
    return read_applicants(rows), QuotaPlan(features=tuple(plan)), seats
