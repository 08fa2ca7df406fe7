"""Processes and servers that are killed: nothing acknowledged is lost, nothing is there twice, and
who repeats completes all."""

from __future__ import annotations

import os
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from app_server import CLERK, SEATS, apply, at_query, end_of
from cluster import AppServer, city, told
from places import settings
from server import Server

import mitwirkung as mw

SEED = "MITWIRKUNG_SEED"
"""The variable that repeats a run: the same moments, as far as a machine can."""
ROUNDS = 8
KEY = secrets.token_hex(32)


@pytest.fixture
def chance() -> random.Random:
    seed = os.environ.get(SEED) or secrets.token_hex(4)
    print(f"{SEED}={seed}")  # pytest shows it with what failed
    return random.Random(seed)


@pytest.fixture(scope="module")
def crashing(new_server: Callable[..., Server]) -> Server:
    """A server that keeps what it commits, and is killed in tests."""
    return new_server(fsync=True)


_numbers = iter(range(1000))


@pytest.fixture
def place(crashing: Server) -> dict[str, Any]:
    number = next(_numbers)
    names = {"records": f"r_{number}", "keys": f"k_{number}"}
    return {"server": crashing.conninfo(), "patience": 30, **names}


def day_before(dialogue: mw.Procedure) -> datetime:
    return end_of(dialogue.event().deadline) - timedelta(days=1)


def check(dialogue: mw.Procedure, acknowledged: dict[str, str]) -> None:
    """Everything that was acknowledged is there once, under the token that was told."""
    kept = [each.key for each in dialogue.applications()]
    assert len(kept) == len({*kept})
    assert acknowledged.keys() <= {*kept}
    assert {key: dialogue.token(key) for key in acknowledged} == acknowledged
    assert told(dialogue)["application-received"] == len(kept)
    assert dialogue.audit().flaws == ()


def test_kills_at_random_moments_under_load(
    crashing: Server, place: dict[str, Any], chance: random.Random
) -> None:
    """Three app servers take applications all the time. Again and again one of them is killed and
    another one comes in its place, or the database crashes and comes back."""
    acknowledged: dict[str, str] = {}
    readers: list[threading.Thread] = []
    begun: list[int] = []
    started: list[AppServer] = []

    def listen(process: AppServer) -> None:
        while answer := process.answer():
            if "key" in answer:
                acknowledged[answer["key"]] = answer["token"]

    with city(place, 0, KEY) as (dialogue, _):
        now = day_before(dialogue)

        def start() -> AppServer:
            process = AppServer(place, KEY)
            started.append(process)
            assert process.answer()["ready"]
            begun.append(1000 * len(begun))
            process.ask("flow", first=begun[-1], number=999, now=now.isoformat())
            readers.append(threading.Thread(target=listen, args=(process,), daemon=True))
            readers[-1].start()
            return process

        processes = [start() for _ in range(3)]
        try:
            for _ in range(ROUNDS):
                time.sleep(chance.uniform(0.01, 0.5))
                if chance.random() < 0.5:
                    crashing.stop("immediate")
                    time.sleep(chance.uniform(0, 0.1))
                    crashing.start()
                else:
                    which = chance.randrange(3)
                    processes[which].kill()
                    processes[which] = start()
            before = len(acknowledged)
            until = time.monotonic() + 20
            while len(acknowledged) < before + 10:  # those that are left go on
                assert time.monotonic() < until
                time.sleep(0.05)
        finally:
            for each in processes:
                each.kill()
            for thread in readers:
                thread.join(10)
            for each in started:
                each.close()
        check(dialogue, acknowledged)
        for first in begun:
            for number in range(first, first + 3):
                token = apply(dialogue, f"flow-{number:05}", now)
                assert acknowledged.setdefault(f"flow-{number:05}", token) == token
        check(dialogue, acknowledged)


def points() -> Iterator[tuple[int, str]]:
    """Each query of a step, the first one first: before it is said, after it was answered."""
    for at in range(1, 200):
        yield at, "before"
        yield at, "after"


