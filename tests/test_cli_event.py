"""The commands of an event, as a clerk uses them: the Dortmund dialogue with forty applications."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mitwirkung.cli import cli
from mitwirkung.examples import dortmund

NAME = "buergerdialog-2020"
FILL = (
    *("--fill", "contact_place=Dortmund"),
    *("--fill", "education_consent=ja"),
    *("--fill", "migration_background_consent=ja"),
)
QUOTAS = "feature,value,min,max\nGeschlecht,weiblich,4,6\nGeschlecht,männlich,4,6\n"
SEED = """
organiser = "Stadt"
[seed]
source = "Lotto 6 aus 49"
template = "Lotto 6 aus 49 vom {day}: {{numbers 6 of 1-49}}"
earliest = "{day}T19:25:00+02:00"
latest = "{day}T23:00:00+02:00"
fallback = "Lotto 6 aus 49 vom 2020-12-01: {{numbers 6 of 1-49}}"
"""


class Desk:
    """A folder with an installation, and a clock that is set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def at(self, time: str) -> None:
        self.monkeypatch.setenv("MITWIRKUNG_NOW", f"2020-{time}:00+02:00")

    def run(self, *arguments: object, code: int = 0, **more: str) -> str:
        result: Result = CliRunner().invoke(cli, [str(each) for each in arguments], **more)
        assert result.exit_code == code, result.output + repr(result.exception)
        return result.output

    def event(self, command: str, *arguments: object, code: int = 0, **more: str) -> str:
        return self.run("event", command, NAME, *arguments, code=code, **more)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MITWIRKUNG_LANGUAGE", "en")
    monkeypatch.delenv("MITWIRKUNG_MASTER_KEY", raising=False)
    desk = Desk(monkeypatch)
    key = re.search(r"export MITWIRKUNG_MASTER_KEY=([0-9a-f]{64})", desk.run("init"))
    assert key is not None
    monkeypatch.setenv("MITWIRKUNG_MASTER_KEY", key[1])
    example = dortmund()
    rows = (example / "bewerbungen.csv").read_text("utf-8").splitlines()
    Path("bewerbungen.csv").write_text("\n".join(rows[:41]) + "\n", "utf-8")
    event = (example / "veranstaltung.toml").read_text("utf-8").replace("seats = 75", "seats = 10")
    Path("veranstaltung.toml").write_text(event, "utf-8")
    Path("formular.toml").write_bytes((example / "formular.toml").read_bytes())
    Path("quoten.csv").write_text(QUOTAS, "utf-8")
    Path("ziehung-1.toml").write_text(SEED.format(day="2020-10-10"), "utf-8")
    Path("ziehung-2.toml").write_text(SEED.format(day="2020-10-17"), "utf-8")
    desk.at("08-20T10:00")
    desk.run("event", "new", "veranstaltung.toml")
    desk.at("08-24T10:00")
    desk.event("open")
    return desk


