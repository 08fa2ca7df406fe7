"""What people are told as the procedure goes on: messages, written in the same transaction as the
change that is their cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from mitwirkung.applications import Application, State
from mitwirkung.casefile import CaseFile
from mitwirkung.events import Event, Phase
from mitwirkung.notifications.message import MessageKind
from mitwirkung.occasions import Occasion
from mitwirkung.outbox import About, MessageState, OutgoingMessage
from mitwirkung.people import Actor

KEY_DIGITS = 32

STILL_IN = (State.RECEIVED, State.SELECTED, State.RESERVE, State.NOT_SELECTED, State.ACCEPTED)
"""Who is told that an event is cancelled: all who may still count on it."""


def tell(
    case: CaseFile,
    event: Event,
    occasion: MessageKind,
    applications: Iterable[Application],
    about: About | None = None,
    *,
    now: datetime,
) -> int:
    """Write a message to each of some applicants, once for the same cause.

    Returns:
        How many are new.
    """
    about = about or About()
    waits = occasion in event.released_by_hand
    return _written(case, [(each, about) for each in applications], occasion, waits=waits, now=now)


def _written(
    case: CaseFile,
    told: Sequence[tuple[Application, About]],
    occasion: MessageKind,
    *,
    waits: bool,
    now: datetime,
) -> int:
    causes = [cause_of(occasion, each.key, about) for each, about in told]
    new = [
        OutgoingMessage(
            key=key,
            kind=occasion,
            application=each.key,
            language=each.language,
            written=now,
            about=about,
            state=MessageState.WAITING if waits else MessageState.RELEASED,
            due=now,
        )
        for (each, about), key in zip(told, keys_of(case, causes), strict=True)
        if case.find_message(key) is None
    ]
    case.add_messages(new)
    return len(new)


def cause_of(occasion: MessageKind, application: str, about: About) -> str:
    """What is one cause, and causes one message."""
    return f"{occasion} {application} {about.model_dump_json()}"


def keys_of(case: CaseFile, causes: Iterable[str]) -> list[str]:
    """The keys of messages: what is equal for the same cause, and says nothing else."""
    return [code[:KEY_DIGITS] for code in case.codes("message", causes)]


# --- the causes -----------------------------------------------------------------------------------


def tell_extended(case: CaseFile, event: Event, *, now: datetime) -> None:
    """Tell who applied that the deadline was moved."""
    last = event.extensions[-1]
    about = About(before=last.before, until=last.until, reason=last.reason)
    tell(case, event, Occasion.DEADLINE_EXTENDED, case.applications(State.RECEIVED), about, now=now)


def tell_offered(
    case: CaseFile, event: Event, offered: Iterable[Application], *, again: bool, now: datetime
) -> None:
    """Tell who has an offer; `again` says that the seats fell free."""
    occasion = Occasion.REPLACEMENT_OFFERED if again else Occasion.SEAT_OFFERED
    tell_of_offer(case, event, occasion, offered, now=now)


def tell_of_offer(
    case: CaseFile,
    event: Event,
    occasion: MessageKind,
    applications: Iterable[Application],
    *,
    now: datetime,
) -> int:
    """Tell something about the last offer of each."""
    told = [
        (each, About(until=each.offers[-1].until, offer=len(each.offers))) for each in applications
    ]
    waits = occasion in event.released_by_hand
    return _written(case, told, occasion, waits=waits, now=now)


_ON_STEPS = {
    State.ACCEPTED: Occasion.SEAT_CONFIRMED,
    State.EXPIRED: Occasion.OFFER_EXPIRED,
    State.NOT_SELECTED: Occasion.NOT_SELECTED,
    State.RESERVE: Occasion.RESERVE_PLACE,
}
"""What follows from the state that somebody came to."""


def tell_step(case: CaseFile, event: Event, moved: Application, *, now: datetime) -> None:
    """Tell somebody what state they came to, where that is told."""
    occasion = _ON_STEPS.get(moved.state)
    if occasion is None:
        return
    if moved.offers:
        tell_of_offer(case, event, occasion, [moved], now=now)
    else:
        tell(case, event, occasion, [moved], now=now)


def tell_cancelled(case: CaseFile, event: Event, *, now: datetime) -> None:
    """Tell all who may still count on it that the event is cancelled."""
    about = About(reason=event.history[-1].reason)
    tell(case, event, Occasion.EVENT_CANCELLED, case.applications(*STILL_IN), about, now=now)


def tell_results(case: CaseFile, event: Event, answer: str | None, *, now: datetime) -> None:
    """Tell who took part, or could have, what came of it.

    Args:
        answer: the public document that holds the answer of the city; None as long as there is
            none.
    """
    there = (State.ATTENDED, State.ABSENT, State.ACCEPTED, State.NOT_SELECTED)
    about = About(document=answer)
    tell(case, event, Occasion.RESULTS_PUBLISHED, case.applications(*there), about, now=now)


def reach_again(case: CaseFile, key: str, *, now: datetime, actor: Actor) -> None:
    """Let out what waits for a way to somebody, as they told another one."""
    for message in list(case.messages(application=key, state=str(MessageState.UNREACHABLE))):
        case.save_message(message.reachable(now=now, actor=actor))


# --- whether it is still true ---------------------------------------------------------------------


def overtaken(
    message: OutgoingMessage, event: Event, application: Application | None, *, now: datetime
) -> bool:
    """Whether a message is no longer true, so that it must not go out: the person was erased, an
    offer was answered or is over, the event was cancelled."""
    if application is None or application.state is State.ERASED:
        return True
    if event.phase is Phase.CANCELLED:
        return message.kind != Occasion.EVENT_CANCELLED
    wanted = _TRUE_IN.get(message.kind)
    if wanted is not None and application.state not in wanted:
        return True
    offer = application.offer
    if offer is not None and now >= offer.ends_at and wanted == (State.SELECTED,):
        return True
    return message.about.offer not in (None, len(application.offers))


_TRUE_IN: Mapping[str, tuple[State, ...]] = {
    Occasion.APPLICATION_INCOMPLETE: (State.RECEIVED, State.INELIGIBLE),
    Occasion.DEADLINE_EXTENDED: (State.RECEIVED,),
    Occasion.SEAT_OFFERED: (State.SELECTED,),
    Occasion.REPLACEMENT_OFFERED: (State.SELECTED,),
    Occasion.REMINDER: (State.SELECTED,),
    Occasion.RESERVE_PLACE: (State.RESERVE,),
    Occasion.NOT_SELECTED: (State.NOT_SELECTED,),
    Occasion.SEAT_CONFIRMED: (State.ACCEPTED,),
    Occasion.OFFER_EXPIRED: (State.EXPIRED,),
}
"""The states in which something is true; what is not named is true in all of them."""
