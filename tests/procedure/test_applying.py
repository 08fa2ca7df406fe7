"""Applications come in, are refused, merged, taken back; nothing about people gets out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from builders import plan
from mitwirkung.applications import State
from mitwirkung.errors import InputError
from mitwirkung.lottery.encoding import handle
from mitwirkung.people import Channel, Compartment, Purpose
from mitwirkung.registration import Entry
from small_event import (
    CLERK,
    CLOSED,
    DEADLINE,
    DRAWN,
    OPENED,
    PUBLISHED,
    SEED,
    Town,
    answers,
    at,
    entry,
    event,
    facts,
    form,
    key,
    oneself,
    quotas,
    refused,
)

STAFF: dict[str, Any] = {"now": PUBLISHED, "actor": CLERK}
SECRETS = ("Quittenbaum", "Adalgunde", "Irrgartenweg", "44130", "example.org", "Ulmenalleen")


def test_an_application_is_taken_with_its_token() -> None:
    town = Town.made().opened()
    taken = town.procedure.apply(entry(0, key=None), channel=Channel.WEB, now=OPENED)
    made = taken.application
    assert (made.state, made.entered_by) == (State.RECEIVED, oneself(made.key))
    assert (len(taken.token), made.token_hash) == (32, handle(taken.token))
    assert town.procedure.token(made.key) == taken.token
    assert town.procedure.key_of(taken.token) == made.key
    assert town.procedure.key_of("00" * 16) is None
    assert [person.family_name for _, person in town.procedure.people()] == ["Quittenbaum"]
    assert town.procedure.counts() == {State.RECEIVED: 1}


def test_the_same_entry_is_taken_once() -> None:
    town = Town.made().opened()
    first = town.procedure.apply(entry(0), channel=Channel.WEB, now=OPENED)
    before = town.everything()
    again = town.procedure.apply(entry(0), channel=Channel.WEB, now=at(2, 9))
    assert (again.application, again.token) == (first.application, first.token)
    assert town.everything() == before
    with refused("application-key-taken"):
        town.procedure.apply(entry(0, wish="Another"), channel=Channel.WEB, now=OPENED)
    with refused("application-key-taken"):
        town.procedure.apply(entry(1, key=key(0)), channel=Channel.WEB, now=OPENED)
    assert town.everything() == before
    town.procedure.withdraw(key(0), channel=Channel.WEB, now=OPENED, actor=oneself(key(0)))
    again = town.procedure.apply(entry(0), channel=Channel.WEB, now=at(2, 9))
    assert again.application.state is State.WITHDRAWN  # it is the same one, and stays taken back
    town.procedure.erase_person(key(0), now=OPENED, actor=CLERK)
    again = town.procedure.apply(entry(0), channel=Channel.WEB, now=at(2, 9))
    assert (again.application.state, again.token) == (State.ERASED, "")


def test_one_entry_that_comes_twice_at_once_is_taken_once() -> None:
    town = Town.made().opened()
    one, same = town.procedure.apply_all([entry(0), entry(0)], channel=Channel.WEB, now=OPENED)
    assert (one, town.keys()) == (same, [key(0)])
    assert town.told().count("application-received") == 1
    twice = [replace(entry(1), row=2), replace(entry(2, key=key(1)), row=3)]
    with pytest.raises(InputError) as caught:
        town.procedure.apply_all(twice, channel=Channel.WEB, now=OPENED)
    assert [(each.code, each.row) for each in caught.value.findings] == [
        ("application-key-taken", 3)
    ]


def test_all_errors_of_all_entries_are_told_at_once_and_nothing_is_written() -> None:
    town = Town.made().opened()
    before = town.everything()
    wrong = [
        entry(0, row=2),
        entry(1, row=3, gender="unsichtbar", city_district="Ost"),
        entry(2, row=4, key="short"),
        entry(3, row=5, received=date(2027, 2, 9)),
        entry(4, row=6, language="Deutsch"),
        entry(5, row=7, companions=(key(5),)),
        Entry({}, row=8),
    ]
    with pytest.raises(InputError) as caught:
        town.procedure.apply_all(wrong, channel=Channel.LETTER, now=OPENED, actor=CLERK)
    found = [(each.code, each.row) for each in caught.value.findings]
    assert [each for each in found if each[1] != 8] == [
        ("answer-choice", 3),
        ("answer-choice", 3),
        ("application-key", 4),
        ("receipt-in-future", 5),
        ("application-language", 6),
        ("application-companions", 7),
    ]
    assert ("answer-needed", 8) in found
    assert town.everything() == before
    for secret in (*SECRETS, "unsichtbar", "Ost", "short"):
        assert secret not in str(caught.value)
        assert secret not in repr(caught.value.findings)


def test_nobody_applies_too_early_or_too_late() -> None:
    town = Town.made()
    town.procedure.announce(event(), form(), quotas(), now=at(2, 1), actor=CLERK)
    with refused("application-too-early", state="announced"):
        town.procedure.apply(entry(0), channel=Channel.WEB, now=at(2, 1))
    town.procedure.open_applications(now=OPENED, actor=CLERK)
    with refused("application-too-late"):
        town.procedure.apply(entry(0), channel=Channel.WEB, now=CLOSED)
    town.procedure.close_applications(now=CLOSED, actor=CLERK)
    with refused("application-too-late"):
        town.procedure.apply(entry(0), channel=Channel.WEB, now=CLOSED)
    assert town.keys() == []


def test_what_came_in_time_on_paper_may_be_entered_until_the_lottery_is_published() -> None:
    town = Town.made().closed()
    letter: dict[str, Any] = {"channel": Channel.LETTER, "now": PUBLISHED, "actor": CLERK}
    late = town.procedure.apply(entry(12, received=DEADLINE), **letter)
    assert late.application.entered_late
    by_phone = town.procedure.apply(
        entry(13, received=at(3, 27, 23, 59)), channel=Channel.PHONE, now=PUBLISHED, actor=CLERK
    )
    assert by_phone.application.entered_late
    with refused("application-too-late"):
        town.procedure.apply(entry(14, received=date(2027, 3, 28)), **letter)
    with refused("receipt-of-web"):
        town.procedure.apply(entry(14, received=DEADLINE), channel=Channel.WEB, now=PUBLISHED)
    with refused("application-too-late"):
        town.procedure.apply(entry(14), channel=Channel.DESK, now=PUBLISHED, actor=CLERK)
    for who in (None, oneself(key(14))):  # nobody dates a letter of their own
        with refused("application-by-staff"):
            town.procedure.apply(
                entry(14, received=DEADLINE), channel=Channel.LETTER, now=PUBLISHED, actor=who
            )
    published = town.procedure.publish_lottery(facts(), now=PUBLISHED, actor=CLERK)
    assert published.publication is not None
    assert published.publication.public.pool.people == 14
    assert published.publication.public.counts.received == 14
    with refused("application-settled", state="lottery_published"):
        town.procedure.apply(entry(14, received=DEADLINE), **letter)
    told = [
        link.entry.params["late"]
        for link in town.procedure.journal()
        if "late" in link.entry.params
    ]
    assert told == [False] * 12 + [True, True]


def test_the_journal_errors_and_representations_hold_nothing_about_people() -> None:
    town = Town.made().drawn()
    town.procedure.erase_person(key(1), now=DRAWN, actor=CLERK)
    found = town.procedure.draw(SEED, now=DRAWN, actor=CLERK)
    taken = (
        Town.made().opened().procedure.apply(entry(0, key=None), channel=Channel.WEB, now=OPENED)
    )
    everything = town.procedure.export_person(key(0), now=DRAWN, actor=CLERK)
    shown = [
        *(repr(link) for link in town.procedure.journal()),
        repr(town.procedure),
        repr(town.procedure.applications()),
        repr(town.procedure.rounds()),
        repr(found),
        repr(taken),
        repr(entry(0)),
        repr(everything),
        *(content.decode() for content in town.procedure.public_documents().values()),
    ]
    for text in shown:
        for secret in SECRETS:
            assert secret not in text
    assert taken.token not in repr(taken)


def test_a_refusal_is_decided_until_the_lottery_is_published_and_counted_by_its_reason() -> None:
    town = Town.made().closed()
    with refused("move-without-reason"):
        town.procedure.refuse(key(0), **STAFF, reason="")
    with refused("reason-unfit"):
        town.procedure.refuse(key(0), **STAFF, reason="a\x07b")
    gone = town.procedure.refuse(key(0), **STAFF, reason="withdrawn")
    before = town.everything()
    assert town.procedure.refuse(key(0), **STAFF, reason="another") == gone
    assert town.everything() == before
    town.procedure.refuse(key(1), **STAFF, reason="lives elsewhere")
    assert town.procedure.readmit(key(1), **STAFF, reason="a mistake").state is State.RECEIVED
    town.procedure.refuse(key(2), **STAFF, reason="lives elsewhere")
    town.procedure.withdraw(key(3), **STAFF, channel=Channel.PHONE)
    town.procedure.erase_person(key(4), **STAFF)
    made = town.procedure.publish_lottery(facts(), **STAFF)
    assert made.publication is not None
    counts = made.publication.public.counts
    # what staff call "withdrawn" and what is withdrawn are counted together
    assert counts.refused == {"withdrawn": 2, "lives elsewhere": 1, "erased": 1}
    assert (counts.received, made.publication.public.pool.people) == (12, 8)
    for call, who in ((town.procedure.refuse, key(5)), (town.procedure.readmit, key(2))):
        with refused("eligibility-settled", state="lottery_published"):
            call(who, **STAFF, reason="too late")


def test_who_is_in_no_age_group_is_told_apart_by_the_answers_themselves() -> None:
    town = Town.made()
    with_years = form({"ready": "birth-year"})
    town.procedure.announce(event(), with_years, quotas(), now=at(2, 1), actor=CLERK)
    town.procedure.open_applications(now=OPENED, actor=CLERK)
    child = town.procedure.apply(entry(0, birth_year=2015), channel=Channel.WEB, now=OPENED)
    adult = town.procedure.apply(entry(1, birth_year=1980), channel=Channel.WEB, now=OPENED)
    assert child.application.state is State.INELIGIBLE
    assert (
        child.application.history[-1].reason
        == "in einem Alter, das nicht am Losverfahren teilnimmt"
    )
    assert adult.application.state is State.RECEIVED
    assert town.told()[-3:] == [
        "application-received",
        "application-ineligible",
        "application-received",
    ]
    assert town.procedure.audit().ok


def test_people_speak_for_themselves_only() -> None:
    town = Town.made().offered()
    (seated, other) = town.keys(State.SELECTED)[:2]
    before = town.everything()
    by_another: dict[str, Any] = {
        "channel": Channel.WEB,
        "now": at(4, 5),
        "actor": oneself(other),
    }
    for call in (
        town.procedure.accept,
        town.procedure.decline,
        town.procedure.withdraw,
        town.procedure.withdraw_consent,
    ):
        with refused("move-of-another"):
            call(seated, **by_another)
    for ask in (town.procedure.erase_person, town.procedure.export_person):
        with refused("move-of-another"):
            ask(seated, now=at(4, 5), actor=oneself(other))
    assert town.everything() == before
    fresh = Town.made().opened(0)
    with refused("move-not-own"):
        fresh.procedure.refuse(key(0), now=OPENED, actor=oneself(key(0)), reason="why not")


# --- consents -------------------------------------------------------------------------------------


def test_an_answer_whose_consent_was_taken_back_before_the_lottery_counts_no_more() -> None:
    town = Town.made()
    education = plan(Bildung={"Abitur": (0, 4), "keine Angabe": (0, 4)}).features
    counting = quotas().model_copy(update={"features": (*quotas().features, *education)})
    town.procedure.announce(event(), form(), counting, now=at(2, 1), actor=CLERK)
    town.procedure.open_applications(now=OPENED, actor=CLERK)
    town.apply(*range(8))
    taken_back = town.procedure.withdraw_consent(
        key(0), field="education", channel=Channel.LETTER, now=at(3, 1), actor=CLERK
    )
    before = town.everything()
    assert taken_back == town.procedure.withdraw_consent(
        key(0), field="education", channel=Channel.LETTER, now=at(3, 2), actor=CLERK
    )
    assert town.everything() == before
    assert taken_back.state is State.RECEIVED
    told = town.procedure.export_person(key(0), now=at(3, 2), actor=CLERK).answers
    assert list(told[Compartment.PROFILE]) == ["gender", "city_district"]  # the answer is gone
    town.procedure.close_applications(now=CLOSED, actor=CLERK)
    made = town.procedure.publish_lottery(facts(), now=PUBLISHED, actor=CLERK).publication
    assert made is not None
    told = [made.problem.answers(i)["Bildung"] for i in range(8)]
    assert (told[0], set(told[1:])) == ("keine Angabe", {"Abitur"})


def test_an_answer_is_gone_from_the_lottery_too_when_its_consent_is_taken_back() -> None:
    town = Town.made().published()
    made = town.procedure.publish_lottery(facts(), now=PUBLISHED, actor=CLERK).publication
    assert made is not None
    outside: dict[str, Any] = {"channel": Channel.PHONE, "now": PUBLISHED, "actor": CLERK}
    town.procedure.withdraw_consent(key(1), purpose=Purpose.CONTACT, **outside)
    assert town.procedure.publish_lottery(facts(), now=PUBLISHED, actor=CLERK).publication
    town.procedure.withdraw_consent(key(0), **outside)
    assert town.procedure.publish_lottery(facts(), now=PUBLISHED, actor=CLERK).publication is None
    assert town.procedure.journal()[-1].entry.params["erased"] == ["education"]
    drawn = town.procedure.draw(SEED, now=DRAWN, actor=CLERK)  # who is drawn stays the same
    assert (drawn.record, drawn.round.seated) == (None, made.draw(SEED).ids)
    assert town.procedure.audit().ok


# --- duplicates -----------------------------------------------------------------------------------


def test_one_person_who_applied_twice_is_offered_and_merged_only_if_staff_say_so() -> None:
    town = Town.made().opened(0, 1, 2)
    town.procedure.apply(entry(0, key="person-0000-again"), channel=Channel.WEB, now=at(2, 9))
    (found,) = town.procedure.possible_duplicates()
    assert found.keys == (key(0), "person-0000-again")
    assert found.because == ("email", "name and address")
    assert town.procedure.counts() == {State.RECEIVED: 4}
    with refused("merge-of-one"):
        town.procedure.merge([key(0)], **STAFF, reason="the same")
    with refused("merge-keeps-none"):
        town.procedure.merge(found.keys, **STAFF, reason="the same", keep=key(1))
    merged = town.procedure.merge(found.keys, **STAFF, reason="the same")
    assert (merged.keep, merged.give_up) == (key(0), ("person-0000-again",))
    before = town.everything()
    assert town.procedure.merge(found.keys, **STAFF, reason="the same") == merged
    assert town.everything() == before
    gone = town.procedure.application("person-0000-again")
    assert (gone.state, gone.merged_into) == (State.INELIGIBLE, key(0))
    assert town.procedure.possible_duplicates() == ()
    with refused("merge-keeps-merged"):  # both would be out
        town.procedure.merge(found.keys, **STAFF, reason="the other", keep="person-0000-again")
    assert town.procedure.audit().ok


def test_of_two_the_one_that_can_be_drawn_is_kept() -> None:
    town = Town.made().opened(0)
    town.procedure.refuse(key(0), now=OPENED, actor=CLERK, reason="no signature")
    town.procedure.apply(entry(0, key="person-0000-again"), channel=Channel.WEB, now=at(2, 9))
    (found,) = town.procedure.possible_duplicates()
    merged = town.procedure.merge(found.keys, **STAFF, reason="the same")
    assert merged.keep == "person-0000-again"
    assert town.state("person-0000-again") is State.RECEIVED


def test_two_people_who_are_like_one_are_kept_apart_for_good() -> None:
    town = Town.made().opened(0)
    shared = answers(0)["contact"]
    town.procedure.apply(entry(1, contact=shared), channel=Channel.WEB, now=OPENED)
    (found,) = town.procedure.possible_duplicates()
    assert found.because == ("email",)
    town.procedure.keep_apart(*found.keys, **STAFF)
    before = town.everything()
    town.procedure.keep_apart(*reversed(found.keys), **STAFF)
    assert town.everything() == before
    assert town.procedure.possible_duplicates() == ()
    with refused("merge-of-one"):
        town.procedure.keep_apart(key(0), key(0), **STAFF)
    with refused("application-unknown"):
        town.procedure.keep_apart(key(0), key(7), **STAFF)
    town.procedure.erase_person(key(0), **STAFF)
    with town.storage.transaction(town.procedure.name) as transaction:
        assert transaction.count("distinct") == 0
    assert town.procedure.audit().ok


def test_nothing_is_merged_after_the_lottery_was_published() -> None:
    town = Town.made().published()
    with refused("merge-too-late", state="lottery_published"):
        town.procedure.merge([key(0), key(1)], **STAFF, reason="the same")


# --- compartments ---------------------------------------------------------------------------------


def test_answers_are_stored_apart_and_sealed() -> None:
    town = Town.made().opened(0)
    with town.storage.transaction(town.procedure.name) as transaction:
        for part in Compartment:
            record = transaction.get(part, key(0))
            assert record is not None
            assert not any(secret.encode() in record.body for secret in (*SECRETS, "Abitur"))
            opened = town.procedure.vault.open(record, purpose=Purpose.ACCESS).decode()
            assert ("Quittenbaum" in opened) == (part is Compartment.IDENTITY)
            assert ("Abitur" in opened) == (part is Compartment.PROFILE)
            assert ("Ulmenalleen" in opened) == (part is Compartment.STATEMENTS)
