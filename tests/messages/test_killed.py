"""Two dispatchers over real SMTP, killed at random: every message goes out once, or is uncertain.

What went out is counted at the server's side. `MITWIRKUNG_MANY=10000` sends so many.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from mail_server import mail_server
from mitwirkung.dispatching import BATCH
from mitwirkung.outbox import MessageState
from mitwirkung.people import Channel
from small_event import OPENED, Town, entry

HELPER = Path(__file__).parent / "dispatcher_process.py"
MODULES = os.pathsep.join(sys.path)
MANY = int(os.environ.get("MITWIRKUNG_MANY", "400"))
LEASE = 4.0
"""Seconds: a dispatcher that is not killed needs far less for what it takes at once."""


def test_nothing_goes_out_twice_when_dispatchers_are_killed(tmp_path: Path) -> None:
    chance = random.Random(8)
    folder = tmp_path / "event"
    folder.mkdir()
    town = Town.made(folder).opened()
    for start in range(0, MANY, 500):
        people = [entry(number) for number in range(start, min(start + 500, MANY))]
        town.procedure.apply_all(people, channel=Channel.WEB, now=OPENED)
    keys = {each.key for each in town.procedure.messages.list()}
    assert len(keys) == MANY
    town.storage.close()
    begun, names, killed = time.time(), iter(range(10_000)), 0
    with mail_server(tmp_path) as server:

        def started() -> subprocess.Popen[bytes]:
            words = (
                folder,
                server.port,
                server.authorities,
                f"dispatcher-{next(names)}",
                begun,
                LEASE,
            )
            command = [sys.executable, str(HELPER), *map(str, words)]
            return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": MODULES})

        running = [started(), started()]
        while running and time.time() < begun + 600:
            time.sleep(0.05)
            done = [each for each in running if each.poll() is not None]
            for each in done:
                assert each.returncode == 0
                running.remove(each)
            taken = len(server.taken)
            if not done and taken < MANY and taken > (killed + 1) * MANY // 14:
                victim = chance.choice(running)
                time.sleep(chance.random() / 20)
                victim.kill()
                victim.wait()
                running.remove(victim)
                running.append(started())
                killed += 1
        assert not running
        came = Counter(
            re.findall(
                rb"(?im)^message-id: <(\w+)@", b"\n".join(content for _, _, content in server.taken)
            )
        )
    assert killed >= 8
    arrived = Counter({key.decode(): count for key, count in came.items()})
    assert set(arrived.values()) == {1}  # nothing went out twice
    town = Town.made(folder)
    states = {each.key: each.state for each in town.procedure.messages.list()}
    assert states.keys() == keys
    for key, state in states.items():
        assert state in (MessageState.SENT, MessageState.UNCERTAIN)
        assert state is MessageState.UNCERTAIN or arrived[key] == 1
    uncertain = [key for key, state in states.items() if state is MessageState.UNCERTAIN]
    assert len(uncertain) <= killed * BATCH  # no more than each of them had taken
    assert len(town.procedure.messages.tasks()) == len(uncertain)
    assert town.procedure.audit().ok
    town.storage.close()
    print(f"{MANY} messages, {killed} killed, {len(uncertain)} uncertain")
