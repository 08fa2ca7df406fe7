"""Target against pool against panel, and where they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from mitwirkung.lottery.composition import AnswerCounts, compositions
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.encoding import decimal_text
from mitwirkung.lottery.quotas import Feature
from mitwirkung.names import fold
from mitwirkung.reports.model import (
    Deviations,
    Difference,
    FeatureTable,
    MissedQuota,
    Share,
    ValueRow,
)

LISTED = 6
"""So many differences are put into words; the tables show all."""

NOTABLE_POINTS = 3
"""Of the pool, only differences of so many percentage points are put into words."""


def feature_tables(record: DrawRecord) -> tuple[FeatureTable, ...]:
    """Every answer to every feature, in display order, people without an answer last."""
    problem = record.publication.problem
    seen = record.publication.public.strategy.features
    tables = []
    for each in compositions(record):
        feature = each.feature
        population = _population(feature, problem.quotas.population)
        limited = any(not quota.is_free(problem.seats) for quota in feature.quotas)
        rows = tuple(
            _row(counts, len(problem), problem.seats, limited, population)
            for counts in each.answers
        )
        tables.append(
            FeatureTable(
                name=feature.name,
                compared_with="quota middle" if population is None else "population",
                seen=feature.name in seen,
                values=rows,
            )
        )
    return tuple(tables)


def _population(
    feature: Feature, counts: Mapping[str, Mapping[str, int]] | None
) -> dict[str, int] | None:
    """The counts of a feature by folded value, None where the population is unknown."""
    for name, values in (counts or {}).items():
        if fold(name) == fold(feature.name) and any(values.values()):
            return {fold(value): count for value, count in values.items()}
    return None


def _row(
    counts: AnswerCounts,
    people: int,
    seats: int,
    limited: bool,
    population: Mapping[str, int] | None,
) -> ValueRow:
    quota = counts.quota
    in_pool = Share(number=counts.pool, of=people)
    on_panel = Share(number=counts.panel, of=seats)
    in_population: Share | None = None
    reference: Share | None = None
    if quota and population is not None:
        count = population.get(fold(quota.value))
        if count is not None:
            reference = in_population = Share(number=count, of=sum(population.values()))
    elif quota and not quota.is_free(seats):
        reference = Share(number=quota.min + min(quota.max, seats), of=2 * seats)
    return ValueRow(
        value=quota.value if quota else None,
        min=quota.min if quota else None,
        max=quota.max if quota else None,
        free=limited and (quota is None or quota.is_free(seats)),
        population=in_population,
        pool=in_pool,
        panel=on_panel,
        within=quota.min <= on_panel.number <= quota.max if quota else None,
        reference=reference,
        panel_points=_points(on_panel, reference),
        pool_points=_points(in_pool, reference),
    )


def _points(share: Share, reference: Share | None) -> str | None:
    return None if reference is None else decimal_text(100 * (share.exact - reference.exact))


def deviations(tables: Sequence[FeatureTable]) -> Deviations:
    """The largest differences of panel and pool from their reference, and the quotas missed."""
    rows = [(table, row) for table in tables for row in table.values if row.reference is not None]
    panel = [_difference(table, row, row.panel) for table, row in rows]
    pool = [_difference(table, row, row.pool) for table, row in rows]
    whole_seats = [each for each in panel if abs(each.found.number - Fraction(each.expected)) >= 1]
    notable = [each for each in pool if abs(Fraction(each.points)) >= NOTABLE_POINTS]
    return Deviations(
        panel=_largest(whole_seats),
        panel_more=max(0, len(whole_seats) - LISTED),
        pool_under=_largest(each for each in notable if Fraction(each.points) < 0),
        pool_over=_largest(each for each in notable if Fraction(each.points) > 0),
        missed=tuple(
            MissedQuota(
                feature=table.name,
                value=row.value,
                min=row.min,
                max=row.max,
                seats=row.panel.number,
            )
            for table in tables
            for row in table.values
            if row.within is False
            and row.value is not None
            and row.min is not None
            and row.max is not None
        ),
    )


def _difference(table: FeatureTable, row: ValueRow, found: Share) -> Difference:
    assert row.value is not None
    assert row.reference is not None
    return Difference(
        feature=table.name,
        value=row.value,
        compared_with=table.compared_with,
        found=found,
        reference=row.reference,
        expected=decimal_text(row.reference.exact * found.of),
        points=decimal_text(100 * (found.exact - row.reference.exact)),
    )


def _largest(differences: Iterable[Difference]) -> tuple[Difference, ...]:
    """The largest first; equal ones in display order."""
    return tuple(sorted(differences, key=lambda each: -abs(Fraction(each.points)))[:LISTED])
