"""Answers by link and by code: what they do, and that nothing but an answer does anything."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from mail_house import House

from mitwirkung import replies
from mitwirkung.applications import State
from mitwirkung.people import Channel
from mitwirkung.reply_codes import TRIES, WINDOW, Answer, made_code
from small_event import (
    CLERK,
    DRAWN_AGAIN,
    OFFERED,
    OVER,
    Town,
    refused,
)

WEB: dict[str, Any] = {"channel": Channel.WEB}


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def town(house: House) -> Town:
    town = Town.made()
    town.procedure = house.serves(town.procedure)
    town.offered(released_by_hand=())
    house.send(town.procedure, OFFERED)
    return town


def keys(house: House, kind: str = "seat_offered", number: int = 0) -> tuple[str, str]:
    """Token and code of one of the messages of a kind."""
    text = [each.text for each in house.given if each.kind == kind][number]
    link = re.search(r"reply_link: https://dialog\.example/[\w-]+/reply/(\w+)", text)
    code = re.search(r"reply_code: (\S+)", text)
    assert link is not None
    assert code is not None
    return link[1], code[1]


@pytest.mark.parametrize("short", [False, True])
def test_a_seat_is_accepted_and_given_back(town: Town, house: House, short: bool) -> None:
    given = keys(house)[short]
    found = replies.open_reply(town.procedure, given, now=OFFERED)
    assert found.answers == (Answer.ACCEPT, Answer.DECLINE, Answer.CONTACT)
    assert found.application.state is State.SELECTED
    done = replies.send_reply(town.procedure, given, Answer.ACCEPT, now=OFFERED, **WEB)
    assert (done.state, done.history[-1].actor.pseudonym) == (State.ACCEPTED, done.key)
    replies.send_reply(town.procedure, given, Answer.ACCEPT, now=OFFERED, **WEB)
    assert replies.open_reply(town.procedure, given, now=OVER).answers == (
        Answer.WITHDRAW,
        Answer.CONTACT,
    )
    done = replies.send_reply(town.procedure, given, Answer.WITHDRAW, now=OVER, **WEB)
    assert done.state is State.WITHDRAWN
    assert replies.open_reply(town.procedure, given, now=OVER).answers == ()
    with refused("move-illegal"):
        replies.send_reply(town.procedure, given, Answer.ACCEPT, now=OVER, **WEB)


def test_it_ends_with_its_offer(town: Town, house: House) -> None:
    token, code = keys(house)
    assert replies.open_reply(town.procedure, token, now=OVER).answers == ()
    with refused("offer-over"):
        replies.send_reply(town.procedure, code, Answer.ACCEPT, now=OVER, **WEB)
    with refused("reply-over"):
        replies.send_reply(town.procedure, code, Answer.CONTACT, now=OVER, **WEB)
    # a letter that came in time is entered with the code on it
    town.procedure.expire(now=OVER)
    on_paper: dict[str, Any] = {"channel": Channel.LETTER, "received": OFFERED.date()}
    done = replies.send_reply(
        town.procedure, code, Answer.ACCEPT, now=OVER, actor=CLERK, **on_paper
    )
    assert done.state is State.ACCEPTED


def test_each_attempt_has_keys_of_its_own_and_all_work(town: Town, house: House) -> None:
    town.procedure.messages.remind(now=OFFERED, actor=CLERK)
    house.send(town.procedure, OFFERED)
    both = [keys(house, "seat_offered", number) for number in range(4)]
    reminded = [keys(house, "reminder", number) for number in range(4)]
    assert len({*both, *reminded}) == 8
    for token, code in (*both, *reminded):
        one = replies.open_reply(town.procedure, token, now=OFFERED).application.key
        assert replies.open_reply(town.procedure, code.lower(), now=OFFERED).application.key == one


def test_an_older_offer_gives_no_right_to_a_newer_one(town: Town, house: House) -> None:
    token, _ = keys(house)
    seated = town.keys(State.SELECTED)
    for each in seated:
        town.procedure.decline(each, channel=Channel.PHONE, now=OFFERED, actor=CLERK)
    town.again()
    house.send(town.procedure, DRAWN_AGAIN)
    new, _ = keys(house, "replacement_offered")
    assert replies.open_reply(town.procedure, new, now=DRAWN_AGAIN).answers
    assert not replies.open_reply(town.procedure, token, now=DRAWN_AGAIN).answers


def test_another_contact_is_told(town: Town, house: House) -> None:
    token, _ = keys(house)
    contact = [{"kind": "phone", "number": "0231 500100"}]
    done = replies.send_reply(
        town.procedure, token, Answer.CONTACT, now=OFFERED, contact=contact, **WEB
    )
    people = {each.key: person for each, person in town.procedure.people()}
    assert [each.kind for each in people[done.key].contacts] == ["phone"]
    assert done.state is State.SELECTED
    with refused("input-refused"):
        replies.send_reply(town.procedure, token, Answer.CONTACT, now=OFFERED, contact=[], **WEB)
    assert town.told()[-1] == "contact-changed"
    assert town.procedure.audit().ok


def test_of_somebody_erased_nothing_can_be_answered(town: Town, house: House) -> None:
    token, code = keys(house)
    who = replies.open_reply(town.procedure, token, now=OFFERED).application.key
    town.procedure.erase_person(who, now=OFFERED, actor=CLERK)
    for given in (token, code):
        with refused("reply-unknown"):
            replies.open_reply(town.procedure, given, now=OFFERED)


# --- guessing -------------------------------------------------------------------------------------


def guesses(count: int) -> list[str]:
    return [made_code(lambda size, n=n: n.to_bytes(size, "big")) for n in range(1, count + 1)]


def test_guessing_codes_is_slowed_down_for_the_whole_event(town: Town, house: House) -> None:
    token, code = keys(house)
    for guess in guesses(TRIES):
        with refused("reply-unknown"):
            replies.open_reply(town.procedure, guess, now=OFFERED)
    for given in (guesses(TRIES + 1)[-1], code):
        with refused("reply-too-often"):
            replies.open_reply(town.procedure, given, now=OFFERED)
    # links are too long to be guessed, staff do not guess, and time goes on
    assert replies.open_reply(town.procedure, token, now=OFFERED).answers
    assert replies.open_reply(town.procedure, code, now=OFFERED, guessing=False).answers
    assert replies.open_reply(town.procedure, code, now=OFFERED + WINDOW).answers


def test_a_slip_of_the_pen_is_no_guess(town: Town, house: House) -> None:
    _, code = keys(house)
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
    for _ in range(3 * TRIES):
        with refused("reply-code-wrong"):
            replies.open_reply(town.procedure, wrong, now=OFFERED)
    assert replies.open_reply(town.procedure, code, now=OFFERED).answers
    assert not [kind for kind, _ in town.everything()["records"] if kind == "guesses"]


# --- the page -------------------------------------------------------------------------------------


class Controls(HTMLParser):
    """The controls of the forms of a page, and whether each has a label."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.controls: list[dict[str, str | None]] = []
        self.labels: set[str | None] = set()
        self.methods: list[str | None] = []
        self.inside = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self.methods.append(found.get("method"))
        if tag == "label":
            self.labels.add(found.get("for"))
            self.inside += 1
        if tag == "input" and found.get("type") != "hidden":
            self.controls.append({**found, "inside": "yes" if self.inside else None})

    def handle_endtag(self, tag: str) -> None:
        self.inside -= tag == "label"


