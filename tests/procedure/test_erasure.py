"""What has reached its end is erased, from every file, and stays so."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mitwirkung.applications import State
from mitwirkung.casefile import CaseFile
from mitwirkung.erasure_log import ErasureLog
from mitwirkung.people import Channel, Compartment, Purpose
from mitwirkung.retention import Milestone, Retention, RetentionPlan
from mitwirkung.storage.backend import StorageBackend
from mitwirkung.storage.vault import Vault
from small_event import (
    ALL_DUE,
    CLERK,
    DOCUMENTED,
    DRAWN,
    HELD,
    NAME,
    OFFERED,
    OPENED,
    PROFILES_DUE,
    PUBLISHED,
    SEED,
    UNSELECTED_DUE,
    UNTIL,
    Town,
    at,
    entry,
    event,
    form,
    key,
    quotas,
    refused,
)


def secrets(*numbers: int) -> list[bytes]:
    """What the people of some numbers told, and nobody else."""
    found = []
    for number in numbers:
        told = entry(number).answers
        mail, home = told["contact"]
        found += [told["given_name"], told["family_name"], mail["address"], told["wish"]]
        found.append(home["street"] + '"')  # 1 is not 11
    return [text.encode() for text in found]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def assert_nowhere(folder: Path, words: list[bytes]) -> None:
    for name, content in files(folder).items():
        for word in words:
            assert word not in content, name


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The event after its end, on SQLite; the folder is copied, never changed."""
    folder = tmp_path_factory.mktemp("held")
    Town.made(folder).held().storage.close()
    return folder


@pytest.fixture
def town(held: Path, tmp_path: Path) -> Iterator[Town]:
    made = Town.made(Path(shutil.copytree(held, tmp_path / "event")))
    yield made
    made.storage.close()


# --- what is due ----------------------------------------------------------------------------------


def test_compartments_go_when_their_last_purpose_ends(town: Town) -> None:
    before = PROFILES_DUE - timedelta(microseconds=1)
    assert not town.procedure.due(now=before)
    assert not town.procedure.erase_due(now=before)
    due = town.procedure.due(now=PROFILES_DUE)
    assert (due.people, due.compartments) == (0, {"profile": 12})
    assert due.rounds == ("lottery-1",)
    assert town.procedure.erase_due(now=PROFILES_DUE) == due
    entries = len(town.procedure.journal())
    assert not town.procedure.erase_due(now=PROFILES_DUE)
    assert len(town.procedure.journal()) == entries
    town.procedure.document({"results.md": b"."}, now=DOCUMENTED, actor=CLERK)
    assert not town.procedure.erase_due(now=UNSELECTED_DUE - timedelta(microseconds=1))
    gone = town.procedure.erase_due(now=UNSELECTED_DUE)
    assert gone.people == 8
    assert town.procedure.counts() == {State.ATTENDED: 3, State.ABSENT: 1, State.ERASED: 8}
    with refused("archive-not-empty", compartments=["identity", "statements"]):
        town.procedure.archive(now=UNSELECTED_DUE, actor=CLERK)
    assert not town.procedure.erase_due(now=ALL_DUE - timedelta(microseconds=1))
    assert town.procedure.erase_due(now=ALL_DUE).people == 4
    assert town.procedure.counts() == {State.ERASED: 12}
    archived = town.procedure.archive(now=ALL_DUE, actor=CLERK)
    assert town.procedure.archive(now=ALL_DUE, actor=CLERK) == archived
    assert town.procedure.audit().ok
    assert town.folder is not None
    assert_nowhere(town.folder, secrets(*range(12)))
    assert town.storage.keys().names(NAME) == []


