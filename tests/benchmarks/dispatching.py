"""E-mails a second of a dispatcher, over SMTP on this machine, beside bare `smtplib`.

Each message is the receipt of an application: it is claimed, what somebody told is opened, it is
written in text and HTML, sent, and its receipt is kept. `smtplib` is given the same texts ready
made, and keeps nothing. The server and the dispatcher are processes of their own; memory is the
largest that the dispatcher took.

`python dispatching.py SIZE` measures one number of messages; `python dispatching.py SIZE FOLDER
PORT` is the dispatcher, with the master key in `KEY`.
"""

from __future__ import annotations

import json
import os
import secrets
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from measure import Block, digits, table

import mitwirkung as mw
from mitwirkung.event_file import read_event
from mitwirkung.examples import dortmund
from mitwirkung.forms.reading import read_form
from mitwirkung.notifications.message import Message
from procedure import STAFF, applications, at

SIZES = (1_000, 10_000)
SINK = """
import sys, time
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
server = Controller(Sink(), hostname="127.0.0.1", port=int(sys.argv[1]))
server.start()
print("ready", flush=True)
sys.stdin.read()
server.stop()
"""


def blocks(sizes: tuple[int, ...] = SIZES) -> Iterator[Block]:
    """One row for each number of messages."""
    rows = []
    for size in sizes:
        command = [sys.executable, __file__, str(size)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        share = found["bare"] / found["dispatched"]
        rows.append(
            [
                f"{size:,}",
                digits(size / found["dispatched"]),
                digits(size / found["bare"]),
                f"{share:.0%}",
                f"{found['memory']:.0f}",
            ]
        )
    heads = ("messages", "a second", "smtplib", "share", "memory, MB")
    yield Block("dispatching", table(heads, rows))


def measured(size: int, folder: Path) -> dict[str, float]:
    """Seconds by the clock of the dispatcher and of `smtplib`, and memory in MB."""
    key = secrets.token_hex(32)
    with serving() as port:
        with mw.Mitwirkung(settings(folder, port, key)) as app:
            shown = received(app, size)
        command = [sys.executable, __file__, str(size), str(folder), str(port)]
        environ = {**os.environ, "KEY": key}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
        begun = time.perf_counter()
        with smtplib.SMTP("127.0.0.1", port) as connection:
            for number in range(size):
                connection.send_message(letter(shown, number))
        return {**json.loads(done.stdout), "bare": time.perf_counter() - begun}


def received(app: mw.Mitwirkung, size: int) -> Message:
    """Take so many applications, and write out one of the messages that wait then."""
    dialogue = app.announce(
        read_event(dortmund() / "veranstaltung.toml"),
        read_form(dortmund() / "formular.toml"),
        mw.read_quotas(dortmund() / "quoten.csv"),
        now=at(8, 20),
        actor=STAFF,
    )
    dialogue.open_applications(now=at(8, 24), actor=STAFF)
    everybody = [with_mail(each, number) for number, each in enumerate(applications(size))]
    for start in range(0, size, 1_000):
        people = everybody[start : start + 1_000]
        dialogue.apply_all(people, channel=mw.Channel.WEB, now=at(9, 1))
    first = dialogue.messages.list(mw.MessageState.RELEASED)[0]
    (shown,) = dialogue.messages.preview(first.key, now=at(9, 1))
    assert shown.written is not None
    return shown.written


def dispatched(size: int, folder: Path, port: int) -> dict[str, float]:
    """Seconds by the clock and memory in MB of a dispatcher that sends everything."""
    import resource

    with mw.Mitwirkung(settings(folder, port, os.environ["KEY"])) as app:
        (name,) = app.events()
        room = app.procedure(name).messages
        begun = time.perf_counter()
        done = room.dispatch("dispatcher-1", lambda: later(begun))
        seconds = time.perf_counter() - begun
    assert done.counts[mw.MessageState.SENT] == size, done
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"dispatched": seconds, "memory": memory}


def with_mail(entry: mw.Entry, number: int) -> mw.Entry:
    """The same application, of somebody who is reached by e-mail."""
    contact = [{"kind": "email", "address": f"person-{number}@example.org"}]
    return replace(entry, answers={**entry.answers, "contact": contact})


def letter(written: Message, number: int) -> EmailMessage:
    found = EmailMessage()
    found["From"], found["To"] = "dialog@stadt.example", f"person-{number}@example.org"
    found["Subject"], found["Message-ID"] = written.subject, f"<{number}@stadt.example>"
    found.set_content(written.text)
    found.add_alternative(written.html, subtype="html")
    return found


def later(begun: float) -> datetime:
    return at(9, 1) + timedelta(seconds=time.perf_counter() - begun)


def settings(folder: Path, port: int, key: str) -> mw.Settings:
    data = {
        "storage": {
            "master_key": {"$env": "KEY"},
            "erasures": str(folder / "erasures.jsonl"),
            "sqlite": {"path": str(folder / "dialog.db"), "keys": str(folder / "keys.db")},
        },
        "notifications": {
            "use": ["email"],
            "email": {
                "host": "127.0.0.1",
                "port": port,
                "security": "none",
                "from_address": "dialog@stadt.example",
            },
        },
    }
    return mw.Settings.from_data(data, environ={"KEY": key})


@contextmanager
def serving() -> Iterator[int]:
    """A mail server in a process of its own, that throws away what it takes; its port."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-c", SINK, str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        yield port
        process.stdin.close()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        print(json.dumps(dispatched(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))))
    else:
        with tempfile.TemporaryDirectory() as place:
            print(json.dumps(measured(int(sys.argv[1]), Path(place))))
