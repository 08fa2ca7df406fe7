"""Messages of the small event: caused by steps, looked at, released, sent, and resolved."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from mail_house import Calls, Email, House, Letters, failing, sent

from mitwirkung.applications import State
from mitwirkung.errors import InputError
from mitwirkung.notifications.message import DeliveryReceipt, Message, Outcome
from mitwirkung.occasions import Occasion
from mitwirkung.outbox import LEASE, PAUSES, About, MessageState
from mitwirkung.people import Channel
from small_event import (
    ALL_DUE,
    CHIEF,
    CLERK,
    CLOSED,
    CONFIRMED,
    DEADLINE,
    DOCUMENTED,
    DRAWN,
    DRAWN_AGAIN,
    HELD,
    OFFERED,
    OPENED,
    OVER,
    PUBLISHED,
    SEED,
    STARTED,
    UNTIL,
    Town,
    answers,
    at,
    entry,
    facts,
    key,
    refused,
)

S = MessageState
MANY: dict[str, Any] = {"released_by_hand": ()}
"""An event in which everything goes out at once."""


@pytest.fixture(params=["memory", "sqlite"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Town:
    return Town.made(tmp_path if request.param == "sqlite" else None)


@pytest.fixture
def house(town: Town) -> House:
    found = House()
    town.procedure = found.serves(town.procedure)
    return found


def kinds(town: Town, *states: MessageState) -> Counter[str]:
    return Counter(str(each.kind) for each in town.procedure.messages.list(*states))


def phone_only(number: int) -> dict[str, Any]:
    return {"contact": [{"kind": "phone", "number": f"0231 5001{number:02}"}]}


# --- causes ---------------------------------------------------------------------------------------


def test_the_whole_life_tells_everybody_what_they_have_to_know(town: Town, house: House) -> None:
    procedure = town.opened(*range(12)).procedure
    assert kinds(town) == {"application_received": 12}
    procedure.extend(
        DEADLINE + timedelta(days=1), now=CLOSED - timedelta(days=1), actor=CLERK, reason="few"
    )
    assert kinds(town)["deadline_extended"] == 12
    procedure.close_applications(now=at(3, 29, 0), actor=CLERK)
    procedure.publish_lottery(facts(), now=PUBLISHED, actor=CLERK)
    procedure.draw(SEED, now=DRAWN, actor=CLERK)
    assert len(kinds(town)) == 2  # nobody is told before the seats are offered
    procedure.offer(UNTIL, now=OFFERED, actor=CLERK)
    assert (kinds(town)["seat_offered"], kinds(town)["reserve_place"]) == (4, 8)
    seated = town.keys(State.SELECTED)
    assert procedure.messages.remind(now=OFFERED, actor=CLERK) == 4
    assert procedure.messages.remind(now=OFFERED, actor=CLERK) == 0
    town.accept(*seated[:3])
    procedure.expire(now=OVER)
    assert (kinds(town)["seat_confirmed"], kinds(town)["offer_expired"]) == (3, 1)
    (late,) = town.again()
    assert kinds(town)["replacement_offered"] == 1
    town.accept(late, now=DRAWN_AGAIN)
    procedure.confirm(now=CONFIRMED, actor=CLERK)
    procedure.start(now=STARTED, actor=CLERK)
    procedure.hold(now=HELD, actor=CLERK)
    assert kinds(town)["not_selected"] == 7
    procedure.document({"ergebnis.md": b"."}, now=DOCUMENTED, actor=CLERK)
    assert kinds(town)["results_published"] == 4 + 7
    told = Counter[str]()
    for link in procedure.journal():
        told.update(link.entry.params.get("messages", {}))
    assert told == kinds(town)


def test_whoever_counts_on_an_event_is_told_that_it_is_cancelled(town: Town, house: House) -> None:
    procedure = town.offered(**MANY).procedure
    one, two, *_ = town.keys(State.SELECTED)
    town.accept(one)
    procedure.decline(two, channel=Channel.PHONE, now=OFFERED, actor=CLERK)
    procedure.cancel(now=OFFERED, actor=CLERK, reason="the hall burnt down")
    done = house.send(procedure, OFFERED)
    cancelled = [each for each in house.given if each.kind == "event_cancelled"]
    assert len(cancelled) == 11
    assert all("the hall burnt down" in each.text for each in cancelled)
    # what was written before says nothing that is true any more
    assert (len(house.given), done.counts[S.DROPPED]) == (11, 12 + 12 + 1)


def test_messages_are_written_with_their_cause_or_not_at_all(town: Town, house: House) -> None:
    town.opened(0)
    before = town.everything()
    with pytest.raises(InputError):
        town.procedure.apply_all([entry(1), entry(2, gender="?")], channel=Channel.WEB, now=OPENED)
    assert town.everything() == before
    town.apply(0)  # the same entry again
    assert kinds(town) == {"application_received": 1}


def test_nothing_that_leads_to_somebody_lies_in_the_outbox(town: Town, house: House) -> None:
    town.offered()
    house.send(town.procedure, OFFERED)
    town.procedure.messages.release(now=OFFERED, actor=CLERK)
    house.send(town.procedure, OFFERED)
    records = town.everything()["records"]
    told = b" ".join(
        r.body for (kind, _), r in records.items() if kind in ("message", "reply", "guesses")
    )
    for number in range(12):
        for word in (
            answers(number)["given_name"],
            answers(number)["family_name"],
            "Irrgarten",
            "@",
        ):
            assert word.encode() not in told
    for message in house.given:
        for secret in re.findall(r"reply/(\w{32})", message.text) + re.findall(
            r"reply_code: (\S+)", message.text
        ):
            assert secret.encode() not in told


# --- looking and releasing ------------------------------------------------------------------------


def test_what_goes_to_many_waits_until_somebody_releases_it(town: Town, house: House) -> None:
    procedure = town.offered().procedure
    done = house.send(procedure, OFFERED)
    assert done.counts == {S.SENT: 12}  # the receipts
    seen = procedure.messages.preview(kind="seat_offered", now=OFFERED)
    assert len(seen) == 4
    assert all("XXXXX-XXXXX" in each.written.text for each in seen if each.written)
    assert all(each.channel == "email" for each in seen)
    released = procedure.messages.release(kind="seat_offered", now=OFFERED, actor=CHIEF)
    assert (len(released.messages), released.unreachable) == (4, ())
    assert house.send(procedure, OFFERED).counts == {S.SENT: 4}
    assert kinds(town, S.WAITING) == {"reserve_place": 8}
    assert town.told()[-1] == "messages-released"
    message = procedure.messages.list(S.SENT, kind="seat_offered")[0]
    assert message.decisions[0].actor == CHIEF
    with refused("message-not-waiting"):
        procedure.messages.release(message.key, now=OFFERED, actor=CHIEF)
    assert procedure.audit().ok


def test_what_cannot_be_written_is_found_before_anything_is_released(
    town: Town, house: House
) -> None:
    procedure = town.offered().procedure
    house.templates.broken = {"seat_offered"}
    before = town.everything()
    with pytest.raises(InputError) as error:
        procedure.messages.release(now=OFFERED, actor=CLERK)
    assert [each.code for each in error.value.findings] == ["template-broken"]
    assert town.everything() == before
    assert procedure.messages.preview(kind="seat_offered", now=OFFERED)[0].findings
    # a template that breaks later fails before anything goes out, and another way is no help
    house.templates.broken = set()
    procedure.messages.release(kind="seat_offered", now=OFFERED, actor=CLERK)
    house.templates.broken = {"seat_offered"}
    done = house.send(procedure, OFFERED)
    assert done.counts[S.FAILED] == 4
    assert done.troubles == {"message-unwritable": 4}
    house.templates.broken = set()
    for task in procedure.messages.tasks():
        procedure.messages.resolve(
            task.key, S.RELEASED, now=OFFERED, actor=CLERK, reason="corrected"
        )
    assert house.send(procedure, OFFERED).counts == {S.SENT: 4}


def test_what_is_no_longer_true_does_not_go_out(town: Town, house: House) -> None:
    procedure = town.offered().procedure
    house.send(procedure, OFFERED)
    one, two, three, four = town.keys(State.SELECTED)
    procedure.messages.release(now=OFFERED, actor=CLERK)
    procedure.withdraw(one, channel=Channel.PHONE, now=OFFERED, actor=CLERK)
    town.accept(two)
    house.channels[0].given.clear()
    done = house.send(procedure, OFFERED)
    assert done.counts == {S.DROPPED: 2, S.SENT: 8 + 2 + 1}
    assert {m.recipient.name for m in house.given if m.kind == "seat_offered"} == {
        names(town, three),
        names(town, four),
    }
    assert procedure.audit().ok


def names(town: Town, who: str) -> str:
    person = {each.key: person for each, person in town.procedure.people()}[who]
    return f"{person.given_name} {person.family_name}"


def test_an_offer_that_is_over_is_not_sent_any_more(town: Town, house: House) -> None:
    procedure = town.offered(**MANY).procedure
    done = house.send(procedure, OVER)
    assert done.counts == {S.DROPPED: 4, S.SENT: 20}


# --- ways -----------------------------------------------------------------------------------------


def test_people_are_reached_as_they_prefer(town: Town, house: House) -> None:
    letter, mail = reversed(answers(0)["contact"])
    town.opened()
    both = [entry(0, contact=[letter, mail]), entry(1), entry(2, **phone_only(2))]
    town.procedure.apply_all(both, channel=Channel.WEB, now=OPENED)
    house.send(town.procedure, OPENED)
    email, calls, letters = house.channels
    assert [len(each.given) for each in (email, calls, letters)] == [1, 1, 1]
    assert letters.given[0].recipient.name == "Adalgunde Quittenbaum"


def test_what_does_not_arrive_goes_out_on_the_next_way_and_is_a_task(
    town: Town, house: House
) -> None:
    house.channels = [Email(failing(Outcome.PERMANENT, "smtp-refused")), Calls(), Letters()]
    procedure = town.opened(0).procedure
    done = house.send(procedure, OPENED)
    assert done.counts == {S.UNDELIVERABLE: 1, S.SENT: 1}
    assert [len(each.given) for each in house.channels] == [1, 0, 1]
    (task,) = procedure.messages.tasks()
    assert task.attempts[0].receipt is not None
    assert task.attempts[0].receipt.code == "smtp-refused"
    second = next(each for each in procedure.messages.list(S.SENT))
    assert second.instead_of == task.key
    # the letter comes back, and there is no other way
    back, new = procedure.messages.returned(second.key, now=OPENED, actor=CLERK, reason="moved")
    assert (back.state, new) == (S.UNDELIVERABLE, None)
    assert len(procedure.messages.tasks()) == 2
    assert procedure.audit().ok


def test_somebody_without_any_way_is_a_task_and_reached_when_there_is_one(
    town: Town, house: House
) -> None:
    house.channels = [Email()]
    town.opened()
    town.procedure.apply(entry(0, **phone_only(0)), channel=Channel.PHONE, now=OPENED, actor=CLERK)
    assert house.send(town.procedure, OPENED).counts == {S.UNREACHABLE: 1}
    (task,) = town.procedure.messages.tasks()
    assert task.state is S.UNREACHABLE
    mail = [{"kind": "email", "address": "adalgunde@example.org"}]
    town.procedure.change_contact(key(0), mail, channel=Channel.PHONE, now=OPENED, actor=CLERK)
    assert house.send(town.procedure, OPENED).counts == {S.SENT: 1}
    assert not town.procedure.messages.tasks()


# --- failing --------------------------------------------------------------------------------------


def test_temporary_failures_are_tried_again_later_and_later(town: Town, house: House) -> None:
    house.channels = [Email(failing(Outcome.TEMPORARY, "smtp-busy"))]
    procedure = town.opened(0).procedure
    now = OPENED
    for pause in PAUSES:
        assert house.send(procedure, now).counts == {S.RELEASED: 1}
        assert not house.send(procedure, now + pause - timedelta(seconds=1)).counts
        now += pause
    assert house.send(procedure, now).counts == {S.FAILED: 1}
    assert len(house.given) == len(PAUSES) + 1
    assert {each.key for each in house.given} == {house.given[0].key}  # one idempotency key


def test_uncertain_is_never_sent_again_without_a_person(town: Town, house: House) -> None:
    house.channels = [Email(failing(Outcome.UNCERTAIN, "smtp-dropped"))]
    procedure = town.opened(0).procedure
    assert house.send(procedure, OPENED).counts == {S.UNCERTAIN: 1}
    assert not house.send(procedure, OPENED + timedelta(days=30)).counts
    (task,) = procedure.messages.tasks()
    with refused("move-without-reason"):
        procedure.messages.resolve(task.key, S.RELEASED, now=OPENED, actor=CLERK, reason=" ")
    procedure.messages.resolve(task.key, S.SENT, now=OPENED, actor=CLERK, reason="it is in the log")
    assert not house.send(procedure, OPENED + timedelta(days=30)).counts
    assert len(house.given) == 1


def test_a_channel_that_raises_leaves_its_message_uncertain(town: Town, house: House) -> None:
    def breaks(message: Message, now: datetime) -> DeliveryReceipt:
        raise RuntimeError(message.recipient.name)

    house.channels = [Email(breaks)]
    procedure = town.opened(0, 1).procedure
    done = house.send(procedure, OPENED)
    assert done.counts == {S.UNCERTAIN: 2}
    assert done.troubles == {"channel-broke": 2}
    kept = b" ".join(
        r.body for (kind, _), r in town.everything()["records"].items() if kind == "message"
    )
    assert b"Quittenbaum" not in kept


def test_who_interrupts_a_dispatcher_leaves_one_message_open(town: Town, house: House) -> None:
    def interrupted(message: Message, now: datetime) -> DeliveryReceipt:
        if len(house.given) == 3:
            raise KeyboardInterrupt
        return sent(message, now)

    house.channels = [Email(interrupted)]
    procedure = town.opened(*range(8)).procedure
    with pytest.raises(KeyboardInterrupt):
        house.send(procedure, OPENED)
    assert Counter(each.state for each in procedure.messages.list()) == {
        S.SENT: 2,
        S.SENDING: 1,
        S.RELEASED: 5,
    }
    assert house.channels[0].is_open == 0
    assert house.send(procedure, OPENED).counts == {S.SENT: 5}
    assert house.send(procedure, OPENED + LEASE).counts == {S.UNCERTAIN: 1}
    assert len({each.key for each in house.given}) == len(house.given) == 8


def test_a_dispatcher_whose_time_is_over_begins_nothing_more(town: Town, house: House) -> None:
    def slow(message: Message, now: datetime) -> DeliveryReceipt:
        house.wait(minutes=6)
        return sent(message, now)

    house.channels = [Email(slow)]
    procedure = town.opened(*range(6)).procedure
    done = house.send(procedure, OPENED, limit=6)
    assert done.counts[S.SENT] == 3
    assert kinds(town, S.RELEASED) == {"application_received": 3}


def test_several_dispatchers_share_an_outbox(town: Town, house: House) -> None:
    """One runs inside of another's sending: that is how it is when they run side by side."""
    town.opened(*range(12))
    inner: list[int] = []

    def other(message: Message, now: datetime) -> DeliveryReceipt:
        if not inner:
            inner.append(1)
            second = House([Email()])
            procedure = second.serves(town.procedure)
            second.now = now
            done = procedure.messages.dispatch("dispatcher-2", second.clock)
            inner.append(done.counts[S.SENT])
            house.channels[1].given += second.given
        return sent(message, now)

    house.channels = [Email(other), Calls()]
    done = house.send(town.procedure, OPENED, batch=4)
    assert inner == [1, 8]
    assert done.counts == {S.SENT: 4}
    assert len({each.key for each in house.given}) == len(house.given) == 12