def test_a_field_may_have_an_end_of_its_own(tmp_path: Path) -> None:
    town = Town.made(tmp_path)
    soon = Retention(after=Milestone.REPLACEMENTS_CLOSED, days=2).model_dump()
    asked = form(
        {
            "name": "allergies",
            "kind": "text",
            "label": {"de": "Allergien", "en": "Allergies"},
            "purposes": ["contact"],
            "retention": soon,
        }
    )
    town.procedure.announce(event(), asked, quotas(), now=at(2, 1), actor=CLERK)
    town.procedure.open_applications(now=OPENED, actor=CLERK)
    town.procedure.apply(entry(0, allergies="Erdnusskuchen"), channel=Channel.WEB, now=OPENED)
    town.apply(1)
    due = town.procedure.due(now=at(4, 19, 0))
    assert (due.fields, due.compartments) == ({"allergies": 1}, {"profile": 2})
    erased = town.procedure.erase_due(now=at(4, 19, 0))
    assert erased.fields == {"allergies": 1}
    assert not town.procedure.due(now=at(4, 20))
    assert not town.procedure.erase_due(now=at(4, 20))
    told = town.procedure.export_person(key(0), now=at(4, 20), actor=CLERK)
    assert "allergies" not in told.answers[Compartment.IDENTITY]
    assert told.answers[Compartment.IDENTITY]["family_name"] == "Quittenbaum"
    assert told.token == town.procedure.token(key(0)) is not None
    assert town.procedure.audit().ok
    town.storage.close()


_ASKED = form().fields


def test_who_cannot_be_reached_any_more_is_left_out_of_the_list() -> None:
    town = Town.made()
    soon = {"retention": Retention(after=Milestone.REPLACEMENTS_CLOSED)}
    fields = [each.model_copy(update=soon) if each.name == "contact" else each for each in _ASKED]
    asked = form().model_copy(update={"fields": tuple(fields)})
    town.procedure.announce(event(), asked, quotas(), now=at(2, 1), actor=CLERK)
    town.procedure.open_applications(now=OPENED, actor=CLERK)
    town.apply(0, 1)
    assert len(town.procedure.people()) == 2
    assert town.procedure.erase_due(now=PROFILES_DUE).fields == {"contact": 2}
    assert town.procedure.people() == []
    assert town.procedure.possible_duplicates() == ()
    told = town.procedure.export_person(key(0), now=PROFILES_DUE, actor=CLERK)
    assert list(told.answers[Compartment.IDENTITY]) == ["given_name", "family_name"]


def test_a_plan_of_the_city_goes_before_the_defaults() -> None:
    plan = RetentionPlan(
        purposes={Purpose.CONTACT: Retention(after=Milestone.END, days=1)},
        unselected=Retention(after=Milestone.END),
    )
    town = Town.made().closed(retention=plan)
    town.procedure.cancel(now=PUBLISHED, actor=CLERK, reason="the hall burnt down")
    assert not town.procedure.erase_due(now=at(3, 30, 23))
    # nobody had a seat: all of it goes on the day after
    assert town.procedure.erase_due(now=at(3, 31, 0)).people == 12
    assert town.procedure.archive(now=at(3, 31, 0), actor=CLERK).phase == "archived"


# --- one person -----------------------------------------------------------------------------------


def test_a_tombstone_holds_nothing(tmp_path: Path) -> None:
    town = Town.made(tmp_path).opened(*range(1, 12))
    town.apply(0, companions=(key(1),))
    token = town.procedure.token(key(0))
    assert token is not None
    town.procedure.refuse(key(0), now=OPENED, actor=CLERK, reason="lives elsewhere, they said")
    erased = town.procedure.erase_person(key(0), now=OPENED, actor=CLERK)
    assert erased.people == 1
    before = town.everything()
    assert not town.procedure.erase_person(key(0), now=OPENED, actor=CLERK)
    assert town.everything() == before
    left = town.procedure.application(key(0))
    assert left.state is State.ERASED
    assert (left.token_hash, left.consents, left.companions) == (None, (), ())
    assert {step.reason for step in left.history} == {None}
    record = before["records"]["application", key(0)]
    assert record.index == {"state": "erased", "household": None, "token": None}
    assert not any((part, key(0)) in before["records"] for part in Compartment)
    assert town.procedure.key_of(token) is None
    assert town.procedure.token(key(0)) is None
    assert not [each for each in town.storage.keys().names(NAME) if each.person == key(0)]
    assert_nowhere(tmp_path, [*secrets(0), token.encode(), b"lives elsewhere"])
    assert secrets(1)[0] not in b"".join(files(tmp_path).values())  # sealed
    with refused("application-unknown"):
        town.procedure.erase_person("nobody-at-all", now=OPENED, actor=CLERK)
    told = town.procedure.export_person(key(0), now=OPENED, actor=CLERK)
    assert not any(told.answers.values())
    assert town.procedure.audit().ok
    town.storage.close()