def table(path: str) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_an_event_from_its_announcement_to_the_archive(desk: Desk) -> None:
    desk.event("form", "--out", "boegen")
    assert "Bewerbung" in Path("boegen/form-de.txt").read_text("utf-8")
    desk.at("09-20T10:00")
    desk.event("apply", "bewerbungen.csv", *FILL, "--receipts", "belege.csv")
    receipts = table("belege.csv")
    assert len(receipts) == 40
    assert "Nobody" in desk.event("duplicates")
    desk.event("refuse", receipts[0]["key"], "--reason", "wohnt nicht in Dortmund")
    desk.event("extend", "--until", "2020-09-30", "--reason", "mehr Zeit")
    assert "2020-09-30" in desk.event("close", code=2)  # too early: says until when

    desk.at("10-01T08:00")
    desk.event("close")
    desk.at("10-05T08:00")
    commitment = desk.event("publish", "--facts", "ziehung-1.toml", "--out", "lottery-1")
    lottery = json.loads(Path("lottery-1/lottery.json").read_bytes())
    assert lottery["counts"]["refused"] == {"wohnt nicht in Dortmund": 1}
    assert "earliest" not in desk.event("draw", "--drawn", "1 2 3 4 5 6", code=2)
    desk.at("10-10T20:00")
    desk.event("draw", "--drawn", "6 2 3 4 5 1", "--out", "lottery-1")
    stated = re.search("[0-9a-f]{64}", commitment)
    assert stated is not None
    anchored = desk.run("verify", "lottery-1", "--commitment", stated[0])
    assert "Verified at the private level" in anchored
    assert "2 3 4 5 6 7" not in desk.event("draw", "--drawn", "2 3 4 5 6 7", code=2)

    desk.event("offer", "--until", "2020-10-14")
    desk.event("people", "--state", "selected", "--out", "briefe.csv")
    letters = table("briefe.csv")
    assert len(letters) == 10
    assert all(row["until"] == "2020-10-14" for row in letters)
    token_of = {row["key"]: row["token"] for row in receipts}
    for row in letters[:8]:
        desk.event("reply", token_of[row["key"]], "accept")
    declined = desk.event("reply", letters[8]["key"], "decline", "--channel", "letter")
    assert "seat declined" in declined
    desk.at("10-15T08:00")
    assert "1 offers expired" in desk.event("expire")

    desk.event("replace", "--facts", "ziehung-2.toml", "--out", "lottery-2")
    desk.at("10-17T20:00")
    desk.event("draw", "--drawn", "1 2 3 4 5 6", "--out", "lottery-2")
    verified = desk.run("verify", "lottery-2", "--before", "lottery-1")
    assert "Verified at the private level" in verified
    desk.event("offer", "--until", "2020-10-20")
    desk.event("people", "--state", "selected", "--out", "briefe.csv")
    for row in table("briefe.csv"):
        desk.event("reply", row["key"], "accept", "--channel", "desk")
    desk.event("confirm")
    desk.event("start")
    desk.event("people", "--state", "accepted", "--out", "briefe.csv")
    seated = [row["key"] for row in table("briefe.csv")]
    assert len(seated) == 10
    desk.event("checkin", *seated[:9])
    assert "did not come: 1" in desk.event("hold")
    Path("ergebnis.md").write_text("# Ergebnis\n", "utf-8")
    desk.at("11-28T08:00")
    desk.event("document", "ergebnis.md")

    text = desk.run("export-person", NAME, seated[0], "--language", "de")
    assert "Was über Sie gespeichert ist" in text
    assert "identity" in desk.event("archive", code=2)  # something is kept: says what
    assert "profile: 40" in desk.run("erase", "--due")
    desk.run("erase", NAME, seated[0])
    desk.monkeypatch.setenv("MITWIRKUNG_NOW", "2021-02-01T08:00:00+01:00")
    desk.run("erase", "--due")
    desk.event("archive", "--out", "archiv")
    assert "erased: 40" in desk.event("show")
    assert "2 printed heads agree" in desk.run("audit")
    kept = desk.run("audit", NAME, "--printed", "lottery-1/lottery.json")
    assert "whole" in kept
    summary = json.loads(Path("archiv/event.json").read_bytes())
    assert summary["event"]["phase"] == "archived"
    assert summary["applications"]["attended"] == 9
    assert "archived" in desk.run("event", "list")


def test_a_file_is_entered_once_and_all_errors_are_told(desk: Desk) -> None:
    desk.at("09-20T10:00")
    desk.event("apply", "bewerbungen.csv", *FILL, "--receipts", "one.csv")
    desk.event("apply", "bewerbungen.csv", *FILL, "--receipts", "two.csv")
    assert Path("one.csv").read_bytes() == Path("two.csv").read_bytes()
    assert "received: 40" in desk.event("show")
    rows = Path("bewerbungen.csv").read_text("utf-8").replace("DO-0", "DO-1")
    Path("andere.csv").write_text(rows, "utf-8")
    wrong = desk.event("apply", "andere.csv", "--errors-file", "errors.json", code=2)
    assert "place is missing" in wrong
    findings = json.loads(Path("errors.json").read_bytes())
    assert {finding["row"] for finding in findings} == set(range(2, 42))
    assert "fill" in desk.event("apply", "bewerbungen.csv", "--fill", "ort=Dortmund", code=2)


