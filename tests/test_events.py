"""An event goes legal ways only, keeps what it promised, and says why not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from events_and_people import AFTER, CLERK, CLOSED, DEADLINE, OPEN, OPENED, event, walked
from mitwirkung.errors import InputError
from mitwirkung.event_file import read_event
from mitwirkung.events import MOVES, Event, MissingGroup, Phase, Remedy, missing_groups
from mitwirkung.moves import MoveRefused
from mitwirkung.people import Purpose
from mitwirkung.retention import Milestone, Retention, RetentionPlan

ALL_THE_WAY = (
    *CLOSED,
    *(Phase.LOTTERY_PUBLISHED, Phase.DRAWN, Phase.CONFIRMED, Phase.RUNNING),
    *(Phase.HELD, Phase.DOCUMENTED, Phase.ARCHIVED),
)
PUBLISHED = ALL_THE_WAY[:4]
GROUP = MissingGroup(feature="Altersgruppe", value="18 bis 29", applied=3, needed=9)


def refused(code: str) -> pytest.RaisesExc[MoveRefused]:
    return pytest.RaisesExc(MoveRefused, check=lambda error: error.code == code)


def test_from_announcement_to_archive() -> None:
    done = walked(*ALL_THE_WAY)
    assert done.phase is Phase.ARCHIVED
    assert [change.target for change in done.history] == list(ALL_THE_WAY)
    assert Event.model_validate_json(done.model_dump_json()) == done
    with refused("move-from-end"):
        done.moved(Phase.DRAFT, now=AFTER, actor=CLERK)


@given(st.lists(st.sampled_from(Phase), max_size=14), st.booleans())
def test_random_walks_stay_legal(steps: list[Phase], everyone: bool) -> None:
    now, found = event(), event()
    for step in steps:
        if found.phase is Phase.CLOSED and everyone and not found.was_published:
            found = found.decided(
                Remedy.SEAT_EVERYONE, eligible=60, now=AFTER, actor=CLERK, reason="60 for 75"
            )
            everyone = False
        late = step is Phase.CLOSED
        legal = found.legal_moves
        told = {"now": AFTER if late else OPEN, "actor": CLERK, "reason": "so"}
        if step not in legal:
            with pytest.raises(MoveRefused) as caught:
                found.moved(step, **told)
            assert caught.value.params["legal"] == [str(each) for each in legal]
            assert caught.value.params["state"] == str(found.phase)
            continue
        now = found.moved(step, **told)
        assert now.history[:-1] == found.history
        found = now
        assert Event.model_validate_json(found.model_dump_json()) == found


def test_a_history_that_is_no_way_is_no_event() -> None:
    done = walked(*CLOSED)
    for broken in (done.history[:-1], done.history[1:], done.history[::-1], ()):
        with pytest.raises(ValidationError, match="no way from draft"):
            Event.model_validate({**done.model_dump(), "history": broken})


def test_cancelling_and_giving_up_need_a_reason() -> None:
    with refused("move-without-reason"):
        event().moved(Phase.CANCELLED, now=OPEN, actor=CLERK, reason="  ")
    published = walked(*PUBLISHED)
    with refused("move-without-reason"):
        published.moved(Phase.CLOSED, now=AFTER, actor=CLERK)
    again = published.moved(Phase.CLOSED, now=AFTER, actor=CLERK, reason="wrong quotas")
    assert again.history[-1].reason == "wrong quotas"
    assert not again.admits_late_entry(DEADLINE)


def test_everything_that_has_no_end_yet_can_be_cancelled() -> None:
    can = {phase for phase, following in MOVES.items() if Phase.CANCELLED in following}
    assert set(Phase) - can == {
        *(Phase.HELD, Phase.DOCUMENTED, Phase.ARCHIVED, Phase.CANCELLED),
    }


# --- the deadline ------------------------------------------------------------------------------


def test_applications_are_open_until_the_end_of_the_day() -> None:
    found = walked(*OPENED)
    last = AFTER - timedelta(microseconds=1)
    assert found.closes_at == AFTER == datetime(2020, 9, 27, 22, tzinfo=UTC)
    assert found.accepts_applications(last)
    assert found.accepts_applications(DEADLINE)
    assert not found.accepts_applications(AFTER)
    assert not found.accepts_applications(DEADLINE + timedelta(days=1))
    assert not walked(Phase.ANNOUNCED).accepts_applications(last)
    with refused("deadline-ahead"):
        found.moved(Phase.CLOSED, now=last, actor=CLERK)
    with refused("deadline-over"):
        walked(Phase.ANNOUNCED).moved(Phase.APPLICATIONS_OPEN, now=AFTER, actor=CLERK)


def test_what_came_in_time_is_admitted_until_the_lottery_is_published() -> None:
    closed = walked(*CLOSED)
    assert closed.admits_late_entry(DEADLINE)
    assert not closed.admits_late_entry(DEADLINE + timedelta(days=1))
    assert not closed.accepts_applications(DEADLINE)
    assert not walked(*PUBLISHED).admits_late_entry(DEADLINE)
    assert not walked(*OPENED).admits_late_entry(DEADLINE)


def test_a_deadline_is_extended_with_a_reason() -> None:
    until = date(2020, 10, 4)
    found = walked(*OPENED).extended(until, now=OPEN, actor=CLERK, reason="holidays")
    assert (found.deadline, found.extensions[0].before) == (until, DEADLINE)
    assert found.accepts_applications(AFTER)
    again = walked(*CLOSED).extended(until, now=AFTER, actor=CLERK, reason="few letters")
    assert again.phase is Phase.APPLICATIONS_OPEN
    assert again.history[-1].reason == "few letters"
    assert Event.model_validate_json(again.model_dump_json()) == again


def test_what_no_extension_can_do() -> None:
    found = walked(*OPENED)
    later = date(2020, 10, 4)
    with refused("move-without-reason"):
        found.extended(later, now=OPEN, actor=CLERK, reason="")
    with refused("extension-not-later"):
        found.extended(DEADLINE, now=OPEN, actor=CLERK, reason="so")
    with refused("extension-past-event"):
        found.extended(date(2020, 10, 24), now=OPEN, actor=CLERK, reason="so")
    with refused("deadline-over"):
        found.extended(later, now=datetime(2020, 10, 5, tzinfo=UTC), actor=CLERK, reason="so")
    for phases in ((), PUBLISHED, (*PUBLISHED, Phase.CLOSED)):
        with refused("extension-too-late"):
            walked(*phases).extended(later, now=OPEN, actor=CLERK, reason="so")


# --- too few applications ----------------------------------------------------------------------


def test_missing_groups_are_named() -> None:
    needed = {"sex": {"f": 3, "m": 3}, "age": {"old": 0, "young": 2}}
    found = missing_groups({"sex": {"f": 3, "m": 1}}, needed)
    assert [(g.feature, g.value, g.applied, g.needed) for g in found] == [
        ("sex", "m", 1, 3),
        ("age", "young", 0, 2),
    ]


def test_decisions_are_recorded_and_carried_out() -> None:
    closed = walked(*CLOSED)
    until = date(2020, 10, 4)
    told = {"eligible": 60, "now": AFTER, "actor": CLERK, "reason": "60 for 75 seats"}
    extended = closed.decided(Remedy.EXTEND, until=until, **told)
    assert (extended.phase, extended.deadline) == (Phase.APPLICATIONS_OPEN, until)
    asked = closed.decided(Remedy.OUTREACH, missing=[GROUP], until=until, **told)
    assert asked.decisions[0].missing == (GROUP,)
    assert asked.deadline == until
    everyone = closed.decided(Remedy.SEAT_EVERYONE, **told)
    assert (everyone.decisions[0].eligible, everyone.decisions[0].seats) == (60, 75)
    assert everyone.legal_moves == (Phase.DRAWN, Phase.CANCELLED)
    assert not everyone.admits_late_entry(DEADLINE)
    drawn = everyone.moved(Phase.DRAWN, now=AFTER, actor=CLERK)
    for found in (extended, asked, everyone, drawn):
        assert Event.model_validate_json(found.model_dump_json()) == found


def test_what_cannot_be_decided() -> None:
    closed = walked(*CLOSED)
    told = {"eligible": 60, "now": AFTER, "actor": CLERK, "reason": "few"}
    with refused("decision-without-groups"):
        closed.decided(Remedy.OUTREACH, **told)
    with refused("decision-without-deadline"):
        closed.decided(Remedy.EXTEND, **told)
    with refused("decision-too-many"):
        closed.decided(Remedy.SEAT_EVERYONE, **{**told, "eligible": 76})
    with refused("decision-before-closing"):
        walked(*OPENED).decided(Remedy.SEAT_EVERYONE, **told)
    with refused("decision-too-late"):
        walked(*PUBLISHED).decided(Remedy.SEAT_EVERYONE, **told)
    with refused("move-without-reason"):
        closed.decided(Remedy.SEAT_EVERYONE, **{**told, "reason": " "})


# --- how long data are kept --------------------------------------------------------------------


def test_profiles_go_when_no_seat_is_filled_any_more() -> None:
    longer = {Purpose.GROUP_BALANCE: Retention(after=Milestone.END)}
    plan = RetentionPlan(purposes=longer)
    begin = event(replacements_until=date(2020, 11, 14), retention=plan)
    found = walked(*ALL_THE_WAY[:7], begin=begin)
    profile = [Purpose.SELECTION, Purpose.REPLACEMENT]
    last = datetime(2020, 11, 14, 22, 59, tzinfo=UTC)
    assert not found.erasure_due(profile, now=last)
    assert found.erasure_due(profile, now=last + timedelta(minutes=1))
    # what is used longer for another purpose stays as long
    assert not found.erasure_due([*profile, Purpose.GROUP_BALANCE], now=last + timedelta(days=9))
    own = Retention(after=Milestone.REPLACEMENTS_CLOSED, days=5)
    assert not found.erasure_due(profile, own=own, now=last + timedelta(days=5))
    assert found.erasure_due(profile, own=own, now=last + timedelta(days=6))


def test_who_has_no_seat_is_forgotten_four_weeks_after_the_end() -> None:
    running = walked(*ALL_THE_WAY[:7])
    held = running.moved(Phase.HELD, now=datetime(2020, 11, 28, 16, tzinfo=UTC), actor=CLERK)
    day = datetime(2020, 12, 26, 12, tzinfo=UTC)
    contact = [Purpose.CONTACT]
    assert not running.erasure_due(contact, now=day + timedelta(days=99), has_seat=False)
    assert not held.erasure_due(contact, now=day, has_seat=False)
    assert held.erasure_due(contact, now=day + timedelta(days=1), has_seat=False)
    assert not held.erasure_due(contact, now=day + timedelta(days=1))


def test_a_cancelled_event_forgets_too() -> None:
    found = event().moved(Phase.CANCELLED, now=OPEN, actor=CLERK, reason="no money")
    assert found.milestone(Milestone.DOCUMENTED) == date(2020, 9, 1)
    assert found.erasure_due([Purpose.CONTACT], now=OPEN + timedelta(days=29))
    assert not found.erasure_due([Purpose.CONTACT], now=OPEN + timedelta(days=28))


def test_retention_can_be_set() -> None:
    plan = RetentionPlan(purposes={Purpose.CONTACT: Retention(after=Milestone.END, days=1)})
    assert event(retention=plan).retention.for_purpose(Purpose.CONTACT).days == 1
    with pytest.raises(ValidationError, match="access"):
        RetentionPlan(purposes={Purpose.ACCESS: Retention(after=Milestone.END)})


# --- the file ----------------------------------------------------------------------------------

FILE = """
name = "buergerdialog-2020"
format = "Bürgerdialog"
mode = "digital"
time_zone = "Europe/Berlin"
seats = 75
deadline = 2020-09-27
begins = 2020-10-24
ends = 2020-11-28