def test_an_erasure_between_publishing_and_draw_draws_the_same_people() -> None:
    town = Town.made().published()
    made = town.procedure.publish_lottery(now=PUBLISHED, actor=CLERK).publication
    assert made is not None
    whole = made.draw(SEED)
    seated = list(whole.ids)
    bystander = next(each.key for each in town.procedure.applications() if each.key not in seated)
    for who in (seated[0], bystander):
        town.procedure.erase_person(who, now=PUBLISHED, actor=CLERK)
    # everybody's answers stood in its private file
    assert town.procedure.publish_lottery(now=PUBLISHED, actor=CLERK).publication is None
    assert [name for kind, name in town.everything()["records"] if kind == "drawing"] == []
    drawn = town.procedure.draw(SEED, now=DRAWN, actor=CLERK)
    assert drawn.record is None
    assert drawn.public == whole.public
    assert sorted({*drawn.round.seated} & {*made.problem.ids}) == seated[1:]
    offered = town.procedure.offer(UNTIL, now=OFFERED, actor=CLERK)
    assert [each.key for each in offered] == seated[1:]
    assert town.procedure.audit().ok


def test_a_draw_after_all_is_erased_knows_nobody() -> None:
    town = Town.made().published()
    town.procedure.erase_due(now=PROFILES_DUE)
    with refused("round-erased"):
        town.procedure.draw(SEED, now=PROFILES_DUE, actor=CLERK)


# --- what comes back ------------------------------------------------------------------------------


def test_a_backup_that_is_restored_is_erased_again(held: Path, tmp_path: Path) -> None:
    backup, folder = tmp_path / "backup", tmp_path / "event"
    shutil.copytree(held, folder)
    with_all = Town.made(folder)
    with_all.procedure.document({"results.md": b"."}, now=DOCUMENTED, actor=CLERK)
    with_all.storage.close()
    shutil.copytree(folder, backup)
    town = Town.made(folder)
    town.procedure.erase_person(key(0), now=DOCUMENTED, actor=CLERK)
    town.procedure.erase_due(now=UNSELECTED_DUE)
    counts = town.procedure.counts()
    town.storage.close()
    for name in ("dialog.db", "keys.db"):
        for old in folder.glob(f"{name}*"):
            old.unlink()
        shutil.copy(backup / name, folder / name)
    back = Town.made(folder)
    assert State.ERASED not in back.procedure.counts()
    again = back.procedure.replay_erasures(now=UNSELECTED_DUE, actor=CLERK)
    assert again.people == counts[State.ERASED] >= 8
    assert back.procedure.counts() == counts
    entries = len(back.procedure.journal())
    assert not back.procedure.replay_erasures(now=UNSELECTED_DUE, actor=CLERK)
    assert len(back.procedure.journal()) == entries
    assert back.procedure.audit().ok
    assert_nowhere(folder, secrets(*(int(each[-4:]) for each in back.keys(State.ERASED))))
    back.storage.close()


def test_keys_alone_that_come_back_are_destroyed_again(held: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(held, tmp_path / "event"))
    town = Town.made(folder)
    town.procedure.erase_person(key(0), now=HELD, actor=CLERK)
    town.storage.close()
    for old in folder.glob("keys.db*"):
        old.unlink()
    shutil.copy(held / "keys.db", folder / "keys.db")
    back = Town.made(folder)
    assert [each for each in back.storage.keys().names(NAME) if each.person == key(0)]
    back.procedure.replay_erasures(now=HELD, actor=CLERK)
    assert not [each for each in back.storage.keys().names(NAME) if each.person == key(0)]
    back.storage.close()


