"""Messages by random hands: several dispatchers, clerks, and a clock; none goes out twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from builders import examples
from mitwirkung.moves import MoveRefused
from mitwirkung.notifications.message import DeliveryReceipt, Outcome
from mitwirkung.outbox import (
    LEASE,
    MOVES,
    PAUSES,
    TASKS,
    About,
    MessageState,
    OutgoingMessage,
)
from mitwirkung.people import Actor, Role

CLERK = Actor(role=Role.STAFF, pseudonym="staff-1")
NOW = datetime(2027, 4, 4, 12, tzinfo=UTC)
DISPATCHERS = st.sampled_from(["one", "two", "three"])


def message(**changed: Any) -> OutgoingMessage:
    given: dict[str, Any] = {
        "key": "0123456789abcdef",
        "kind": "seat_offered",
        "application": "person-0001",
        "language": "de",
        "written": NOW,
        "due": NOW,
        **changed,
    }
    return OutgoingMessage(**given)


def receipt(outcome: Outcome, time: datetime = NOW) -> DeliveryReceipt:
    return DeliveryReceipt(outcome=outcome, channel="email", time=time)


def taken(given: OutgoingMessage, dispatcher: str = "one", now: datetime = NOW) -> OutgoingMessage:
    return given.taken(now=now, dispatcher=dispatcher, channel="email", way="a way")


class Outbox(RuleBasedStateMachine):
    """One message. A dispatcher that took it sends it, dies before, dies after, or is slow."""

    @initialize(waits=st.booleans())
    def begin(self, waits: bool) -> None:
        self.now = NOW
        state = MessageState.WAITING if waits else MessageState.RELEASED
        self.message = message(state=state)
        self.went_out = 0
        self.allowed = 1
        """One, and one more each time that a person says so."""
        self.holding: set[str] = set()

    def attempt(self, step: Any) -> bool:
        before = self.message.state
        try:
            self.message = step(self.message)
        except MoveRefused:
            return False
        assert self.message.state is before or self.message.state in MOVES[before]
        return True

    @rule(minutes=st.integers(1, 40))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        if self.message.is_lost(self.now):
            assert self.attempt(lambda m: m.lost())
            assert self.message.state is MessageState.UNCERTAIN

    @rule()
    def release(self) -> None:
        self.attempt(lambda m: m.released(now=self.now, actor=CLERK))

    @rule(dispatcher=DISPATCHERS)
    def take(self, dispatcher: str) -> None:
        if self.attempt(lambda m: taken(m, dispatcher, self.now)):
            self.holding = {dispatcher}

    @rule(dispatcher=DISPATCHERS, outcome=st.sampled_from(Outcome), dies=st.booleans())
    def send(self, dispatcher: str, outcome: Outcome, dies: bool) -> None:
        """Only who holds it sends, and only in its time."""
        last = self.message.attempts[-1] if self.message.attempts else None
        if dispatcher not in self.holding or last is None or self.now >= last.lease:
            return
        self.holding.discard(dispatcher)
        self.went_out += outcome in (Outcome.SENT, Outcome.UNCERTAIN)
        if not dies:
            said = receipt(outcome, self.now)
            assert self.attempt(lambda m: m.reported(dispatcher, said))

    @rule(dispatcher=DISPATCHERS)
    def give_back(self, dispatcher: str) -> None:
        if dispatcher in self.holding and self.message.state is MessageState.SENDING:
            assert self.attempt(lambda m: m.given_back(dispatcher))
            self.holding.discard(dispatcher)

    @rule(to=st.sampled_from(MessageState))
    def resolve(self, to: MessageState) -> None:
        before = self.message.state
        if self.attempt(lambda m: m.resolved(to, now=self.now, actor=CLERK, reason="looked")):
            assert before in TASKS or to is MessageState.DROPPED
            self.allowed += to is MessageState.RELEASED

    @rule()
    def come_back(self) -> None:
        self.attempt(lambda m: m.returned(now=self.now, actor=CLERK, reason="moved away"))

    @invariant()
    def at_most_once(self) -> None:
        if hasattr(self, "message"):
            assert self.went_out <= self.allowed
            assert OutgoingMessage.model_validate_json(self.message.model_dump_json()) == (
                self.message
            )


Outbox.TestCase.settings = settings(examples(200), stateful_step_count=30, deadline=None)
TestOutbox = Outbox.TestCase


def test_pauses_grow_and_then_it_has_failed() -> None:
    found, now, pauses = message(), NOW, []
    for _ in range(len(PAUSES) + 1):
        found = taken(found, now=now).reported("one", receipt(Outcome.TEMPORARY, now))
        pauses.append(found.due - now)
        now = found.due
    assert found.state is MessageState.FAILED
    assert pauses[:-1] == list(PAUSES)
    assert sorted(PAUSES) == list(PAUSES)
    now += timedelta(minutes=1)
    again = found.resolved(MessageState.RELEASED, now=now, actor=CLERK, reason="the server is back")
    once = taken(again, now=now).reported("one", receipt(Outcome.TEMPORARY, now))
    assert (once.state, once.due - now) == (MessageState.RELEASED, PAUSES[0])


def test_a_receipt_that_comes_late_still_counts() -> None:
    lost = taken(message()).lost()
    assert lost.reported("one", receipt(Outcome.SENT)).state is MessageState.SENT
    with pytest.raises(MoveRefused):
        lost.reported("two", receipt(Outcome.SENT))


def test_what_was_resolved_is_not_changed_by_a_late_receipt() -> None:
    resolved = (
        taken(message())
        .lost()
        .resolved(
            MessageState.RELEASED,
            now=NOW,
            actor=CLERK,
            reason="the server's log has no such message",
        )
    )
    with pytest.raises(MoveRefused):
        resolved.reported("one", receipt(Outcome.SENT))


def test_a_lease_ends() -> None:
    found = taken(message())
    assert not found.is_lost(NOW + LEASE - timedelta(seconds=1))
    assert found.is_lost(NOW + LEASE)


def test_the_next_way_leaves_out_those_that_failed() -> None:
    first = taken(message(about=About(offer=2)))
    first = first.reported("one", receipt(Outcome.PERMANENT))
    second = first.by_next_way("fedcba9876543210", now=NOW)
    assert (second.blocked, second.instead_of) == (("a way",), first.key)
    assert second.about == first.about
    second = second.taken(now=NOW, dispatcher="one", channel="call-list", way="another")
    third = second.reported("one", receipt(Outcome.PERMANENT)).by_next_way("0" * 16, now=NOW)
    assert third.blocked == ("a way", "another")


def test_what_is_left_of_a_message_when_its_person_is_erased() -> None:
    sent = taken(message()).reported("one", receipt(Outcome.SENT))
    back = sent.returned(now=NOW, actor=CLERK, reason="moved to Frau Schmidt")
    for found, state in ((sent.of_nobody(), "sent"), (back.of_nobody(), "dropped")):
        kept = found.model_dump_json()
        assert (found.application, str(found.state)) == (None, state)
        assert "person-0001" not in kept
        assert "a way" not in kept
        assert "Schmidt" not in kept
        assert found.attempts[0].receipt == sent.attempts[0].receipt
