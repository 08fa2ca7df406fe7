"""Everything about one person, as data and as a text in two languages; nothing about others."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from mitwirkung.applications import State
from mitwirkung.people import Channel, Compartment, Purpose
from small_event import (
    CLERK,
    DOCUMENTED,
    DRAWN,
    HELD,
    OFFERED,
    PROFILES_DUE,
    Town,
    at,
    entry,
    key,
    refused,
)


@pytest.fixture(scope="module")
def town() -> Town:
    made = Town.made()
    made.offered()
    return made


def others(town: Town, me: str) -> list[str]:
    """What others told, their keys and tokens."""
    found = []
    for number in range(12):
        if key(number) != me:
            told = entry(number).answers
            token = town.procedure.token(key(number))
            found += [
                told["family_name"],
                told["given_name"],
                told["wish"],
                key(number),
                str(token),
            ]
    return found


@pytest.mark.parametrize("number", [0, 5])
def test_all_is_there_and_nothing_of_others(town: Town, number: int) -> None:
    found = town.procedure.export_person(key(number), now=DRAWN, actor=CLERK)
    data = json.loads(found.as_json())
    told = entry(number).answers
    assert data["answers"]["family_name"]["answer"] == told["family_name"]
    assert data["answers"]["contact"]["answer"][1]["street"] == told["contact"][1]["street"]
    assert data["answers"]["gender"]["compartment"] == "profile"
    assert data["answers"]["gender"]["purposes"] == [
        "selection",
        "selection-report",
        "replacement",
        "group-balance",
    ]
    assert data["answers"]["gender"]["until"] == "2027-04-16"
    assert data["answers"]["contact"]["kept"] == [{"after": "documented", "days": 28}]
    assert data["answers"]["contact"]["until"] is None
    assert data["answers"]["wish"]["answer"] == told["wish"]
    assert data["token"] == town.procedure.token(key(number))
    assert data["application"]["state"] == town.state(key(number))
    assert {each["purpose"] for each in data["application"]["consents"]} >= {"selection"}
    assert "application-received" in {each["what"] for each in data["journal"]}
    texts = [found.as_json().decode(), found.as_text("de"), found.as_text("en")]
    for text in texts:
        assert not [word for word in others(town, key(number)) if word in text]
    for text in texts[1:]:
        for word in (told["family_name"], told["wish"], "Irrgartenweg", data["token"]):
            assert word in text


def test_the_text_is_in_the_language_that_was_asked_for(town: Town) -> None:
    seated = town.procedure.rounds()[0].seated[0]
    found = town.procedure.export_person(seated, now=DRAWN, actor=CLERK)
    german, english = found.as_text("de"), found.as_text("en")
    for words in ("Was über Sie gespeichert ist: Stadtgespräch", "Platz angeboten", "Vorname"):
        assert words in german
    for words in ("What is stored about you: Town talk", "seat offered", "First name"):
        assert words in english
    assert "4. April 2027" in german or "04.04.2027" in german
    assert "aufbewahrt bis 16. April 2027" in german
    assert "kept until April 16, 2027" in english
    assert "If you get no seat" not in english
    without = town.keys(State.RESERVE)[0]
    told = town.procedure.export_person(without, now=DRAWN, actor=CLERK).as_text("en")
    assert "If you get no seat, everything is kept at most until 28 days after" in told


def test_what_is_kept_until_when_is_what_is_erased() -> None:
    town = Town.made().held()
    town.procedure.document({"results.md": b"."}, now=DOCUMENTED, actor=CLERK)
    seated = town.procedure.rounds()[0].seated[0]
    without = next(each for each in map(key, range(12)) if town.state(each) == "not_selected")
    ends = []
    for who in (seated, without):
        data = json.loads(town.procedure.export_person(who, now=DOCUMENTED, actor=CLERK).as_json())
        ends += [(each["until"], who, name) for name, each in data["answers"].items()]
    assert ("2027-05-31", seated, "contact") in ends
    assert ("2027-05-16", without, "contact") in ends
    for last in sorted({date.fromisoformat(until) for until, _, _ in ends}):
        for day in (last, last + timedelta(days=1)):
            town.procedure.erase_due(now=at(day.month, day.day))
            for until, who, name in ends:
                told = town.procedure.export_person(who, now=DOCUMENTED, actor=CLERK)
                there = {field for part in told.answers.values() for field in part}
                assert (name in there) == (day <= date.fromisoformat(until))
    assert town.procedure.audit().ok


def test_what_was_erased_and_taken_back_is_told_as_such() -> None:
    town = Town.made().offered()
    town.procedure.withdraw_consent(
        key(0), channel=Channel.LETTER, now=OFFERED, actor=CLERK, purpose=Purpose.SELECTION
    )
    town.procedure.erase_due(now=PROFILES_DUE)
    found = town.procedure.export_person(key(0), now=HELD, actor=CLERK)
    assert found.answers.get(Compartment.PROFILE, {}) == {}
    assert "Nothing, or no longer anything." in found.as_text("en")
    assert "withdrawn Apr 4, 2027" in found.as_text("en")
    assert "Widerruf" in found.as_text("de") or "widerrufen 04.04.2027" in found.as_text("de")
    town.procedure.erase_person(key(0), now=HELD, actor=CLERK)
    left = town.procedure.export_person(key(0), now=HELD, actor=CLERK)
    assert json.loads(left.as_json())["answers"] == {}
    assert left.as_text("de").count("Nichts oder nichts mehr.") == 3


def test_telling_is_itself_in_the_journal() -> None:
    town = Town.made().opened(0)
    town.procedure.export_person(key(0), now=DRAWN, actor=CLERK)
    last = town.procedure.journal()[-1].entry
    assert (last.what, last.subject, last.actor) == ("person-exported", key(0), "staff:staff-1")
    with refused("application-unknown"):
        town.procedure.export_person(key(1), now=DRAWN, actor=CLERK)
    assert len(town.procedure.journal()) == 6
