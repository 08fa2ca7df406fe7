"""Whether a lottery fills the seats that fell free, and no others: nobody is seated twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mitwirkung.lottery import files
from mitwirkung.lottery.draw import DrawRecord, public_record
from mitwirkung.lottery.loading import load
from mitwirkung.lottery.publication import Publication
from mitwirkung.lottery.replacement import GAVE_UP, excluded_from, replacement_problem
from mitwirkung.lottery.rules import CHECKABLE, Check

Folder = Mapping[str, bytes]
"""The files of a draw: name to bytes."""


def public_checks(public: files.LotteryFile, before: Sequence[Folder]) -> list[Check]:
    """The lottery against the draws ``before`` it, the first one first, by public files alone."""
    if public.replaces is None:
        reasons = ("it fills no seats of another draw",) if before else ()
        return [Check("check-replaces", reasons)] if before else []
    if not before:
        return [Check("check-replaces-missing", skipped=True)]
    try:
        return [Check("check-replaces", tuple(_public_flaws(public, before)))]
    except CHECKABLE as error:
        return [Check("check-replaces", (str(error) or type(error).__name__,))]


def _public_flaws(public: files.LotteryFile, before: Sequence[Folder]) -> Iterable[str]:
    draws = [
        (
            files.LotteryFile.from_bytes(folder["lottery.json"]),
            files.PublicRecordFile.from_bytes(folder["record-public.json"]),
        )
        for folder in before
    ]
    seats = draws[0][0].seats
    digest = None
    taken: set[str] = set()
    for number, lottery in enumerate([*(lottery for lottery, _ in draws), public], start=1):
        if (None if lottery.replaces is None else lottery.replaces.record) != digest:
            yield f"lottery {number} does not follow from the draw before it"
        if lottery.event != public.event:
            yield f"lottery {number} is of another event"
        ahead = lottery.replaces is not None and lottery.replaces.ahead is not None
        kept = 0 if lottery.replaces is None else lottery.replaces.kept
        if kept + (0 if ahead else lottery.seats) != seats:
            yield f"lottery {number} does not fill up to {seats} seats"
        twice = taken.intersection(lot for each in lottery.classes for lot in each.lots)
        if twice:
            yield f"{len(twice)} lots of lottery {number} had a seat before"
        if number <= len(draws):
            drawn = draws[number - 1][1]
            if public_record(lottery, drawn.seed).content != drawn.content:
                yield f"draw {number} does not follow from its lottery and its seed"
            digest = drawn.digest
            if not ahead:  # alternates have no seats yet
                taken.update(seat.lot for seat in drawn.seats)


def private_checks(published: Publication, before: Sequence[Folder]) -> list[Check]:
    """The problem made again from the private files of the draws before; left out without them."""
    if published.public.replaces is None or not before:
        return []
    if not all("lottery-private.json" in folder for folder in before):
        return [Check("check-replacement-missing", skipped=True)]
    try:
        return [Check("check-replacement", tuple(_private_flaws(published, before)))]
    except CHECKABLE as error:
        return [Check("check-replacement", (str(error) or type(error).__name__,))]


def _private_flaws(published: Publication, before: Sequence[Folder]) -> Iterable[str]:
    records = []
    for folder in before:
        public = files.LotteryFile.from_bytes(folder["lottery.json"])
        private = files.PrivateFile.from_bytes(folder["lottery-private.json"])
        if private.lottery != public.digest:
            yield "a private file is of another lottery"
        drawn = files.PublicRecordFile.from_bytes(folder["record-public.json"])
        records.append(DrawRecord.of(load(public, private), drawn.seed))
    problem = published.problem
    if problem.replaces is not None and problem.replaces.ahead is not None:
        _, excluded = excluded_from(records, {}, problem.seats)
        if excluded != problem.refused:
            yield "other people are left out of it"
        return
    earlier = {who for record in records[1:] for who in record.publication.problem.refused}
    earlier -= {
        who
        for record in records[1:]
        for who, reason in record.publication.problem.refused.items()
        if not reason.startswith(GAVE_UP)
    }
    freed = {
        who: reason.removeprefix(GAVE_UP)
        for who, reason in problem.refused.items()
        if reason.startswith(GAVE_UP) and who not in earlier
    }
    again = replacement_problem(records, freed=freed)
    if again.ids != problem.ids or again.refused != problem.refused:
        yield "other people are left out of it"
    if again.quotas.features != problem.quotas.features:
        yield "what is missing is another"
    assert again.replaces is not None
    assert problem.replaces is not None
    if (again.replaces.kept, again.replaces.loosened) != (
        problem.replaces.kept,
        problem.replaces.loosened,
    ):
        yield "other quotas were loosened"
    tokens = again.replaces.tokens
    if any(tokens[who] != token for who, token in problem.replaces.tokens.items()):
        yield "somebody has another token than before"
