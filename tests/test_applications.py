"""An application takes legal steps only; each names who, when, how, and why."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from events_and_people import (
    AFTER,
    CLERK,
    CLOSED,
    DEADLINE,
    OPEN,
    OPENED,
    RESIDENT,
    SYSTEM,
    application,
    event,
    seat,
    walked,
)
from mitwirkung.applications import (
    MOVES,
    OWN,
    Application,
    ApplicationRefused,
    State,
    companion_groups,
    tally,
)
from mitwirkung.events import Event, Phase, Remedy
from mitwirkung.moves import MoveRefused
from mitwirkung.people import Actor, Channel, Consent, Purpose

OFFERED = datetime(2020, 10, 12, 9, tzinfo=UTC)
OVER = seat().ends_at


def refused(code: str) -> pytest.RaisesExc[MoveRefused]:
    return pytest.RaisesExc(MoveRefused, check=lambda error: error.code == code)


def step(found: Application, to: State, **changed: object) -> Application:
    """A step with all that it needs."""
    given: dict[str, object] = {
        "now": OVER if to is State.EXPIRED else OFFERED,
        "actor": CLERK,
        "channel": Channel.PHONE,
        "reason": "so it is",
        "offer": seat() if to is State.SELECTED else None,
    }
    return found.moved(to, **{**given, **changed})  # type: ignore[arg-type]


def at(*states: State) -> Application:
    found = application()
    for state in states:
        found = step(found, state)
    return found


ACTORS = st.sampled_from([CLERK, SYSTEM, RESIDENT])


@given(st.lists(st.tuples(st.sampled_from(State), ACTORS), max_size=12))
def test_random_walks_stay_legal(steps: list[tuple[State, Actor]]) -> None:
    found = application(companions=("person-0002",), token_hash="ab" * 32)
    for to, actor in steps:
        legal = found.legal_moves
        if to not in legal or (actor is RESIDENT and to not in OWN):
            with pytest.raises(MoveRefused) as caught:
                step(found, to, actor=actor)
            told = [s for s in State if s in OWN] if to in legal else legal
            assert caught.value.params["legal"] == [str(each) for each in told]
            assert found.legal_moves == legal
            continue
        after = step(found, to, actor=actor)
        assert len(after.history) == len(found.history) + 1
        found = after
        assert Application.model_validate_json(found.model_dump_json()) == found
        assert (found.offer is not None) == (found.state is State.SELECTED)
    assert (found.token_hash is None) == (found.state is State.ERASED)


def test_every_state_can_be_reached_and_erased() -> None:
    reached, new = {State.RECEIVED}, {State.RECEIVED}
    while new:
        new = {to for state in new for to in MOVES[state]} - reached
        reached |= new
    assert reached == set(State) == set(MOVES)
    assert all(State.ERASED in MOVES[state] for state in State if state is not State.ERASED)


def test_a_history_that_is_no_way_is_no_application() -> None:
    found = at(State.SELECTED, State.ACCEPTED)
    for broken in (found.history[:-1], found.history[1:], ()):
        with pytest.raises(ValidationError, match="no way from received"):
            Application.model_validate({**found.model_dump(), "history": broken})


def test_each_step_says_who_when_how_and_why() -> None:
    found = at(State.INELIGIBLE)
    (only,) = found.history
    assert (only.time, only.actor, only.channel) == (OFFERED, CLERK, Channel.PHONE)
    assert (only.source, only.target, only.reason) == (
        State.RECEIVED,
        State.INELIGIBLE,
        "so it is",
    )


def test_what_a_step_needs() -> None:
    with refused("move-without-reason"):
        step(application(), State.INELIGIBLE, reason=" ")
    with refused("move-without-reason"):
        step(at(State.INELIGIBLE), State.RECEIVED, reason=None)
    with refused("move-without-channel"):
        step(at(State.SELECTED), State.DECLINED, channel=None)
    with refused("move-without-offer"):
        step(application(), State.SELECTED, offer=None)
    with refused("move-with-offer"):
        step(application(), State.RESERVE, offer=seat())
    with refused("offer-over"):
        step(application(), State.SELECTED, now=OVER)
    with refused("receipt-in-future"):
        step(application(), State.WITHDRAWN, received=OFFERED + timedelta(seconds=1))
    with refused("move-not-own"):
        step(application(), State.SELECTED, actor=RESIDENT)


def test_a_seat_is_offered_until_the_end_of_a_day() -> None:
    offered = at(State.SELECTED)
    last = OVER - timedelta(microseconds=1)
    assert seat().ends_at == datetime(2020, 10, 16, 22, tzinfo=UTC)
    assert step(offered, State.ACCEPTED, now=last).state is State.ACCEPTED
    with refused("offer-over"):
        step(offered, State.ACCEPTED, now=OVER)
    with refused("offer-runs"):
        step(offered, State.EXPIRED, now=last)
    assert step(offered, State.EXPIRED, now=OVER, channel=None).state is State.EXPIRED
    assert step(offered, State.DECLINED, now=OVER).state is State.DECLINED


def test_a_reply_on_paper_counts_from_its_receipt() -> None:
    offered = at(State.SELECTED)
    later = OVER + timedelta(days=2)
    for received in (date(2020, 10, 16), OVER - timedelta(hours=1)):
        found = step(offered, State.ACCEPTED, now=later, received=received)
        assert found.history[-1].received == received
        assert Application.model_validate_json(found.model_dump_json()) == found
    with refused("offer-over"):
        step(offered, State.ACCEPTED, now=later, received=date(2020, 10, 17))
    with refused("receipt-in-future"):
        step(offered, State.ACCEPTED, now=OFFERED, received=date(2020, 10, 13))
    with refused("receipt-of-web"):
        step(offered, State.ACCEPTED, channel=Channel.WEB, now=later, received=date(2020, 10, 16))


def test_a_tombstone_holds_states_and_times_only() -> None:
    consent = Consent(purpose=Purpose.SELECTION, text_version="1", given=OPEN, channel=Channel.WEB)
    found = application(token_hash="ab" * 32, companions=("person-0002",), consents=(consent,))
    erased = step(step(found, State.INELIGIBLE, reason="lives in Bochum"), State.ERASED)
    told = erased.model_dump_json()
    for gone in ("Bochum", "abab", "person-0002", "selection"):
        assert gone not in told
    assert [step.target for step in erased.history] == [State.INELIGIBLE, State.ERASED]


def test_a_consent_is_withdrawn_by_any_channel_and_the_application_stays() -> None:
    consent = Consent(purpose=Purpose.SELECTION, text_version="1", given=OPEN, channel=Channel.WEB)
    found = application(consents=(consent,))
    after = found.without_consent(now=OFFERED, channel=Channel.PHONE)
    assert after.state is State.RECEIVED
    assert after.consents[0].withdrawn_channel is Channel.PHONE
    assert found.consents[0].withdrawn is None


# --- coming in -------------------------------------------------------------------------------


def come(found: Event, **changed: object) -> Application:
    given: dict[str, object] = {
        "key": "person-0001",
        "channel": Channel.WEB,
        "now": OPEN,
        "actor": RESIDENT,
    }
    return Application.entered_for(found, **{**given, **changed})  # type: ignore[arg-type]


def not_taken(code: str) -> pytest.RaisesExc[ApplicationRefused]:
    return pytest.RaisesExc(ApplicationRefused, check=lambda error: error.code == code)


def test_applications_come_in_until_the_deadline() -> None:
    opened = walked(*OPENED)
    found = come(opened, now=AFTER - timedelta(seconds=1))
    assert (found.state, found.entered_late, found.language) == (State.RECEIVED, False, "de")
    with not_taken("application-too-late"):
        come(opened, now=AFTER)
    with not_taken("application-too-early"):
        come(walked(Phase.ANNOUNCED))
    with not_taken("receipt-of-web"):
        come(opened, received=DEADLINE)
    with not_taken("receipt-in-future"):
        come(opened, channel=Channel.LETTER, received=DEADLINE)


PAPER = {"channel": Channel.LETTER, "actor": CLERK, "now": AFTER + timedelta(days=2)}


def test_paper_in_time_is_entered_until_the_lottery_is_published() -> None:
    # a letter of the last day, entered before the clerk closed
    assert not come(walked(*OPENED), **PAPER, received=DEADLINE).entered_late
    closed = walked(*CLOSED)
    found = come(closed, **PAPER, received=DEADLINE)
    assert found.entered_late
    assert tally([found, application("person-0002")]).entered_late == 1
    with not_taken("application-too-late"):
        come(closed, **PAPER, received=DEADLINE + timedelta(days=1))
    with not_taken("application-too-late"):
        come(closed, **PAPER)
    with not_taken("application-settled"):
        come(walked(*CLOSED, Phase.LOTTERY_PUBLISHED), **PAPER, received=DEADLINE)
    everyone = closed.decided(
        Remedy.SEAT_EVERYONE, eligible=3, now=AFTER, actor=CLERK, reason="3 for 75"
    )
    with not_taken("application-settled"):
        come(everyone, **PAPER, received=DEADLINE)


def test_the_web_is_closed_when_it_is_closed() -> None:
    # a clock that is slow does not let anybody in
    with not_taken("application-closed"):
        come(walked(*CLOSED), now=AFTER - timedelta(minutes=1))


# --- who takes part --------------------------------------------------------------------------


def test_the_pool_is_counted() -> None:
    found = [
        application("person-0001"),
        step(application("person-0002"), State.INELIGIBLE, reason="under 18"),
        step(application("person-0003"), State.INELIGIBLE, reason="under 18"),
        step(application("person-0004"), State.INELIGIBLE, reason="lives elsewhere"),
        step(application("person-0005"), State.WITHDRAWN),
        step(application("person-0006"), State.ERASED),
    ]
    told = tally(found)
    assert told.refused == {"lives elsewhere": 1, "under 18": 2}
    assert (told.received, told.pool, told.withdrawn, told.erased, told.merged) == (6, 1, 1, 1, 0)
    left = told.pool + sum(told.refused.values()) + told.merged + told.withdrawn + told.erased
    assert left == told.received


def test_companions_are_those_who_named_each_other() -> None:
    wishes = {
        "person-000a": ("person-000b",),
        "person-000b": ("person-000a", "person-000c"),
        "person-000c": ("person-000b",),
        "person-000d": ("person-000a",),  # nobody named them back
        "person-000e": ("person-000f",),
        "person-000f": ("person-000e",),
    }
    found = [application(key, companions=others) for key, others in wishes.items()]
    groups = companion_groups(found[::-1])
    assert groups == {
        "person-000a": "person-000a",
        "person-000b": "person-000a",
        "person-000c": "person-000a",
        "person-000e": "person-000e",
        "person-000f": "person-000e",
    }
    gone = [step(each, State.WITHDRAWN) if each.key.endswith("f") else each for each in found]
    assert "person-000e" not in companion_groups(gone)
    with pytest.raises(ValidationError, match="names itself"):
        application("person-000a", companions=("person-000a",))


def test_the_event_of_the_tests_is_sound() -> None:
    assert event().phase is Phase.DRAFT
