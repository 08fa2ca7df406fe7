"""A small event with all that belongs to it: four seats, a dozen people, and its days."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from builders import plan
from mitwirkung.app import solve
from mitwirkung.applications import Application, State
from mitwirkung.casefile import COMPARTMENTS, KINDS
from mitwirkung.erasure_log import ErasureLog
from mitwirkung.errors import MitwirkungError
from mitwirkung.events import Event, Phase
from mitwirkung.forms.declaration import Form
from mitwirkung.forms.reading import form_from
from mitwirkung.lottery.facts import Facts, SeedFacts
from mitwirkung.lottery.quotas import QuotaPlan
from mitwirkung.people import Actor, Channel, Role
from mitwirkung.procedure import Procedure
from mitwirkung.registration import Entry, Registration
from mitwirkung.storage.backend import StorageBackend
from mitwirkung.storage.keys import ROOT, KeyName, MasterKey
from mitwirkung.storage.memory import MemoryBackend
from mitwirkung.storage.sqlite import SqliteBackend
from mitwirkung.storage.vault import SEARCH, Vault

NAME = "stadtgespraech-2027"
BERLIN = ZoneInfo("Europe/Berlin")
MASTER = "00112233445566778899aabbccddeeff" * 2
CLERK = Actor(role=Role.STAFF, pseudonym="staff-1")
CHIEF = Actor(role=Role.STAFF, pseudonym="staff-2")


def at(month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    """A moment of 2027, by the clocks of the event."""
    return datetime(2027, month, day, hour, minute, tzinfo=BERLIN)


# The deadline is the day before the night in which clocks go forward.
DEADLINE = date(2027, 3, 27)
OPENED, CLOSED, PUBLISHED = at(2, 8), at(3, 28, 0), at(3, 30)
DRAWN, OFFERED, UNTIL = at(4, 3, 20), at(4, 4), date(2027, 4, 9)
OVER = at(4, 10, 0)
"""The first moment after the first offers."""
AGAIN, DRAWN_AGAIN, UNTIL_AGAIN = at(4, 10), at(4, 10, 20), date(2027, 4, 14)
CONFIRMED, STARTED, HELD, DOCUMENTED = at(4, 15), at(4, 17), at(4, 18, 18), at(5, 3)
PROFILES_DUE, UNSELECTED_DUE, ALL_DUE = at(4, 17, 0), at(5, 17, 0), at(6, 1, 0)
"""The first moments on which profiles, people without a seat, and all others are to be erased."""

SEED = "Lotto 6 aus 49 vom 2027-04-03: 3 11 17 28 41 44"
OTHER_SEED = "Lotto 6 aus 49 vom 2027-04-03: 1 2 3 4 5 6"
SEED_AGAIN = "Lotto 6 aus 49 vom 2027-04-10: 7 8 9 10 11 12"


def event(**changed: Any) -> Event:
    """The event as a draft."""
    declared = {
        "name": NAME,
        "title": {"de": "Stadtgespräch", "en": "Town talk"},
        "format": "Bürgerrat",
        "mode": "analogue",
        "places": ("Rathaus",),
        "time_zone": "Europe/Berlin",
        "seats": 4,
        "deadline": DEADLINE,
        "begins": date(2027, 4, 17),
        "ends": date(2027, 4, 18),
        "replacements_until": date(2027, 4, 16),
    }
    return Event(**{**declared, **changed})


def form(*more: Mapping[str, Any], **changed: Any) -> Form:
    """Names and contact, gender, district, education with a consent of its own, and a wish."""
    fields: list[Mapping[str, Any]] = [
        {"ready": "given-name"},
        {"ready": "family-name"},
        {"ready": "contact"},
        {"ready": "gender"},
        {"ready": "city-district", "options": ["Nord", "Süd"]},
        {"ready": "education", "missing": "own value"},
        {
            "name": "wish",
            "kind": "text",
            "multiline": True,
            "label": {"de": "Was wünschen Sie sich?", "en": "What do you wish?"},
            "purposes": ["statements"],
        },
        *more,
    ]
    head = {
        "name": "bewerbung",
        "version": "2027-02-01",
        "title": {"de": "Bewerbung", "en": "Application"},
    }
    return form_from({**head, **changed, "fields": fields})


def quotas() -> QuotaPlan:
    """One to three seats for each gender and each district."""
    return plan(
        Geschlecht={"weiblich": (1, 3), "männlich": (1, 3)},
        Stadtbezirk={"Nord": (1, 3), "Süd": (1, 3)},
    )


def facts(day: date = date(2027, 4, 3), **changed: Any) -> Facts:
    """A lottery of six numbers on the evening of a day."""
    seed = {
        "source": "Lotto 6 aus 49",
        "template": f"Lotto 6 aus 49 vom {day}: {{numbers 6 of 1-49}}",
        "earliest": f"{day}T19:25:00+02:00",
        "latest": f"{day}T23:00:00+02:00",
        "fallback": f"Spiel 77 vom {day}: {{digits 7}}",
    }
    return Facts(seed=SeedFacts.model_validate({**seed, **changed}), organiser="Stadt")


FACTS_AGAIN = facts(date(2027, 4, 10))

_NAMES = (
    "Adalgunde Quittenbaum",
    "Barnabas Zwiebelfisch",
    "Cosima Xylander",
    "Dankwart Yblagger",
    "Edeltraud Pfefferkorn",
    "Friedhelm Knisterbach",
    "Gundula Wasserrose",
    "Hartmut Ochsenknecht",
    "Isolde Jungblut",
    "Jeremias Kupferkanne",
    "Kunigunde Lindwurm",
    "Leopold Mondschein",
)


def answers(number: int, **changed: Any) -> dict[str, Any]:
    """What the person of a number (from 0) answers; women and men, north and south in turn."""
    given, family = _NAMES[number % len(_NAMES)].split()
    if number >= len(_NAMES):
        family = f"{family}-{number}"
    contact = [
        {"kind": "email", "address": f"{given}.{family}@example.org".lower()},
        {
            "kind": "letter",
            "street": f"Irrgartenweg {number + 1}",
            "postcode": f"4413{number % 10}",
            "place": "Dortmund",
        },
    ]
    told = {
        "given_name": given,
        "family_name": family,
        "contact": contact,
        "gender": "weiblich" if number % 2 == 0 else "männlich",
        "city_district": "Nord" if number % 4 < 2 else "Süd",
        "education_consent": True,
        "education": "Abitur",
        "wish": f"Mehr Ulmenalleen, bitte, von Nummer {number}.",
    }
    return {**told, **changed}


def key(number: int) -> str:
    return f"person-{number:04}"


def entry(number: int, **changed: Any) -> Entry:
    """The application of the person of a number."""
    own = {"received", "language", "companions", "key", "row"}
    given = {name: value for name, value in changed.items() if name in own}
    told = answers(number, **{n: v for n, v in changed.items() if n not in own})
    return Entry(told, **{"key": key(number), **given})


def oneself(who: str) -> Actor:
    return Actor(role=Role.APPLICANT, pseudonym=who)


def refused(code: str, **params: Any) -> pytest.RaisesExc[MitwirkungError]:
    """What is refused with a code and these parameters, among others."""

    def fits(error: MitwirkungError) -> bool:
        return error.code == code and params.items() <= error.params.items()

    return pytest.RaisesExc(MitwirkungError, check=fits)


class Counted:
    """Random bytes that are the same in every run."""

    def __init__(self) -> None:
        self._number = itertools.count()

    def __call__(self, size: int) -> bytes:
        return hashlib.shake_256(str(next(self._number)).encode()).digest(size)


@dataclass
class Town:
    """The procedure of the small event; each step on its own day, if no other is named."""

    procedure: Procedure
    storage: StorageBackend
    folder: Path | None = None
    now: datetime = field(default=OPENED)

    @classmethod
    def made(cls, folder: Path | None = None, storage: StorageBackend | None = None) -> Town:
        """On SQLite in a folder, or in memory."""
        if storage is None:
            storage = MemoryBackend() if folder is None else sqlite(folder)
        opened = storage.open(KINDS)
        log = ErasureLog(None if folder is None else folder / "erasures.jsonl")
        return cls(procedure_on(opened, log), opened, folder)

    def opened(self, *numbers: int, **changed: Any) -> Town:
        """Announced and open, with the applications of some people."""
        self.procedure.announce(event(**changed), form(), quotas(), now=at(2, 1), actor=CLERK)
        self.procedure.open_applications(now=OPENED, actor=CLERK)
        self.apply(*numbers)
        return self

    def apply(self, *numbers: int, **changed: Any) -> list[Registration]:
        entries = [entry(number, **changed) for number in numbers]
        return self.procedure.apply_all(entries, channel=Channel.WEB, now=OPENED)

    def closed(self, *numbers: int, **changed: Any) -> Town:
        self.opened(*(numbers or range(12)), **changed)
        self.procedure.close_applications(now=CLOSED, actor=CLERK)
        return self

    def published(self, *numbers: int, **changed: Any) -> Town:
        self.closed(*numbers, **changed)
        self.procedure.publish_lottery(facts(), now=PUBLISHED, actor=CLERK)
        return self

    def drawn(self, *numbers: int, **changed: Any) -> Town:
        self.published(*numbers, **changed)
        self.procedure.draw(SEED, now=DRAWN, actor=CLERK)
        return self

    def offered(self, *numbers: int, **changed: Any) -> Town:
        self.drawn(*numbers, **changed)
        self.procedure.offer(UNTIL, now=OFFERED, actor=CLERK)
        return self

    def again(self) -> tuple[str, ...]:
        """The seats that fell free, published, drawn and offered; whom the round seats."""
        self.procedure.publish_replacement(FACTS_AGAIN, now=AGAIN, actor=CLERK)
        drawn = self.procedure.draw(SEED_AGAIN, now=DRAWN_AGAIN, actor=CLERK)
        self.procedure.offer(UNTIL_AGAIN, now=DRAWN_AGAIN, actor=CLERK)
        return drawn.round.seated

    def accept(self, *keys: str, now: datetime = OFFERED) -> None:
        for each in keys:
            self.procedure.accept(each, channel=Channel.WEB, now=now, actor=oneself(each))

    def held(self) -> Town:
        """Offered, accepted by all, and held; the first of them did not come."""
        self.offered()
        seated = self.keys(State.SELECTED)
        self.accept(*seated)
        self.procedure.confirm(now=CONFIRMED, actor=CLERK)
        self.procedure.start(now=STARTED, actor=CLERK)
        for each in seated[1:]:
            self.procedure.check_in(each, now=STARTED, actor=CLERK)
        self.procedure.hold(now=HELD, actor=CLERK)
        return self

    def keys(self, *states: State) -> list[str]:
        return [each.key for each in self.procedure.applications(*states)]

    def state(self, who: str) -> State:
        return self.procedure.application(who).state

    def told(self) -> list[str]:
        """What the journal says was done."""
        return [link.entry.what for link in self.procedure.journal()]

    def everything(self) -> dict[str, Any]:
        """All that is there, to see that nothing was changed."""
        with self.storage.transaction(self.procedure.name) as transaction:
            records = {
                (kind.name, record.key): record
                for kind in KINDS
                for record in transaction.find(kind.name)
            }
            return {"records": records, "journal": list(transaction.journal())}


def procedure_on(
    storage: StorageBackend, log: ErasureLog | None = None, name: str = NAME
) -> Procedure:
    """The procedure of an event; chance is the same in every run, for what is not sealed."""
    master = MasterKey(MASTER)
    fixed = {ROOT: master.wrap(b"root" * 8), KeyName(name, "", SEARCH): b"find" * 8}
    storage.keys().add(fixed)
    vault = Vault(storage.keys(), master, COMPARTMENTS)
    return Procedure(name, storage, vault, solve, log or ErasureLog(), Counted())


def sqlite(folder: Path) -> SqliteBackend:
    return SqliteBackend({"path": str(folder / "dialog.db"), "keys": str(folder / "keys.db")})


def phases(town: Town) -> list[Phase]:
    return [change.target for change in town.procedure.event().history]


def by_key(applications: Iterable[Application]) -> dict[str, Application]:
    return {each.key: each for each in applications}
