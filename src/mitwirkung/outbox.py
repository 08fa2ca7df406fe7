"""The outbox: messages that are to go out, where each stands, and what became of each attempt.

A record says whom a message is about and why, never what it says: it holds no name, no address and
no text. It is written out, from what is sealed, when it is looked at or sent.

A message goes out at most once. An attempt is recorded before it begins; one of which nobody knows
how it ended makes the message `UNCERTAIN`, and then only a person may send it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, model_validator

from mitwirkung.moves import MoveRefused, require_legal, stated
from mitwirkung.notifications.message import DeliveryReceipt, MessageKey, MessageKind, Outcome
from mitwirkung.people import Actor, Language, Model


class MessageState(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    """A person has to release it."""
    RELEASED = "released"
    SENDING = "sending"
    """A dispatcher has it; the attempt is recorded."""
    SENT = "sent"
    FAILED = "failed"
    """It did not go out after many attempts, or could not be written."""
    UNDELIVERABLE = "undeliverable"
    """It does not reach the person on this way, and goes out on the next one if there is one."""
    UNREACHABLE = "unreachable"
    """There is no way to this person among the channels that are in use."""
    UNCERTAIN = "uncertain"
    """Nobody knows whether it went out."""
    DROPPED = "dropped"
    """It does not go out: somebody said so, or it was no longer true."""


MESSAGE_STATES: Mapping[MessageState, str] = {
    MessageState.WAITING: "waits for release",
    MessageState.RELEASED: "to be sent",
    MessageState.SENDING: "being sent",
    MessageState.SENT: "sent",
    MessageState.FAILED: "not sent: failed",
    MessageState.UNDELIVERABLE: "undeliverable",
    MessageState.UNREACHABLE: "no way to the person",
    MessageState.UNCERTAIN: "uncertain whether it was sent",
    MessageState.DROPPED: "not sent: no longer needed",
}
"""The states in the words that a person reads; German stands in the catalogue."""

_S = MessageState
MOVES: Mapping[MessageState, tuple[MessageState, ...]] = {
    _S.WAITING: (_S.RELEASED, _S.UNREACHABLE, _S.DROPPED),
    _S.RELEASED: (_S.SENDING, _S.UNREACHABLE, _S.DROPPED),
    _S.SENDING: (_S.RELEASED, _S.SENT, _S.FAILED, _S.UNDELIVERABLE, _S.UNCERTAIN),
    _S.SENT: (_S.UNDELIVERABLE,),  # a letter comes back, a number is wrong
    _S.FAILED: (_S.RELEASED, _S.SENT, _S.DROPPED),
    _S.UNDELIVERABLE: (_S.RELEASED, _S.SENT, _S.DROPPED),
    _S.UNREACHABLE: (_S.RELEASED, _S.SENT, _S.DROPPED),
    _S.UNCERTAIN: (_S.RELEASED, _S.SENT, _S.FAILED, _S.UNDELIVERABLE, _S.DROPPED),
    _S.DROPPED: (),
}
"""Which states may follow."""

TASKS = (_S.UNCERTAIN, _S.FAILED, _S.UNDELIVERABLE, _S.UNREACHABLE)
"""States that a person has to look at."""

RESOLUTIONS = (_S.SENT, _S.RELEASED, _S.DROPPED)
"""What a person may say of a message that is a task: it arrived, send it again, or leave it."""

PAUSES = tuple(timedelta(minutes=each) for each in (1, 5, 30, 2 * 60, 8 * 60))
"""How long is waited after each temporary failure; after the last of them it has failed."""

LEASE = timedelta(minutes=15)
"""How long a dispatcher has for a message that it took; then nobody knows what became of it."""


class MessageRefused(MoveRefused):
    """Something that cannot be done with a message now."""


class About(Model):
    """What a message is about, beside the application: days, reasons, places; nothing personal.

    Attributes:
        until: the last day of an offer, a deadline, a questionnaire.
        before: the deadline before it was moved.
        reason: why, in the words that are published with the event.
        offer: the number of the offer, from 1.
        fields: names of fields of the form that are asked for.
        link: where a questionnaire is.
        document: the public document that is the city's answer.
    """

    until: date | None = None
    before: date | None = None
    reason: str | None = None
    offer: int | None = None
    fields: tuple[str, ...] = ()
    link: str | None = None
    document: str | None = None


class Attempt(Model):
    """One try to send a message.

    Attributes:
        begun: when it was taken to be sent; this was recorded before.
        dispatcher: by whom.
        lease: until when the dispatcher had time for it.
        way: what is equal for the same channel and contact, and says neither.
        receipt: what became of it; None if that is not known.
    """

    begun: AwareDatetime
    dispatcher: str
    lease: AwareDatetime
    channel: str
    way: str
    receipt: DeliveryReceipt | None = None


class Decision(Model):
    """What somebody said about a message."""

    time: AwareDatetime
    actor: Actor
    source: MessageState
    target: MessageState
    reason: str | None = None


class OutgoingMessage(Model):
    """A message that is to go out, or did.

    Attributes:
        key: its idempotency key; it follows from what the message is about, so that one cause
            writes one message.
        kind: what it is about.
        application: of whom; None when the person was erased.
        language: in which the person is written to.
        written: when it was caused.
        about: days, reasons and so on.
        state: where it stands.
        due: when it may be sent, at the earliest.
        attempts: what was tried, in order; of a person that was erased too.
        decisions: what people said about it.
        blocked: ways (see `Attempt.way`) on which it does not reach the person.
        instead_of: the key of the message that did not arrive, if this is its next way.
    """

    key: MessageKey
    kind: MessageKind
    application: str | None
    language: Language
    written: AwareDatetime
    about: About = About()
    state: MessageState = MessageState.RELEASED
    due: AwareDatetime
    attempts: tuple[Attempt, ...] = ()
    decisions: tuple[Decision, ...] = ()
    blocked: tuple[str, ...] = ()
    instead_of: MessageKey | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        unknown = [each for each in self.attempts if each.receipt is None]
        if self.state is MessageState.SENDING and (not self.attempts or not unknown):
            raise ValueError("what is being sent has an attempt without a receipt")
        return self

    @property
    def channel(self) -> str | None:
        """The channel of the last attempt; None if there was none."""
        return self.attempts[-1].channel if self.attempts else None

    @property
    def legal_moves(self) -> tuple[MessageState, ...]:
        """The states that may follow."""
        return MOVES[self.state]

    def _to(self, state: MessageState, **changed: object) -> OutgoingMessage:
        require_legal(self.state, state, self.legal_moves)
        return self.model_copy(update={"state": state, **changed})

    # --- what people say ---------------------------------------------------------------------

    def released(self, *, now: datetime, actor: Actor) -> OutgoingMessage:
        """The message, to be sent from now on.

        Raises:
            MoveRefused: it does not wait for that.
        """
        if self.state is not MessageState.WAITING:
            raise MessageRefused("message-not-waiting", state=str(self.state))
        return self._decided(MessageState.RELEASED, now, actor, None)

    def resolved(
        self, to: MessageState, *, now: datetime, actor: Actor, reason: str
    ) -> OutgoingMessage:
        """The message, after a person looked at it: it did reach them (`SENT`), is to be sent
        again (`RELEASED`), or is not needed any more (`DROPPED`).

        Raises:
            MoveRefused: the message is no task for a person, or there is no reason.
        """
        allowed = RESOLUTIONS if self.state in TASKS else (MessageState.DROPPED,)

        possible = [each for each in allowed if each in self.legal_moves]
        require_legal(self.state, to, possible)
        return self._decided(to, now, actor, stated(reason, to))

    def returned(self, *, now: datetime, actor: Actor, reason: str) -> OutgoingMessage:
        """The message, which was sent and did not arrive: a letter came back, a number is wrong.

        Raises:
            MoveRefused: it was not sent, or there is no reason.
        """
        if self.state is not MessageState.SENT:
            raise MessageRefused("message-not-sent", state=str(self.state))
        why = stated(reason, MessageState.UNDELIVERABLE)
        return self._decided(MessageState.UNDELIVERABLE, now, actor, why)

    def dropped(self, *, now: datetime, actor: Actor, reason: str) -> OutgoingMessage:
        """The message, which does not go out any more; of one that is being sent, this is not
        said."""
        return self._decided(MessageState.DROPPED, now, actor, reason)

    def unreachable(self) -> OutgoingMessage:
        """The message, to which there is no way."""
        return self._to(MessageState.UNREACHABLE)

    def reachable(self, *, now: datetime, actor: Actor) -> OutgoingMessage:
        """The message, as the person told another way."""
        reason = "another way to the person"
        return self._decided(MessageState.RELEASED, now, actor, reason)

    def _decided(
        self, to: MessageState, now: datetime, actor: Actor, reason: str | None
    ) -> OutgoingMessage:
        step = Decision(time=now, actor=actor, source=self.state, target=to, reason=reason)
        due = now if to is MessageState.RELEASED else self.due
        return self._to(to, decisions=(*self.decisions, step), due=due)

    # --- what dispatchers do -----------------------------------------------------------------

    def is_due(self, now: datetime) -> bool:
        """Whether a dispatcher may take it."""
        return self.state is MessageState.RELEASED and self.due <= now

    def taken(
        self, *, now: datetime, dispatcher: str, channel: str, way: str, lease: timedelta = LEASE
    ) -> OutgoingMessage:
        """The message, taken by a dispatcher that is about to send it.

        Raises:
            MoveRefused: it is not to be sent now.
        """
        if not self.is_due(now):
            raise MessageRefused("message-not-due", state=str(self.state))
        attempt = Attempt(
            begun=now, dispatcher=dispatcher, lease=now + lease, channel=channel, way=way
        )
        return self._to(MessageState.SENDING, attempts=(*self.attempts, attempt))

    def given_back(self, dispatcher: str) -> OutgoingMessage:
        """The message, given back by the dispatcher that took it and did not begin to send it.

        Raises:
            MoveRefused: another one has it, or it was taken for lost.
        """
        self._require_taken(dispatcher)
        return self._to(MessageState.RELEASED, attempts=self.attempts[:-1])

    def reported(self, dispatcher: str, receipt: DeliveryReceipt) -> OutgoingMessage:
        """The message, after the attempt of a dispatcher.

        A receipt that comes after the attempt was taken for lost still tells what became of it.

        Raises:
            MoveRefused: the dispatcher has no attempt that waits for a receipt.
        """
        self._require_taken(dispatcher)
        attempts = (
            *self.attempts[:-1],
            self.attempts[-1].model_copy(update={"receipt": receipt}),
        )
        match receipt.outcome:
            case Outcome.SENT:
                return self._to(MessageState.SENT, attempts=attempts)
            case Outcome.PERMANENT:
                return self._to(MessageState.UNDELIVERABLE, attempts=attempts)
            case Outcome.UNCERTAIN:
                if self.state is MessageState.UNCERTAIN:
                    return self.model_copy(update={"attempts": attempts})
                return self._to(MessageState.UNCERTAIN, attempts=attempts)
        failures = self._failures(attempts)
        if failures > len(PAUSES):
            return self._to(MessageState.FAILED, attempts=attempts)
        due = receipt.time + PAUSES[failures - 1]
        return self._to(MessageState.RELEASED, attempts=attempts, due=due)

    def unwritable(self, dispatcher: str, receipt: DeliveryReceipt) -> OutgoingMessage:
        """The message, which could not be written: no other way would help."""
        self._require_taken(dispatcher)
        attempt = self.attempts[-1].model_copy(update={"receipt": receipt})
        return self._to(MessageState.FAILED, attempts=(*self.attempts[:-1], attempt))

    def is_lost(self, now: datetime) -> bool:
        """Whether the dispatcher that took it had all its time, and nothing was heard of it."""
        return self.state is MessageState.SENDING and now >= self.attempts[-1].lease

    def lost(self) -> OutgoingMessage:
        """The message, of which nobody knows whether it went out."""
        return self._to(MessageState.UNCERTAIN)

    def _require_taken(self, dispatcher: str) -> None:
        taken = self.state in (MessageState.SENDING, MessageState.UNCERTAIN)
        last = self.attempts[-1] if self.attempts else None
        if not taken or last is None or last.dispatcher != dispatcher or last.receipt is not None:
            raise MessageRefused("message-not-taken", state=str(self.state))

    def _failures(self, attempts: Iterable[Attempt]) -> int:
        """How many attempts failed for the time being since somebody last wanted it sent."""
        said = [each.time for each in self.decisions if each.target is MessageState.RELEASED]
        since = max(said, default=self.written)
        return sum(
            each.begun >= since
            and each.receipt is not None
            and each.receipt.outcome is Outcome.TEMPORARY
            for each in attempts
        )

    # --- the next way, and erasure -----------------------------------------------------------

    def by_next_way(self, key: str, *, now: datetime) -> OutgoingMessage:
        """A new message of the same content that leaves out the way that did not reach them."""
        return OutgoingMessage(
            key=key,
            kind=self.kind,
            application=self.application,
            language=self.language,
            written=now,
            about=self.about,
            due=now,
            blocked=tuple(dict.fromkeys((*self.blocked, *self._last_way()))),
            instead_of=self.key,
        )

    def _last_way(self) -> tuple[str, ...]:
        return (self.attempts[-1].way,) if self.attempts else ()

    def of_nobody(self) -> OutgoingMessage:
        """What is left of a message when its person is erased: what was sent when."""
        attempts = tuple(each.model_copy(update={"way": ""}) for each in self.attempts)
        kept = (MessageState.SENT, MessageState.SENDING, MessageState.UNCERTAIN)
        decisions = tuple(each.model_copy(update={"reason": None}) for each in self.decisions)
        return self.model_copy(
            update={
                "application": None,
                "state": self.state if self.state in kept else MessageState.DROPPED,
                "attempts": attempts,
                "decisions": decisions,
                "blocked": (),
            }
        )