# --- by hand --------------------------------------------------------------------------------------


def test_staff_ask_for_what_is_missing_and_for_an_evaluation(town: Town, house: House) -> None:
    procedure = town.opened(0, 1).procedure
    mail = procedure.messages
    asked = About(fields=("education",), until=DEADLINE)
    given: dict[str, Any] = {"now": OPENED, "actor": CLERK}
    assert mail.write(Occasion.APPLICATION_INCOMPLETE, asked, key(0), **given) == 1
    assert mail.write(Occasion.APPLICATION_INCOMPLETE, asked, key(0), **given) == 0
    assert (
        mail.write(
            Occasion.EVALUATION_REQUEST,
            About(link="https://example.org", until=DEADLINE),
            states=[State.RECEIVED],
            **given,
        )
        == 2
    )
    house.send(procedure, OPENED)
    text = next(each.text for each in house.given if each.kind == "application_incomplete")
    assert "missing: ('" in text
    assert kinds(town, S.WAITING) == {"evaluation_request": 2}
    with refused("message-not-by-staff"):
        mail.write(Occasion.SEAT_OFFERED, About(), key(0), **given)
    with refused("message-field-unknown"):
        mail.write(Occasion.APPLICATION_INCOMPLETE, About(fields=("shoe",)), key(0), **given)
    assert procedure.audit().ok


