"""What quotas, a lottery, a draw and its verification show of themselves, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from mitwirkung.display import Bar, Cell, Column, DisplayTable, RowGroup
from mitwirkung.messages import said, text_of
from mitwirkung.names import NOT_STATED

if TYPE_CHECKING:
    from mitwirkung.lottery.composition import AnswerCounts, Composition
    from mitwirkung.lottery.draw import DrawRecord
    from mitwirkung.lottery.panels import PanelLottery
    from mitwirkung.lottery.quotas import Feature, QuotaPlan
    from mitwirkung.lottery.rules import Check
    from mitwirkung.lottery.verification import Verification

MOST_STEPS = 20
"""So many different chances are shown one by one; more of them in so many steps."""


def telling_decimals(equal: Fraction) -> int:
    """How many decimals of a percentage tell chances apart: 1 from 5 % on, 2 from 0.5 % on, ..."""
    decimals = 1
    while equal * 100 < Fraction(5, 10 ** (decimals - 1)):
        decimals += 1
    return decimals


# --- quotas --------------------------------------------------------------------------------------


def quota_table(plan: QuotaPlan) -> DisplayTable:
    """Every quota with its minimum and maximum, and a bar from the one to the other."""
    quotas = sum(len(feature.quotas) for feature in plan.features)
    stated = [(name, text) for name, text in plan.provenance if text != NOT_STATED]
    return DisplayTable(
        caption=f"{quotas} quotas on {len(plan.features)} features, in seats",
        columns=(
            Column("answer"),
            Column("at least", figures=True),
            Column("at most", figures=True),
        ),
        groups=tuple(_quota_rows(feature) for feature in plan.features),
        notes=tuple(f"{name.capitalize()}: {text}" for name, text in stated),
    )


def _quota_rows(feature: Feature) -> RowGroup:
    largest = max((quota.max for quota in feature.quotas), default=0) or 1
    rows = []
    for quota in feature.quotas:
        bar = Bar(quota.min / largest, quota.max / largest)
        rows.append((Cell(quota.value), Cell(f"{quota.min:,}"), Cell(f"{quota.max:,}", bar)))
    return RowGroup(tuple(rows), feature.name)


# --- a lottery -----------------------------------------------------------------------------------


def chances_table(lottery: PanelLottery) -> DisplayTable:
    """Chances from small to large, how many people have them, and a bar for each.

    Where there are more than twenty different chances they are put together in twenty steps of
    equal width; people without any chance are always apart.
    """
    problem, chances = lottery.problem, sorted(lottery.exact_chances)
    equal = Fraction(problem.seats, len(problem))
    decimals = telling_decimals(equal)
    rows = []
    for low, high, people in _steps(chances, decimals):
        ends = dict.fromkeys((_percent(low, decimals), _percent(high, decimals)))
        bar = Bar(0, float(high / chances[-1]))
        rows.append((Cell(" to ".join(ends), bar), Cell(f"{people:,}")))
    by = "" if lottery.strategy is None else f"Strategy: {lottery.strategy.name}. "
    return DisplayTable(
        caption=f"Chances of {len(problem):,} people for {problem.seats:,} seats",
        columns=(Column("chance", figures=True), Column("people", figures=True)),
        groups=(RowGroup(tuple(rows)),),
        notes=(f"{by}Equal chances would be {_percent(equal, decimals)} each.",),
    )


def _steps(chances: Sequence[Fraction], decimals: int) -> list[tuple[Fraction, Fraction, int]]:
    """Smallest and largest chance of each step of sorted chances, and how many people are in it."""
    some = [chance for chance in chances if chance]
    low, high = some[0], some[-1]
    width = (high - low) / MOST_STEPS
    alike = len({_percent(chance, decimals) for chance in some}) <= MOST_STEPS
    grouped: dict[object, list[Fraction]] = {}
    for chance in chances:
        step: object = _percent(chance, decimals)
        if chance and not alike:
            step = min(MOST_STEPS - 1, (chance - low) // width)
        grouped.setdefault(step, []).append(chance)
    return [(group[0], group[-1], len(group)) for group in grouped.values()]


def _percent(share: Fraction, decimals: int) -> str:
    """A percentage; what is too small to show, but not 0, says so."""
    least = Fraction(1, 100 * 10**decimals)
    if share > 0 and not round(share / least):
        return f"< {float(100 * least):.{decimals}f}%"
    return f"{float(100 * share):.{decimals}f}%"


# --- a draw --------------------------------------------------------------------------------------


def draw_table(record: DrawRecord) -> DisplayTable:
    """Quota, pool and panel for every answer, in numbers of people; nobody is named."""
    from mitwirkung.lottery.composition import compositions

    problem = record.publication.problem
    committed = "verified-committed" if record.committed else "verified-uncommitted"
    return DisplayTable(
        caption=f"Panel of {problem.seats:,} out of {len(problem):,} people",
        columns=(
            Column("answer"),
            Column("quota, seats", figures=True),
            Column("pool", figures=True),
            Column("panel", figures=True),
        ),
        groups=tuple(
            _draw_rows(each, problem.seats, len(problem)) for each in compositions(record)
        ),
        notes=(
            "Bars of one feature have one scale: their share of all seats or people.",
            f"Seed: {record.public.seed}",
            text_of(committed, {}),
            f"Commitment: {record.publication.commitment}",
        ),
    )


def _draw_rows(each: Composition, seats: int, people: int) -> RowGroup:
    ends = [
        Fraction(min(counts.quota.max, seats), seats)
        for counts in each.answers
        if counts.quota and not counts.quota.is_free(seats)
    ]
    ends += [Fraction(counts.pool, people) for counts in each.answers]
    ends += [Fraction(counts.panel, seats) for counts in each.answers]
    longest = max(ends)
    rows = tuple(
        (
            Cell("no answer" if counts.quota is None else counts.quota.value),
            _quota_cell(counts, seats, longest),
            _count_cell(counts.pool, people, longest),
            _count_cell(counts.panel, seats, longest),
        )
        for counts in each.answers
    )
    return RowGroup(rows, each.feature.name)


def _quota_cell(counts: AnswerCounts, seats: int, longest: Fraction) -> Cell:
    quota = counts.quota
    if quota is None:
        return Cell("none")
    if quota.is_free(seats):
        return Cell("no limit")
    low, high = (Fraction(min(limit, seats), seats) for limit in (quota.min, quota.max))
    text = f"{quota.min:,}" if quota.min == quota.max else f"{quota.min:,} to {quota.max:,}"
    missed = "" if quota.min <= counts.panel <= quota.max else "missed: "
    return Cell(missed + text, Bar(float(low / longest), float(high / longest)))


def _count_cell(number: int, of: int, longest: Fraction) -> Cell:
    share = Fraction(number, of)
    return Cell(f"{number:,} ({_percent(share, 1)})", Bar(0, float(share / longest)))


# --- a verification ------------------------------------------------------------------------------


def verification_table(verification: Verification) -> DisplayTable:
    """Every check, whether it is ok, and what differs; the caption says the result."""
    rows = tuple(
        (Cell(check.title()), Cell(_outcome(check)), Cell(said(check.reasons)))
        for check in verification.checks
    )
    return DisplayTable(
        caption=verification.result(),
        columns=(Column("check"), Column("result"), Column("what differs")),
        groups=(RowGroup(rows),),
        notes=tuple(verification.about_the_seed()),
    )


def _outcome(check: Check) -> str:
    if check.skipped:
        return "–\N{NO-BREAK SPACE}left\N{NO-BREAK SPACE}out"
    return f"{'✓' if check.ok else '✗'}\N{NO-BREAK SPACE}{'ok' if check.ok else 'differs'}"
