"""Messages and answers on the command line, as a clerk uses them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mitwirkung.cli import cli
from mitwirkung.cli.terminal import screen
from mitwirkung.examples import dortmund

NAME = "buergerdialog-2020"


class Clerk:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def at(self, time: str) -> None:
        self.monkeypatch.setenv("MITWIRKUNG_NOW", f"2020-{time}:00+02:00")

    def run(self, *arguments: object, code: int = 0) -> str:
        result = CliRunner().invoke(cli, [str(each) for each in arguments])
        assert result.exit_code == code, result.output + repr(result.exception)
        return result.output

    def messages(self, command: str, *arguments: object, code: int = 0) -> str:
        return self.run("messages", command, NAME, *arguments, code=code)


@pytest.fixture
def clerk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clerk:
    """Ten people applied and are offered seats; messages go into a folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MITWIRKUNG_LANGUAGE", "en")
    monkeypatch.setattr(screen, "width", 200)  # keys on one line
    monkeypatch.delenv("MITWIRKUNG_MASTER_KEY", raising=False)
    clerk = Clerk(monkeypatch)
    key = re.search(r"export MITWIRKUNG_MASTER_KEY=([0-9a-f]{64})", clerk.run("init"))
    assert key is not None
    monkeypatch.setenv("MITWIRKUNG_MASTER_KEY", key[1])
    rows = (dortmund() / "bewerbungen.csv").read_text("utf-8").splitlines()
    Path("bewerbungen.csv").write_text("\n".join(rows[:11]) + "\n", "utf-8")
    for name in ("veranstaltung.toml", "formular.toml", "quoten.csv"):
        Path(name).write_bytes((dortmund() / name).read_bytes())
    clerk.at("08-20T10:00")
    clerk.run("event", "new", "veranstaltung.toml")
    clerk.at("08-24T10:00")
    clerk.run("event", "open", NAME)
    fill = [f"--fill={each}" for each in ("contact_place=Dortmund", "education_consent=ja")]
    fill.append("--fill=migration_background_consent=ja")
    clerk.run("event", "apply", NAME, "bewerbungen.csv", *fill)
    clerk.at("09-28T10:00")
    clerk.run("event", "close", NAME)
    clerk.run("event", "decide", NAME, "seat_everyone", "--reason", "few")
    clerk.run("event", "offer", NAME, "--until", "2020-10-14")
    return clerk


def test_a_clerk_looks_releases_sends_and_enters_answers(clerk: Clerk) -> None:
    assert "sent: 10" in clerk.run("messages", "send")
    shown = clerk.messages("status")
    assert "seat offered: 10 waits for release" in shown
    assert "To be looked at and released: 10" in shown
    looked = clerk.messages("preview", "--kind", "seat_offered", "--out", "ansehen")
    assert "Diethelm Fritsch" in looked
    assert len(list(Path("ansehen").glob("*.html"))) == 10
    assert "Sie sind ausgelost" in clerk.messages("preview")
    assert "Released: 10" in clerk.messages("release", "--actor", "staff-7")
    assert "Nothing waits for release." in clerk.messages("release")
    assert "sent: 10" in clerk.run("messages", "send", NAME, "--limit", "10")
    assert "nothing is due" in clerk.run("messages", "send", NAME)
    assert "There are no such messages." in clerk.messages("list", "--tasks")

    codes = [
        code[0]
        for path in sorted(Path().rglob("*.txt"))
        if "ansehen" not in path.parts
        if (
            code := re.search(r"\b[2-9A-HJKMNP-Z]{5}-[2-9A-HJKMNP-Z]{5}\b", path.read_text("utf-8"))
        )
    ]
    assert len(set(codes)) == 10
    one, two, three = codes[:3]
    assert "Possible answers: accept, decline, contact" in clerk.run("reply", one)
    assert "seat accepted" in clerk.run("reply", one.lower(), "accept", "--channel", "phone")
    assert "seat declined" in clerk.run("reply", two, "decline", "--channel", "letter")
    clerk.run("reply", three, "contact", code=2)
    assert "seat offered" in clerk.run("reply", three, "contact", "--email", "neu@example.org")
    wrong = clerk.run("reply", one[:-1] + ("2" if one[-1] != "2" else "3"), "accept", code=2)
    assert "A letter of the code is wrong" in wrong
    assert "Written: 8" in clerk.messages("remind")
    assert "sent: 9" in clerk.run("messages", "send")
    assert "withdrawn" in clerk.run("reply", one, "withdraw")
    clerk.run("audit", NAME)


def test_a_clerk_sees_to_what_did_not_arrive(clerk: Clerk) -> None:
    clerk.run("messages", "send")
    listed = clerk.messages("list", "--kind", "application_received", "--state", "sent")
    (first, *_) = re.findall(r"^[0-9a-f]{32}", listed, re.MULTILINE)
    back = clerk.messages("returned", first, "--reason", "bounced")
    assert "undeliverable" in back
    assert first in clerk.messages("list", "--tasks")
    assert "Why" not in clerk.messages("resolve", first, "drop", code=2)
    assert "no longer needed" in clerk.messages(
        "resolve", first, "drop", "--reason", "told by phone"
    )
    assert "There are no such messages." in clerk.messages("list", "--tasks")
    clerk.messages("resolve", "0" * 32, "drop", "--reason", "x", code=2)


def test_somebody_gets_all_that_was_written_and_it_goes_with_them(clerk: Clerk) -> None:
    clerk.run("messages", "send")
    listed = clerk.run("event", "people", NAME, "Fritsch")
    key = re.search(r"[0-9a-f]{32}", listed)
    assert key is not None
    clerk.run("export-person", NAME, key[0], "--out", "auskunft")
    told = json.loads(Path("auskunft/person.json").read_text("utf-8"))
    assert [each["kind"] for each in told["messages"]] == ["application_received", "seat_offered"]
    assert list(Path("auskunft/messages").rglob("*"))
    clerk.run("erase", NAME, key[0])
    kept = [p for p in Path().rglob("*") if p.is_file() and "auskunft" not in p.parts]
    given = [p for p in kept if p.name not in ("bewerbungen.csv",) and b"Fritsch" in p.read_bytes()]
    assert not given
    clerk.run("audit", NAME)