def test_an_application_whose_process_is_killed_at_any_query(database: str, server: Server) -> None:
    stated = settings(database)
    with city(stated, 0, KEY) as (dialogue, _):
        now = day_before(dialogue)
        process = AppServer(stated, KEY, "fragile")
        assert process.answer()["ready"]
        acknowledged: dict[str, str] = {}
        for at, when in points():
            key = f"killed-{at:03}-{when}"
            process.ask("apply", key=key, now=now.isoformat(), at=at, when=when)
            answer = process.answer()
            assert answer["killed"] or answer["code"] == 0
            if not answer["killed"]:  # it came to its end: there are no more queries
                assert dialogue.application(key).state is mw.State.RECEIVED
            acknowledged[key] = apply(dialogue, key, now)
            if not answer["killed"]:
                break
        assert at > 4
        process.close()
        assert len(dialogue.applications()) == len(acknowledged)
        check(dialogue, acknowledged)


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_application_during_which_the_database_crashes_at_any_query(
    crashing: Server, place: dict[str, Any], when: str
) -> None:
    with city(place, 0, KEY) as (dialogue, _):
        now = day_before(dialogue)
        apply(dialogue, "the-first-one", now)
        acknowledged: dict[str, str] = {}
        for at in range(1, 200):
            crashed: list[int] = []

            def crash(crashed: list[int] = crashed) -> None:
                crashed.append(1)
                crashing.stop("immediate")
                crashing.start()

            end = at_query(at, crash, when)
            key = f"crash-{at:03}-{when}"
            try:
                acknowledged[key] = apply(dialogue, key, now)
            except mw.StorageBusy as busy:
                assert busy.code in ("storage-lost", "storage-in-doubt")  # noqa: PT017
            finally:
                end()
            token = apply(dialogue, key, now)
            assert acknowledged.setdefault(key, token) == token
            if not crashed:
                break
        assert at > 4
        assert len(dialogue.applications()) == len(acknowledged) + 1
        check(dialogue, acknowledged)


def test_steps_whose_process_is_killed_at_any_query(database: str, chance: random.Random) -> None:
    """Each step of the procedure is tried by processes that are killed, and then done; in between
    stands what was or what will be, never a part of it."""
    stated = settings(database)
    with city(stated, 0, KEY) as (dialogue, _):
        deadline = end_of(dialogue.event().deadline)
        for number in range(30):
            apply(dialogue, f"person-{number:02}", deadline - timedelta(hours=1))
        after = deadline + timedelta(days=1)
        until = after.date() + timedelta(days=5)
        named: dict[str, Any] = {"now": after, "actor": CLERK}
        process = AppServer(stated, KEY, "fragile")
        assert process.answer()["ready"]
        steps: list[tuple[str, list[str], Callable[[], object]]] = [
            ("close_applications", [], lambda: dialogue.close_applications(**named)),
            ("publish_lottery", [], lambda: dialogue.publish_lottery(**named)),
            ("draw", ["4 8 15"], lambda: dialogue.draw("4 8 15", **named)),
            ("offer", [until.isoformat()], lambda: dialogue.offer(until, **named)),
        ]
        for what, words, do in steps:
            at, entries = 1, len(dialogue.journal())
            while True:
                when = chance.choice(["before", "after"])
                task = {"what": what, "words": words, "now": after.isoformat()}
                process.ask("step", at=at, when=when, **task)
                answer = process.answer()
                now_there = len(dialogue.journal())
                assert dialogue.audit().flaws == ()
                if not answer["killed"]:
                    assert answer["code"] == 0
                    break
                if now_there > entries:  # done as a whole, and not acknowledged
                    break
                at += chance.randint(1, 8)
            done = len(dialogue.journal())
            do()
            assert len(dialogue.journal()) == done > entries
        process.close()
        tells = told(dialogue)
        assert {tells[w] for w in ("applications-closed", "lottery-drawn")} == {1}
        assert dialogue.counts()[mw.State.SELECTED] == SEATS
        assert dialogue.audit().flaws == ()
