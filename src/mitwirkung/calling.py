"""What came of calls: answers and wrong numbers, entered as people said them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from mitwirkung.moves import MoveRefused
from mitwirkung.notifications.call_list import CallListChannel, CallOutcome, CallResult
from mitwirkung.outbox import MessageRefused
from mitwirkung.people import Actor, Channel
from mitwirkung.procedure import Procedure

WRONG_NUMBER = "wrong number"
"""The reason that is recorded with a message that did not reach somebody by phone."""


@dataclass(frozen=True)
class Entered:
    """What was entered.

    Attributes:
        done: the calls that are settled, in their order.
        again: those to be made again.
        refused: key of the message to what stands against it; these stay on the list.
    """

    done: tuple[CallResult, ...]
    again: tuple[CallResult, ...]
    refused: tuple[tuple[str, MoveRefused], ...]


def enter_outcomes(
    procedure: Procedure, results: Iterable[CallResult], *, now: datetime, actor: Actor
) -> Entered:
    """Enter what came of calls, and take them off the list. It may be repeated.

    Notes are not kept: what somebody says on the phone is entered where it belongs.
    """
    done: list[CallResult] = []
    again: list[CallResult] = []
    refused: list[tuple[str, MoveRefused]] = []
    for result in results:
        if result.outcome is CallOutcome.AGAIN:
            again.append(result)
            continue
        try:
            _enter(procedure, result, now=now, actor=actor)
        except MoveRefused as error:
            refused.append((result.key, error))
        else:
            done.append(result)
    for channel in procedure.post().channels.values():
        if isinstance(channel, CallListChannel):
            channel.settle([*done, *again])
    return Entered(tuple(done), tuple(again), tuple(refused))


def _enter(procedure: Procedure, result: CallResult, *, now: datetime, actor: Actor) -> None:
    room = procedure.messages
    if result.outcome is CallOutcome.WRONG_NUMBER:
        room.returned(result.key, now=now, actor=actor, reason=WRONG_NUMBER)
        return
    person = room.message(result.key).application
    if person is None:
        raise MessageRefused("message-of-nobody")
    step = {
        CallOutcome.ACCEPTS: procedure.accept,
        CallOutcome.DECLINES: procedure.decline,
        CallOutcome.WITHDRAWS: procedure.withdraw,
    }.get(result.outcome)
    if step is not None:
        step(person, channel=Channel.PHONE, now=now, actor=actor)
