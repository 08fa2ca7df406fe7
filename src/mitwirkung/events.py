"""An event from its announcement to the archive: deadline, phases, too few applications.

Everything is a frozen value, and each step gives another one. Time and actor are arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from mitwirkung.deadlines import TimeZone, day_of, end_of_day, in_time
from mitwirkung.moves import MoveRefused, require_legal, stated
from mitwirkung.occasions import TO_MANY, Occasion
from mitwirkung.people import Actor, Language, Line, Model, Purpose
from mitwirkung.retention import Milestone, Retention, RetentionPlan


class Mode(StrEnum):
    """Where people meet."""

    ANALOGUE = "analogue"
    DIGITAL = "digital"
    HYBRID = "hybrid"


class Phase(StrEnum):
    """Where an event stands."""

    DRAFT = "draft"
    ANNOUNCED = "announced"
    APPLICATIONS_OPEN = "applications_open"
    CLOSED = "closed"
    LOTTERY_PUBLISHED = "lottery_published"
    DRAWN = "drawn"
    CONFIRMED = "confirmed"
    RUNNING = "running"
    HELD = "held"
    DOCUMENTED = "documented"
    ARCHIVED = "archived"
    CANCELLED = "cancelled"


PHASES: Mapping[Phase, str] = {
    Phase.DRAFT: "draft",
    Phase.ANNOUNCED: "announced",
    Phase.APPLICATIONS_OPEN: "open for applications",
    Phase.CLOSED: "closed for applications",
    Phase.LOTTERY_PUBLISHED: "lottery published",
    Phase.DRAWN: "drawn",
    Phase.CONFIRMED: "seats confirmed",
    Phase.RUNNING: "running",
    Phase.HELD: "held",
    Phase.DOCUMENTED: "documented",
    Phase.ARCHIVED: "archived",
    Phase.CANCELLED: "cancelled",
}
"""The phases in the words that a person reads; German stands in the catalogue."""

MOVES: Mapping[Phase, tuple[Phase, ...]] = {
    Phase.DRAFT: (Phase.ANNOUNCED, Phase.CANCELLED),
    Phase.ANNOUNCED: (Phase.APPLICATIONS_OPEN, Phase.CANCELLED),
    Phase.APPLICATIONS_OPEN: (Phase.CLOSED, Phase.CANCELLED),
    Phase.CLOSED: (Phase.LOTTERY_PUBLISHED, Phase.CANCELLED),
    # back to closed: the published attempt is given up, and another lottery is made
    Phase.LOTTERY_PUBLISHED: (Phase.DRAWN, Phase.CLOSED, Phase.CANCELLED),
    Phase.DRAWN: (Phase.CONFIRMED, Phase.CANCELLED),
    Phase.CONFIRMED: (Phase.RUNNING, Phase.CANCELLED),
    Phase.RUNNING: (Phase.HELD, Phase.CANCELLED),
    Phase.HELD: (Phase.DOCUMENTED,),
    Phase.DOCUMENTED: (Phase.ARCHIVED,),
    Phase.ARCHIVED: (),
    Phase.CANCELLED: (Phase.ARCHIVED,),
}
"""Which phases may follow. Two more steps hang on a decision: applications are opened again by
`Event.extended`, and where everyone has a seat `drawn` follows on `closed`."""

_EXTENDABLE = (Phase.ANNOUNCED, Phase.APPLICATIONS_OPEN, Phase.CLOSED)


class PhaseChange(Model):
    """One step: when, who, from where to where, and why if somebody decided."""

    time: AwareDatetime
    actor: Actor
    source: Phase
    target: Phase
    reason: str | None = None


class Extension(Model):
    """That the deadline was moved, and why."""

    time: AwareDatetime
    actor: Actor
    before: date
    until: date
    reason: str


class MissingGroup(Model):
    """An answer that too few people gave: `needed` is the minimum of its quota."""

    feature: str
    value: str
    applied: int = Field(ge=0)
    needed: int = Field(ge=1)


class Remedy(StrEnum):
    """What can be done where too few people applied."""

    EXTEND = "extend"
    OUTREACH = "outreach"
    SEAT_EVERYONE = "seat_everyone"


class Undersubscription(Model):
    """What was decided as too few people had applied.

    Attributes:
        eligible: how many people could have been drawn then.
        missing: the groups that are to be asked (`outreach`).
        until: the new deadline, if there is one.
    """

    time: AwareDatetime
    actor: Actor
    remedy: Remedy
    eligible: int = Field(ge=0)
    seats: int = Field(ge=1)
    missing: tuple[MissingGroup, ...] = ()
    until: date | None = None
    reason: str


class EventPlan(Model):
    """What a city declares about an event before it is announced.

    Attributes:
        name: its short name, for addresses and files: `buergerdialog-2020`.
        title: language to title.
        format: the kind of participation, in the words of the city.
        mode, places: where people meet; a digital event has no need of a place.
        time_zone: days begin and end there, as in `Europe/Berlin`.
        seats: how many people have a place.
        deadline: the last day for applications; the whole of it belongs to it.
        begins, ends: the first and the last day of the event itself.
        replacements_until: the last day on which a free seat is filled; `begins` if not given.
        languages: those in which the event speaks, the first being its own.
        form, quotas: the files of the form and of the quotas.
        household: of people at one address `at most one` is seated, or all of them `together`, or
            it is `ignored` that they live together.
        retention: how long personal data are kept.
        released_by_hand: the kinds of message that somebody looks at and releases; all others go
            out at once.
        public_at: where lotteries, draws and results are published: an address, or a place.
        access: how people with a seat come in: a link, a room, a number to dial.
    """

    name: str = Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)
    title: dict[Language, Line] = Field(min_length=1)
    format: Line
    mode: Mode
    time_zone: TimeZone
    seats: int = Field(ge=1)
    deadline: date
    begins: date
    ends: date
    places: tuple[Line, ...] = ()
    replacements_until: date | None = None
    languages: tuple[Language, ...] = Field(default=("de", "en"), min_length=1)
    form: str | None = None
    quotas: str | None = None
    household: Literal["at most one", "together", "ignored"] = "at most one"
    retention: RetentionPlan = RetentionPlan()
    released_by_hand: tuple[Occasion, ...] = TO_MANY
    public_at: Line | None = None
    access: Line | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        wrong = []
        if self.mode is not Mode.DIGITAL and not self.places:
            wrong.append(f"places: an event that is {self.mode} names at least one")
        if self.ends < self.begins:
            wrong.append("ends is before begins")
        if self.deadline >= self.begins:
            wrong.append("the deadline is not before the day on which the event begins")
        if self.replacements_until is not None and self.replacements_until > self.ends:
            wrong.append("replacements_until is after the event ends")
        lacking = [each for each in self.languages if each not in self.title]
        if lacking:
            wrong.append(f"title: it is missing in {', '.join(lacking)}")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


class Event(EventPlan):
    """An event with where it stands and how it came there.

    Attributes:
        phase: where it stands.
        history: all steps so far, beginning at `draft`.
        extensions: how the deadline was moved.
        decisions: what was decided as there were too few applications.
    """

    phase: Phase = Phase.DRAFT
    history: tuple[PhaseChange, ...] = ()
    extensions: tuple[Extension, ...] = ()
    decisions: tuple[Undersubscription, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        phase = Phase.DRAFT
        for change in self.history:
            known = (*MOVES[phase], *_BY_DECISION.get(phase, ()))
            if change.source is not phase or change.target not in known:
                raise ValueError("the history is no way from draft to the phase")
            phase = change.target
        if phase is not self.phase:
            raise ValueError("the history is no way from draft to the phase")
        return self

    # --- phases ------------------------------------------------------------------------------

    @property
    def legal_moves(self) -> tuple[Phase, ...]:
        """The phases that `moved` may go to now."""
        if self.phase is Phase.CLOSED and self.seats_everyone:
            return (Phase.DRAWN, Phase.CANCELLED)
        return MOVES[self.phase]

    @property
    def seats_everyone(self) -> bool:
        """Whether it was decided that all who applied have a seat, without a lottery."""
        return bool(self.decisions) and self.decisions[-1].remedy is Remedy.SEAT_EVERYONE

    @property
    def was_published(self) -> bool:
        """Whether a lottery was ever published; who may take part is settled then."""
        return any(change.target is Phase.LOTTERY_PUBLISHED for change in self.history)

    def moved(self, to: Phase, *, now: datetime, actor: Actor, reason: str | None = None) -> Event:
        """The event in another phase.

        To cancel it, and to give up a lottery that is published, needs a reason.

        Raises:
            MoveRefused: the step is not legal, with those that are; or there is no reason; or
                applications would open after their deadline, or close before it.
        """
        require_legal(self.phase, to, self.legal_moves)
        given_up = self.phase is Phase.LOTTERY_PUBLISHED and to is Phase.CLOSED
        if given_up or to is Phase.CANCELLED:
            reason = stated(reason, to)
        if to is Phase.APPLICATIONS_OPEN and now >= self.closes_at:
            raise MoveRefused("deadline-over", deadline=self.deadline.isoformat())
        if to is Phase.CLOSED and not given_up and now < self.closes_at:
            raise MoveRefused("deadline-ahead", deadline=self.deadline.isoformat())
        return self._with(to, now, actor, reason)

    def _with(self, to: Phase, now: datetime, actor: Actor, reason: str | None) -> Event:
        change = PhaseChange(
            time=now, actor=actor, source=self.phase, target=to, reason=reason or None
        )
        return self.model_copy(update={"phase": to, "history": (*self.history, change)})

    # --- the deadline ------------------------------------------------------------------------

    @property
    def closes_at(self) -> datetime:
        """The first moment (UTC) that is too late."""
        return end_of_day(self.deadline, self.time_zone)

    def in_time(self, received: datetime | date) -> bool:
        """Whether what came in then, a moment or a day of the event's time zone, is in time."""
        return in_time(received, self.deadline, self.time_zone)

    def accepts_applications(self, received: datetime | date) -> bool:
        """Whether applications are open, and one that came in then is in time."""
        return self.phase is Phase.APPLICATIONS_OPEN and self.in_time(received)

    def admits_late_entry(self, received: datetime | date) -> bool:
        """Whether an application that came in then may still be entered after closing: it came in
        time, and no lottery was published yet."""
        return self.phase is Phase.CLOSED and not self._is_settled and self.in_time(received)

    @property
    def _is_settled(self) -> bool:
        return self.was_published or self.seats_everyone

    def extended(self, until: date, *, now: datetime, actor: Actor, reason: str) -> Event:
        """The event with a later deadline; if applications were closed, they are open again.

        Raises:
            MoveRefused: in this phase the deadline stays; the new one is not later, or over, or
                not before the event begins; or there is no reason.
        """
        if self.phase not in _EXTENDABLE or self._is_settled:
            phases = [str(each) for each in _EXTENDABLE]
            raise MoveRefused("extension-too-late", state=str(self.phase), legal=phases)
        why = stated(reason, Phase.APPLICATIONS_OPEN)
        if until <= self.deadline:
            raise MoveRefused("extension-not-later", deadline=self.deadline.isoformat())
        if until >= self.begins:
            raise MoveRefused("extension-past-event", begins=self.begins.isoformat())
        if now >= end_of_day(until, self.time_zone):
            raise MoveRefused("deadline-over", deadline=until.isoformat())
        extension = Extension(time=now, actor=actor, before=self.deadline, until=until, reason=why)
        update = {"deadline": until, "extensions": (*self.extensions, extension)}
        event = self.model_copy(update=update)
        if self.phase is Phase.CLOSED:
            return event._with(Phase.APPLICATIONS_OPEN, now, actor, why)
        return event

    # --- too few applications ----------------------------------------------------------------

    def decided(
        self,
        remedy: Remedy,
        *,
        eligible: int,
        now: datetime,
        actor: Actor,
        reason: str,
        missing: Iterable[MissingGroup] = (),
        until: date | None = None,
    ) -> Event:
        """The event with a decision on too few applications, recorded and carried out.

        Args:
            eligible: how many people could be drawn as things stand.
            missing: the groups that are to be asked; `outreach` names at least one.
            until: the new deadline: `extend` needs it, `outreach` may have it.

        Raises:
            MoveRefused: what the remedy needs is not there, or it is too late for it.
        """
        why = stated(reason, self.phase)
        groups = tuple(missing)
        if self.phase not in (Phase.APPLICATIONS_OPEN, Phase.CLOSED) or self._is_settled:
            legal = [str(Phase.APPLICATIONS_OPEN), str(Phase.CLOSED)]
            raise MoveRefused("decision-too-late", state=str(self.phase), legal=legal)
        if remedy is Remedy.OUTREACH and not groups:
            raise MoveRefused("decision-without-groups")
        if remedy is Remedy.EXTEND and until is None:
            raise MoveRefused("decision-without-deadline")
        if remedy is Remedy.SEAT_EVERYONE:
            if self.phase is not Phase.CLOSED:
                raise MoveRefused("decision-before-closing", state=str(self.phase))
            if eligible > self.seats:
                raise MoveRefused("decision-too-many", eligible=eligible, seats=self.seats)
        decision = Undersubscription(
            time=now,
            actor=actor,
            remedy=remedy,
            eligible=eligible,
            seats=self.seats,
            missing=groups,
            until=until,
            reason=why,
        )
        event = self.model_copy(update={"decisions": (*self.decisions, decision)})
        if until is not None and remedy is not Remedy.SEAT_EVERYONE:
            return event.extended(until, now=now, actor=actor, reason=why)
        return event

    # --- how long data are kept --------------------------------------------------------------

    def milestone(self, milestone: Milestone) -> date | None:
        """The day of a milestone, in the event's time zone; None if it is not known yet."""
        cancelled = self._day_of(Phase.CANCELLED)
        if cancelled is not None:
            return cancelled
        if milestone is Milestone.REPLACEMENTS_CLOSED:
            return self.replacements_until or self.begins
        return self._day_of(Phase.HELD if milestone is Milestone.END else Phase.DOCUMENTED)

    def _day_of(self, phase: Phase) -> date | None:
        times = [change.time for change in self.history if change.target is phase]
        return day_of(times[-1], self.time_zone) if times else None

    def kept_until(self, retention: Retention) -> date | None:
        """The last day on which something is kept; None as long as that is not known."""
        day = self.milestone(retention.after)
        return None if day is None else day + timedelta(days=retention.days)

    def erasure_due(
        self,
        purposes: Iterable[Purpose],
        *,
        now: datetime,
        own: Retention | None = None,
        has_seat: bool = True,
    ) -> bool:
        """Whether what was asked for some purposes is to be erased now.

        It is kept as long as any of its purposes lasts; of who has no seat nothing is kept longer
        than `retention.unselected`.

        Args:
            own: the field's own time of keeping, in place of those of its purposes.
            has_seat: whether the person has, or took, a seat.
        """
        rules = [own] if own else [self.retention.for_purpose(each) for each in purposes]
        today = day_of(now, self.time_zone)
        over = [_is_over(self.kept_until(rule), today) for rule in rules]
        if all(over):
            return True
        return not has_seat and _is_over(self.kept_until(self.retention.unselected), today)


_BY_DECISION = {Phase.CLOSED: (Phase.APPLICATIONS_OPEN, Phase.DRAWN)}


def _is_over(last_day: date | None, today: date) -> bool:
    return last_day is not None and today > last_day


def missing_groups(
    applied: Mapping[str, Mapping[str, int]], needed: Mapping[str, Mapping[str, int]]
) -> tuple[MissingGroup, ...]:
    """The answers that fewer people gave than the quotas need at least.

    Args:
        applied: feature to answer to how many people who could be drawn gave it.
        needed: feature to answer to the minimum of its quota; the groups come in this order.
    """
    return tuple(
        MissingGroup(feature=feature, value=value, applied=count, needed=minimum)
        for feature, minimums in needed.items()
        for value, minimum in minimums.items()
        if (count := applied.get(feature, {}).get(value, 0)) < minimum
    )
