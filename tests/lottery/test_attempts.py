"""Attempts are given up with a reason, and the chain shows every cheat with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from builders import DATA, town
from mitwirkung.app import solve, verify_record
from mitwirkung.cli import cli
from mitwirkung.errors import MitwirkungError
from mitwirkung.folders import draw_folder, give_up_folder
from mitwirkung.lottery.attempts import AttemptRefused, GivenUpFile
from mitwirkung.lottery.encoding import canonical_json
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.files import UnreadableFile
from mitwirkung.lottery.folder import AttemptGivenUp, FolderOccupied, read_record

KEY = b"thirty-two bytes, and some more of it"
WHY = "The lottery drum fell over"


def attempt(folder: Path, number: int, previous: str = "none", event: str = "Dialog") -> Path:
    facts = Facts(event=event, attempt=number, previous=previous)
    solve(town(), "simple").publish(folder, facts=facts, key=KEY)
    return folder


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    """Two attempts given up, one of them drawn, and a third that counts."""
    first = attempt(tmp_path / "first", 1)
    second = attempt(tmp_path / "second", 2, give_up_folder(first, WHY).digest)
    draw_folder(second, "a seed")
    third = attempt(tmp_path / "third", 3, give_up_folder(second, "Wrong drum").digest)
    draw_folder(third, "another seed")
    return [first, second, third]


def failed(record: Path, *previous: Path) -> dict[str, str]:
    found = verify_record(record / "record-public.json", previous=previous)
    return {check.code: "; ".join(check.reasons) for check in found.failed}


def rewrite(path: Path, **update: Any) -> None:
    path.write_bytes(canonical_json({**json.loads(path.read_bytes()), **update}))


def test_a_sound_chain_is_walked_in_any_order(three: list[Path]) -> None:
    first, second, third = three
    for previous in ([first, second], [second, first]):
        found = verify_record(third, key=KEY, previous=previous)
        assert found, found.describe()
        assert {"check-attempt", "check-attempts-single", "check-chain"} <= {
            check.code for check in found.checks
        }
    told = json.loads((second / "given-up.json").read_bytes())
    assert told["reason"] == "Wrong drum"
    assert told["record"] != "none"
    assert json.loads((first / "given-up.json").read_bytes())["record"] == "none"
    assert (first / "given-up.json").stat().st_mode & 0o044


def test_without_the_earlier_attempts_it_says_so(three: list[Path]) -> None:
    found = verify_record(three[2], key=KEY)
    assert found
    (check,) = [check for check in found.checks if check.code == "check-chain-missing"]
    assert check.skipped
    assert check.params["attempt"] == 3


def test_a_missing_link_is_seen(three: list[Path]) -> None:
    first, second, third = three
    assert failed(third, second) == {"check-chain": "attempt 1 is missing"}
    assert failed(third, first) == {"check-chain": "attempt 2 is missing"}


def test_a_changed_reason_breaks_the_chain(three: list[Path]) -> None:
    first, second, third = three
    rewrite(first / "given-up.json", reason="Rain")
    assert failed(third, first, second) == {
        "check-chain": "attempt 2 does not name attempt 1 as it is"
    }


def test_an_attempt_that_was_not_given_up_is_seen(three: list[Path]) -> None:
    """Drawn again because the first panel did not please."""
    first, second, third = three
    (second / "given-up.json").unlink()
    found = failed(third, first, second)
    assert "it was not given up" in found["check-attempt"]
    assert "does not name attempt 2" in found["check-chain"]


def test_a_draw_that_was_hidden_or_made_up_is_seen(three: list[Path]) -> None:
    first, second, third = three
    (second / "record-public.json").unlink()
    assert "about other files" in failed(third, first, second)["check-attempt"]
    forged = (third / "record-public.json").read_bytes()
    (second / "record-public.json").write_bytes(forged)
    assert "does not follow" in failed(third, first, second)["check-attempt"]


def test_two_lotteries_of_one_attempt_are_seen(three: list[Path], tmp_path: Path) -> None:
    first, second, third = three
    other = attempt(tmp_path / "other", 1)
    rewrite(other / "lottery.json", place="elsewhere")
    give_up_folder(other, WHY)
    found = failed(third, first, second, other)
    assert found == {"check-attempts-single": "there are 2 different lotteries of attempt 1"}
    twin = attempt(
        tmp_path / "twin", 3, json.loads((third / "lottery.json").read_bytes())["previous"]
    )
    rewrite(twin / "lottery.json", place="elsewhere")
    give_up_folder(twin, WHY)
    assert (
        "2 different lotteries of attempt 3"
        in failed(third, first, second, twin)["check-attempts-single"]
    )


def test_two_draws_of_one_attempt_are_seen(three: list[Path], tmp_path: Path) -> None:
    first, second, third = three
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "lottery.json").write_bytes((second / "lottery.json").read_bytes())
    solved = attempt(
        tmp_path / "again", 2, json.loads((copy / "lottery.json").read_bytes())["previous"]
    )
    draw_folder(solved, "a third seed")
    (copy / "record-public.json").write_bytes((solved / "record-public.json").read_bytes())
    found = failed(third, first, second, copy)
    assert "2 different draws of attempt 2" in found["check-attempts-single"]


def test_one_attempt_given_up_in_two_ways_is_seen(three: list[Path], tmp_path: Path) -> None:
    """Before the draw for one reason, and after it for another: both are shown."""
    first, second, third = three
    other = attempt(tmp_path / "other", 1)
    give_up_folder(other, "Not what we wished for")
    found = failed(third, first, second, other)
    assert found == {"check-attempts-single": "attempt 1 was given up in 2 different ways"}


def test_another_event_or_nonsense_is_no_earlier_attempt(three: list[Path], tmp_path: Path) -> None:
    first, second, third = three
    stranger = attempt(tmp_path / "stranger", 1, event="Another")
    give_up_folder(stranger, WHY)
    assert "another event" in failed(third, second, stranger)["check-attempt"]
    (first / "given-up.json").write_bytes(b"{}")
    assert "given-up.json" in failed(third, second, first)["check-attempt-unreadable"]


def test_what_was_given_up_does_not_count(three: list[Path]) -> None:
    found = failed(three[1], three[0])
    assert found == {"check-given-up": "it was given up: Wrong drum"}


def test_what_was_given_up_stays(three: list[Path]) -> None:
    first, second, _ = three
    with pytest.raises(AttemptGivenUp):
        draw_folder(first, "a seed")
    with pytest.raises(AttemptGivenUp):
        draw_folder(second, "a seed", force=True)
    with pytest.raises(AttemptGivenUp):
        give_up_folder(first, "Once more")
    with pytest.raises(AttemptGivenUp):
        solve(town(), "simple").publish(first, force=True)


@pytest.mark.parametrize("reason", ["", " ", "two\nlines", "not stated", "\x00"])
def test_a_reason_is_a_line(reason: str, tmp_path: Path) -> None:
    folder = attempt(tmp_path / "first", 1)
    with pytest.raises(AttemptRefused):
        give_up_folder(folder, reason)
    assert not (folder / "given-up.json").exists()


def test_the_file_is_read_strictly(three: list[Path]) -> None:
    data = (three[0] / "given-up.json").read_bytes()
    assert GivenUpFile.from_bytes(data).content == data
    for other in (data + b"\n", data.replace(b'"attempt":1', b'"attempt":"1"')):
        with pytest.raises(UnreadableFile):
            GivenUpFile.from_bytes(other)


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(cli, list(map(str, arguments)), env={"MITWIRKUNG_LANGUAGE": "en"})
    return done.exit_code, " ".join(done.output.split())


def test_on_the_command_line(tmp_path: Path) -> None:
    candidates, quotas = DATA / "fix_150" / "candidates.csv", DATA / "fix_150" / "features.csv"
    make = ("lottery", candidates, quotas, "--seats", 30, "--strategy", "simple", "--out")
    first, second = tmp_path / "first", tmp_path / "second"
    assert run(*make, first)[0] == 0
    assert run("give-up", first)[0] == 2
    code, said = run("give-up", first, "--reason", WHY)
    assert code == 0
    assert "attempt = 2" in said
    assert run("give-up", first, "--reason", WHY)[0] == 2
    facts = tmp_path / "facts.toml"
    facts.write_text("\n".join(("attempt = 2", said[said.index("previous") :])), "utf-8")
    assert run(*make, second, "--facts", facts)[0] == 0
    assert run("draw", "--lottery", second, "--seed", "x")[0] == 0
    code, said = run("verify", second, "--previous", first)
    assert code == 0, said
    assert "each attempt names the one before" in said
    assert "attempts before are not checked" in run("verify", second)[1]
    assert run("verify", second, "--previous", second)[0] == 1
    assert run("verify", second, "--previous", tmp_path)[0] == 2


def test_errors_are_ours(tmp_path: Path) -> None:
    seen: Mapping[str, type[MitwirkungError]] = {"given": AttemptGivenUp, "refused": AttemptRefused}
    assert issubclass(seen["given"], FileExistsError)
    assert issubclass(seen["refused"], ValueError)


def test_a_draw_with_another_seed_stays(tmp_path: Path) -> None:
    folder = attempt(tmp_path / "one", 1)
    draw_folder(folder, "a seed")
    before = (folder / "record-public.json").read_bytes()
    with pytest.raises(FolderOccupied) as refused:
        draw_folder(folder, "a nicer seed", force=True)
    assert refused.value.code == "drawn-already"
    assert (folder / "record-public.json").read_bytes() == before
    draw_folder(folder, "a seed", force=True)
    assert (folder / "record-public.json").read_bytes() == before


def test_seats_of_a_draw_that_was_given_up_are_not_filled_again(tmp_path: Path) -> None:
    folder = attempt(tmp_path / "one", 1)
    draw_folder(folder, "a seed")
    assert read_record(folder).ids
    give_up_folder(folder, WHY)
    with pytest.raises(AttemptGivenUp):
        read_record(folder)
