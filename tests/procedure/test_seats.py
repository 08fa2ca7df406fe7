"""Seats are offered, answered, fall free and are filled again, until the event is held."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from mitwirkung.app import verify_record
from mitwirkung.applications import State
from mitwirkung.errors import InputError
from mitwirkung.events import Phase
from mitwirkung.lottery.encoding import handle
from mitwirkung.lottery.files import LotteryFile
from mitwirkung.lottery.folder import write_draw_at_once
from mitwirkung.lottery.receipts import Receipt
from mitwirkung.lottery.verification import verify
from mitwirkung.people import Channel
from small_event import (
    AGAIN,
    CLERK,
    CONFIRMED,
    DOCUMENTED,
    DRAWN,
    DRAWN_AGAIN,
    FACTS_AGAIN,
    HELD,
    OFFERED,
    OVER,
    PUBLISHED,
    SEED,
    SEED_AGAIN,
    STARTED,
    UNTIL,
    UNTIL_AGAIN,
    Town,
    at,
    facts,
    key,
    oneself,
    refused,
)


def test_seats_are_offered_once_and_the_others_are_on_the_reserve() -> None:
    town = Town.made().published()
    with refused("nothing-drawn", state="lottery_published"):
        town.procedure.offer(UNTIL, now=OFFERED, actor=CLERK)
    seated = town.procedure.draw(SEED, now=DRAWN, actor=CLERK).round.seated
    before = town.everything()
    with refused("offer-over", until="2027-04-03"):
        town.procedure.offer(date(2027, 4, 3), now=OFFERED, actor=CLERK)
    with refused("offer-past-event", ends="2027-04-18"):
        town.procedure.offer(date(2027, 4, 19), now=OFFERED, actor=CLERK)
    assert town.everything() == before
    offered = town.procedure.offer(UNTIL, now=OFFERED, actor=CLERK)
    after = town.everything()
    assert tuple(each.key for each in offered) == seated
    assert town.procedure.counts() == {State.SELECTED: 4, State.RESERVE: 8}
    assert town.procedure.offer(UNTIL, now=OVER, actor=CLERK) == offered
    with refused("offers-made", until="2027-04-09"):
        town.procedure.offer(UNTIL_AGAIN, now=OFFERED, actor=CLERK)
    assert town.everything() == after


def test_an_offer_is_answered_once_by_the_end_of_its_day() -> None:
    town = Town.made().offered()
    first, second, third, fourth = town.keys(State.SELECTED)
    town.accept(first)
    before = town.everything()
    town.accept(first)
    assert town.everything() == before
    with refused("move-illegal", legal=["attended", "absent", "withdrawn", "erased"]):
        town.procedure.decline(first, channel=Channel.PHONE, now=OFFERED, actor=CLERK)
    reserve = town.keys(State.RESERVE)[0]
    with refused("move-illegal", legal=["selected", "not_selected", "withdrawn", "erased"]):
        town.accept(reserve)
    town.procedure.accept(second, channel=Channel.LETTER, received=UNTIL, now=OVER, actor=CLERK)
    town.procedure.decline(third, channel=Channel.DESK, now=at(4, 9, 23), actor=CLERK)
    with refused("offer-over", until="2027-04-09"):
        town.accept(fourth, now=OVER)
    assert town.procedure.expire(now=at(4, 9, 23, 59)) == []
    (over,) = town.procedure.expire(now=OVER)
    after = town.everything()
    assert (over.key, over.state) == (fourth, State.EXPIRED)
    assert town.procedure.expire(now=OVER) == []
    assert town.everything() == after
    with refused("offer-over", until="2027-04-09"):
        town.accept(fourth, now=OVER)


def test_a_letter_in_time_counts_after_the_offer_expired_until_the_seat_is_drawn_again() -> None:
    town = Town.made().offered()
    first, second, third, fourth = town.keys(State.SELECTED)
    for each in (first, second):
        town.accept(each)
    town.procedure.expire(now=OVER)
    letter = {"channel": Channel.LETTER, "received": UNTIL, "actor": CLERK}
    late = town.procedure.accept(third, now=OVER, **letter)
    assert late.state is State.ACCEPTED
    town.procedure.publish_replacement(FACTS_AGAIN, now=AGAIN, actor=CLERK)
    assert town.procedure.rounds()[-1].freed == (fourth,)
    with refused("seat-filled"):
        town.procedure.accept(fourth, now=AGAIN, **letter)
    assert town.procedure.audit().ok


def test_everybody_in_a_lottery_has_a_receipt_that_the_public_files_bear_out() -> None:
    town = Town.made().drawn()
    public = town.procedure.public_documents()
    for application in town.procedure.applications(State.RECEIVED):
        receipt = town.procedure.receipt(application.key)
        assert receipt is not None
        assert handle(receipt.token) == application.token_hash
        again = Receipt.from_data(receipt.token, receipt.as_data())
        verified = verify(
            public["lottery-1/lottery.json"],
            public["lottery-1/record-public.json"],
            receipt=again,
        )
        assert verified
    with refused("application-unknown"):
        town.procedure.receipt("nobody-at-all")


def test_seats_that_fell_free_are_filled_by_a_lottery_of_their_own() -> None:
    town = Town.made().drawn()
    drawn = town.keys(State.RECEIVED)
    seated = town.procedure.rounds()[0].seated
    with refused("no-seat-free"):
        town.procedure.publish_replacement(FACTS_AGAIN, now=DRAWN, actor=CLERK)
    # one takes the application back before the seat is offered
    town.procedure.withdraw(seated[0], channel=Channel.PHONE, now=DRAWN, actor=CLERK)
    with refused("offer-first"):
        town.procedure.publish_replacement(FACTS_AGAIN, now=DRAWN, actor=CLERK)
    offered = town.procedure.offer(UNTIL, now=OFFERED, actor=CLERK)
    assert tuple(each.key for each in offered) == seated[1:]
    assert town.procedure.offer(UNTIL, now=OFFERED, actor=CLERK) == offered
    town.procedure.decline(seated[1], channel=Channel.WEB, now=OFFERED, actor=oneself(seated[1]))
    town.accept(seated[3])
    town.procedure.expire(now=OVER)
    # one without a seat does not want one any more
    gone = next(each for each in drawn if each not in seated)
    town.procedure.withdraw(gone, channel=Channel.PHONE, now=OVER, actor=CLERK)

    made = town.procedure.publish_replacement(FACTS_AGAIN, now=AGAIN, actor=CLERK)
    before = town.everything()
    again = town.procedure.publish_replacement(FACTS_AGAIN, now=AGAIN, actor=CLERK)
    assert again.round == made.round
    assert town.everything() == before
    assert set(made.round.freed) == set(seated[:3])
    assert made.publication is not None
    assert set(made.publication.problem.refused) == {*seated, gone}
    public = made.publication.public
    assert public.replaces is not None
    assert (public.seats, public.replaces.kept) == (3, 1)
    with refused("offer-first"):
        town.procedure.confirm(now=DRAWN_AGAIN, actor=CLERK)
    # the seed of the first draw draws nothing else
    assert town.procedure.draw(SEED, now=DRAWN_AGAIN, actor=CLERK).round.number == 1
    filled = town.procedure.draw(SEED_AGAIN, now=DRAWN_AGAIN, actor=CLERK).round
    assert len(filled.seated) == 3
    assert not {*seated, gone} & set(filled.seated)
    town.procedure.offer(UNTIL_AGAIN, now=DRAWN_AGAIN, actor=CLERK)
    town.accept(*filled.seated, now=DRAWN_AGAIN)
    assert town.procedure.counts()[State.ACCEPTED] == 4
    assert town.procedure.audit().ok
    with refused("no-seat-free"):
        town.procedure.publish_replacement(FACTS_AGAIN, now=DRAWN_AGAIN, actor=CLERK)


def test_a_round_for_free_seats_is_given_up_and_made_again() -> None:
    town = Town.made().offered()
    first, second, *others = town.keys(State.SELECTED)
    town.accept(*others)
    town.procedure.decline(first, channel=Channel.WEB, now=OFFERED, actor=CLERK)
    made = town.procedure.publish_replacement(FACTS_AGAIN, now=AGAIN, actor=CLERK)
    assert made.round.freed == (first,)
    town.procedure.expire(now=AGAIN)  # meanwhile another seat falls free
    given_up = town.procedure.give_up_lottery(now=AGAIN, actor=CLERK, reason="one more seat")
    assert town.procedure.give_up_lottery(now=AGAIN, actor=CLERK, reason="x") == given_up
    assert town.procedure.event().phase is Phase.DRAWN
    more = town.procedure.publish_replacement(FACTS_AGAIN, now=AGAIN, actor=CLERK)
    assert more.publication is not None
    assert set(more.round.freed) == {first, second}
    assert (more.publication.public.attempt, more.round.attempt) == (2, 2)
    assert more.publication.public.previous != "none"
    town.procedure.draw(SEED_AGAIN, now=DRAWN_AGAIN, actor=CLERK)
    seated = [e.key for e in town.procedure.offer(UNTIL_AGAIN, now=DRAWN_AGAIN, actor=CLERK)]
    assert len(seated) == 2
    # and the one after it is a first attempt again
    town.procedure.decline(seated[0], channel=Channel.WEB, now=at(4, 11), actor=CLERK)
    third = facts(date(2027, 4, 13))
    last = town.procedure.publish_replacement(third, now=at(4, 12), actor=CLERK)
    assert last.publication is not None
    assert (last.round.number, last.publication.public.attempt) == (4, 1)
    town.procedure.draw(
        "Lotto 6 aus 49 vom 2027-04-13: 1 2 3 4 5 6", now=at(4, 13, 20), actor=CLERK
    )
    (fourth,) = town.procedure.offer(UNTIL_AGAIN, now=at(4, 13, 21), actor=CLERK)
    assert fourth.key not in {first, second, *others, *seated}
    assert town.procedure.audit().ok


def test_free_seats_are_filled_until_the_last_day_for_it() -> None:
    town = Town.made().offered()
    town.procedure.expire(now=OVER)
    last = facts(date(2027, 4, 18))
    with refused("replacements-over", until="2027-04-16"):
        town.procedure.publish_replacement(last, now=at(4, 17, 0), actor=CLERK)
    made = town.procedure.publish_replacement(last, now=at(4, 16, 23, 59), actor=CLERK)
    assert len(made.round.freed) == 4


def test_a_seat_of_somebody_erased_falls_free_and_is_filled() -> None:
    """Also of one who was erased before the draw, so that nobody knows whose it is."""
    town = Town.made().published()
    seated = _seated_by(town, SEED)
    town.procedure.erase_person(seated[0], now=PUBLISHED, actor=CLERK)
    drawn = town.procedure.draw(SEED, now=DRAWN, actor=CLERK)
    assert drawn.record is None
    assert len(drawn.round.seated) == 4
    assert seated[0] not in drawn.round.seated
    offered = town.procedure.offer(UNTIL, now=OFFERED, actor=CLERK)
    assert [each.key for each in offered] == seated[1:]
    town.procedure.erase_person(seated[1], now=OFFERED, actor=CLERK)
    assert len(town.procedure.offer(UNTIL, now=OFFERED, actor=CLERK)) == 3
    town.accept(*seated[2:])
    made = town.procedure.publish_replacement(FACTS_AGAIN, now=AGAIN, actor=CLERK)
    assert len(made.round.freed) == 2
    filled = town.procedure.draw(SEED_AGAIN, now=DRAWN_AGAIN, actor=CLERK).round.seated
    assert len(filled) == 2
    assert not set(seated) & set(filled)
    town.procedure.offer(UNTIL_AGAIN, now=DRAWN_AGAIN, actor=CLERK)
    town.accept(*filled, now=DRAWN_AGAIN)
    assert town.procedure.counts()[State.ACCEPTED] == 4
    documents = town.procedure.public_documents()
    replaced = LotteryFile.from_bytes(documents["lottery-2/lottery.json"])
    assert replaced.seats == 2
    assert town.procedure.audit().ok


def _seated_by(town: Town, seed: str) -> list[str]:
    """Whom a seed would seat."""
    waiting = town.procedure.publish_lottery(now=PUBLISHED, actor=CLERK)
    assert waiting.publication is not None
    return sorted(waiting.publication.draw(seed).ids)


def test_the_event_runs_from_its_confirmation_to_its_results() -> None:
    town = Town.made().offered()
    first, second, third, fourth = town.keys(State.SELECTED)
    with refused("offers-open", count=4):
        town.procedure.confirm(now=OFFERED, actor=CLERK)
    town.accept(first, second, third)
    town.procedure.expire(now=OVER)
    for call, code in (
        (town.procedure.start, "move-illegal"),
        (town.procedure.hold, "move-illegal"),
    ):
        with refused(code):
            call(now=CONFIRMED, actor=CLERK)
    with refused("phase-needed", state="drawn", legal=["running"]):
        town.procedure.check_in(first, now=CONFIRMED, actor=CLERK)
    with refused("phase-needed", state="drawn"):
        town.procedure.correct_attendance(
            first, attended=True, now=CONFIRMED, actor=CLERK, reason="early"
        )
    town.procedure.confirm(now=CONFIRMED, actor=CLERK)
    town.procedure.start(now=STARTED, actor=CLERK)
    before = town.everything()
    town.procedure.confirm(now=STARTED, actor=CLERK)
    town.procedure.start(now=STARTED, actor=CLERK)
    assert town.everything() == before
    town.procedure.check_in(first, now=STARTED, actor=CLERK)
    town.procedure.check_in(second, now=STARTED, actor=CLERK)
    checked = town.everything()
    town.procedure.check_in(first, now=STARTED, actor=CLERK)
    assert town.everything() == checked
    with refused("move-illegal", legal=["accepted", "erased"]):
        town.procedure.check_in(fourth, now=STARTED, actor=CLERK)
    town.procedure.hold(now=HELD, actor=CLERK)
    held = town.everything()
    town.procedure.hold(now=HELD, actor=CLERK)
    assert town.everything() == held
    assert town.procedure.counts() == {
        State.NOT_SELECTED: 8,
        State.EXPIRED: 1,
        State.ATTENDED: 2,
        State.ABSENT: 1,
    }
    with refused("move-without-reason"):
        town.procedure.correct_attendance(third, attended=True, now=HELD, actor=CLERK, reason="")
    town.procedure.correct_attendance(
        third, attended=True, now=HELD, actor=CLERK, reason="the list was wrong"
    )
    with refused("document-nothing"):
        town.procedure.document({}, now=DOCUMENTED, actor=CLERK)
    with pytest.raises(InputError):
        town.procedure.document(
            dict.fromkeys(("../x", "", "a\nb", " a", ".."), b""), now=DOCUMENTED, actor=CLERK
        )
    results = {"results.md": b"# Results", "lottery.json": b"no lottery", "event.json": b"{"}
    town.procedure.document(results, now=DOCUMENTED, actor=CLERK)
    documented = town.everything()
    town.procedure.document(results, now=DOCUMENTED, actor=CLERK)
    assert town.everything() == documented
    town.procedure.document({"answer.md": b"# Answer"}, now=at(5, 20), actor=CLERK)
    assert town.procedure.public_documents()["results/answer.md"] == b"# Answer"
    assert town.procedure.audit().ok


def test_seats_can_fall_free_and_be_filled_while_the_event_runs() -> None:
    town = Town.made().closed(replacements_until=date(2027, 4, 18))
    town.procedure.publish_lottery(facts(), now=PUBLISHED, actor=CLERK)
    town.procedure.draw(SEED, now=DRAWN, actor=CLERK)
    town.procedure.offer(UNTIL, now=OFFERED, actor=CLERK)
    seated = town.keys(State.SELECTED)
    town.accept(*seated)
    town.procedure.confirm(now=CONFIRMED, actor=CLERK)
    town.procedure.start(now=STARTED, actor=CLERK)
    town.procedure.withdraw(seated[0], channel=Channel.PHONE, now=STARTED, actor=CLERK)
    second = facts(date(2027, 4, 17))
    town.procedure.publish_replacement(second, now=STARTED, actor=CLERK)
    seed = "Lotto 6 aus 49 vom 2027-04-17: 1 2 3 4 5 6"
    town.procedure.draw(seed, now=at(4, 17, 20), actor=CLERK)
    (offered,) = town.procedure.offer(date(2027, 4, 18), now=at(4, 17, 21), actor=CLERK)
    with refused("offers-open", count=1):
        town.procedure.hold(now=HELD, actor=CLERK)
    town.accept(offered.key, now=at(4, 18, 8))
    town.procedure.check_in(offered.key, now=at(4, 18, 9), actor=CLERK)
    town.procedure.hold(now=HELD, actor=CLERK)
    town.procedure.withdraw(offered.key, channel=Channel.PHONE, now=HELD, actor=CLERK)
    with refused("phase-needed", state="held"):
        town.procedure.publish_replacement(second, now=HELD, actor=CLERK)
    assert town.procedure.audit().ok


def test_an_application_that_was_taken_back_is_not_drawn() -> None:
    town = Town.made().closed()
    for number in (0, 1, 2, 3, 8):
        town.procedure.withdraw(key(number), channel=Channel.PHONE, now=PUBLISHED, actor=CLERK)
    made = town.procedure.publish_lottery(facts(), now=PUBLISHED, actor=CLERK)
    assert made.publication is not None
    assert set(made.publication.problem.ids) == {key(n) for n in (4, 5, 6, 7, 9, 10, 11)}


def test_three_draws_in_a_row_verify_with_their_private_files(tmp_path: Path) -> None:
    """Some are taken back before, some between the draws; and one of the rounds was given up."""
    town = Town.made().published()
    records = [town.procedure.draw(SEED, now=DRAWN, actor=CLERK).record]
    seated = town.procedure.rounds()[0].seated
    town.procedure.withdraw(seated[0], channel=Channel.PHONE, now=DRAWN, actor=CLERK)
    town.procedure.offer(UNTIL, now=OFFERED, actor=CLERK)
    town.accept(*seated[2:])
    waiting = town.keys(State.RESERVE)
    town.procedure.withdraw(waiting[0], channel=Channel.PHONE, now=OFFERED, actor=CLERK)
    town.procedure.expire(now=OVER)
    town.procedure.publish_replacement(FACTS_AGAIN, now=AGAIN, actor=CLERK)
    town.procedure.give_up_lottery(now=AGAIN, actor=CLERK, reason="a mistake")
    filled = town.again()
    records.append(town.procedure.draw(SEED_AGAIN, now=DRAWN_AGAIN, actor=CLERK).record)
    town.procedure.withdraw(waiting[1], channel=Channel.PHONE, now=DRAWN_AGAIN, actor=CLERK)
    town.procedure.decline(filled[0], channel=Channel.WEB, now=at(4, 11), actor=CLERK)
    third = facts(date(2027, 4, 13))
    last = town.procedure.publish_replacement(third, now=at(4, 12), actor=CLERK)
    seed = "Lotto 6 aus 49 vom 2027-04-13: 1 2 3 4 5 6"
    records.append(town.procedure.draw(seed, now=at(4, 13, 20), actor=CLERK).record)
    folders: list[Path] = []
    for number, record in enumerate(records):
        assert record is not None
        folder = tmp_path / str(number)
        write_draw_at_once(record, folder, reports={})
        earlier = [tmp_path / "given-up"] if number == 1 else []
        if earlier:
            earlier[0].mkdir()
            for name in ("lottery.json", "given-up.json"):
                content = town.procedure.public_documents()[f"lottery-2/{name}"]
                (earlier[0] / name).write_bytes(content)
        found = verify_record(folder, before=folders, previous=earlier)
        assert found, found
        assert found.level == "private"
        folders.append(folder)
    assert last.round.number == 4


def test_applicants_take_none_of_the_steps_of_staff() -> None:
    town = Town.made().drawn()
    seated = town.procedure.rounds()[0].seated
    who, before = oneself(seated[0]), town.everything()
    steps: list[Callable[[], object]] = [
        lambda: town.procedure.offer(UNTIL, now=OFFERED, actor=who),
        lambda: town.procedure.draw(SEED, now=DRAWN, actor=who),
        lambda: town.procedure.publish_replacement(FACTS_AGAIN, now=AGAIN, actor=who),
        lambda: town.procedure.cancel(now=DRAWN, actor=who, reason="no"),
        lambda: town.procedure.erase_due(now=HELD, actor=who),
        lambda: town.procedure.merge(seated[:2], now=DRAWN, actor=who, reason="one"),
    ]
    for step in steps:
        with refused("move-of-staff"):
            step()
    assert town.everything() == before
