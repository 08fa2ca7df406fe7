"""Run by `test_processes.py`: takes a task a line, and does it in processes forked from here.

A task is JSON: `folder` of the event, and `steps` (names of those below, with their words) for each
process; `kill` is the number of the statement of SQLite before which the first one is killed. All
begin at one moment. The answer is what each gave, or how it ended.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import highspy  # noqa: F401 - imported before the forks, as what follows
from sqlalchemy import event as listening

import mitwirkung.lottery.engine
import mitwirkung.storage.sql.key_store
import mitwirkung.storage.sql.transaction  # noqa: F401
from mitwirkung.errors import MitwirkungError
from mitwirkung.people import Channel
from small_event import (
    CLERK,
    CLOSED,
    DRAWN,
    OFFERED,
    PUBLISHED,
    UNTIL,
    Town,
    entry,
    facts,
    oneself,
)


def step(town: Town, name: str, *words: str) -> Any:
    """One use case; what it gave, as JSON."""
    procedure = town.procedure
    match name:
        case "close":
            return procedure.close_applications(now=CLOSED, actor=CLERK).phase
        case "publish":
            return procedure.publish_lottery(facts(), now=PUBLISHED, actor=CLERK).commitment
        case "draw":
            return procedure.draw(*words, now=DRAWN, actor=CLERK).public.seed
        case "offer":
            offered = procedure.offer(UNTIL, now=OFFERED, actor=CLERK)
            return [each.key for each in offered]
        case "accept":
            who = oneself(*words)
            return procedure.accept(*words, channel=Channel.WEB, now=OFFERED, actor=who).state
        case "decline":
            who = oneself(*words)
            return procedure.decline(*words, channel=Channel.WEB, now=OFFERED, actor=who).state
        case "erase":
            return procedure.erase_person(*words, now=DRAWN, actor=CLERK).people
        case "apply":
            now = datetime.fromisoformat(words[1])
            procedure = replace(procedure, randomness=os.urandom)  # not the tokens of others
            taken = procedure.apply(entry(int(words[0])), channel=Channel.WEB, now=now)
            return taken.application.key
    raise ValueError(name)


def run(folder: Path, steps: list[list[str]], kill: int | None) -> dict[str, Any]:
    """The steps, one after the other, with what each gave; and the statements of SQLite."""
    statements: list[str] = []

    def traced(statement: str) -> None:
        if len(statements) == kill:
            os.kill(os.getpid(), signal.SIGKILL)
        statements.append(statement.split()[0].upper())

    town = Town.made(folder)
    for file in (town.storage.records, town.storage._keys):  # type: ignore[attr-defined]
        listening.listen(file._engine, "checkout", lambda c, *_: c.set_trace_callback(traced))
    gave = []
    for name, *words in steps:
        try:
            gave.append(step(town, name, *words))
        except MitwirkungError as error:
            gave.append(error.code)
    modules = [name for name in sys.modules if name.startswith(("mitwirkung.", "sqlalchemy."))]
    return {"gave": gave, "statements": statements, "modules": modules}


def forked(task: dict[str, Any]) -> list[dict[str, Any]]:
    """Each process's answer."""
    start, go = os.pipe()
    children = []
    for steps in task["steps"]:
        answer, told = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(go)
            os.read(start, 1)  # ends for all when the parent closes the other end
            found = run(Path(task["folder"]), steps, task.get("kill"))
            os.write(told, json.dumps(found).encode())
            os._exit(0)
        os.close(told)
        children.append((child, answer))
    os.close(start)
    os.close(go)
    answers = []
    for child, answer in children:
        with os.fdopen(answer, "rb") as pipe:
            content = pipe.read()
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status)
        answers.append({"killed": True} if killed else json.loads(content))
        for name in answers[-1].pop("modules", ()):
            importlib.import_module(name)  # the next children need not
    return answers


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(forked(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
