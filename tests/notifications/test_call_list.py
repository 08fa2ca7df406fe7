"""The call list: what is printed, and what comes back."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mitwirkung.errors import InputError
from mitwirkung.notifications.call_list import (
    CALL_OUTCOMES,
    CallListChannel,
    CallOutcome,
    CallResult,
    read_outcomes,
)
from mitwirkung.notifications.message import Message, Recipient
from mitwirkung.people import PhoneNumber

NOW = datetime(2020, 9, 28, 9, 30, tzinfo=UTC)


def message(key: str, name: str = "Mina Özdemir", phone: str = "+49 231 1") -> Message:
    return Message(
        key=key.ljust(20, "k"),
        kind="seat_offered",
        event="dialog",
        language="de",
        recipient=Recipient(name=name, contact=PhoneNumber(number=phone)),
        subject="Sie sind ausgelost",
        text="Guten Tag,\n\nSie haben <b>einen</b> Platz.\n",
    )


def listed(folder: Path, *messages: Message) -> CallListChannel:
    channel = CallListChannel({"folder": str(folder / "calls")})
    with channel.opened():
        for number, each in enumerate(messages):
            channel.send(each, now=NOW + timedelta(minutes=number))
    return channel


def table(folder: Path) -> list[dict[str, str]]:
    text = (folder / "calls" / "calls.csv").read_text("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def test_those_who_wait_longest_come_first(tmp_path: Path) -> None:
    listed(tmp_path, message("b"), message("a", "=cmd()"))
    rows = table(tmp_path)
    assert [row["Kennung"][0] for row in rows] == ["b", "a"]
    assert rows[0]["Telefon"] == "'+49 231 1"  # no spreadsheet reckons with it
    assert rows[1]["Name"] == "'=cmd()"


def test_the_sheets_say_what_to_do_and_what_to_say(tmp_path: Path) -> None:
    listed(tmp_path, message("a", "<i>Eve</i>"))
    page = (tmp_path / "calls" / "calls.html").read_text("utf-8")
    assert "&lt;i&gt;Eve&lt;/i&gt;" in page
    assert "Sie haben &lt;b&gt;einen&lt;/b&gt; Platz." in page
    for words in ("Fragen Sie nach", "sagt zu", "sagt ab", "falsche Nummer", "+49 231 1"):
        assert words in page
    english = CallListChannel({"folder": str(tmp_path / "calls"), "language": "en"})
    english.write_list()
    assert "Ask for" in (tmp_path / "calls" / "calls.html").read_text("utf-8")


def test_outcomes_come_back_and_calls_leave_the_list(tmp_path: Path) -> None:
    channel = listed(tmp_path, message("a"), message("b"), message("c"))
    path = tmp_path / "calls" / "calls.csv"
    lines = path.read_text("utf-8-sig").splitlines()
    lines[1] = lines[1].removesuffix(";") + "Sagt  zu;freut sich"
    lines[2] = lines[2].removesuffix(";") + "again;"
    filled = tmp_path / "filled.csv"
    filled.write_text("\r\n".join(lines), "utf-8")
    results = read_outcomes(filled)
    assert results == (
        CallResult(message("a").key, CallOutcome.ACCEPTS, "freut sich"),
        CallResult(message("b").key, CallOutcome.AGAIN),
    )
    assert "freut" not in repr(results)
    assert channel.settle(results) == []
    assert [row["Kennung"][0] for row in table(tmp_path)] == ["b", "c"]
    assert channel.settle(results[:1]) == [message("a").key]
    listed(tmp_path, message("a"))  # it was told: it is not put on the list again
    assert [row["Kennung"][0] for row in table(tmp_path)] == ["b", "c"]
    left = "".join(str(path) for path in (tmp_path / "calls" / "done").iterdir())
    assert message("a").key in left


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "filled.csv"
    path.write_text("key;outcome\nk1;told\nk1;told\nk2;maybe\n;told\nk3;\n", "utf-8")
    with pytest.raises(InputError) as caught:
        read_outcomes(path)
    found = [(each.code, each.row) for each in caught.value.findings]
    assert found == [("outcome-twice", 3), ("outcome-unknown", 4), ("outcome-without-key", 5)]
    assert "maybe" not in str(caught.value)
    path.write_text("name;outcome\nMina;told\n", "utf-8")
    with pytest.raises(InputError, match="'key'"):
        read_outcomes(path)


def test_every_outcome_can_be_written_in_every_language() -> None:
    german = {
        CallOutcome.TOLD: "informiert",
        CallOutcome.ACCEPTS: "sagt zu",
        CallOutcome.DECLINES: "sagt ab",
        CallOutcome.WITHDRAWS: "zieht zurück",
        CallOutcome.AGAIN: "noch einmal anrufen",
        CallOutcome.WRONG_NUMBER: "falsche Nummer",
    }
    for outcome in CallOutcome:
        for words in (outcome.value, CALL_OUTCOMES[outcome], german[outcome]):
            rows = [{"key": "k", "outcome": words.upper()}]
            assert read_outcomes(rows) == (CallResult("k", outcome),)