def test_the_receipt_holds_what_was_entered_and_the_token(town: Town, house: House) -> None:
    taken = town.opened().apply(0)
    house.send(town.procedure, OPENED)
    text = house.given[0].text
    for word in (
        "Adalgunde",
        "Irrgartenweg 1",
        "weiblich",
        "Nord",
        "Abitur",
        "Ulmenalleen",
        taken[0].token,
    ):
        assert word in text


def test_chances_are_those_of_the_lottery(town: Town, house: House) -> None:
    procedure = town.offered(**MANY).procedure
    house.send(procedure, OFFERED)
    texts = [each.text for each in house.given if each.kind == "reserve_place"]
    assert len(texts) == 8
    for text in texts:
        assert "applied: 12" in text
        assert "seats: 4" in text
        assert re.search(r"chance: \d", text)


# --- erasure --------------------------------------------------------------------------------------


def test_of_somebody_erased_no_message_goes_out_and_none_names_them(
    town: Town, house: House
) -> None:
    procedure = town.offered(**MANY).procedure
    house.send(procedure, OFFERED, limit=12)
    who = town.keys(State.SELECTED)[0]
    mine = procedure.messages.list(application=who)
    procedure.erase_person(who, now=OFFERED, actor=CLERK)
    assert not procedure.messages.list(application=who)
    kept = {each.key: each for each in procedure.messages.list()}
    for message in mine:
        found = kept.get(message.key)
        assert (found is None) == (not message.attempts)
        if found is not None:
            assert found.application is None
    before = len(house.given)
    house.send(procedure, OFFERED)
    assert len(house.given) == before + 24 - 12 - sum(not each.attempts for each in mine)
    assert procedure.audit().ok
    records = town.everything()["records"]
    told = b" ".join(r.body for (kind, _), r in records.items() if kind in ("message", "reply"))
    assert who.encode() not in told


