"""Seats in proportion to a population, and the quotas that follow from it.

Sainte-Laguë (André Sainte-Laguë, "La représentation proportionnelle et la méthode des moindres
carrés", Annales scientifiques de l'É.N.S. 27, 1910; in the United States Daniel Webster's method
of 1832) gives one seat after the other to the largest weight / (2 * seats so far + 1). More seats
or a larger share never cost anybody a seat, and it favours neither small nor large groups.
Hare/Niemeyer (Thomas Hare 1859, Horst Niemeyer 1970; Hamilton's method, largest remainders) gives
the whole part of each exact share and the rest to the largest fractions. It always rounds to a
neighbouring number, but one more seat can cost somebody a seat (the Alabama paradox).

Both are calculated in whole numbers, without rounding; equal claims go to who is listed first.
"""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from numbers import Integral
from typing import Any, Literal, TypeAlias

from mitwirkung.errors import Finding, InputError
from mitwirkung.lottery.largest_remainder import largest_remainder
from mitwirkung.lottery.quota_files import errors_in
from mitwirkung.lottery.quotas import Feature, Provenance, Quota, QuotaPlan
from mitwirkung.names import NOT_STATED, clean, fold
from mitwirkung.tables import Source, Table, read_table

Count: TypeAlias = int | float | Decimal | Fraction
Method = Literal["sainte-lague", "hare-niemeyer"]

POPULATION_COLUMNS = ("feature", "value", "count")

_COUNT = re.compile(r"[0-9]{1,15}")


def sainte_lague(weights: Sequence[Count], seats: int) -> tuple[int, ...]:
    """The seats of each weight by Sainte-Laguë, in the order of the weights; they sum to `seats`.

    Of equal claims to a seat the one listed first is met.

    Raises:
        ValueError: a weight is no number >= 0, all are 0, or there are fewer than 0 seats.
    """
    exact = _whole_weights(weights, seats)
    given = [0] * len(exact)
    claims = [(-Fraction(weight), position) for position, weight in enumerate(exact)]
    heapq.heapify(claims)
    for _ in range(seats):
        _, position = claims[0]
        given[position] += 1
        claim = -Fraction(exact[position], 2 * given[position] + 1)
        heapq.heapreplace(claims, (claim, position))
    return tuple(given)


def hare_niemeyer(weights: Sequence[Count], seats: int) -> tuple[int, ...]:
    """The seats of each weight by Hare/Niemeyer, in the order of the weights; they sum to `seats`.

    Of equal remainders the one listed first is rounded up.

    Raises:
        ValueError: a weight is no number >= 0, all are 0, or there are fewer than 0 seats.
    """
    return tuple(largest_remainder(_whole_weights(weights, seats), seats))


METHODS: Mapping[Method, Callable[[Sequence[Count], int], tuple[int, ...]]] = {
    "sainte-lague": sainte_lague,
    "hare-niemeyer": hare_niemeyer,
}
_SPELLING: Mapping[Method, str] = {
    "sainte-lague": "Sainte-Laguë (Webster)",
    "hare-niemeyer": "Hare/Niemeyer (largest remainders)",
}


def quotas_from_population(
    counts: Mapping[str, Mapping[str, Count]],
    *,
    seats: int,
    method: Method = "sainte-lague",
    tolerance: int = 0,
    source: str = NOT_STATED,
    date: str = NOT_STATED,
) -> QuotaPlan:
    """Quotas for `seats` seats in proportion to `counts`, people by feature and value.

    Each feature is apportioned by its own total, so that features whose counts add up to
    different totals (other years, people who gave no answer) each give all seats. Shares may be
    given in place of counts: they are kept as whole numbers in the same proportion. A value that
    is apportioned s seats gets the quota [max(0, s - tolerance), s + tolerance]. Nobody's answer
    is shut out: the maximum is at least 1, also for a value that nobody in the counts has. (With
    tolerance 0 the other minimums of the feature can still take all the seats.)

    `source` and `date` of the counts stand in the record, with the method in words.

    Raises:
        InputError: with everything that is wrong in the arguments.
    """
    population, errors = _population(counts)
    errors += _setting_errors(seats, method, tolerance)
    if errors:
        raise InputError.of(errors)
    features = [
        Feature(
            name=name,
            quotas=tuple(
                Quota(value=value, min=max(0, s - tolerance), max=max(1, s + tolerance))
                for value, s in zip(weights, _apportion(weights, seats, method), strict=True)
            ),
        )
        for name, weights in population.items()
    ]
    words = _method_in_words(population, seats, method, tolerance)
    return QuotaPlan(
        features=tuple(features),
        provenance=Provenance(source=source, date=date, method=words),
        population=population,
    )


def read_population(
    source: Source, *, encoding: str | None = None, sheet: str | None = None
) -> dict[str, dict[str, int]]:
    """Counts of people from a table `feature,value,count`: by feature, then value, in its order.

    Other columns are ignored. Counts are whole numbers without separators, since `12.345` is a
    large number in one country and a small one in another. `source`, `encoding` and `sheet` are
    explained at `mitwirkung.tables.read_table`.

    Raises:
        InputError: with every error of every row.
        TypeError: the source is of no kind that can be read.
    """
    table = read_table(source, encoding=encoding, sheet=sheet)
    errors = errors_in(table, POPULATION_COLUMNS)
    population = _read_counts(table, errors) if table.columns else {}
    if errors:
        raise InputError.of(sorted(errors, key=lambda error: error.row or 0))
    return population


# --- exact weights ---------------------------------------------------------------------------