def page(
    town: Town, given: str | None, now: datetime = OFFERED, language: str = "de", **more: Any
) -> str:
    return replies.reply_page(town.procedure, given, language, action="/antwort", now=now, **more)


def test_pages_change_nothing(town: Town, house: House) -> None:
    before = town.everything()
    for given in (*keys(house), None, "unsinn", "0" * 32):
        for language in ("de", "en"):
            shown = Controls(page(town, given, language=language))
            assert {*shown.methods} <= {"post"}
            for control in shown.controls:
                assert control["inside"] or control["id"] in shown.labels
    assert town.everything() == before


def test_the_page_says_what_can_be_answered(town: Town, house: House) -> None:
    token, _ = keys(house)
    shown = page(town, token)
    assert "Freitag, 9. April 2027" in shown
    assert 'value="accept"' in shown
    assert "Ja, ich nehme den Platz an" in shown
    replies.send_reply(town.procedure, token, Answer.ACCEPT, now=OFFERED, **WEB)
    after = page(town, token, done=Answer.ACCEPT)
    assert 'value="withdraw"' in after
    assert 'value="accept"' not in after
    assert "Sie haben einen Platz" in after
    assert "<script" not in shown + after


def test_what_is_put_into_the_page_is_escaped(town: Town) -> None:
    assert "<b>" not in page(town, "<b>", OFFERED + timedelta(days=1))