def test_one_person_is_asked_until_the_answers_are_right(desk: Desk) -> None:
    desk.at("09-20T10:00")
    typed = ["Anna", "Beispiel", "anna@example", "", "", "", "", "", "", *(["anna@example.org"])]
    typed += ["", "", "", "", "", "", "weiblich", "30 to 44", "Hörde", "", ""]
    said = desk.event("apply", "--channel", "phone", input="\n".join(typed) + "\n" * 8)
    assert "1 applications are entered" in said
    assert re.search("Token for the receipt: [0-9a-f]{32}", said)
    assert "anna@example.org" in desk.event("people", "beispiel")


def test_what_is_merged_and_kept_apart(desk: Desk) -> None:
    desk.at("09-20T10:00")
    rows = Path("bewerbungen.csv").read_text("utf-8").splitlines()
    Path("noch-einmal.csv").write_text("\n".join(rows[:3]) + "\n", "utf-8")
    desk.event("apply", "bewerbungen.csv", *FILL)
    desk.event("apply", "noch-einmal.csv", *FILL)
    found = [line.split(": ")[0].split() for line in desk.event("duplicates").splitlines()]
    assert [len(keys) for keys in found] == [2, 2]
    desk.event("merge", *found[0], "--reason", "zweimal beworben")
    desk.event("merge", *found[1], "--apart")
    assert "Nobody" in desk.event("duplicates")
    assert "not eligible: 1" in desk.event("show")


def test_a_consent_is_taken_back_by_phone(desk: Desk) -> None:
    desk.at("09-20T10:00")
    desk.event("apply", "bewerbungen.csv", *FILL, "--receipts", "r.csv")
    token = table("r.csv")[0]["token"]
    said = desk.event("withdraw-consent", token, "--field", "education", "--channel", "phone")
    assert "selection" in said
    assert "nothing" in desk.event("withdraw-consent", token)
    text = desk.run("export-person", NAME, token, "--language", "en")
    assert "withdrawn" in text


def test_it_speaks_german(desk: Desk) -> None:
    desk.monkeypatch.setenv("MITWIRKUNG_LANGUAGE", "de")
    assert "offen für Bewerbungen" in desk.event("show")
    assert "gibt es nicht" in desk.run("event", "show", "nirgends", code=2)


@pytest.mark.parametrize(
    "call",
    [
        ("erase",),
        ("erase", NAME, "x", "--due"),
        ("event", "draw", NAME),
        ("event", "draw", NAME, "--seed", "a", "--drawn", "1"),
        ("audit", "--printed", "veranstaltung.toml"),
        ("init",),
    ],
)
def test_calls_that_do_not_fit_together_are_refused(desk: Desk, call: tuple[str, ...]) -> None:
    desk.run(*call, code=2)


def test_another_master_key_opens_nothing(desk: Desk) -> None:
    desk.monkeypatch.setenv("MITWIRKUNG_MASTER_KEY", "0123456789abcdef" * 4)
    desk.event("show", code=2)


def test_the_storage_is_brought_up_to_date_and_copied(desk: Desk) -> None:
    desk.event("apply", "bewerbungen.csv", *FILL)
    assert "up to date; events: 1" in desk.run("storage", "migrate")
    copied = desk.run("storage", "copy", "sqlite", "memory")
    assert "Copied and compared: 1 events, 1" in copied.replace("\n", " ")
    assert "same backend" in desk.run("storage", "copy", "sqlite", "sqlite", code=2)
    assert "no storage backend" in desk.run("storage", "copy", "sqlite", "oracle", code=2)
