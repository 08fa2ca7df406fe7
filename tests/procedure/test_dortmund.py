"""The dialogue of Dortmund of 2020, from its announcement to the archive, on SQLite."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import mitwirkung as mw
from mitwirkung.app import Mitwirkung
from mitwirkung.applications import State
from mitwirkung.event_file import read_event
from mitwirkung.events import Phase
from mitwirkung.examples import DORTMUND_SEED, dortmund
from mitwirkung.forms.entry import match_columns, typed_answers
from mitwirkung.forms.reading import read_form
from mitwirkung.lottery.files import LotteryFile
from mitwirkung.people import Actor, Channel, Role
from mitwirkung.registration import Entry
from mitwirkung.settings import Settings
from mitwirkung.tables import read_table
from small_event import MASTER, oneself

VERIFY = Path(__file__).parents[2] / "docs" / "verify.py"
STAFF = Actor(role=Role.STAFF, pseudonym="staff-1")
SEED = "Lotto 6 aus 49 vom 2020-10-17: 5 8 13 21 34 44"
FIRST, LAST = date(2020, 9, 20), date(2020, 9, 27)
"""The deadline that was announced, and the one that it was extended to."""
OPTIONAL = ("migration_background", "education")
"""What is answered with a consent of its own."""


def at(month: int, day: int, hour: int = 12, year: int = 2020) -> datetime:
    return datetime(year, month, day, hour, tzinfo=ZoneInfo("Europe/Berlin"))


def settings(folder: Path) -> Settings:
    return Settings.from_data(
        {
            "storage": {
                "use": "sqlite",
                "master_key": {"$env": "KEY"},
                "erasures": str(folder / "erasures.jsonl"),
                "sqlite": {"path": str(folder / "dialog.db"), "keys": str(folder / "keys.db")},
            }
        },
        environ={"KEY": MASTER},
    )


def people() -> list[dict[str, Any]]:
    """What the six hundred of the example answer."""
    form = read_form(dortmund() / "formular.toml")
    table = read_table(dortmund() / "bewerbungen.csv")
    columns = match_columns(form, table.labels)
    found = []
    for _, cells in table.rows:
        named = dict(zip(table.labels, cells, strict=True))
        told = {columns[label]: cell for label, cell in named.items() if label in columns}
        told["contact_place"] = "Dortmund" if told["contact_street"] else ""
        given = {f"{name}_consent": True for name in ("migration_background", "education")}
        answers = typed_answers(form, told)
        asked = {
            name: yes
            for name, yes in given.items()
            if answers[name[: -len("_consent")]] is not None
        }
        found.append({**answers, **asked})
    return found


def words_of(told: Mapping[str, Any]) -> set[bytes]:
    """Words of six letters and more in what leads to somebody."""
    home = [point.get("street", point.get("address", "")) for point in told["contact"]]
    return words(" ".join([told["given_name"], told["family_name"], *home]).encode())


def words(content: bytes) -> set[bytes]:
    return set(re.findall(rb"[A-Za-z\x80-\xff]{6,}", content))


def assert_nothing_leaks(folder: Path, told: list[dict[str, Any]], public: bytes) -> None:
    """No word that leads to somebody stands in any file, unless the public documents hold it."""
    leading = set().union(*map(words_of, told)) - words(public) - {b"example"}
    assert len(leading) > 500
    for path in folder.iterdir():
        content = path.read_bytes()
        assert not leading & words(content), path.name
        assert b"@example.org" not in content, path.name
        for each in told[:40]:  # inside of other words too
            for value in (each["family_name"], each["given_name"]):
                assert len(value) < 6 or value.encode() in public or value.encode() not in content


def folder_of(documents: Mapping[str, bytes], number: int, target: Path) -> Path:
    """The public files of a round alone."""
    target.mkdir()
    for name in ("lottery.json", "record-public.json"):
        (target / name).write_bytes(documents[f"lottery-{number}/{name}"])
    return target


def test_from_announcement_to_archive(tmp_path: Path) -> None:
    folder = tmp_path / "event"
    folder.mkdir()
    example = dortmund()
    event = read_event(example / "veranstaltung.toml").model_copy(update={"deadline": FIRST})
    facts = mw.read_facts(example / "tatsachen.toml")
    told = people()
    staff: dict[str, Any] = {"actor": STAFF}

    with Mitwirkung(settings(folder)) as app:
        dialogue = app.announce(
            event,
            read_form(example / "formular.toml"),
            mw.read_quotas(example / "quoten.csv"),
            now=at(8, 20),
            **staff,
        )
        dialogue.open_applications(now=at(8, 24), **staff)

        # most apply online, some by letter or phone; forty letters are entered after closing
        tokens = {}
        ways: list[tuple[slice, Channel, datetime, date | None]] = [
            (slice(0, 500), Channel.WEB, at(9, 1), None),
            (slice(500, 540), Channel.LETTER, at(9, 15), date(2020, 9, 14)),
            (slice(540, 560), Channel.PHONE, at(9, 25), None),
        ]
        for part, channel, now, received in ways:
            if now > at(9, 20):
                dialogue.extend(LAST, now=at(9, 19), reason="too few from the north", **staff)
            entries = [Entry(each, received=received) for each in told[part]]
            actor = None if channel is Channel.WEB else STAFF
            for each in dialogue.apply_all(entries, channel=channel, now=now, actor=actor):
                tokens[each.application.key] = each.token
        twice = Entry({**told[3], "family_name": told[3]["family_name"].upper()})
        again = dialogue.apply(twice, channel=Channel.PHONE, now=at(9, 26), **staff)
        outside = Entry({**told[4], "given_name": "Wilhelmine", "family_name": "Auswaertig"})
        refused = dialogue.apply(outside, channel=Channel.DESK, now=at(9, 27, 23), **staff)
        dialogue.close_applications(now=at(9, 28, 0), **staff)
        letters = [Entry(each, received=LAST) for each in told[560:]]
        for each in dialogue.apply_all(letters, channel=Channel.LETTER, now=at(9, 29), **staff):
            assert each.application.entered_late
            tokens[each.application.key] = each.token
        assert len(tokens) == 600

        offered_as_one = dialogue.possible_duplicates()
        ours = [each for each in offered_as_one if again.application.key in each.keys]
        assert [len(each.keys) for each in ours] == [2]
        dialogue.merge(ours[0].keys, now=at(9, 29), reason="the same person", **staff)
        dialogue.refuse(
            refused.application.key, now=at(9, 29), reason="wohnt nicht in Dortmund", **staff
        )

        # the lottery
        published = dialogue.publish_lottery(facts, now=at(10, 1), **staff)
        assert published.publication is not None
        public = published.publication.public
        assert (public.pool.people, public.counts.received, public.counts.merged) == (600, 602, 1)
        assert public.counts.refused == {"wohnt nicht in Dortmund": 1}
        assert (
            dict(zip(published.publication.problem.ids, published.publication.tokens, strict=True))
            == tokens
        )
        drawn = dialogue.draw(DORTMUND_SEED, now=at(10, 10, 20), **staff)
        assert drawn.record is not None
        checked = drawn.record.verify(commitment=published.commitment)
        assert checked, checked
        assert checked.level == "private"
        offered = [each.key for each in dialogue.offer(date(2020, 10, 14), now=at(10, 11), **staff)]
        assert len(offered) == 75

        # answers: most by phone or online, a letter that comes in time, two noes, two say nothing
        for key in offered[:35]:
            dialogue.accept(key, channel=Channel.PHONE, now=at(10, 12), **staff)
        for key in offered[35:70]:
            dialogue.accept(key, channel=Channel.WEB, now=at(10, 13), actor=oneself(key))
        in_time = date(2020, 10, 14)
        letter: dict[str, Any] = {"channel": Channel.LETTER, "received": in_time, **staff}
        dialogue.accept(offered[70], now=at(10, 15), **letter)
        dialogue.decline(
            offered[71], channel=Channel.WEB, now=at(10, 13), actor=oneself(offered[71])
        )
        dialogue.decline(offered[72], channel=Channel.LETTER, now=at(10, 14), **staff)
        assert len(dialogue.expire(now=at(10, 15, 0))) == 2

        # somebody with a seat, and somebody without, want all about them erased
        without = next(key for key in sorted(tokens) if key not in offered)
        for key in (offered[0], without):
            name = next(person for each, person in dialogue.people() if each.key == key)
            assert dialogue.erase_person(key, now=at(10, 15), **staff).people == 1
            for path in folder.iterdir():
                assert f"{name.given_name} {name.family_name}".encode() not in path.read_bytes()
                assert tokens[key].encode() not in path.read_bytes()
        assert dialogue.draw(DORTMUND_SEED, now=at(10, 15), **staff).record is None

        # five seats are filled again
        another = facts.seed.model_copy(
            update={
                "template": "Lotto 6 aus 49 vom 2020-10-17: {numbers 6 of 1-49}",
                "earliest": "2020-10-17T19:25:00+02:00",
                "latest": "2020-10-18T12:00:00+02:00",
                "fallback": "Lotto 6 aus 49 vom 2020-10-21: {numbers 6 of 1-49}",
            }
        )
        replacement = dialogue.publish_replacement(
            facts.model_copy(update={"seed": another}), now=at(10, 16), **staff
        )
        assert len(replacement.round.freed) == 5
        filled = dialogue.draw(SEED, now=at(10, 17, 20), **staff)
        assert filled.record is not None
        assert filled.record.verify(commitment=replacement.commitment)
        assert len(filled.round.seated) == 5
        assert not {*filled.round.seated} & {*offered, without}
        for each in dialogue.offer(date(2020, 10, 20), now=at(10, 18), **staff):
            dialogue.accept(each.key, channel=Channel.PHONE, now=at(10, 19), **staff)
        dialogue.confirm(now=at(10, 21), **staff)
        assert dialogue.counts()[State.ACCEPTED] == 75

        # the dialogue itself
        dialogue.start(now=at(10, 24, 9), **staff)
        seated = [each.key for each in dialogue.applications(State.ACCEPTED)]
        for key in seated[:70]:
            dialogue.check_in(key, now=at(10, 24, 10), **staff)
        dialogue.hold(now=at(11, 28, 18), **staff)
        assert dialogue.counts()[State.ATTENDED] == 70
        assert dialogue.counts()[State.ABSENT] == 5
        dialogue.document(
            {"ergebnis.md": "# Ergebnis\n\nMehr Bäume.\n".encode()}, now=at(12, 1), **staff
        )
        assert dialogue.erase_due(now=at(11, 29)).compartments == {"profile": 600}
        assert dialogue.erase_due(now=at(12, 27)).people > 500
        dialogue.erase_due(now=at(12, 30))
        assert dialogue.counts() == {State.ERASED: 602}
        archived = dialogue.archive(now=at(1, 4, year=2021), **staff)
        assert archived.phase is Phase.ARCHIVED
        found = dialogue.audit()
        assert found.ok, found.flaws
        assert found.printed == 2
        documents = dialogue.public_documents()
        assert_nothing_leaks(folder, told, b"".join(documents.values()))

    # nothing is left but what is public
    assert_nothing_leaks(folder, told, b"".join(documents.values()))
    for path in folder.iterdir():
        assert not set(tokens.values()) & set(
            re.findall("[0-9a-f]{32}", path.read_bytes().decode("latin-1"))
        )
    first = folder_of(documents, 1, tmp_path / "first")
    second = folder_of(documents, 2, tmp_path / "second")
    for place, commitment, before in (
        (first, published.commitment, []),
        (second, replacement.commitment, [first]),
    ):
        checked = mw.verify_record(place, commitment=commitment, before=before)
        assert checked, checked
        assert (checked.level, checked.anchored, checked.committed) == ("public", True, True)
        done = subprocess.run(
            [sys.executable, str(VERIFY), str(place), "--commitment", commitment],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert LotteryFile.from_bytes(documents["lottery-2/lottery.json"]).replaces is not None
