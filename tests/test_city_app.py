"""The developer's example: a small FastAPI app over a real SQLite storage."""

from __future__ import annotations

import importlib.util
import re
import secrets
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi.testclient import TestClient
from mail_house import House

import mitwirkung as mw
from mitwirkung.examples import dortmund

SOURCE = Path(__file__).parents[1] / "docs" / "examples" / "city_app" / "app.py"
NAME = "buergerdialog-2020"
STAFF = mw.Actor(role=mw.Role.STAFF, pseudonym="staff-1")
QUOTAS = [{"feature": "Geschlecht", "value": "weiblich", "min": 0, "max": 2}]
PAIRS = {
    "given_name": "Anna",
    "family_name": "Beispiel",
    "contact_email": "anna@example.org",
    "gender": "weiblich",
    "age_group": "30 bis 44",
    "city_district": "Hörde",
}
ANSWERS = {
    **{key: value for key, value in PAIRS.items() if key != "contact_email"},
    "contact": [{"kind": "email", "address": "anna@example.org"}],
}


def at(month: int, day: int) -> datetime:
    return datetime.fromisoformat(f"2020-{month:02}-{day:02}T12:00:00+02:00")


class Clock:
    now = at(8, 25)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("city_app", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # FastAPI looks up the names of annotations there
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def settings(tmp_path: Path) -> mw.Settings:
    data: dict[str, Any] = {
        "master_key": {"$env": "KEY"},
        "erasures": str(tmp_path / "erasures.jsonl"),
        "sqlite": {"path": str(tmp_path / "a.db"), "keys": str(tmp_path / "k.db")},
    }
    return mw.Settings.from_data({"storage": data}, environ={"KEY": secrets.token_hex(32)})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(example: ModuleType, settings: mw.Settings, clock: Clock) -> Iterator[TestClient]:
    plan = mw.read_event(dortmund() / "veranstaltung.toml").model_copy(update={"seats": 2})
    with mw.Mitwirkung(settings) as app:
        dialogue = app.announce(
            plan,
            mw.read_form(dortmund() / "formular.toml"),
            mw.read_quotas(QUOTAS),
            now=at(8, 20),
            actor=STAFF,
        )
        dialogue.open_applications(now=at(8, 24), actor=STAFF)
    made = example.city_app(settings)
    made.dependency_overrides[example.clock] = clock
    with TestClient(made) as client:
        yield client


def test_somebody_applies_on_the_page_and_answers_the_offer(
    client: TestClient, settings: mw.Settings, clock: Clock
) -> None:
    page = client.get(f"/{NAME}")
    assert page.status_code == 200
    assert "Bewerbung" in page.text
    again = client.post(f"/{NAME}", data={"given_name": "Anna"})
    assert again.status_code == 422
    assert "Bitte berichtigen" in again.text
    sent = client.post(f"/{NAME}", data=PAIRS)
    assert sent.status_code == 201
    token = sent.text.partition("<code>")[2][:32]
    place = f"/{NAME}/applications/{token}"
    assert client.get(place).json() == {"state": "received", "until": None}

    clock.now = at(9, 29)
    assert client.post(f"/{NAME}", data=PAIRS).status_code == 409
    with mw.Mitwirkung(settings) as app:
        dialogue = app.procedure(NAME)
        dialogue.close_applications(now=at(9, 29), actor=STAFF)
        dialogue.decide(mw.Remedy.SEAT_EVERYONE, reason="alle", now=at(9, 29), actor=STAFF)
        dialogue.offer(date(2020, 10, 14), now=at(9, 30), actor=STAFF)
    assert client.get(place).json() == {"state": "selected", "until": "2020-10-14"}
    assert client.post(f"{place}/accept").json() == {"state": "accepted"}
    assert client.post(f"{place}/accept").json() == {"state": "accepted"}
    assert client.post(f"{place}/decline").status_code == 409
    assert client.post(f"{place}/sing").status_code == 409


def test_programs_apply_with_json_of_the_schema(client: TestClient) -> None:
    schema = client.get(f"/{NAME}/schema.json").json()
    assert set(ANSWERS) <= set(schema["properties"])
    assert client.post(f"/{NAME}/applications", json=ANSWERS).status_code == 201
    refused = client.post(f"/{NAME}/applications", json={**ANSWERS, "gender": "x"})
    assert refused.status_code == 422
    assert [each["column"] for each in refused.json()["findings"]] == ["gender"]


def test_what_is_not_there_is_said(client: TestClient) -> None:
    assert client.get("/nirgends").status_code == 404
    assert client.get(f"/{NAME}/applications/{'0' * 32}").status_code == 404


# --- answers by a link or a code ------------------------------------------------------------------


@pytest.fixture
def offered(client: TestClient, settings: mw.Settings, clock: Clock) -> tuple[str, str]:
    """The token and the code of a seat that is offered, as its message brings them."""
    assert client.post(f"/{NAME}", data=PAIRS).status_code == 201
    clock.now = at(9, 30)
    house = House()
    with mw.Mitwirkung(settings) as app:
        dialogue = house.serves(app.procedure(NAME))
        dialogue.close_applications(now=at(9, 29), actor=STAFF)
        dialogue.decide(mw.Remedy.SEAT_EVERYONE, reason="alle", now=at(9, 29), actor=STAFF)
        dialogue.offer(date(2020, 10, 14), now=at(9, 30), actor=STAFF)
        dialogue.messages.release(now=at(9, 30), actor=STAFF)
        house.send(dialogue, at(9, 30))
    text = next(each.text for each in house.given if each.kind == "seat_offered")
    link, code = re.search(r"/reply/(\w+)", text), re.search(r"reply_code: (\S+)", text)
    assert link is not None
    assert code is not None
    return link[1], code[1]


def state_of(settings: mw.Settings) -> str:
    with mw.Mitwirkung(settings) as app:
        (application,) = app.procedure(NAME).applications()
    return str(application.state)


def test_a_scanner_that_opens_every_link_accepts_nothing(
    client: TestClient, settings: mw.Settings, offered: tuple[str, str]
) -> None:
    token, code = offered
    page = client.get(f"/{NAME}/reply/{token}")
    assert page.status_code == 200
    links = re.findall(r'(?:href|src|action)="([^"]+)"', page.text)
    for place in (f"/{NAME}/reply/{token}", f"/{NAME}/reply/{code}", f"/{NAME}/reply", *links):
        for query in ({}, {"answer": "accept"}, {"given": token, "answer": "accept"}):
            for method in ("GET", "HEAD", "OPTIONS"):
                client.request(method, place.partition("?")[0], params=query)
    assert state_of(settings) == "selected"
    shown = client.post(f"/{NAME}/reply", data={"given": code})  # looks up what was typed
    assert 'value="accept"' in shown.text
    assert state_of(settings) == "selected"


def test_somebody_answers_on_the_page_and_changes_their_mind(
    client: TestClient, settings: mw.Settings, offered: tuple[str, str]
) -> None:
    token, code = offered
    place = f"/{NAME}/reply"
    done = client.post(place, data={"given": token, "answer": "accept"})
    assert (done.status_code, state_of(settings)) == (200, "accepted")
    assert "Sie haben einen Platz" in done.text
    wrong = client.post(place, data={"given": token, "answer": "decline"})
    assert (wrong.status_code, state_of(settings)) == (409, "accepted")
    contact = {"given": code, "answer": "contact", "contact_email": "nicht so"}
    assert client.post(place, data=contact).status_code == 422
    contact["contact_email"] = "anna.neu@example.org"
    assert client.post(place, data=contact).status_code == 200
    with mw.Mitwirkung(settings) as app:
        ((_, person),) = app.procedure(NAME).people()
    assert person.contacts == (mw.EmailAddress(address="anna.neu@example.org"),)
    back = client.post(place, data={"given": code, "answer": "withdraw"})
    assert (back.status_code, state_of(settings)) == (200, "withdrawn")
    assert "nichts mehr zu beantworten" in client.get(f"{place}/{token}").text
    assert client.post(place, data={"given": "unsinn", "answer": "accept"}).status_code == 409