[title]
de = "Digitaler Bürgerdialog"
en = "Digital citizens' dialogue"

[retention]
unselected = { after = "end", days = 14 }
"""


def test_an_event_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "event.toml"
    path.write_text(FILE, encoding="utf-8")
    found = read_event(path)
    plan = RetentionPlan(unselected=Retention(after=Milestone.END, days=14))
    assert found == event(retention=plan)


def test_everything_wrong_in_the_file_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "event.toml"
    wrong = FILE.replace("seats = 75", "seats = 0\nphase = 'drawn'\nseatz = 3")
    wrong = wrong.replace("Europe/Berlin", "Europe/Berlim").replace('mode = "digital"', "")
    path.write_text(wrong, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_event(path)
    found = {finding.params["key"]: finding.code for finding in caught.value.findings}
    assert found == {
        "mode": "key-missing",
        "time_zone": "key-wrong",
        "seats": "key-at-least",
        "phase": "key-unknown",
        "seatz": "key-unknown-nearest",
    }


def test_a_plan_that_contradicts_itself_is_told_whole() -> None:
    with pytest.raises(ValidationError) as caught:
        event(mode="hybrid", ends=date(2020, 1, 1), deadline=date(2020, 12, 1), title={"de": "X"})
    for part in ("names at least one", "ends is before", "the deadline is not", "missing in en"):
        assert part in str(caught.value)
