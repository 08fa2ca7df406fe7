"""The dialogue of Dortmund tells everybody everything: over real SMTP with TLS, by call lists, and
answers come back over every route. Everything on the command line or by the app, on SQLite."""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import mitwirkung as mw
from mail_server import MailServer, mail_server
from mitwirkung.applications import State
from mitwirkung.calling import enter_outcomes
from mitwirkung.event_file import read_event
from mitwirkung.examples import DORTMUND_SEED, dortmund
from mitwirkung.forms.entry import match_columns, typed_answers
from mitwirkung.forms.reading import read_form
from mitwirkung.notifications.call_list import read_outcomes
from mitwirkung.outbox import About, MessageState
from mitwirkung.tables import read_table
from small_event import MASTER

STAFF = mw.Actor(role=mw.Role.STAFF, pseudonym="staff-1")
LAST = date(2020, 9, 30)
SEED_AGAIN = "Lotto 6 aus 49 vom 2020-10-17: 5 8 13 21 34 44"
PEOPLE, SEATS = 90, 20
QUOTAS = [
    {"feature": "Geschlecht", "value": "weiblich", "min": 9, "max": 11},
    {"feature": "Geschlecht", "value": "männlich", "min": 9, "max": 11},
]
BY_PHONE, BY_LETTER, ENGLISH = 4, 30, 5
"""Every fourth person is reached by phone, every thirtieth by letter only, and every fifth reads
English."""


def at(month: int, day: int, hour: int = 12) -> datetime:
    return datetime(2020, month, day, hour, tzinfo=ZoneInfo("Europe/Berlin"))


def by(month: int, day: int, hour: int = 12) -> dict[str, Any]:
    return {"now": at(month, day, hour), "actor": STAFF}


def entries() -> list[mw.Entry]:
    form = read_form(dortmund() / "formular.toml")
    table = read_table(dortmund() / "bewerbungen.csv")
    columns = match_columns(form, table.labels)
    found = []
    for number, (_, cells) in enumerate(table.rows[:PEOPLE]):
        named = dict(zip(table.labels, cells, strict=True))
        told = {columns[label]: cell for label, cell in named.items() if label in columns}
        told["contact_place"] = "Dortmund" if told["contact_street"] else ""
        answers = typed_answers(form, told)
        for name in ("migration_background", "education"):
            if answers[name] is not None:
                answers[f"{name}_consent"] = True
        answers["contact"] = contact(number)
        language = "en" if number % ENGLISH == 0 else "de"
        found.append(mw.Entry(answers, language=language))
    return found


def contact(number: int) -> list[dict[str, str]]:
    letter = {"kind": "letter", "street": f"Weg {number}", "postcode": "44135", "place": "Dortmund"}
    mail = {"kind": "email", "address": f"person-{number}@example.org"}
    phone = {"kind": "phone", "number": f"0231 500{number:04}"}
    if number % BY_LETTER == 1:
        return [letter]
    return [phone, letter] if number % BY_PHONE == 0 else [mail, phone]