def _exact(count: object) -> Fraction | None:
    """A count as an exact fraction; None for what is no number that is 0 or more.

    A float stands for the decimal number it is written as: 48.7 is 487/10.
    """
    if isinstance(count, bool):
        return None
    try:
        if isinstance(count, Integral):
            exact = Fraction(int(count))
        elif isinstance(count, float):
            exact = Fraction(repr(float(count)))
        elif isinstance(count, (Decimal, Fraction)):
            exact = Fraction(count)
        else:
            return None
    except (ValueError, OverflowError):  # NaN and infinity
        return None
    return exact if exact >= 0 else None


def _whole(weights: Sequence[Fraction]) -> list[int]:
    """Whole numbers in the proportion of the weights; whole numbers stay as they are."""
    scale = math.lcm(*(weight.denominator for weight in weights))
    return [int(weight * scale) for weight in weights]


def _whole_weights(weights: Sequence[Count], seats: int) -> list[int]:
    exact = [found for found in map(_exact, weights) if found is not None]
    if len(exact) < len(weights):
        raise ValueError("every weight has to be a number that is 0 or more")
    if seats < 0:
        raise ValueError("the number of seats has to be 0 or more")
    if not any(exact):
        raise ValueError("the weights add up to 0")
    return _whole(exact)


def _apportion(weights: Mapping[str, int], seats: int, method: Method) -> tuple[int, ...]:
    return METHODS[method](list(weights.values()), seats)


# --- the arguments of quotas_from_population -------------------------------------------------


def _population(
    counts: Mapping[str, Mapping[str, Count]],
) -> tuple[dict[str, dict[str, int]], list[Finding]]:
    """The counts with clean names and as whole numbers, and what is wrong in them."""
    population: dict[str, dict[str, int]] = {}
    errors: list[Finding] = []
    seen: set[str] = set()
    for feature, values in counts.items():
        name = clean(feature)
        if not name:
            errors.append(Finding("population-feature-blank"))
        elif fold(name) in seen:
            errors.append(Finding("population-feature-twice", {"feature": name}))
        seen.add(fold(name))
        exact, found = _weights(name, values)
        errors += found
        if not found and not any(exact.values()):
            errors.append(Finding("population-zero", {"feature": name}, column=name))
        population[name] = dict(zip(exact, _whole(list(exact.values())), strict=True))
    if not counts:
        errors.append(Finding("population-none"))
    return population, errors


def _weights(
    feature: str, values: Mapping[str, Count]
) -> tuple[dict[str, Fraction], list[Finding]]:
    weights: dict[str, Fraction] = {}
    errors: list[Finding] = []
    seen: set[str] = set()
    for written, count in values.items():
        value = clean(written)
        exact = _exact(count)
        if not value:
            errors.append(Finding("population-value-blank", column=feature))
        elif fold(value) in seen:
            errors.append(Finding("population-value-twice", {"value": value}, column=feature))
        if exact is None:
            errors.append(Finding("population-count", {"value": value}, column=feature))
        else:
            weights[value] = exact
        seen.add(fold(value))
    return weights, errors


def _setting_errors(seats: object, method: str, tolerance: object) -> list[Finding]:
    errors = []
    if not isinstance(seats, int) or seats < 1:
        errors.append(Finding("apportionment-seats", {"seats": seats}))
    if not isinstance(tolerance, int) or tolerance < 0:
        errors.append(Finding("apportionment-tolerance", {"tolerance": tolerance}))
    if method not in METHODS:
        params = {"method": method, "available": list(METHODS)}
        errors.append(Finding("apportionment-method", params))
    return errors


def _method_in_words(
    population: Mapping[str, Mapping[str, int]], seats: int, method: Method, tolerance: int
) -> str:
    totals = {name: sum(weights.values()) for name, weights in population.items()}
    words = [f"{_SPELLING[method]} for {seats} seats", "equal claims to the value listed first"]
    if tolerance:
        words.append(f"{tolerance} seats more or fewer are tolerated")
    else:
        words.append("no tolerance")
    words.append("every value may have at least 1 seat")
    if len(set(totals.values())) > 1:
        listed = ", ".join(f"{name} {total}" for name, total in totals.items())
        words.append(f"each feature normalised by its own total ({listed})")
    else:
        words.append("all features have the same total, nothing was normalised")
    return "; ".join(words)


# --- files of counts -------------------------------------------------------------------------


def _read_counts(table: Table, errors: list[Finding]) -> dict[str, dict[str, int]]:
    position_of = {name: table.find(name) for name in POPULATION_COLUMNS}
    missing = [name for name, position in position_of.items() if position is None]
    if missing:
        params = {"missing": missing, "expected": list(POPULATION_COLUMNS)}
        errors.append(Finding("population-columns", params, table.file))
        return {}
    columns = [position for position in position_of.values() if position is not None]
    names: dict[str, str] = {}
    population: dict[str, dict[str, int]] = {}
    first_row: dict[tuple[str, str], int] = {}

    def refuse(code: str, row: int, column: int, **params: Any) -> None:
        errors.append(Finding(code, params, table.file, row, table.columns[columns[column]]))

    for row, cells in table.rows:
        name, value, text = (clean(cells[position]) for position in columns)
        if not name:
            refuse("population-feature-blank", row, 0)
        elif not value:
            refuse("quota-value-blank", row, 1, feature=name)
        key = (fold(name), fold(value))
        name = names.setdefault(key[0], name)
        first = first_row.setdefault(key, row)
        if name and value and first != row:
            refuse("quota-twice", row, 1, feature=name, value=value, first=first)
        if _COUNT.fullmatch(text):
            population.setdefault(name, {}).setdefault(value, int(text))
        else:
            refuse("population-number", row, 2, found=text)
    return population
