"""An event that several processes serve at once, which may be killed, as the database may."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from app_server import CLERK, EVENT, SEATS, announced, apply, end_of, installation
from places import settings
from server import Server

import mitwirkung as mw

BOUND = 20.0
"""Seconds that nobody waits longer for an answer while 200 apply at once."""


class AppServer:
    """A process of `app_server.py`."""

    def __init__(self, stated: dict[str, Any], key: str) -> None:
        command = [sys.executable, str(Path(__file__).parent / "app_server.py")]
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, **pipes)
        self._say([stated, key])

    def ask(self, do: str, **task: Any) -> None:
        self._say({"do": do, **task})

    def answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        return json.loads(line) if line else {}

    def kill(self) -> list[dict[str, Any]]:
        """SIGKILL; what it had said until then."""
        self.process.kill()
        rest, _ = self.process.communicate()
        return [json.loads(line) for line in rest.splitlines() if line.endswith("}")]

    def _say(self, task: Any) -> None:
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()


@contextmanager
def app_servers(number: int, stated: dict[str, Any], key: str) -> Iterator[list[AppServer]]:
    servers = [AppServer(stated, key) for _ in range(number)]
    try:
        for each in servers:
            assert each.answer()["ready"]
        yield servers
    finally:
        for each in servers:
            each.kill()


@contextmanager
def city(stated: dict[str, Any], servers: int) -> Iterator[tuple[mw.Procedure, list[AppServer]]]:
    key = secrets.token_hex(32)
    with installation(key=key, postgresql=stated) as app:
        dialogue = announced(app)
        with app_servers(servers, stated, key) as processes:
            yield dialogue, processes


def at_once(servers: list[AppServer], what: str, now: datetime, *words: str) -> list[Any]:
    for each in servers:
        each.ask("step", what=what, now=now.isoformat(), words=words)
    return [each.answer() for each in servers]


def told(dialogue: mw.Procedure) -> Counter[str]:
    """What the journal tells, which is proven whole."""
    journal = dialogue.journal()
    mw.prove_journal(EVENT, journal)
    return Counter(each.entry.what for each in journal)


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


def test_servers_that_are_killed_lose_nothing_that_was_acknowledged(
    new_server: Callable[..., Server],
) -> None:
    """Three processes take applications. Two are killed, and the database crashes and comes back,
    at moments that nobody chose; the third one waits for it. Who repeats completes all."""
    own = new_server(fsync=True)
    with city({"server": own.conninfo(), "patience": 30}, 3) as (dialogue, servers):
        now = end_of(dialogue.event().deadline) - timedelta(days=1)
        number = 25
        for place, each in enumerate(servers):
            each.ask("flow", first=place * 1000, number=number, now=now.isoformat())
        acknowledged: dict[str, str] = {}

        def heard(answers: list[dict[str, Any]]) -> None:
            acknowledged.update({each["key"]: each["token"] for each in answers if "key" in each})

        heard([servers[0].answer() for _ in range(5)])
        heard(servers[0].kill())
        own.stop("immediate")
        own.start()
        heard([servers[1].answer() for _ in range(5)])
        heard(servers[1].kill())
        heard([servers[2].answer() for _ in range(10)])
        own.stop("immediate")
        own.start()
        while not (answer := servers[2].answer()).get("done"):
            assert answer, "the third server ended"
            heard([answer])

        assert sum(key.startswith("flow-02") for key in acknowledged) == number
        kept = {each.key for each in dialogue.applications()}
        assert acknowledged.keys() <= kept
        assert {key: dialogue.token(key) for key in acknowledged} == acknowledged
        for place in range(3):
            for n in range(place * 1000, place * 1000 + number):
                token = apply(dialogue, f"flow-{n:05}", now)
                assert acknowledged.get(f"flow-{n:05}", token) == token
        assert len(dialogue.applications()) == 3 * number
        assert told(dialogue)["application-received"] == 3 * number
        assert dialogue.audit().flaws == ()


@pytest.mark.parametrize("moment", range(3))
def test_a_step_that_is_killed_is_done_or_not(database: str, server: Server, moment: int) -> None:
    """The process that closes applications is killed a little later each time."""
    with city(settings(database), 1) as (dialogue, servers):
        deadline = end_of(dialogue.event().deadline)
        servers[0].ask("step", what="close_applications", now=deadline.isoformat())
        time.sleep(moment * 0.008)
        servers[0].kill()
        before = dialogue.event().phase
        assert dialogue.close_applications(now=deadline, actor=CLERK).phase is mw.Phase.CLOSED
        assert before in (mw.Phase.CLOSED, mw.Phase.APPLICATIONS_OPEN)
        assert told(dialogue)["applications-closed"] == 1
        assert dialogue.audit().flaws == ()