class Life:
    """The event with its server, its call list, and a clock."""

    def __init__(self, app: mw.Mitwirkung, server: MailServer, folder: Path) -> None:
        self.app, self.server, self.folder = app, server, folder
        self.dialogue = app.procedure("buergerdialog-2020")
        self.seen = 0

    def send(self, now: datetime) -> Counter[MessageState]:
        """Everything that waits is looked at and released; then all is sent."""
        room = self.dialogue.messages
        for each in room.preview(now=now):
            assert not each.findings
            assert each.recipient is None or each.written is not None
        room.release(now=now, actor=STAFF)
        done = self.app.dispatch(lambda: now)[self.dialogue.name]
        assert not done.troubles, done.troubles
        return done.counts

    def new(self) -> list[EmailMessage]:
        """The mails that came in since somebody looked."""
        found = self.server.mails()[self.seen :]
        self.seen += len(found)
        return found

    def calls(self) -> list[dict[str, str]]:
        content = (self.folder / "calls" / "calls.csv").read_text("utf-8-sig")
        return list(csv.DictReader(content.splitlines(), delimiter=";"))

    def answer_calls(self, outcomes: Callable[[int], str], now: datetime) -> Any:
        """The outcomes of all open calls, entered from the table."""
        rows = self.calls()
        heads = list(rows[0])
        path = self.folder / "erledigt.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=";")
            writer.writerow(heads)
            for number, row in enumerate(rows):
                writer.writerow([*list(row.values())[:-2], outcomes(number), ""])
        return enter_outcomes(self.dialogue, read_outcomes(path), now=now, actor=STAFF)


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    folder = tmp_path / "event"
    folder.mkdir()
    with mail_server(tmp_path) as server:
        settings = {
            "storage": {
                "master_key": {"$env": "KEY"},
                "erasures": str(folder / "erasures.jsonl"),
                "sqlite": {"path": str(folder / "dialog.db"), "keys": str(folder / "keys.db")},
            },
            "notifications": {
                "use": ["email", "call-list"],
                "reply": "https://dialog.stadt.example/{event}/reply/{token}",
                "sender": {
                    "name": "Stadt Dortmund",
                    "address": ["Friedensplatz 1", "44122 Dortmund"],
                    "phone": "0231 50-0",
                    "email": "dialog@stadt.example",
                    "website": "https://dialog.stadt.example",
                },
                "email": server.settings(),
                "call-list": {"folder": str(folder / "calls")},
            },
        }
        with mw.Mitwirkung(mw.Settings.from_data(settings, environ={"KEY": MASTER})) as app:
            plan = read_event(dortmund() / "veranstaltung.toml")
            plan = plan.model_copy(update={"seats": SEATS})
            app.announce(
                plan,
                read_form(dortmund() / "formular.toml"),
                mw.read_quotas(QUOTAS),
                **by(8, 20),
            )
            yield Life(app, server, folder)


