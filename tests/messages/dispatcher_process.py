"""Run by `test_killed.py`: a dispatcher of its own, over SMTP, until nothing is left to do.

    dispatcher_process.py FOLDER PORT CERTIFICATE NAME BEGUN LEASE

Its clock goes on from the day of the event, from the moment BEGUN (seconds since the epoch) on.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from mail_house import PlainTemplates

from mitwirkung.notifications.email import EmailChannel
from mitwirkung.outbox import MessageState
from mitwirkung.writing import Post
from small_event import OPENED, Town


def main(folder: str, port: str, certificate: str, name: str, begun: str, lease: str) -> None:
    def clock() -> datetime:
        return OPENED + timedelta(seconds=time.time() - float(begun))

    email = EmailChannel(
        {
            "host": "localhost",
            "port": int(port),
            "authorities": certificate,
            "from_address": "dialog@stadt.example",
        }
    )
    post = Post(templates=PlainTemplates(), channels={"email": email})
    town = Town.made(Path(folder))
    procedure = replace(town.procedure, post=lambda: post, randomness=os.urandom)
    room, left = procedure.messages, timedelta(seconds=float(lease))
    while True:
        room.dispatch(name, clock, lease=left)
        if not room.list(MessageState.RELEASED, MessageState.SENDING):
            return
        time.sleep(0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
