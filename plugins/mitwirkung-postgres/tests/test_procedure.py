"""An event that several processes serve at once."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from app_server import CLERK, SEATS, apply, end_of
from cluster import AppServer, city, told
from places import settings

import mitwirkung as mw

BOUND = 20.0
"""Seconds that nobody waits longer for an answer while 200 apply at once."""


def at_once(servers: list[AppServer], what: str, now: datetime, *words: str) -> list[Any]:
    for each in servers:
        each.ask("step", what=what, now=now.isoformat(), words=words)
    return [each.answer() for each in servers]


def test_two_hundred_apply_in_the_last_second(database: str) -> None:
    """From four processes, while a clerk closes applications as soon as the time has come."""
    with city(settings(database), 4) as (dialogue, servers):
        deadline = end_of(dialogue.event().deadline)
        at = time.time() + 2
        for number, each in enumerate(servers):
            clients = range(number * 50, (number + 1) * 50)
            each.ask("rush", clients=[*clients], deadline=deadline.isoformat(), at=at)
        time.sleep(max(0, at - time.time()))
        dialogue.close_applications(now=deadline, actor=CLERK)
        answers = [each.answer() for each in servers]

        assert [odd for answer in answers for odd in answer["odd"]] == []
        taken = {key: token for answer in answers for key, token in answer["taken"].items()}
        refused = [key for answer in answers for key in answer["refused"]]
        assert len(refused) == 200  # each client was let in until it was not
        there = dialogue.applications()
        assert sorted(each.key for each in there) == sorted(taken)
        assert len(taken) > 20
        assert {key: dialogue.token(key) for key in [*taken][:50]} == dict([*taken.items()][:50])
        assert max(answer["longest"] for answer in answers) < BOUND

        assert told(dialogue)["application-received"] == len(taken)
        order = [each.entry.what for each in dialogue.journal()]
        assert order[-1] == "applications-closed"
        assert dialogue.audit().flaws == ()


def test_of_two_servers_one_wins_and_the_other_is_told(database: str) -> None:
    """They close, publish, draw, offer and accept at the same moment."""
    with city(settings(database), 2) as (dialogue, servers):
        deadline = end_of(dialogue.event().deadline)
        for number in range(30):
            apply(dialogue, f"person-{number:02}", deadline - timedelta(hours=1))

        assert at_once(servers, "close_applications", deadline) == [{"done": "closed"}] * 2
        after = deadline + timedelta(days=1)
        one, other = at_once(servers, "publish_lottery", after)
        assert one == other
        (round_,) = dialogue.rounds()
        assert one == {"done": round_.lottery}
        for each, seed in zip(servers, ("4 8 15", "16 23 42"), strict=True):
            each.ask("step", what="draw", now=after.isoformat(), words=[seed])
        outcomes = [each.answer() for each in servers]
        assert sum("done" in each for each in outcomes) == 1
        assert sum(each.get("refused") == "seed-other" for each in outcomes) == 1

        until = (after.date() + timedelta(days=5)).isoformat()
        one, other = at_once(servers, "offer", after, until)
        assert one == other
        assert len(one["done"]) == SEATS

        for key in one["done"][:-1]:
            assert at_once(servers, "accept", after, key) == [{"done": "accepted"}] * 2
        last = one["done"][-1]
        servers[0].ask("step", what="accept", now=after.isoformat(), words=[last])
        servers[1].ask("step", what="decline", now=after.isoformat(), words=[last])
        outcomes = [each.answer() for each in servers]
        counts = dialogue.counts()
        if dialogue.application(last).state is mw.State.ACCEPTED:
            assert counts[mw.State.ACCEPTED] == SEATS
            assert "refused" in outcomes[1]
        else:
            assert counts[mw.State.ACCEPTED] == SEATS - 1
            assert "refused" in outcomes[0]
            one, other = at_once(servers, "publish_replacement", after)
            assert one == other
        tells = told(dialogue)
        assert {tells[what] for what in ("applications-closed", "lottery-drawn")} == {1}
        assert tells["application-accepted"] == counts[mw.State.ACCEPTED]
        assert dialogue.audit().flaws == ()


def test_one_key_at_several_servers_is_one_application(database: str) -> None:
    """Somebody sends the form again and again, and each time another server is asked."""
    number = 25
    with city(settings(database), 3) as (dialogue, servers):
        now = end_of(dialogue.event().deadline) - timedelta(days=1)
        for each in servers:
            each.ask("same", now=now.isoformat(), at=time.time() + 0.5, number=number)
        one, *others = [each.answer()["taken"] for each in servers]
        assert others == [one, one]
        assert len({*one}) == number
        assert len(dialogue.applications()) == number
        assert told(dialogue)["application-received"] == number
        assert dialogue.audit().flaws == ()
