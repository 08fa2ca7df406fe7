"""The lottery of an event: published once, drawn once, given up with a reason, seeds that fit."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest

from mitwirkung.app import solve
from mitwirkung.applications import State
from mitwirkung.errors import InputError
from mitwirkung.events import Phase
from mitwirkung.lottery.attempts import AttemptRefused, GivenUpFile
from mitwirkung.lottery.feasibility import TooFewApplicants
from mitwirkung.lottery.randomness import UnfitSeed
from mitwirkung.lottery.verification import verify
from mitwirkung.people import Channel
from small_event import (
    CHIEF,
    CLERK,
    CLOSED,
    DRAWN,
    OFFERED,
    OPENED,
    OTHER_SEED,
    PUBLISHED,
    SEED,
    UNTIL,
    Town,
    at,
    entry,
    event,
    facts,
    form,
    key,
    phases,
    quotas,
    refused,
)

STAFF: dict[str, Any] = {"now": PUBLISHED, "actor": CLERK}


def test_a_lottery_is_published_once() -> None:
    town = Town.made().closed()
    made = town.procedure.publish_lottery(facts(), **STAFF)
    before = town.everything()
    again = town.procedure.publish_lottery(facts(), now=at(4, 1), actor=CHIEF)
    assert (again.round, again.commitment) == (made.round, made.commitment)
    assert made.publication is not None
    assert again.publication is not None
    assert again.publication.private.content == made.publication.private.content
    assert town.everything() == before
    assert town.procedure.event().phase is Phase.LOTTERY_PUBLISHED
    assert town.told()[-2:] == ["document-kept", "lottery-published"]
    assert made.publication.public.journal.split()[0] == str(len(town.told()) - 2)


def test_every_token_is_that_of_the_receipt() -> None:
    town = Town.made().opened()
    tokens = {each.application.key: each.token for each in town.apply(*range(12))}
    town.procedure.close_applications(now=CLOSED, actor=CLERK)
    made = town.procedure.publish_lottery(facts(), **STAFF).publication
    assert made is not None
    assert dict(zip(made.problem.ids, made.tokens, strict=True)) == tokens


def test_a_lottery_is_not_published_before_closing_nor_when_its_seed_is_known() -> None:
    town = Town.made().opened(*range(12))
    with refused("move-illegal", legal=["closed", "cancelled"]):
        town.procedure.publish_lottery(facts(), **STAFF)
    town.procedure.close_applications(now=CLOSED, actor=CLERK)
    before = town.everything()
    with refused("seed-exists", earliest="2027-04-03T19:25:00+02:00"):
        town.procedure.publish_lottery(facts(), now=at(4, 3, 19, 25), actor=CLERK)
    assert town.everything() == before
    assert town.procedure.publish_lottery(facts(), now=at(4, 3, 19, 24), actor=CLERK).commitment


def test_a_draw_stays() -> None:
    town = Town.made().published()
    before = town.everything()
    with refused("seed-too-early", earliest="2027-04-03T19:25:00+02:00"):
        town.procedure.draw(SEED, now=at(4, 3, 19, 24), actor=CLERK)
    for unfit in ("Lotto 6 aus 49 vom 2027-04-03: 44 3 11 17 28 41", "another text", " ", ""):
        with pytest.raises(UnfitSeed):
            town.procedure.draw(unfit, now=DRAWN, actor=CLERK)
    assert town.everything() == before
    drawn = town.procedure.draw(SEED, now=DRAWN, actor=CLERK)
    after = town.everything()
    again = town.procedure.draw(SEED, now=OFFERED, actor=CHIEF)
    assert (again.round, again.public) == (drawn.round, drawn.public)
    with refused("seed-other", seed=SEED):
        town.procedure.draw(OTHER_SEED, now=DRAWN, actor=CLERK)
    assert town.procedure.publish_lottery(facts(), **STAFF).round == drawn.round
    assert town.everything() == after
    assert drawn.record is not None
    assert drawn.record.ids == drawn.round.seated
    assert drawn.public.committed
    town.procedure.offer(UNTIL, now=OFFERED, actor=CLERK)
    assert town.procedure.draw(SEED, now=OFFERED, actor=CHIEF).public == drawn.public


def test_the_fallback_counts_only_when_the_time_for_the_seed_is_over() -> None:
    town = Town.made().published()
    fallback = "Spiel 77 vom 2027-04-03: 1234567"
    with refused("fallback-too-early", latest="2027-04-03T23:00:00+02:00"):
        town.procedure.draw(fallback, now=at(4, 3, 23), actor=CLERK)
    drawn = town.procedure.draw(fallback, now=at(4, 3, 23, 1), actor=CLERK)
    assert drawn.public.seed == fallback


def test_a_draw_meets_quotas_households_and_who_must_be_there() -> None:
    town = Town.made().opened(*range(10))
    home = entry(0).answers["contact"][1]  # two people more at the address of the first one
    for number in (10, 11):
        mail = entry(number).answers["contact"][0]
        town.procedure.apply(entry(number, contact=[mail, home]), channel=Channel.WEB, now=OPENED)
    town.procedure.close_applications(now=CLOSED, actor=CLERK)
    with pytest.raises(InputError):
        town.procedure.publish_lottery(facts(), **STAFF, must={"nobody-here": "speaker"})
    with pytest.raises(InputError, match="at most one"):
        town.procedure.publish_lottery(facts(), **STAFF, must={key(0): "host", key(10): "host"})
    made = town.procedure.publish_lottery(facts(), **STAFF, must={key(7): "speaker"})
    assert made.publication is not None
    assert made.publication.public.counts.must_include == {"speaker": 1}
    drawn = town.procedure.draw(SEED, now=DRAWN, actor=CLERK)
    seated = drawn.round.seated
    assert key(7) in seated
    assert len(set(seated) & {key(0), key(10), key(11)}) <= 1
    assert drawn.record is not None
    counted = Counter(
        made.publication.problem.answers(person)["Geschlecht"] for person in drawn.record.panel
    )
    assert sum(counted.values()) == 4
    assert set(counted) == {"weiblich", "männlich"}


def test_companions_are_drawn_together_or_not_at_all() -> None:
    town = Town.made().opened(*range(2, 8))
    town.apply(0, companions=(key(1),))
    town.apply(1, companions=(key(0),))
    town.apply(8, companions=(key(2),))  # named by one of them alone: nobody is bound
    town.procedure.close_applications(now=CLOSED, actor=CLERK)
    made = town.procedure.publish_lottery(facts(), **STAFF).publication
    assert made is not None
    seen = set()
    for number in range(7, 50):
        panel = made.draw(f"Lotto 6 aus 49 vom 2027-04-03: 1 2 3 4 5 {number}").ids
        assert (key(0) in panel) == (key(1) in panel)
        seen |= {("both", key(0) in panel), ("one of two", (key(8) in panel) != (key(2) in panel))}
    assert len(seen) == 4


def test_households_can_be_seated_together() -> None:
    town = Town.made().opened(*range(2, 8), household="together")
    home = entry(0).answers["contact"]
    for number in (0, 1):
        town.procedure.apply(entry(number, contact=home), channel=Channel.WEB, now=OPENED)
    town.procedure.close_applications(now=CLOSED, actor=CLERK)
    town.procedure.publish_lottery(facts(), **STAFF, must={key(0): "host", key(1): "host"})
    seated = town.procedure.draw(SEED, now=DRAWN, actor=CLERK).round.seated
    assert {key(0), key(1)} <= set(seated)


def test_numbered_panels_are_drawn_from_a_public_list() -> None:
    town = Town.made().closed()
    drum = facts(template="Trommel vom 2027-04-03: {digits 2}")
    town.procedure.publish_lottery(drum, **STAFF, panels=100)
    documents = town.procedure.public_documents()
    assert b"<html" in documents["lottery-1/panels.html"]
    drawn = town.procedure.draw("Trommel vom 2027-04-03: 07", now=DRAWN, actor=CLERK)
    assert drawn.public.number == "07"
    assert drawn.record is not None
    assert drawn.round.seated == drawn.record.ids
    assert len(drawn.round.seated) == 4
    assert drawn.record.verify()
    assert town.procedure.audit().ok


def test_a_lottery_is_given_up_with_a_reason_and_the_next_attempt_names_it() -> None:
    town = Town.made().closed()
    with refused("no-lottery-waits", state="closed"):
        town.procedure.give_up_lottery(**STAFF, reason="a mistake")
    first = town.procedure.publish_lottery(facts(), **STAFF)
    with pytest.raises(AttemptRefused):
        town.procedure.give_up_lottery(**STAFF, reason=" ")
    given_up = town.procedure.give_up_lottery(**STAFF, reason="a mistake")
    before = town.everything()
    assert town.procedure.give_up_lottery(**STAFF, reason="another") == given_up
    assert town.everything() == before
    assert phases(town)[-2:] == [Phase.LOTTERY_PUBLISHED, Phase.CLOSED]
    for call in (
        lambda: town.procedure.draw(SEED, now=DRAWN, actor=CLERK),
        lambda: town.procedure.apply(
            entry(12, received=date(2027, 3, 1)), channel=Channel.LETTER, **STAFF
        ),
        lambda: town.procedure.extend(date(2027, 4, 2), **STAFF, reason="too few"),
        lambda: town.procedure.refuse(key(0), **STAFF, reason="too late"),
        lambda: town.procedure.offer(UNTIL, now=OFFERED, actor=CLERK),
    ):
        with pytest.raises(ValueError, match=r"."):
            call()
    assert town.everything() == before
    town.procedure.withdraw(key(0), **STAFF, channel=Channel.PHONE)
    second = town.procedure.publish_lottery(facts(), now=at(3, 31), actor=CLERK)
    town.procedure.give_up_lottery(now=at(3, 31), actor=CLERK, reason="once more")
    third = town.procedure.publish_lottery(facts(), now=at(4, 1), actor=CLERK)
    assert third.publication is not None
    assert (third.publication.public.attempt, third.round.number) == (3, 3)
    drawn = town.procedure.draw(SEED, now=DRAWN, actor=CLERK)
    assert key(0) not in drawn.round.seated
    documents = town.procedure.public_documents()
    told = GivenUpFile.from_bytes(documents["lottery-2/given-up.json"])
    assert third.publication.public.previous == told.digest
    assert (told.lottery, told.reason) == (second.commitment, "once more")
    attempts = [
        {name: documents[f"lottery-{number}/{name}"] for name in ("lottery.json", "given-up.json")}
        for number in (1, 2)
    ]
    found = verify(
        documents["lottery-3/lottery.json"],
        documents["lottery-3/record-public.json"],
        commitment=third.commitment,
        previous=attempts,
    )
    assert found, found
    assert not verify(
        documents["lottery-3/lottery.json"],
        documents["lottery-3/record-public.json"],
        previous=attempts[:1],
    )
    assert first.commitment != second.commitment
    assert town.procedure.audit().ok


def test_an_application_that_is_taken_back_while_the_lottery_is_made_makes_it_anew() -> None:
    town = Town.made().closed()
    calls = []

    def slowly(*words: Any, **named: Any) -> Any:
        calls.append(words)
        if len(calls) == 1:
            town.procedure.withdraw(key(3), channel=Channel.WEB, **STAFF)
        return solve(*words, **named)

    object.__setattr__(town.procedure, "solve", slowly)
    made = town.procedure.publish_lottery(facts(), **STAFF)
    assert len(calls) == 2
    assert made.publication is not None
    assert key(3) not in made.publication.problem.ids
    assert made.publication.public.counts.refused == {"withdrawn": 1}


def test_an_event_that_changes_again_and_again_is_told() -> None:
    town = Town.made().closed()
    numbers = iter(range(12))

    def slowly(*words: Any, **named: Any) -> Any:
        town.procedure.withdraw(key(next(numbers)), channel=Channel.WEB, **STAFF)
        return solve(*words, **named)

    object.__setattr__(town.procedure, "solve", slowly)
    with refused("event-changing"):
        town.procedure.publish_lottery(facts(), **STAFF)
    assert town.procedure.rounds() == []


def test_another_lottery_that_is_published_meanwhile_is_the_one() -> None:
    town = Town.made().closed()
    first: list[Any] = []

    def slowly(*words: Any, **named: Any) -> Any:
        if not first:
            first.append(None)
            first.append(town.procedure.publish_lottery(facts(), now=PUBLISHED, actor=CHIEF))
        return solve(*words, **named)

    object.__setattr__(town.procedure, "solve", slowly)
    made = town.procedure.publish_lottery(facts(), **STAFF)
    assert made.round == first[1].round
    assert len(town.procedure.rounds()) == 1


def test_too_few_people_are_told_and_nothing_is_changed() -> None:
    town = Town.made().closed(0, 1, 2)
    before = town.everything()
    with pytest.raises(TooFewApplicants):
        town.procedure.publish_lottery(facts(), **STAFF)
    assert town.everything() == before
    assert town.state(key(0)) is State.RECEIVED


def test_a_form_may_ask_for_more_than_the_quotas_count() -> None:
    town = Town.made()
    asked = form({"ready": "migration-background", "missing": "own value"})
    town.procedure.announce(event(), asked, quotas(), now=at(2, 1), actor=CLERK)
    town.procedure.open_applications(now=OPENED, actor=CLERK)
    town.apply(*range(8))
    town.procedure.close_applications(now=CLOSED, actor=CLERK)
    made = town.procedure.publish_lottery(facts(), **STAFF).publication
    assert made is not None
    assert list(made.problem.answers(0)) == ["Geschlecht", "Stadtbezirk"]
