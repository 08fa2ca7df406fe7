"""Whether a lottery fills the seats that fell free, and no others: nobody is seated twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from mitwirkung.lottery import files
from mitwirkung.lottery.alternates import alternates_problem, dropout_of
from mitwirkung.lottery.attempts import GivenUpFile
from mitwirkung.lottery.consistency import publication_checks
from mitwirkung.lottery.draw import DrawRecord, public_record
from mitwirkung.lottery.entries import software
from mitwirkung.lottery.loading import load
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import Publication
from mitwirkung.lottery.replacement import (
    GAVE_UP,
    WITHDREW,
    SeatsSoFar,
    excluded_from,
    problem_without,
    replacement_problem,
)
from mitwirkung.lottery.rules import CHECKABLE, Check, lottery_checks
from mitwirkung.messages import Reason, reason_of

Folder = Mapping[str, bytes]
"""The files of a draw: name to bytes."""


def public_checks(public: files.LotteryFile, before: Sequence[Folder]) -> list[Check]:
    """The lottery against the draws ``before`` it, the first one first, by public files alone."""
    if public.replaces is None:
        reasons = (Reason("it fills no seats of another draw"),) if before else ()
        return [Check("check-replaces", reasons)] if before else []
    if not before:
        return [Check("check-replaces-missing", skipped=True)]
    try:
        return [Check("check-replaces", tuple(_public_flaws(public, before)))]
    except CHECKABLE as error:
        return [Check("check-replaces", (reason_of(error),))]


def _public_flaws(public: files.LotteryFile, before: Sequence[Folder]) -> Iterable[str]:
    draws = [
        (
            files.LotteryFile.from_bytes(folder["lottery.json"]),
            files.PublicRecordFile.from_bytes(folder["record-public.json"]),
        )
        for folder in before
    ]
    first = draws[0][0]
    seats = first.seats
    digest = None
    taken: set[str] = set()
    for number, lottery in enumerate([*(lottery for lottery, _ in draws), public], start=1):
        if (None if lottery.replaces is None else lottery.replaces.record) != digest:
            yield Reason("lottery {number} does not follow from the draw before it", number=number)
        if lottery.event != public.event:
            yield Reason("lottery {number} is of another event", number=number)
        ahead = lottery.replaces is not None and lottery.replaces.ahead is not None
        kept = 0 if lottery.replaces is None else lottery.replaces.kept
        unfilled = 0 if lottery.replaces is None else lottery.replaces.unfilled
        if kept + (0 if ahead else lottery.seats) + unfilled != seats:
            yield Reason(
                "lottery {number} does not fill up to {seats} seats", number=number, seats=seats
            )
        could = sum(len(each.lots) * each.people for each in lottery.classes)
        if unfilled and could > lottery.seats:
            yield Reason(
                "lottery {number} leaves seats empty, though more people could be seated",
                number=number,
            )
        twice = taken.intersection(lot for each in lottery.classes for lot in each.lots)
        if twice:
            yield Reason(
                "{count} lots of lottery {number} had a seat before",
                count=len(twice),
                number=number,
            )
        if lottery.replaces is not None:
            if any(each.must for each in lottery.classes):
                yield Reason("lottery {number} seats somebody in any case", number=number)
            if not ahead:
                yield from (
                    Reason("lottery {number}: {reason}", number=number, reason=flaw)
                    for flaw in _quota_flaws(first, lottery)
                )
        if number <= len(draws):
            if GivenUpFile.file_name in before[number - 1]:
                yield Reason("draw {number} was given up", number=number)
            for check in lottery_checks(lottery):
                yield from (
                    Reason("lottery {number}: {reason}", number=number, reason=reason)
                    for reason in check.reasons
                )
            drawn = draws[number - 1][1]
            if public_record(lottery, drawn.seed).content != drawn.content:
                yield Reason(
                    "draw {number} does not follow from its lottery and its seed", number=number
                )
            digest = drawn.digest
            if not ahead:  # alternates have no seats yet
                taken.update(seat.lot for seat in drawn.seats)


def _quota_flaws(first: files.LotteryFile, lottery: files.LotteryFile) -> Iterable[str]:
    """Quotas that cannot be what is missing, whoever keeps a seat: each person who does takes at
    most 1 off a limit."""
    assert lottery.replaces is not None
    kept = lottery.replaces.kept
    before = {(f.name, q.value): q for f in first.quotas.features for q in f.quotas}
    now = {(f.name, q.value): q for f in lottery.quotas.features for q in f.quotas}
    loosened = {(each.feature, each.value): each for each in lottery.replaces.loosened}
    if before.keys() != now.keys() or not loosened.keys() <= now.keys():
        yield Reason("the quotas are about other groups")
        return
    for place, quota in before.items():
        wider, new = loosened.get(place), now[place]
        exact = (new.min, new.max) if wider is None else (wider.min, wider.max)
        ends = ((quota.min, exact[0]), (quota.max, exact[1]))
        if not all(max(0, limit - kept) <= found <= limit for limit, found in ends):
            yield Reason(
                "the quota of {feature}: {value} is not what can be missing",
                feature=place[0],
                value=place[1],
            )
        if not new.min <= exact[0] or not exact[1] <= new.max:
            yield Reason(
                "the quota of {feature}: {value} was not loosened", feature=place[0], value=place[1]
            )


def private_checks(published: Publication, before: Sequence[Folder]) -> list[Check]:
    """The problem made again from the private files of the draws before; left out without them."""
    if published.public.replaces is None or not before:
        return []
    if not all("lottery-private.json" in folder for folder in before):
        return [Check("check-replacement-missing", skipped=True)]
    try:
        flaws = tuple(_private_flaws(published, before))
        if not flaws and _other_alternates(published, before):
            if published.public.software == software():
                flaws = (Reason("other alternates stand by best"),)
            else:
                return [Check("check-alternates-other", skipped=True)]
    except CHECKABLE as error:
        flaws = (reason_of(error),)
    return [Check("check-replacement", flaws)]


def _records(before: Sequence[Folder]) -> list[DrawRecord]:
    records = []
    for folder in before:
        public = files.LotteryFile.from_bytes(folder["lottery.json"])
        private = files.PrivateFile.from_bytes(folder["lottery-private.json"])
        drawn = files.PublicRecordFile.from_bytes(folder["record-public.json"])
        records.append(DrawRecord.of(load(public, private), drawn.seed))
    return records


def _private_flaws(published: Publication, before: Sequence[Folder]) -> Iterable[str]:
    records = _records(before)
    for number, record in enumerate(records, start=1):
        for check in publication_checks(record.publication):
            yield from (
                Reason("the files of draw {number}: {reason}", number=number, reason=reason)
                for reason in check.reasons
            )
    problem = published.problem
    assert problem.replaces is not None
    again = _made_again(records, problem)
    first = records[0].publication.problem
    answers = {who: first.answers(person) for person, who in enumerate(first.ids)}
    if any(problem.answers(i) != answers.get(who) for i, who in enumerate(problem.ids)):
        yield Reason("somebody has other answers than before")
    if (again.ids, again.refused) != (problem.ids, problem.refused):
        yield Reason("other people are left out of it")
    elif (again.lots, again.must) != (problem.lots, problem.must) or [
        (kind.together, kind.must) for kind in again.kinds
    ] != [(kind.together, kind.must) for kind in problem.kinds]:
        yield Reason("other people come together, or are seated in any case")
    declared = ("household", "companions", "household_rule")
    if any(getattr(again, name) != getattr(problem, name) for name in declared):
        yield Reason("households or companions are declared in another way")
    assert again.replaces is not None
    if (again.replaces.kept, again.seats) != (problem.replaces.kept, problem.seats):
        yield Reason("other people keep their seats")
    tokens = records[0].publication.tokens
    of_first = dict(zip(first.ids, tokens, strict=True))
    if any(of_first.get(who) != token for who, token in problem.replaces.tokens.items()):
        yield Reason("somebody has another token than before")
    if problem.replaces.ahead is not None:
        return
    if again.quotas.features != problem.quotas.features:
        yield Reason("what is missing is another")
    if again.replaces.loosened != problem.replaces.loosened:
        yield Reason("other quotas were loosened")


def _other_alternates(published: Publication, before: Sequence[Folder]) -> bool:
    """Whether other alternates are best here; floating point may differ between machines."""
    problem = published.problem
    if problem.replaces is None or problem.replaces.ahead is None:
        return False
    ahead = problem.replaces.ahead
    again = alternates_problem(
        _records(before),
        number=problem.seats,
        dropout=dropout_of(ahead),
        scenarios=ahead.scenarios,
    )
    return again.quotas.features != problem.quotas.features


def _made_again(records: Sequence[DrawRecord], problem: SelectionProblem) -> SelectionProblem:
    """The problem as it follows from the draws before; of alternates with other quotas."""
    assert problem.replaces is not None
    if problem.replaces.ahead is not None:
        kept, excluded = excluded_from(SeatsSoFar.after(records), {}, problem.seats)
        first = records[0].publication.problem
        again = problem_without(first, problem.quotas, problem.seats, excluded)
        again.replaces = replace(problem.replaces, kept=len(kept))
        return again
    earlier = {
        who
        for record in records[1:]
        for who, reason in record.publication.problem.refused.items()
        if reason.startswith((GAVE_UP, WITHDREW))
    }
    freed, withdrawn = (
        {
            who: reason.removeprefix(prefix)
            for who, reason in problem.refused.items()
            if reason.startswith(prefix) and who not in earlier
        }
        for prefix in (GAVE_UP, WITHDREW)
    )
    return replacement_problem(records, freed=freed, withdrawn=withdrawn)
