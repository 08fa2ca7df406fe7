"""Seconds of an event with 5,000 applicants on SQLite, from their applications to the offers.

Made-up residents answer the form of Dortmund's example, and its 75 seats are drawn. All is as in an
installation: answers are sealed under a key for each person and compartment, every step is one
transaction on a disk that is told to keep it, and the journal knows of each record. Seconds are the
processor's; those of the clock, which others on the machine disturb, stand beside them.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from faker import Faker
from measure import Block, digits, table

import mitwirkung as mw
from mitwirkung.app import Mitwirkung
from mitwirkung.event_file import read_event
from mitwirkung.examples import DORTMUND_SEED, dortmund
from mitwirkung.forms.declaration import Form
from mitwirkung.forms.entry import match_columns, typed_answers
from mitwirkung.forms.reading import read_form
from mitwirkung.people import Actor, Channel, Role
from mitwirkung.registration import Entry
from mitwirkung.settings import Settings
from mitwirkung.testing import ResidentProvider

PEOPLE = 5000
STAFF = Actor(role=Role.STAFF, pseudonym="staff-1")
OPTIONAL = ("migration_background", "education")
SUM = ("close", "publish", "draw")
"""What is told in sum: from the closing to the draw."""


def blocks() -> Iterator[Block]:
    """One row for each step."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = measured(Path(folder))
    rows = [[name, *map(digits, both)] for name, both in seconds.items()]
    in_sum = [digits(sum(seconds[name][i] for name in SUM)) for i in (0, 1)]
    rows.append([", ".join(SUM), *in_sum])
    heads = (f"{PEOPLE:,} applicants", "processor, s", "by the clock, s")
    yield Block("procedure", table(heads, rows))


def measured(folder: Path) -> dict[str, tuple[float, float]]:
    """Step to seconds of the processor and of the clock."""
    example, entries = dortmund(), applications(PEOPLE)
    found: dict[str, tuple[float, float]] = {}

    def timed(name: str, act: Callable[[], object]) -> None:
        processor, clock = time.process_time(), time.perf_counter()
        act()
        found[name] = (time.process_time() - processor, time.perf_counter() - clock)

    facts = mw.read_facts(example / "tatsachen.toml")
    with Mitwirkung(installation(folder)) as app:
        dialogue = app.announce(
            read_event(example / "veranstaltung.toml"),
            read_form(example / "formular.toml"),
            mw.read_quotas(example / "quoten.csv"),
            now=at(8, 20),
            actor=STAFF,
        )
        dialogue.open_applications(now=at(8, 24), actor=STAFF)
        steps: dict[str, Callable[[], object]] = {
            "apply": lambda: dialogue.apply_all(entries, channel=Channel.WEB, now=at(9, 1)),
            "duplicates": dialogue.possible_duplicates,
            "close": lambda: dialogue.close_applications(now=at(9, 28), actor=STAFF),
            "publish": lambda: dialogue.publish_lottery(facts, now=at(10, 1), actor=STAFF),
            "draw": lambda: dialogue.draw(DORTMUND_SEED, now=at(10, 10, 20), actor=STAFF),
            "offer": lambda: dialogue.offer(date(2020, 10, 14), now=at(10, 11), actor=STAFF),
            "audit": dialogue.audit,
            "erase what is due": lambda: dialogue.erase_due(now=at(11, 9)),
        }
        for name, act in steps.items():
            timed(name, act)
    return found


def at(month: int, day: int, hour: int = 12) -> datetime:
    return datetime(2020, month, day, hour, tzinfo=ZoneInfo("Europe/Berlin"))


def installation(folder: Path) -> Settings:
    """Settings with a master key, and files in a folder."""
    files = {"path": str(folder / "dialog.db"), "keys": str(folder / "keys.db")}
    storage = {
        "use": "sqlite",
        "master_key": {"$env": "KEY"},
        "erasures": str(folder / "erasures.jsonl"),
        "sqlite": files,
    }
    return Settings.from_data({"storage": storage}, environ={"KEY": secrets.token_hex(32)})


def applications(number: int) -> list[Entry]:
    """Made-up residents as they fill in the form."""
    fake = Faker("de_DE")
    fake.add_provider(ResidentProvider)
    fake.seed_instance(2020)
    form = read_form(dortmund() / "formular.toml")
    people = fake.residents(number)
    columns = match_columns(form, list(people[0]))
    return [Entry(answers_of(form, person, columns)) for person in people]


def answers_of(form: Form, person: dict[str, str], columns: dict[str, str]) -> dict[str, Any]:
    told = {columns[label]: cell for label, cell in person.items() if label in columns}
    answers = typed_answers(form, {**told, "contact_place": "Dortmund"})
    asked = [each for each in OPTIONAL if answers.get(each) is not None]
    return {**answers, **{f"{each}_consent": True for each in asked}}