def test_everybody_is_told_and_everybody_can_answer(life: Life) -> None:
    dialogue, room = life.dialogue, life.dialogue.messages
    dialogue.open_applications(**by(8, 24))
    taken = dialogue.apply_all(entries(), channel=mw.Channel.WEB, now=at(9, 1))
    keys = [each.application.key for each in taken]

    # a copy of what they entered, on the way they prefer; three have a letter box only
    counts = life.send(at(9, 1))
    assert counts == {MessageState.SENT: 87, MessageState.UNREACHABLE: 3}
    assert len(room.tasks()) == 3
    mails = life.new()
    assert len(life.calls()) == 87 - len(mails) == 23
    first = next(each for each in mails if each["To"].endswith("<person-2@example.org>"))
    assert taken[2].token in text_of(first)
    assert first.get_content_type() == "multipart/alternative"
    languages = Counter("Ihre Bewerbung ist da" in each["Subject"] for each in mails)
    assert min(languages.values()) > 10
    told = life.answer_calls(lambda number: "told", at(9, 2))
    assert (len(told.done), life.calls()) == (23, [])

    # something is missing, the deadline moves
    room.write(
        mw.Occasion.APPLICATION_INCOMPLETE,
        About(fields=("education",), until=date(2020, 9, 20)),
        keys[2],
        **by(9, 3),
    )
    dialogue.extend(LAST, reason="Aus dem Norden kamen wenige Bewerbungen", **by(9, 20))
    life.send(at(9, 20))
    subjects = Counter(each["Subject"] for each in life.new())
    assert len(subjects) == 3  # extended in two languages, and what is missing
    life.answer_calls(lambda number: "told", at(9, 21))
    dialogue.close_applications(**by(10, 1))

    # seats, the reserve, and what was not selected
    facts = mw.read_facts(dortmund() / "tatsachen.toml")
    dialogue.publish_lottery(facts, **by(10, 2))
    dialogue.draw(DORTMUND_SEED, **by(10, 10, 20))
    offered = [each.key for each in dialogue.offer(date(2020, 10, 14), **by(10, 11))]
    life.send(at(10, 11))
    mails = life.new()
    offers = [each for each in mails if "/reply/" in text_of(each)]
    assert len(offered) == SEATS
    reserve = [each for each in mails if each not in offers]
    assert any(re.search(r"\d+ von \d+", text_of(each)) for each in reserve)
    room.remind(**by(10, 12))
    life.send(at(10, 12))
    assert any("/reply/" in text_of(each) for each in life.new())

    # answers: by link, by code, by phone, by the command of staff, on paper
    answered: dict[str, State] = {}
    for number, mail in enumerate(offers):
        link = re.search(r"/reply/(\w{32})", text_of(mail, "html"))
        code = re.search(r"\b[2-9A-HJKMNP-Z]{5}-[2-9A-HJKMNP-Z]{5}\b", text_of(mail))
        assert link is not None
        assert code is not None
        given = link[1] if number % 2 else code[0]
        said = mw.Answer.DECLINE if number in (0, 1) else mw.Answer.ACCEPT
        if number == 2:
            continue  # says nothing
        done = mw.send_reply(dialogue, given, said, channel=mw.Channel.WEB, now=at(10, 13))
        answered[done.key] = done.state
    ours = {each.key: each for each in room.list(MessageState.SENT)}
    rows = life.calls()
    kinds = [ours[next(iter(row.values()))].kind for row in rows]
    by_phone = life.answer_calls(
        lambda number: "accepts" if kinds[number] == "seat_offered" else "told", at(10, 13)
    )
    assert not by_phone.refused
    for key in offered:
        if dialogue.application(key).state is State.SELECTED and key not in answered:
            task = [each for each in room.tasks() if each.application == key]
            if task:  # only a letter box: they came to the desk
                dialogue.accept(key, channel=mw.Channel.DESK, **by(10, 14))
    assert len(dialogue.expire(now=at(10, 15), actor=STAFF)) == 1
    seated = dialogue.counts()[State.ACCEPTED]
    assert seated == SEATS - 3
    life.send(at(10, 15))
    mails = life.new()
    entries_sent = [each for each in mails if calendar(each)]
    assert len(entries_sent) > 5
    assert all("METHOD:REQUEST" in calendar(each) for each in entries_sent)
    (over,) = room.list(MessageState.SENT, kind="offer_expired")
    assert over.channel == "email"

    # somebody gives a seat back with the code of the confirmation; four are filled again
    code = re.search(r"\b[2-9A-HJKMNP-Z]{5}-[2-9A-HJKMNP-Z]{5}\b", text_of(entries_sent[0]))
    assert code is not None
    back = mw.send_reply(
        dialogue, code[0], mw.Answer.WITHDRAW, channel=mw.Channel.PHONE, **by(10, 15)
    )
    assert back.state is State.WITHDRAWN
    another = facts.seed.model_copy(
        update={
            "template": "Lotto 6 aus 49 vom 2020-10-17: {numbers 6 of 1-49}",
            "earliest": "2020-10-17T19:25:00+02:00",
            "latest": "2020-10-18T12:00:00+02:00",
            "fallback": "Lotto 6 aus 49 vom 2020-10-21: {numbers 6 of 1-49}",
        }
    )
    dialogue.publish_replacement(facts.model_copy(update={"seed": another}), **by(10, 16))
    dialogue.draw(SEED_AGAIN, **by(10, 17, 20))
    again = dialogue.offer(date(2020, 10, 20), **by(10, 18))
    assert len(again) == 4
    assert life.send(at(10, 18))[MessageState.SENT] >= 3
    life.new()
    for each in again:
        dialogue.accept(each.key, channel=mw.Channel.PHONE, **by(10, 19))
    dialogue.confirm(**by(10, 21))
    dialogue.start(**by(10, 24, 9))
    for each in dialogue.applications(State.ACCEPTED):
        dialogue.check_in(each.key, **by(10, 24, 10))
    dialogue.hold(**by(11, 28, 18))
    room.write(
        mw.Occasion.EVALUATION_REQUEST,
        About(link="https://dialog.stadt.example/fragen", until=date(2020, 12, 10)),
        states=[State.ATTENDED],
        **by(11, 29),
    )
    dialogue.document({"ergebnis.md": b"# Mehr B\xc3\xa4ume\n"}, **by(12, 1))
    answer = {"antwort.md": "Die Stadt pflanzt 400 Bäume.".encode()}
    dialogue.document(answer, answer="antwort.md", **by(12, 2))
    life.send(at(12, 2))
    mails = life.new()
    assert any("400 Bäume" in text_of(each) for each in mails)
    assert any("/fragen" in text_of(each) for each in mails)

    # everything was sent that there is, in both languages, and each once
    sent = Counter(str(each.kind) for each in room.list(MessageState.SENT))
    never = {str(each) for each in mw.Occasion} - sent.keys()
    assert never == {"event_cancelled"}
    ids = [each["Message-ID"] for each in life.server.mails()]
    assert len(ids) == len(set(ids))
    whom = life.server.mails()[-1]["To"]
    assert "@example.org" in whom

    # somebody wants to be erased, is told so, and no list or record has them any more
    gone = next(k for k in keys if any(m.application == k for m in room.list(kind="reserve_place")))
    last = room.farewell(gone, now=at(12, 3))
    dialogue.erase_person(gone, **by(12, 3))
    if last is not None:
        assert last.send(now=at(12, 3)).outcome is mw_sent()
        assert len(life.new()) == 1
    assert not room.list(application=gone)
    assert dialogue.audit().ok

    if place := os.environ.get("MITWIRKUNG_LETTERS"):  # to be read and looked at
        write_examples(Path(place), life.server.mails())