def test_channels_that_keep_messages_forget_whoever_is_erased(town: Town, house: House) -> None:
    town.opened()
    taken = entry(0, **phone_only(0))
    town.procedure.apply(taken, channel=Channel.PHONE, now=OPENED, actor=CLERK)
    house.send(town.procedure, OPENED)
    (kept,) = town.procedure.messages.kept_of(key(0))
    # What was kept on a way that the person no longer has goes too.
    other = [{"kind": "email", "address": "neu@example.org"}]
    town.procedure.change_contact(key(0), other, channel=Channel.PHONE, now=OPENED, actor=CLERK)
    assert list(town.procedure.messages.kept_of(key(0))) == [kept]
    (message,) = town.procedure.messages.list(application=key(0))
    town.procedure.erase_person(key(0), now=OPENED, actor=CLERK)
    assert house.channels[1].erased == [message.key]


def test_a_message_that_is_missing_shows_in_the_audit(town: Town, house: House) -> None:
    town.opened(0, 1)
    with town.storage.transaction(town.procedure.name, exclusive=True) as transaction:
        first = next(iter(transaction.find("message")))
        transaction.remove("message", first.key)
    (flaw,) = town.procedure.audit().flaws
    assert flaw == ("audit-missing", {"kind": "message application_received", "count": 1})


def test_all_is_erased_and_archived_with_messages(town: Town, house: House) -> None:
    town.held()
    procedure = town.procedure
    procedure.document({"ergebnis.md": b"# Mehr Ulmen"}, now=DOCUMENTED, actor=CLERK)
    answer = {"antwort.md": b"Die Stadt pflanzt Ulmen."}
    procedure.document(answer, now=DOCUMENTED, actor=CLERK, answer="antwort.md")
    procedure.messages.release(now=DOCUMENTED, actor=CLERK)
    house.send(procedure, DOCUMENTED)
    results = [each for each in house.given if each.kind == "results_published"]
    assert len(results) == 24
    assert sum("Die Stadt pflanzt Ulmen." in each.text for each in results) == 12
    procedure.erase_due(now=ALL_DUE)
    assert all(each.application is None for each in procedure.messages.list())
    procedure.archive(now=ALL_DUE, actor=CLERK)
    assert b'"results_published": 24' in procedure.public_documents()["event.json"]
    assert procedure.audit().ok