def test_the_log_holds_pseudonyms_and_survives_what_was_half_written(tmp_path: Path) -> None:
    path = tmp_path / "erasures.jsonl"
    log = ErasureLog(path)
    assert not log.is_pending()
    log.note(NAME, "identity", [key(0)], now=OPENED)
    assert log.is_pending()
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"event": "stadtgespr')
    again = ErasureLog(path)
    assert list(again.entries(NAME)) == [("identity", key(0))]
    again.note(NAME, "profile", [key(0), key(1)], now=OPENED)
    again.note("another", "profile", [key(2)], now=OPENED)
    again.note_compacted(now=OPENED)
    assert not again.is_pending()
    assert list(ErasureLog(path).entries(NAME)) == [
        ("identity", key(0)),
        ("profile", key(0)),
        ("profile", key(1)),
    ]
    assert json.loads(path.read_text().splitlines()[-1]) == {
        "compacted": "2027-02-08T11:00:00.000000Z"
    }
    assert path.stat().st_mode & 0o077 == 0


# --- what is interrupted --------------------------------------------------------------------------


class Killed(BaseException):
    """What ends a process in the middle."""


Breaks = Callable[[pytest.MonkeyPatch], None]


def _after(target: Any, name: str) -> Breaks:
    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        real = getattr(target, name)

        def broken(*words: Any, **named: Any) -> Any:
            real(*words, **named)
            raise Killed

        monkeypatch.setattr(target, name, broken)

    return patch


def _instead(target: Any, name: str) -> Breaks:
    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(*words: Any, **named: Any) -> Any:
            raise Killed

        monkeypatch.setattr(target, name, broken)

    return patch


POINTS: dict[str, Breaks] = {
    "keys destroyed, nothing committed": _after(Vault, "destroy"),
    "records removed, nothing committed": _after(CaseFile, "destroy"),
    "log written, nothing done": _after(ErasureLog, "note"),
    "all done, not committed": _after(CaseFile, "check_told"),
    "committed, files not compacted": _instead(StorageBackend, "compact"),
}


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("whole", [True, False])
def test_an_erasure_that_was_interrupted_is_completed_by_the_next(
    town: Town, point: str, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert town.folder is not None

    def erase() -> object:
        if whole:
            return town.procedure.erase_due(now=UNSELECTED_DUE)
        return town.procedure.erase_person(key(0), now=HELD, actor=CLERK)

    with monkeypatch.context() as patch:
        POINTS[point](patch)
        with pytest.raises(Killed):
            erase()
    erase()
    gone = [int(each[-4:]) for each in town.keys(State.ERASED)]
    assert len(gone) == (8 if whole else 1)
    assert town.procedure.audit().ok
    assert town.told().count("due-erased" if whole else "person-erased") == 1
    assert_nowhere(town.folder, secrets(*gone))
    left = {each.person for each in town.storage.keys().names(NAME)}
    assert left.isdisjoint(town.keys(State.ERASED))


def test_no_lottery_is_made_while_an_erasure_is_half_done(monkeypatch: pytest.MonkeyPatch) -> None:
    town = Town.made().closed()
    with monkeypatch.context() as patch:
        destroy = Vault.destroy

        def broken(vault: Vault, name: str, people: Any, parts: Any) -> None:
            destroy(vault, name, people, parts)
            if list(parts) == ["profile"]:
                raise Killed

        patch.setattr(Vault, "destroy", broken)
        with pytest.raises(Killed):
            town.procedure.erase_person(key(0), now=PUBLISHED, actor=CLERK)
    assert town.state(key(0)) is State.RECEIVED
    before = town.everything()
    with refused("answers-missing", count=1):
        town.procedure.publish_lottery(now=PUBLISHED, actor=CLERK)
    assert town.everything() == before
    assert town.procedure.replay_erasures(now=PUBLISHED).people == 1
    made = town.procedure.publish_lottery(now=PUBLISHED, actor=CLERK).publication
    assert made is not None
    assert len(made.problem) == 11
    assert town.procedure.audit().ok


def test_reasons_and_words_are_gone_but_the_public_record_stays(town: Town) -> None:
    before = town.procedure.public_documents()
    town.procedure.document({"results.md": b"."}, now=DOCUMENTED, actor=CLERK)
    town.procedure.erase_due(now=ALL_DUE)
    after = town.procedure.public_documents()
    for name in ("lottery-1/lottery.json", "lottery-1/record-public.json", "form.json"):
        assert after[name] == before[name]
    summary = json.loads(after["event.json"])
    # what came of the applications is told, though nobody can say any more of whom
    assert sum(summary["applications"].values()) == 12
    assert "erased" not in summary["applications"]
