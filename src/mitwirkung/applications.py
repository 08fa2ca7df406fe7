"""An application and its states: which step is legal, who took it, when, how and why.

An application holds no personal data. What somebody told stands in the compartments, under the
same pseudonymous key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, StringConstraints, model_validator

from mitwirkung.deadlines import Receipt, TimeZone, end_of_day, in_time, is_ahead
from mitwirkung.errors import MitwirkungError
from mitwirkung.events import Event, Phase
from mitwirkung.moves import MoveRefused, require_legal, stated
from mitwirkung.people import Actor, Channel, Consent, Language, Model, Purpose, Role, withdraw

Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
"""The pseudonymous key: random, so that nothing about a person follows from it."""


class State(StrEnum):
    """Where an application stands."""

    RECEIVED = "received"
    INELIGIBLE = "ineligible"
    SELECTED = "selected"
    """A seat is offered, until a date."""
    RESERVE = "reserve"
    NOT_SELECTED = "not_selected"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    """The date passed without an answer."""
    ATTENDED = "attended"
    ABSENT = "absent"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"
    """A tombstone: nothing is left but the states and their times."""


STATES: Mapping[State, str] = {
    State.RECEIVED: "received",
    State.INELIGIBLE: "not eligible",
    State.SELECTED: "seat offered",
    State.RESERVE: "on the reserve",
    State.NOT_SELECTED: "no seat",
    State.ACCEPTED: "seat accepted",
    State.DECLINED: "seat declined",
    State.EXPIRED: "offer expired",
    State.ATTENDED: "took part",
    State.ABSENT: "did not come",
    State.WITHDRAWN: "withdrawn",
    State.ERASED: "erased",
}
"""The states in the words that a person reads; German stands in the catalogue."""

MOVES: Mapping[State, tuple[State, ...]] = {
    State.RECEIVED: (
        State.INELIGIBLE,
        State.SELECTED,
        State.RESERVE,
        State.NOT_SELECTED,
        State.WITHDRAWN,
        State.ERASED,
    ),
    State.INELIGIBLE: (State.RECEIVED, State.WITHDRAWN, State.ERASED),
    State.SELECTED: (
        State.ACCEPTED,
        State.DECLINED,
        State.EXPIRED,
        State.WITHDRAWN,
        State.ERASED,
    ),
    # a seat that falls free is filled from the reserve, or by a lottery among all without one
    State.RESERVE: (State.SELECTED, State.NOT_SELECTED, State.WITHDRAWN, State.ERASED),
    State.NOT_SELECTED: (State.SELECTED, State.RESERVE, State.WITHDRAWN, State.ERASED),
    State.ACCEPTED: (State.ATTENDED, State.ABSENT, State.WITHDRAWN, State.ERASED),
    State.DECLINED: (State.ERASED,),
    # an answer on paper may have come in time, and be entered late
    State.EXPIRED: (State.ACCEPTED, State.ERASED),
    State.ATTENDED: (State.ABSENT, State.WITHDRAWN, State.ERASED),
    State.ABSENT: (State.ATTENDED, State.WITHDRAWN, State.ERASED),
    State.WITHDRAWN: (State.ERASED,),
    State.ERASED: (),
}
"""Which states may follow."""

SPOKEN = frozenset({State.ACCEPTED, State.DECLINED, State.WITHDRAWN})
"""What only the person can say; staff enter it with the channel by which they said it."""

OWN = SPOKEN | {State.ERASED}
"""What an applicant may do."""

HAS_SEAT = frozenset({State.SELECTED, State.ACCEPTED, State.ATTENDED, State.ABSENT})
"""States in which a seat is offered or taken."""

_DECIDED = frozenset(
    {
        (State.RECEIVED, State.INELIGIBLE),
        (State.INELIGIBLE, State.RECEIVED),
        (State.ATTENDED, State.ABSENT),
        (State.ABSENT, State.ATTENDED),
    }
)
"""Steps that somebody decides, so that they have a reason."""

_FIRST_TO_SEE_A_DAY = "Pacific/Kiritimati"


class ApplicationRefused(MitwirkungError, ValueError):
    """An application that cannot be taken: too early, too late, or twice."""


class Transition(Model):
    """One step of an application.

    Attributes:
        time: when it was entered.
        channel: how the person spoke; None if they did not.
        reason: why, where somebody decided. It is counted and published, so it names nobody.
        received: when the answer came in, if it was entered later.
    """

    time: AwareDatetime
    actor: Actor
    channel: Channel | None = None
    source: State
    target: State
    reason: str | None = None
    received: Receipt | None = None


class Offer(Model):
    """A seat, offered until the end of a day in the time zone of the event."""

    until: date
    time_zone: TimeZone
    made: AwareDatetime

    @property
    def ends_at(self) -> datetime:
        """The first moment (UTC) that is too late."""
        return end_of_day(self.until, self.time_zone)


class Application(Model):
    """One person's application to one event.

    Attributes:
        key: the pseudonymous key under which the compartments stand.
        event: the name of the event.
        received: when it came in: a moment, or the day on the stamp.
        entered, entered_by, channel: when it was entered, by whom, and how it came.
        entered_late: whether that was after closing; such applications are counted.
        token_hash: the handle of the token (LOTTERY.md); the token itself is sealed.
        companions: keys of the applications that this person wants to come together with.
        offers: the seats that were offered, the last one being what counts.
        merged_into: the key of the same person's application that is kept.
    """

    key: Key
    event: str
    received: Receipt
    entered: AwareDatetime
    entered_by: Actor
    channel: Channel
    entered_late: bool = False
    language: Language = "de"
    token_hash: str | None = None
    consents: tuple[Consent, ...] = ()
    companions: tuple[Key, ...] = ()
    state: State = State.RECEIVED
    history: tuple[Transition, ...] = ()
    offers: tuple[Offer, ...] = ()
    merged_into: Key | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        state = State.RECEIVED
        for step in self.history:
            if step.source is not state or step.target not in MOVES[state]:
                raise ValueError("the history is no way from received to the state")
            state = step.target
        if state is not self.state:
            raise ValueError("the history is no way from received to the state")
        if state is State.SELECTED and not self.offers:
            raise ValueError("who is selected has an offer with an end")
        if self.key in self.companions or self.key == self.merged_into:
            raise ValueError("an application names itself as another one")
        return self

    @classmethod
    def entered_for(
        cls,
        event: Event,
        *,
        key: str,
        channel: Channel,
        now: datetime,
        actor: Actor,
        received: datetime | date | None = None,
        token_hash: str | None = None,
        consents: Iterable[Consent] = (),
        companions: Iterable[str] = (),
        language: str | None = None,
    ) -> Application:
        """A new application, if the event takes it.

        Args:
            channel: how it came. What comes over the web is received at the moment it is sent.
            received: the day or moment on which paper or a call came in; `now` if not given.

        Raises:
            ApplicationRefused: applications are not open, the deadline had passed, the lottery is
                published, or the receipt is none that the channel can have.
        """
        if received is not None and channel is Channel.WEB:
            raise ApplicationRefused("receipt-of-web")
        came = now if received is None else received
        if is_ahead(came, now, event.time_zone):
            raise ApplicationRefused("receipt-in-future")
        late = event.admits_late_entry(came) and channel is not Channel.WEB
        if not late and not event.accepts_applications(came):
            raise _refusal(event, came)
        return cls(
            key=key,
            event=event.name,
            received=came,
            entered=now,
            entered_by=actor,
            channel=channel,
            entered_late=late,
            language=language or event.languages[0],
            token_hash=token_hash,
            consents=tuple(consents),
            companions=tuple(companions),
        )

    # --- steps -------------------------------------------------------------------------------

    @property
    def legal_moves(self) -> tuple[State, ...]:
        """The states that may follow."""
        return MOVES[self.state]

    @property
    def outcome(self) -> State:
        """The state, or the last one before it was erased."""
        return self.history[-1].source if self.state is State.ERASED else self.state

    @property
    def offer(self) -> Offer | None:
        """The offer that stands, if a seat is offered now."""
        return self.offers[-1] if self.state is State.SELECTED else None

    def moved(
        self,
        to: State,
        *,
        now: datetime,
        actor: Actor,
        channel: Channel | None = None,
        reason: str | None = None,
        received: datetime | date | None = None,
        offer: Offer | None = None,
    ) -> Application:
        """The application in another state.

        Args:
            channel: how the person spoke: accepting, declining and withdrawing need it.
            reason: why; where a person decides it is needed.
            received: when an answer on paper came in: an acceptance counts from then.
            offer: the seat that is offered, needed to be `selected` and for nothing else.

        Raises:
            MoveRefused: the step is not legal, with those that are; or it needs what is not given;
                or an offer is accepted after its end, or expires before it.
        """
        require_legal(self.state, to, self.legal_moves)
        if actor.role is Role.APPLICANT and to not in OWN:
            raise MoveRefused("move-not-own", to=str(to), legal=[str(s) for s in _in_order(OWN)])
        if to in SPOKEN and channel is None:
            channels = [str(each) for each in Channel]
            raise MoveRefused("move-without-channel", to=str(to), legal=channels)
        if (self.state, to) in _DECIDED:
            reason = stated(reason, to)
        if (offer is None) == (to is State.SELECTED):
            code = "move-without-offer" if offer is None else "move-with-offer"
            raise MoveRefused(code, to=str(to))
        if offer is not None and now >= offer.ends_at:
            raise MoveRefused("offer-over", until=offer.until.isoformat())
        if received is not None and channel is Channel.WEB:
            raise MoveRefused("receipt-of-web")
        zone = self.offers[-1].time_zone if self.offers else _FIRST_TO_SEE_A_DAY
        if received is not None and is_ahead(received, now, zone):
            raise MoveRefused("receipt-in-future")
        if self.offer is not None:
            _check_answer(self.offer, to, now, received)
        elif to is State.ACCEPTED:
            _check_answer(self.offers[-1], to, now, received)
        step = Transition(
            time=now,
            actor=actor,
            channel=channel,
            source=self.state,
            target=to,
            reason=reason or None,
            received=received,
        )
        moved = self.model_copy(
            update={
                "state": to,
                "history": (*self.history, step),
                "offers": (*self.offers, offer) if offer else self.offers,
                "merged_into": None if to is State.RECEIVED else self.merged_into,
            }
        )
        return moved._tombstone() if to is State.ERASED else moved

    def without_consent(
        self,
        *,
        now: datetime,
        channel: Channel,
        purpose: Purpose | None = None,
        field: str | None = None,
    ) -> Application:
        """The application with consents withdrawn: see `mitwirkung.people.withdraw`.

        It stays in its state: who takes back a consent to one answer is still in the lottery.
        """
        left = withdraw(self.consents, now=now, channel=channel, purpose=purpose, field=field)
        return self.model_copy(update={"consents": left})

    def _tombstone(self) -> Application:
        """Without all that could lead to the person; reasons are words of somebody, they go too."""
        history = tuple(step.model_copy(update={"reason": None}) for step in self.history)
        gone = {"token_hash": None, "consents": (), "companions": (), "merged_into": None}
        return self.model_copy(update={**gone, "history": history})


def _check_answer(offer: Offer, to: State, now: datetime, received: datetime | date | None) -> None:
    came = now if received is None else received
    if to is State.ACCEPTED and not in_time(came, offer.until, offer.time_zone):
        raise MoveRefused("offer-over", until=offer.until.isoformat())
    if to is State.EXPIRED and now < offer.ends_at:
        raise MoveRefused("offer-runs", until=offer.until.isoformat())


def _refusal(event: Event, came: datetime | date) -> ApplicationRefused:
    deadline = event.deadline.isoformat()
    if event.phase in (Phase.DRAFT, Phase.ANNOUNCED):
        return ApplicationRefused("application-too-early", state=str(event.phase))
    if not event.in_time(came):
        return ApplicationRefused("application-too-late", deadline=deadline)
    if event.phase is Phase.CLOSED and not event.was_published and not event.seats_everyone:
        return ApplicationRefused("application-closed", deadline=deadline)
    return ApplicationRefused("application-settled", state=str(event.phase))


def _in_order(states: Iterable[State]) -> list[State]:
    wanted = frozenset(states)
    return [state for state in State if state in wanted]


# --- who takes part ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Tally:
    """How the pool came about, as `counts` of the lottery's facts need it.

    Attributes:
        received: all applications.
        pool: those that can be drawn.
        refused: reason to number of those that are ineligible.
        merged: those of people who had applied before.
        withdrawn: those that were taken back.
        erased: those of which only a tombstone is left.
        entered_late: those that came in time and were entered after closing.
    """

    received: int
    pool: int
    refused: Mapping[str, int]
    merged: int
    withdrawn: int
    erased: int
    entered_late: int


def tally(applications: Iterable[Application]) -> Tally:
    """The counts of applications before the lottery; reasons by code point."""
    all_of_them = list(applications)
    states = Counter(each.state for each in all_of_them)
    reasons = Counter(
        each.history[-1].reason or ""
        for each in all_of_them
        if each.state is State.INELIGIBLE and each.merged_into is None
    )
    return Tally(
        received=len(all_of_them),
        pool=states[State.RECEIVED],
        refused=dict(sorted(reasons.items())),
        merged=sum(each.merged_into is not None for each in all_of_them),
        withdrawn=states[State.WITHDRAWN],
        erased=states[State.ERASED],
        entered_late=sum(each.entered_late for each in all_of_them),
    )


def companion_groups(
    applications: Iterable[Application], states: Iterable[State] = (State.RECEIVED,)
) -> dict[str, str]:
    """Key to the name of the group in which people in some states want to come together.

    Only what both said counts: nobody is bound to somebody who did not name them. Groups are what
    hangs together by such pairs, named by their first key; who is in another state is in none.
    """
    meant = frozenset(states)
    wishes = {each.key: each.companions for each in applications if each.state in meant}
    pairs = [
        (key, other)
        for key, others in wishes.items()
        for other in others
        if key in wishes.get(other, ())
    ]
    return joined(pairs)


def joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What hangs together by pairs: each member to the first one of its group."""
    first: dict[str, str] = {}

    def find(key: str) -> str:
        while first.setdefault(key, key) != key:
            first[key] = first[first[key]]
            key = first[key]
        return key

    for left, right in pairs:
        low, high = sorted((find(left), find(right)))
        first[high] = low
    return {key: find(key) for key in sorted(first)}
