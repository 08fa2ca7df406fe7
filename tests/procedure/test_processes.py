"""Several processes on one event: killed at any point, or at work at the same moment."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mitwirkung.applications import State
from mitwirkung.casefile import COMPARTMENTS
from small_event import OPENED, OTHER_SEED, SEED, Town, at, key

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")

HELPER = Path(__file__).parent / "other_processes.py"
STEPS = [["close"], ["publish"], ["draw", SEED], ["offer"]]
TWICE = [*STEPS, ["offer"]]
"""So that something comes after the last one."""


class Processes:
    """The other processes: each task is done by children of one that has all imported."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, folder: Path, *steps: Any, kill: int | None = None) -> list[dict[str, Any]]:
        task = {"folder": str(folder), "steps": steps, "kill": kill}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        found: list[dict[str, Any]] = json.loads(self._process.stdout.readline())
        return found


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    tests = str(HELPER.parents[1])
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {tests!r}); {_RUN}"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        yield Processes(process)
        process.kill()


_RUN = f"import runpy; runpy.run_path({str(HELPER)!r}, run_name='__main__')"


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory, processes: Processes) -> dict[str, Any]:
    """A folder for each stage of the event, and what stands in it: the last process was not
    killed. Also the statements of SQLite, from the first to the last."""
    root = tmp_path_factory.mktemp("stages")
    (root / "0").mkdir()
    Town.made(root / "0").opened(*range(12)).storage.close()
    contents = [content(root / "0")]
    for number, step in enumerate(STEPS, start=1):
        folder = Path(shutil.copytree(root / str(number - 1), root / str(number)))
        processes.run(folder, [step])
        contents.append(content(folder))
    whole = Path(shutil.copytree(root / "0", root / "whole"))
    (done,) = processes.run(whole, TWICE)
    assert content(whole) == contents[-1]
    assert len({json.dumps(each, sort_keys=True, default=str) for each in contents}) == 5
    return {"root": root, "contents": contents, "statements": done["statements"]}


def content(folder: Path) -> dict[str, Any]:
    """All that stands in the clear, and what is sealed of whom; the event is whole."""
    town = Town.made(folder)
    try:
        assert town.procedure.audit().ok
        found = town.everything()
    finally:
        town.storage.close()
    return {
        "journal": [link.hash for link in found["journal"]],
        "records": {
            " ".join(name): None if name[0] in COMPARTMENTS else (each.version, each.body)
            for name, each in found["records"].items()
        },
    }


# --- killed ---------------------------------------------------------------------------------------

POINTS = 20
"""Of some hundred statements; the most interesting ones, before and after each that writes last."""


