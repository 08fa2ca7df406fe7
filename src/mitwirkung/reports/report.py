"""The report of a draw, put together."""

from __future__ import annotations

from mitwirkung.lottery.draw import DrawRecord, numbered_entry
from mitwirkung.reports.fairness import chances_summary, never_seated
from mitwirkung.reports.model import Head, Report
from mitwirkung.reports.representation import deviations, feature_tables


def build_report(record: DrawRecord) -> Report:
    """What is true of a draw, as data; `content` is `report.json`."""
    tables = feature_tables(record)
    return Report(
        head=_head(record),
        features=tables,
        deviations=deviations(tables),
        chances=chances_summary(record),
        never=never_seated(record),
    )


def _shared(record: DrawRecord, *, together: bool) -> int:
    """How many lots hold several people: households, or those who come together."""
    kinds = record.publication.problem.kinds
    return sum(
        len(kind.lots) for kind in kinds if len(kind.profiles) > 1 and kind.together == together
    )


def _head(record: DrawRecord) -> Head:
    public, drawn = record.publication.public, record.public
    return Head(
        organiser=public.organiser,
        event=public.event,
        place=public.place,
        attempt=public.attempt,
        previous=public.previous,
        seats=public.seats,
        people=public.pool.people,
        lots=public.pool.lots,
        households=_shared(record, together=False),
        companions=_shared(record, together=True),
        replaces=public.replaces,
        pool_digest=public.pool.digest,
        pseudonyms=public.pseudonyms,
        counts=public.counts,
        quotas_source=public.quotas.source,
        quotas_date=public.quotas.date,
        quotas_method=public.quotas.method,
        strategy=public.strategy,
        seed=drawn.seed,
        source=public.seed,
        committed=drawn.committed,
        commitment=drawn.lottery,
        vector=drawn.vector,
        vectors=len(public.vectors),
        numbered=numbered_entry(public, drawn),
        replacement=public.replacement,
        software=public.software,
    )