def heads(row: dict[str, str]) -> list[str]:
    return list(row)


def mw_sent() -> Any:
    from mitwirkung.notifications.message import Outcome

    return Outcome.SENT


def calendar(mail: EmailMessage) -> str:
    for part in mail.walk():
        if part.get_content_type() == "text/calendar":
            return str(part.get_content())
    return ""


def write_examples(folder: Path, mails: list[EmailMessage]) -> None:
    """The first mail of each subject, as text and HTML."""
    folder.mkdir(parents=True, exist_ok=True)
    seen: set[str] = set()
    for mail in mails:
        subject = re.sub(r"\W+", "-", str(mail["Subject"]))[:60]
        if subject not in seen:
            seen.add(subject)
            (folder / f"{subject}.txt").write_text(text_of(mail), "utf-8")
            (folder / f"{subject}.html").write_text(text_of(mail, "html"), "utf-8")


def test_an_event_that_is_cancelled_takes_back_its_calendar_entries(life: Life) -> None:
    dialogue = life.dialogue
    dialogue.open_applications(**by(8, 24))
    some = [each for number, each in enumerate(entries()) if number in (2, 3, 5, 8)]
    keys = [
        each.application.key
        for each in dialogue.apply_all(some, channel=mw.Channel.WEB, now=at(9, 1))
    ]
    dialogue.close_applications(**by(9, 28))
    dialogue.decide(mw.Remedy.SEAT_EVERYONE, reason="alle", **by(9, 28))
    dialogue.offer(date(2020, 10, 14), **by(9, 29))
    life.send(at(9, 29))
    for key in keys[:2]:
        dialogue.accept(key, channel=mw.Channel.PHONE, **by(9, 30))
    life.send(at(9, 30))
    requests = {uid(calendar(each)): calendar(each) for each in life.new() if calendar(each)}
    dialogue.cancel(reason="Der Saal ist abgebrannt", **by(10, 1))
    life.send(at(10, 1))
    mails = life.new()
    cancels = {uid(calendar(each)): calendar(each) for each in mails if calendar(each)}
    assert cancels.keys() == requests.keys()
    for each, entry in cancels.items():
        assert "METHOD:CANCEL" in entry
        assert sequence(entry) > sequence(requests[each])
    assert all("Der Saal ist abgebrannt" in text_of(each) for each in mails)


def uid(entry: str) -> str:
    return re.findall(r"UID:(\S+)", entry)[0]


def sequence(entry: str) -> int:
    return int(re.findall(r"SEQUENCE:(\d+)", entry)[0])
