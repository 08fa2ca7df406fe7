"""Attempts at a draw: given up only with a reason, numbered, and chained by their digests.

The lottery of an attempt names the attempt before by the digest of `given-up.json`, which names in
turn what was given up. Nobody can draw again without leaving a trace in everything that follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from mitwirkung.errors import MitwirkungError
from mitwirkung.lottery import files
from mitwirkung.lottery.draw import public_record
from mitwirkung.lottery.facts import Line
from mitwirkung.lottery.rules import CHECKABLE, Check, lottery_checks
from mitwirkung.messages import Reason, reason_of
from mitwirkung.names import NOT_STATED

NO_RECORD = "none"

Attempt = Mapping[str, bytes]
"""The public files of one attempt, name to bytes: `lottery.json`, and what else there is of
`record-public.json` and `given-up.json`."""


class AttemptRefused(MitwirkungError, ValueError):
    """An attempt cannot be given up so."""


def _stated(text: str) -> str:
    if text == NOT_STATED:
        raise ValueError(Reason("a reason is stated"))
    return text


class GivenUpFile(files.StrictFile):
    """`given-up.json`: public; an attempt that does not count, and why."""

    file_name: ClassVar[str] = "given-up.json"

    format: Literal["mitwirkung-given-up-1"] = "mitwirkung-given-up-1"
    event: str
    attempt: int = Field(ge=1)
    lottery: str
    record: str
    reason: Annotated[Line, AfterValidator(_stated)]


def give_up(
    lottery: files.LotteryFile, record: files.PublicRecordFile | None, reason: str
) -> GivenUpFile:
    """Give an attempt up.

    Args:
        lottery: that of the attempt.
        record: its draw, if it was drawn already.
        reason: why, in a line; it is published.

    Raises:
        AttemptRefused: there is no reason.
    """
    try:
        return GivenUpFile(
            event=lottery.event,
            attempt=lottery.attempt,
            lottery=lottery.digest,
            record=NO_RECORD if record is None else record.digest,
            reason=reason,
        )
    except ValueError:
        raise AttemptRefused("given-up-reason") from None


def given_up_checks(given_up: bytes | None) -> list[Check]:
    """That the attempt itself was not given up: nothing to check without a `given-up.json`."""
    if given_up is None:
        return []
    try:
        reason = GivenUpFile.from_bytes(given_up).reason
    except files.UnreadableFile as error:
        return [Check("check-given-up", (reason_of(error),))]
    return [Check("check-given-up", (Reason("it was given up: {reason}", reason=reason),))]


def chain_checks(last: files.LotteryFile, earlier: Sequence[Attempt]) -> list[Check]:
    """The attempts before the last one, back to the first: whether each link holds.

    Args:
        last: the lottery that counts.
        earlier: the public files of earlier attempts, in any order.
    """
    if not earlier:
        if last.attempt == 1:
            return []
        params = {"attempt": last.attempt, "previous": last.previous}
        return [Check("check-chain-missing", params=params, skipped=True)]
    checks = []
    known: dict[int, list[_Known]] = {}
    for attempt in earlier:
        try:
            found = _Known(attempt)
        except CHECKABLE as error:
            checks.append(Check("check-attempt-unreadable", (reason_of(error),)))
            continue
        flaws = tuple(found.flaws(last))
        checks.append(Check("check-attempt", flaws, {"attempt": found.lottery.attempt}))
        known.setdefault(found.lottery.attempt, []).append(found)
    checks.append(Check("check-attempts-single", tuple(_twice(last, known))))
    checks.append(Check("check-chain", tuple(_breaks(last, known))))
    return checks


class _Known:
    """The files of an earlier attempt, read."""

    def __init__(self, attempt: Attempt) -> None:
        self.lottery = files.LotteryFile.from_bytes(attempt["lottery.json"])
        self.record = attempt.get("record-public.json")
        given_up = attempt.get(GivenUpFile.file_name)
        self.given_up = None if given_up is None else GivenUpFile.from_bytes(given_up)

    def flaws(self, last: files.LotteryFile) -> Iterator[str]:
        """What is wrong inside of an earlier attempt."""
        for check in lottery_checks(self.lottery):
            yield from check.reasons
        if self.lottery.event != last.event:
            yield Reason("it is of another event")
        if _fills(self.lottery) != _fills(last):
            yield Reason("it fills other seats")
        record = None
        if self.record is not None:
            record = files.PublicRecordFile.from_bytes(self.record)
            try:
                right = public_record(self.lottery, record.seed).content == self.record
            except CHECKABLE as error:
                yield reason_of(error)
            else:
                if not right:
                    yield Reason("its record does not follow from its lottery and seed")
        if self.given_up is None:
            yield Reason("it was not given up")
            return
        digest = NO_RECORD if record is None else record.digest
        expected = (self.lottery.event, self.lottery.attempt, self.lottery.digest, digest)
        told = self.given_up
        if (told.event, told.attempt, told.lottery, told.record) != expected:
            yield Reason("given-up.json is about other files than those beside it")


def _fills(lottery: files.LotteryFile) -> str | None:
    """The record of the draw whose free seats are filled; None for a first draw."""
    return None if lottery.replaces is None else lottery.replaces.record


def _twice(last: files.LotteryFile, known: Mapping[int, Sequence[_Known]]) -> Iterator[str]:
    """Different files with equal event and attempt: somebody had a choice."""
    for number in sorted({*known, last.attempt}):
        lotteries = {each.lottery.digest for each in known.get(number, ())}
        if number == last.attempt:
            lotteries.add(last.digest)
        if len(lotteries) > 1:
            yield Reason(
                "there are {count} different lotteries of attempt {number}",
                count=len(lotteries),
                number=number,
            )
        records = {each.record for each in known.get(number, ()) if each.record is not None}
        if len(records) > 1:
            yield Reason(
                "there are {count} different draws of attempt {number}",
                count=len(records),
                number=number,
            )
        told = {each.given_up.digest for each in known.get(number, ()) if each.given_up}
        if len(lotteries) == 1 and len(records) <= 1 < len(told):
            yield Reason(
                "attempt {number} was given up in {count} different ways",
                number=number,
                count=len(told),
            )


def _breaks(last: files.LotteryFile, known: Mapping[int, Sequence[_Known]]) -> Iterator[str]:
    """Where the chain from the last attempt to the first one breaks."""
    current = last
    for number in range(last.attempt - 1, 0, -1):
        digests = {}
        for each in known.get(number, ()):
            digests[(each.given_up or each.lottery).digest] = each
        if not digests:
            yield Reason("attempt {number} is missing", number=number)
            return
        if current.previous not in digests:
            yield Reason(
                "attempt {attempt} does not name attempt {number} as it is",
                attempt=current.attempt,
                number=number,
            )
            current = next(iter(digests.values())).lottery
        else:
            current = digests[current.previous].lottery
    for number in sorted(known):
        if number >= last.attempt:
            yield Reason(
                "attempt {number} is not earlier than attempt {attempt}",
                number=number,
                attempt=last.attempt,
            )
