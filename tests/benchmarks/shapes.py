"""Made-up pools of real size: the same people for the same call, whatever the machine.

`big_assembly` and `city` are the two shapes that the speed of the engine is measured on besides the
instances in `tests/data`; `tight` makes small pools with exact quotas, in which whole people often
cannot reach what fractions of people could. `grown` is for watching one number grow.

`python shapes.py FOLDER NAME [ARGUMENT=NUMBER ...]` writes one of them as files.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
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
MORE: Shares = {
    "housing": (50, 28, 22),
    "attitude": (28, 30, 24, 18),
    "children": (62, 38),
    "work": (52, 8, 40),
    "trust": (30, 45, 25),
}
"""What `grown` asks besides the features of the city."""
CITY: Shares = {
    "gender": (50, 49, 1),
    "age": (14, 19, 16, 20, 18, 13),
    "district": (13, 12, 11, 10, 9, 9, 8, 8, 7, 6, 4, 3),
    "migration": (56, 44),
    "education": (28, 31, 19, 22),
}


def big_assembly(seed: int = 7) -> Pool:
    """1,727 people, 110 seats, 7 features, about 1,370 types."""
    return skewed(ASSEMBLY, people=1727, seats=110, skew=0.45, seed=seed)


def city(people: int = 20_000, seats: int = 75, seed: int = 5) -> Pool:
    """75 seats, 5 features; about 1,200 types where 20,000 people apply."""
    return skewed(CITY, people=people, seats=seats, skew=0.45, seed=seed)


def grown(
    people: int = 3000,
    seats: int = 75,
    features: int = 5,
    districts: int = 12,
    couples: float = 0,
    seed: int = 1,
) -> Pool:
    """The city, but for one number: more features, finer or coarser districts, couples.

    Args:
        features: 3 to 10.
        couples: the share of people who live with another applicant.
    """
    shares = dict(list({**CITY, **MORE}.items())[:features])
    shares["district"] = [districts + 1 - i / 2 for i in range(districts)]
    return skewed(shares, people=people, seats=seats, skew=0.45, seed=seed, couples=couples)


def skewed(
    shares: Shares, *, people: int, seats: int, skew: float, seed: int, couples: float = 0
) -> Pool:
    """A pool that differs from the population, and quotas of one seat around the population's
    shares.

    Args:
        shares: the population's.
        people, seats: how many.
        skew: standard deviation of the logarithm by which a value's share among the applicants is
            off, and of that by which answers to two features attract each other.
        seed: chooses the skew and the people.
        couples: the share of people who share a column `address` with one other. Their answers
            have nothing to do with each other.
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
        if couples:
            row["address"] = f"address {number // 2 if number < couples * people else number}"
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


MAKERS: Mapping[str, Callable[..., Pool]] = {
    maker.__name__: maker for maker in (big_assembly, city, tight, grown)
}


def write(pool: Pool, folder: Path) -> None:
    """A pool in the form of the instances in `tests/data`."""
    applicants, quotas, seats = pool
    household = [name for name in applicants.columns if name == "address"]
    folder.mkdir(parents=True)
    _write_rows(
        folder / "candidates.csv",
        applicants.columns,
        zip(*applicants.columns.values(), strict=True),
    )
    _write_rows(
        folder / "features.csv",
        ("feature", "value", "min", "max"),
        ((f.name, q.value, q.min, q.max) for f in quotas.features for q in f.quotas),
    )
    meta = {"k": seats, "household": household}
    (folder / "meta.json").write_text(json.dumps(meta), "utf-8")


def _write_rows(file: Path, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(columns)
        writer.writerows(rows)


def main(folder: Path, name: str, arguments: Sequence[str]) -> None:
    numbers = {key: float(value) for key, _, value in (each.partition("=") for each in arguments)}
    whole = {key: int(value) if value.is_integer() else value for key, value in numbers.items()}
    write(MAKERS[name](**whole), folder)
    print(json.dumps(str(folder)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