def points(statements: list[str]) -> list[int]:
    """Statements to be killed before: each that ends a transaction in which something was
    written, the one after it, and others in between at equal distances."""
    writing, ends = False, []
    for number, word in enumerate(statements):
        writing = writing or word in ("INSERT", "UPDATE", "DELETE")
        if word == "COMMIT":
            ends += [number, number + 1] if writing else []
            writing = False
    rest = max(6, POINTS - len(ends))
    between = range(1, len(statements), len(statements) // rest)
    return sorted({*ends, *between} - {len(statements)})


def test_a_process_that_is_killed_leaves_the_state_before_or_after_a_step(
    tmp_path: Path, processes: Processes, stages: dict[str, Any]
) -> None:
    """Never one between; and the same steps once more complete it."""
    seen, completed = set(), set()
    chosen = points(stages["statements"])
    for turn, number in enumerate(chosen):
        folder = Path(shutil.copytree(stages["root"] / "0", tmp_path / str(number)))
        assert processes.run(folder, TWICE, kill=number) == [{"killed": True}]
        left = content(folder)
        assert left in stages["contents"], f"killed before statement {number}"
        seen.add(stages["contents"].index(left))
        if turn % 2 == 0:
            completed.add(stages["contents"].index(left))
            (done,) = processes.run(folder, STEPS)
            assert done["gave"][0] in ("closed", "lottery_published", "drawn")
            assert content(folder) == stages["contents"][-1], number
        shutil.rmtree(folder)
    assert seen == completed == {0, 1, 2, 3, 4}
    assert len(chosen) >= POINTS


# --- at the same moment ---------------------------------------------------------------------------


def copy(stages: dict[str, Any], stage: int, target: Path) -> Path:
    return Path(shutil.copytree(stages["root"] / str(stage), target))


@pytest.mark.parametrize("attempt", range(3))
def test_two_that_draw_at_once_draw_once(
    tmp_path: Path, processes: Processes, stages: dict[str, Any], attempt: int
) -> None:
    folder = copy(stages, 2, tmp_path / "event")
    one, other = processes.run(folder, [["draw", SEED]], [["draw", OTHER_SEED]])
    assert sorted([*one["gave"], *other["gave"]], reverse=True)[0] == "seed-other"
    (won,) = {*one["gave"], *other["gave"]} - {"seed-other"}
    town = Town.made(folder)
    assert (
        town.procedure.public_documents()["lottery-1/record-public.json"].count(won.encode()) == 1
    )
    assert town.told().count("lottery-drawn") == 1
    assert town.procedure.audit().ok
    town.storage.close()


def test_two_that_publish_or_draw_or_offer_the_same_get_the_same(
    tmp_path: Path, processes: Processes, stages: dict[str, Any]
) -> None:
    folder = copy(stages, 1, tmp_path / "event")
    for step in STEPS[1:]:
        one, other = processes.run(folder, [step], [step])
        assert one["gave"] == other["gave"]
    assert content(folder) == stages["contents"][-1]


@pytest.mark.parametrize("attempt", range(3))
def test_one_seat_is_answered_once(
    tmp_path: Path, processes: Processes, stages: dict[str, Any], attempt: int
) -> None:
    folder = copy(stages, 4, tmp_path / "event")
    town = Town.made(folder)
    first, second, *_ = town.keys(State.SELECTED)
    yes, no = processes.run(folder, [["accept", first]], [["decline", first]])
    either = [["accepted", "move-illegal"], ["move-illegal", "declined"]]
    assert [*yes["gave"], *no["gave"]] in either
    same, again, *_ = processes.run(
        folder, [["accept", second]], [["accept", second]], [["accept", second]]
    )
    assert (same["gave"], again["gave"]) == (["accepted"], ["accepted"])
    told = [link.entry.what for link in town.procedure.journal() if link.entry.subject == second]
    assert told == ["application-received", "application-accepted"]
    assert town.procedure.audit().ok
    town.storage.close()


def test_all_who_accept_at_once_have_the_seats_and_nobody_else(
    tmp_path: Path, processes: Processes, stages: dict[str, Any]
) -> None:
    folder = copy(stages, 4, tmp_path / "event")
    town = Town.made(folder)
    offered = town.keys(State.SELECTED)
    everybody = town.keys()
    answers = processes.run(folder, *[[["accept", who]] for who in everybody])
    gave = {who: each["gave"] for who, each in zip(everybody, answers, strict=True)}
    assert [who for who in everybody if gave[who] == ["accepted"]] == offered
    assert town.keys(State.ACCEPTED) == offered
    assert len(offered) == 4
    town.storage.close()


@pytest.mark.parametrize("attempt", range(3))
def test_an_application_beside_the_closing_is_in_or_told(
    tmp_path: Path, processes: Processes, stages: dict[str, Any], attempt: int
) -> None:
    folder = copy(stages, 0, tmp_path / "event")
    in_time = at(3, 27, 23, 59).isoformat()
    applied, closed, published = processes.run(
        folder, [["apply", "12", in_time]], [["close"]], [["close"], ["publish"]]
    )
    assert closed["gave"][0] in ("closed", "lottery_published")  # the other one may be faster
    assert applied["gave"][0] in (key(12), "application-closed", "application-settled")
    town = Town.made(folder)
    told = town.told()
    assert told.count("application-received") == 12 + (applied["gave"] == [key(12)])
    last = max(n for n, what in enumerate(told) if what == "application-received")
    assert last < told.index("applications-closed")
    made = town.procedure.publish_lottery(now=OPENED, actor=town.procedure.event().history[0].actor)
    assert made.publication is not None
    assert list(made.publication.problem.ids) == town.keys()
    assert published["gave"][1] == made.commitment
    assert town.procedure.audit().ok
    town.storage.close()


@pytest.mark.parametrize("attempt", range(3))
def test_an_erasure_beside_the_draw_leaves_a_seat_free_or_a_tombstone(
    tmp_path: Path, processes: Processes, stages: dict[str, Any], attempt: int
) -> None:
    folder = copy(stages, 2, tmp_path / "event")
    seated = Town.made(stages["root"] / "3").procedure.rounds()[0].seated
    drawn, erased = processes.run(folder, [["draw", SEED], ["offer"]], [["erase", seated[0]]])
    assert (drawn["gave"][0], erased["gave"]) == (SEED, [1])
    town = Town.made(folder)
    assert town.keys(State.SELECTED) == sorted(seated[1:])
    assert town.state(seated[0]) is State.ERASED
    assert len(town.procedure.rounds()[0].seated) == 4
    assert town.procedure.audit().ok
    town.storage.close()
