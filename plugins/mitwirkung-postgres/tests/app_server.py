"""One of several servers of a city, as a process: takes tasks as lines of JSON, and answers so."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import entry_points
from itertools import count
from typing import Any

import psycopg

import mitwirkung as mw
import mitwirkung_postgres
from mitwirkung.examples import dortmund

EVENT = "buergerdialog-2020"
SEATS = 6
CLERK = mw.Actor(role=mw.Role.STAFF, pseudonym="staff-1")


def installation(
    *,
    key: str,
    use: str = "postgresql",
    erasures: str = os.devnull,
    **places: dict[str, Any],
) -> mw.Mitwirkung:
    """As `mitwirkung.toml` would say it; the plugin is handed over where it is not installed."""
    data = {
        "storage": {
            "use": use,
            "master_key": {"$env": "KEY"},
            "erasures": erasures,
            **places,
        }
    }
    there = any(each.value == "mitwirkung_postgres" for each in entry_points(group="mitwirkung"))
    settings = mw.Settings.from_data(data, environ={"KEY": key})
    return mw.Mitwirkung(settings, plugins=() if there else (mitwirkung_postgres,))


def announced(app: mw.Mitwirkung) -> mw.Procedure:
    """The Dortmund dialogue with few seats, open for applications."""
    example = dortmund()
    event = mw.read_event(example / "veranstaltung.toml").model_copy(update={"seats": SEATS})
    quotas = [{"feature": "Geschlecht", "value": "weiblich", "min": 1, "max": 5}]
    quotas.append({"feature": "Geschlecht", "value": "männlich", "min": 1, "max": 5})
    form = mw.read_form(example / "formular.toml")
    opens = event.deadline - timedelta(days=30)
    begin = datetime(opens.year, opens.month, opens.day, 12, tzinfo=UTC)
    app.announce(event, form, mw.read_quotas(quotas), now=begin, actor=CLERK)
    dialogue = app.procedure(EVENT)
    dialogue.open_applications(now=begin, actor=CLERK)
    return dialogue


def end_of(day: date) -> datetime:
    """The first moment after a day in Dortmund, in summer."""
    return datetime(day.year, day.month, day.day, 22, tzinfo=UTC)


def answers(name: str) -> dict[str, Any]:
    return {
        "given_name": name,
        "family_name": "Beispiel",
        "contact": [{"kind": "phone", "number": "0231 123456"}],
        "gender": "weiblich" if sum(name.encode()) % 2 else "männlich",
        "age_group": "30 bis 44",
        "city_district": "Hörde",
    }


def say(**answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def apply(dialogue: mw.Procedure, key: str, now: datetime) -> str:
    entry = mw.Entry(answers(key), key=key)
    return dialogue.apply(entry, channel=mw.Channel.WEB, now=now).token


def rush(dialogue: mw.Procedure, task: dict[str, Any]) -> None:
    """Clients that apply again and again, each with a new key and twice with each, until none is
    let in any more. Time runs: `deadline` is reached when this machine's clock says `at`."""
    deadline, at = datetime.fromisoformat(task["deadline"]), task["at"]
    taken: dict[str, str] = {}
    refused: list[str] = []
    odd: list[str] = []
    longest = [0.0]

    def client(number: int) -> None:
        time.sleep(max(0.0, at - 1 - time.time()))
        for turn in range(1000):
            key = f"client-{number}-{turn}"
            begun = time.monotonic()
            try:
                now = deadline + timedelta(seconds=time.time() - at)
                taken[key] = apply(dialogue, key, now)
                if apply(dialogue, key, now) != taken[key]:
                    odd.append(f"{key}: another token")
            except mw.ApplicationRefused:
                refused.append(key)
                return
            except Exception as error:
                odd.append(f"{key}: {error!r}")
                return
            finally:
                longest[0] = max(longest[0], time.monotonic() - begun)

    threads = [threading.Thread(target=client, args=(number,)) for number in task["clients"]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    say(taken=taken, refused=refused, odd=odd, longest=longest[0])


def flow(dialogue: mw.Procedure, task: dict[str, Any]) -> None:
    """Applications one by one, each told when it is acknowledged; with patience for a server that
    went away."""
    now = datetime.fromisoformat(task["now"])
    for number in range(task["first"], task["first"] + task["number"]):
        key = f"flow-{number:05}"
        while True:
            try:
                say(key=key, token=apply(dialogue, key, now))
                break
            except mw.StorageBusy:
                time.sleep(0.05)
    say(done=True)


def step(dialogue: mw.Procedure, task: dict[str, Any]) -> None:
    what, words = task["what"], task.get("words", [])
    given = {name: value for name, value in task.items() if name in ("reason",)}
    named: dict[str, Any] = {"now": datetime.fromisoformat(task["now"]), "actor": CLERK, **given}
    if what == "offer":
        words = [date.fromisoformat(words[0])]
    if what in ("accept", "decline", "withdraw"):
        named["channel"] = mw.Channel.WEB
    try:
        made = getattr(dialogue, what)(*words, **named)
    except mw.MitwirkungError as error:
        say(refused=error.code)
        return
    if isinstance(made, mw.PublishedRound):
        say(done=made.commitment)
    elif isinstance(made, list):
        say(done=[each.key for each in made])
    else:
        say(done=str(getattr(made, "state", None) or getattr(made, "phase", None) or made.round))


def same(dialogue: mw.Procedure, task: dict[str, Any]) -> None:
    """The same keys as other servers at the same moments."""
    now, taken = datetime.fromisoformat(task["now"]), []
    time.sleep(max(0.0, task["at"] - time.time()))
    for number in range(task["number"]):
        taken.append(apply(dialogue, f"same-{number:04}", now))
    say(taken=taken)


def fragile(stated: dict[str, Any], key: str) -> None:
    """Does each task in a process of its own, forked off, that kills itself at a query: before it
    says the query of this number, or after it has heard the answer. Says whether it did."""
    say(ready=os.getpid())
    for line in sys.stdin:
        task = json.loads(line)
        child = os.fork()
        if not child:
            sys.stdout = io.StringIO()
            with installation(key=key, postgresql=stated) as app:
                dialogue = app.procedure(EVENT)
                dialogue.event()
                at_query(task["at"], lambda: os.kill(os.getpid(), signal.SIGKILL), task["when"])
                {"apply": apply_once, "step": step}[task["do"]](dialogue, task)
                os._exit(0)
        _, status = os.waitpid(child, 0)
        say(killed=os.WIFSIGNALED(status), code=os.waitstatus_to_exitcode(status))


def apply_once(dialogue: mw.Procedure, task: dict[str, Any]) -> None:
    apply(dialogue, task["key"], datetime.fromisoformat(task["now"]))


def at_query(at: int, act: Callable[[], object], when: str) -> Callable[[], None]:
    """Act once, `before` or `after` the query of this number from now on, of all connections.

    Returns:
        What ends it.
    """
    said = count(1)
    plain = psycopg.Cursor.execute

    def execute(self: Any, *args: Any, **options: Any) -> Any:
        number = next(said)
        if number == at and when == "before":
            act()
        found = plain(self, *args, **options)
        if number == at and when == "after":
            act()
        return found

    psycopg.Cursor.execute = execute  # type: ignore[method-assign]

    def end() -> None:
        psycopg.Cursor.execute = plain  # type: ignore[method-assign]

    return end


def main() -> None:
    stated, key = json.loads(sys.stdin.readline())
    if sys.argv[1:] == ["fragile"]:
        fragile(stated, key)
        return
    with installation(key=key, postgresql=stated) as app:
        dialogue = app.procedure(EVENT)
        say(ready=os.getpid())
        for line in sys.stdin:
            task = json.loads(line)
            {"rush": rush, "flow": flow, "step": step, "same": same}[task["do"]](dialogue, task)


if __name__ == "__main__":
    main()
