"""Seats that fall free are filled by a lottery of their own over those who have none.

It is made like the first one, against what is still missing: the quotas less the people who keep
their seats. Nobody who has or gave up a seat is in its pool, nor anybody of their household where
at most one of a household is seated. Where whoever is left cannot meet what is missing, the quotas
are loosened as little as possible, and the published file says by what. Where fewer people than
free seats are left, all of them who can be are seated, and it says how many seats stay empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from mitwirkung.errors import Finding, InputError
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.feasibility import seatable
from mitwirkung.lottery.problem import Loosened, Replaces, SelectionProblem, TokenSource
from mitwirkung.lottery.quotas import QuotaPlan
from mitwirkung.lottery.relaxing import quotas_of_rows, unclipped_types
from mitwirkung.lottery.wishes import HOUSEHOLD, Wishes
from mitwirkung.names import clean
from mitwirkung.tables import Source, read_table

HAS_SEAT = "has a seat"
GAVE_UP = "gave up a seat: "
WITHDREW = "took the application back: "
NO_ALTERNATE = "is no alternate"
TOO_MANY = "comes with more people than seats are free"

_SEAT, _SMALL = 10**6, 10**3  # of the cost of a seat, what decides between equally few


class Freed(dict[str, str]):
    """Who gave up a seat: id to reason, and where that was read.

    Attributes:
        file: the name of the table.
        columns: what it calls the columns of the ids and of the reasons.
        rows: the row of each id.
    """

    def __init__(self) -> None:
        super().__init__()
        self.file: str | None = None
        self.columns: tuple[str | None, str | None] = (None, None)
        self.rows: dict[str, int] = {}

    def __repr__(self) -> str:
        return f"<Freed: {len(self)} people>"


def read_freed(source: Source, *, encoding: str | None = None, sheet: str | None = None) -> Freed:
    """Who gave up a seat, id to reason, from a table `id,reason`.

    Raises:
        InputError: with every error of every row; it holds no personal data.
        TypeError: the source is of no kind that can be read.
    """
    freed, errors = collect_freed(source, encoding=encoding, sheet=sheet)
    if errors:
        raise InputError.of(errors)
    return freed


def collect_freed(
    source: Source, *, encoding: str | None = None, sheet: str | None = None
) -> tuple[Freed, tuple[Finding, ...]]:
    """Like `read_freed`, but what could be read, only fit for looking for more errors if there are
    any; and these.

    Raises:
        TypeError: the source is of no kind that can be read.
    """
    table = read_table(source, encoding=encoding, sheet=sheet)
    errors = list(table.errors)
    freed = Freed()
    freed.file = table.file
    who, why = table.find("id"), table.find("reason")
    if table.columns and (who is None or why is None):
        missing = [n for n, place in (("id", who), ("reason", why)) if place is None]
        errors.append(Finding("freed-columns", {"missing": missing}, table.file))
    elif who is not None and why is not None:
        freed.columns = (table.labels[who], table.labels[why])
        for row, cells in table.rows:
            name = clean(cells[who])
            if name in freed:
                params = {"first": freed.rows[name]}
                errors.append(Finding("freed-twice", params, table.file, row, freed.columns[0]))
                continue
            freed[name] = clean(cells[why])
            freed.rows[name] = row
    return freed, tuple(errors)


def check_freed(
    records: DrawRecord | Sequence[DrawRecord], freed: Mapping[str, str]
) -> tuple[Finding, ...]:
    """Whoever has no seat to give up after these draws, and reasons that are missing: each with its
    file, row and column if `freed` was read, else with the number of the entry as its row.

    Raises:
        InputError: the records do not follow each other.
    """
    chain = [records] if isinstance(records, DrawRecord) else list(records)
    return tuple(_freed_findings(_seated(chain)[0], freed))


def _freed_findings(seated: Collection[str], freed: Mapping[str, str]) -> Iterator[Finding]:
    place = freed if isinstance(freed, Freed) else Freed()
    for number, (who, reason) in enumerate(freed.items(), start=1):
        row = place.rows.get(who, number)
        if who not in seated:
            yield Finding("freed-not-seated", {}, place.file, row, place.columns[0])
        if not clean(reason):
            yield Finding("freed-reason-blank", {}, place.file, row, place.columns[1])


def _withdrawn_findings(seated: Collection[str], gone: Mapping[str, str]) -> Iterator[Finding]:
    for number, (who, reason) in enumerate(gone.items(), start=1):
        if who in seated:
            yield Finding("withdrawn-seated", row=number)
        if not clean(reason):
            yield Finding("freed-reason-blank", row=number)


@dataclass(frozen=True, repr=False)
class SeatsSoFar:
    """Where the seats of an event stand after its draws.

    Attributes:
        problem: that of the first draw, or what is left of it: whoever can still be seated, and
            whoever keeps a seat.
        seated: the ids of those who have a seat, sorted, before any more of them gave it up.
        out: id to reason of those who cannot be drawn any more.
        record: the SHA-256 of the last `record-public.json`.
        event, tokens, key: as in the first lottery; id to token.
        alternates: if alternates were drawn ahead after the last replacement, their ids.
    """

    problem: SelectionProblem
    seated: tuple[str, ...]
    out: Mapping[str, str]
    record: str
    event: str
    tokens: Mapping[str, str]
    key: TokenSource
    alternates: frozenset[str] | None = None

    def __repr__(self) -> str:
        return f"<SeatsSoFar: {len(self.seated)} people>"

    @classmethod
    def after(cls, records: Sequence[DrawRecord]) -> Self:
        """Where they stand after a draw and the replacements that followed on it, in their order.

        Raises:
            InputError: the draws do not follow each other.
        """
        first, last = records[0].publication, records[-1]
        seated, out = _seated(records)
        return cls(
            problem=first.problem,
            seated=tuple(seated),
            out=out,
            record=last.public.digest,
            event=first.public.event,
            tokens=dict(zip(first.problem.ids, first.tokens, strict=True)),
            key=first.private.key,
            alternates=frozenset(last.ids) if is_ahead(last) else None,
        )


def replacement_problem(
    records: DrawRecord | Sequence[DrawRecord] | SeatsSoFar,
    *,
    freed: Mapping[str, str],
    withdrawn: Mapping[str, str] | None = None,
) -> SelectionProblem:
    """The problem of filling the seats that fell free.

    Solve, publish and draw it like any other. Tokens are those of the first lottery, so that
    everybody can see that nobody is seated twice. If alternates were drawn ahead after the last
    replacement, and are named among the records, they alone are its pool.

    Args:
        records: the draw; if there were replacements already, it and they in their order.
        freed: id to reason (`declined`, `expired`, ...) of those who gave up their seats since the
            last of these draws. The reasons are published with the number of people. It may be
            empty where seats stayed empty after that draw.
        withdrawn: id to reason of those without a seat who do not want one any more.

    Raises:
        InputError: somebody has no seat to give up, or has one and is named as withdrawn; a reason
            is missing; or the records do not follow each other.
    """
    if isinstance(records, DrawRecord):
        records = [records]
    so_far = records if isinstance(records, SeatsSoFar) else SeatsSoFar.after(records)
    gone = withdrawn or {}
    errors = [*_freed_findings(so_far.seated, freed), *_withdrawn_findings(so_far.seated, gone)]
    # Seats that stayed empty before are free too.
    free = so_far.problem.seats - sum(who not in freed for who in so_far.seated)
    if not free:
        errors.append(Finding("freed-nobody"))
    if errors:
        raise InputError.of(errors)
    kept, excluded = excluded_from(so_far, freed, free, gone)
    plan = _missing(so_far.problem, kept)
    replacement = problem_without(so_far.problem, plan, free, excluded)
    loosened: tuple[Loosened, ...] = ()
    seats = free
    if replacement.ids:  # else the strategy says that nobody is left
        seats = min(free, seatable(replacement))
        if seats < free:
            replacement = problem_without(so_far.problem, plan, seats, excluded)
        plan, loosened = within_reach(replacement)
        if loosened:
            replacement = problem_without(so_far.problem, plan, seats, excluded)
    replacement.replaces = Replaces(
        record=so_far.record,
        kept=len(kept),
        loosened=loosened,
        event=so_far.event,
        tokens=so_far.tokens,
        key=so_far.key,
        unfilled=free - seats,
    )
    told = {"free": free, "people": seats, "unfilled": free - seats}
    replacement.warnings = (
        *((Finding("replacement-unfilled", told),) if seats < free else ()),
        *(
            Finding("replacement-loosened", {"feature": q.feature, "value": q.value, **bounds})
            for q, bounds in _new_bounds(plan, loosened)
        ),
    )
    return replacement


def excluded_from(
    so_far: SeatsSoFar,
    freed: Mapping[str, str],
    seats: int,
    withdrawn: Mapping[str, str] | None = None,
) -> tuple[list[str], dict[str, str]]:
    """Who keeps a seat, and all who cannot get one of so many ``seats``: id to reason."""
    out = {**so_far.out, **{who: GAVE_UP + clean(reason) for who, reason in freed.items()}}
    out |= {who: WITHDREW + clean(reason) for who, reason in (withdrawn or {}).items()}
    kept = [who for who in so_far.seated if who not in freed]
    problem = so_far.problem
    excluded = {**dict.fromkeys(kept, HAS_SEAT), **out}
    excluded |= _barred(problem, kept, seats, excluded)
    if so_far.alternates is not None:
        ahead = so_far.alternates
        others = (who for who in problem.ids if who not in ahead and who not in excluded)
        excluded |= dict.fromkeys(others, NO_ALTERNATE)
    return kept, excluded


def is_ahead(record: DrawRecord) -> bool:
    """Whether a draw is one of alternates."""
    replaces = record.publication.problem.replaces
    return replaces is not None and replaces.ahead is not None


def _seated(chain: Sequence[DrawRecord]) -> tuple[list[str], dict[str, str]]:
    """Who has a seat after these draws, and the reasons of those who gave up one, or their
    application, before the last.

    Raises:
        InputError: the draws do not follow each other.
    """
    seated: dict[str, None] = {}
    out: dict[str, str] = {}
    for before, record in zip([None, *chain], chain, strict=False):
        replaces = record.publication.problem.replaces
        follows = (
            replaces is None
            if before is None
            else replaces is not None and replaces.record == before.public.digest
        )
        if not follows:
            raise InputError.of([Finding("replacement-chain")])
        gone = record.publication.problem.refused if before is not None else {}
        out |= {who: why for who, why in gone.items() if why.startswith(WITHDREW)}
        for who in [who for who in seated if gone.get(who, HAS_SEAT) != HAS_SEAT]:
            del seated[who]
            out[who] = gone[who]
        if not is_ahead(record):
            seated |= dict.fromkeys(record.ids)
    return sorted(seated), out


def _barred(
    problem: SelectionProblem, kept: Iterable[str], seats: int, excluded: Mapping[str, str]
) -> dict[str, str]:
    """Who else cannot be seated: households of seated people, and groups that are too large."""
    holds = set(kept)
    together = {lot for kind in problem.kinds if kind.together for lot in kind.lots}
    barred: dict[str, str] = {}
    for number, lot in enumerate(problem.lots):
        members = [problem.ids[i] for i in lot]
        free = [who for who in members if who not in excluded]
        if number not in together and holds.intersection(members):
            barred |= dict.fromkeys(free, HOUSEHOLD)
        elif number in together and len(free) > seats:
            barred |= dict.fromkeys(free, TOO_MANY)
    return barred


def _missing(problem: SelectionProblem, kept: Iterable[str]) -> QuotaPlan:
    """The quotas less those who keep their seats."""
    person_of = {who: person for person, who in enumerate(problem.ids)}
    answers = [problem.answers(person_of[who]) for who in kept]
    held = Counter((name, value) for answer in answers for name, value in answer.items())
    missing = {
        (feature.name, quota.value): (
            max(0, quota.min - held[feature.name, quota.value]),
            max(0, quota.max - held[feature.name, quota.value]),
        )
        for feature in problem.quotas.features
        for quota in feature.quotas
    }
    return with_bounds(problem.quotas, missing)


def with_bounds(plan: QuotaPlan, bounds: Mapping[tuple[str, str], tuple[int, int]]) -> QuotaPlan:
    """The plan with other limits: (feature, value) to minimum and maximum."""
    features = []
    for feature in plan.features:
        quotas = []
        for quota in feature.quotas:
            low, high = bounds.get((feature.name, quota.value), (quota.min, quota.max))
            changed = {"min": low, "max": high, "min_flex": None, "max_flex": None}
            quotas.append(quota.model_copy(update=changed))
        features.append(feature.model_copy(update={"quotas": tuple(quotas)}))
    return plan.model_copy(update={"features": tuple(features)})


def problem_without(
    before: SelectionProblem, plan: QuotaPlan, seats: int, excluded: Mapping[str, str]
) -> SelectionProblem:
    """The problem of the same applicants without those who are ``excluded``, id to reason."""
    pool = before.applicants.only(before.ids)
    there = frozenset(before.ids)
    wishes = Wishes(
        must_not={who: why for who, why in excluded.items() if who in there},
        companions=before.companions,
        household_rule=before.household_rule,
    )
    # A lottery read from its files knows nothing of those who were left out of it.
    return SelectionProblem(pool, plan, seats=seats, household=before.household, wishes=wishes)


def within_reach(problem: SelectionProblem) -> tuple[QuotaPlan, tuple[Loosened, ...]]:
    """The quotas of a problem, loosened by as few seats as possible if no panel meets them, and
    those that were, as they were. Of equally few seats, those off large limits go first."""
    # numpy and HiGHS come with the engine.
    from mitwirkung.lottery.engine import Elastic, cheapest_moves, has_panel

    types = unclipped_types(problem)
    if has_panel(types.polytope):  # mostly so, and soon seen
        return problem.quotas, ()
    bounds = []
    for row, quota in enumerate(quotas_of_rows(types)):
        if quota.min:
            cost = _SEAT + round(Fraction(_SMALL, 1 + quota.min))
            bounds.append(Elastic(row, "min", ((quota.min, cost),)))
        cost = _SEAT + round(Fraction(_SMALL, 1 + quota.max))
        bounds.append(Elastic(row, "max", ((problem.seats, cost),)))
    for way in cheapest_moves(types.polytope, bounds, parts=types.parts):
        moved: dict[tuple[str, str], Counter[str]] = {}
        for number, seats in way.seats:
            bound = bounds[number]
            moved.setdefault(types.quotas[bound.row], Counter())[bound.side] += seats
        before = [
            Loosened(feature.name, quota.value, quota.min, quota.max)
            for feature in problem.quotas.features
            for quota in feature.quotas
            if (feature.name, quota.value) in moved
        ]
        changed = {
            (each.feature, each.value): (
                each.min - moved[each.feature, each.value]["min"],
                each.max + moved[each.feature, each.value]["max"],
            )
            for each in before
        }
        return with_bounds(problem.quotas, changed), tuple(before)
    return problem.quotas, ()  # no panel under any quotas: the strategy says so


def _new_bounds(
    plan: QuotaPlan, loosened: Iterable[Loosened]
) -> Iterable[tuple[Loosened, dict[str, int]]]:
    for before in loosened:
        feature = plan.feature(before.feature)
        now = next(quota for quota in feature.quotas if quota.value == before.value)
        bounds = {"min": before.min, "max": before.max, "new_min": now.min, "new_max": now.max}
        yield before, bounds
