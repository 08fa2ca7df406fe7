"""Watching a lottery in the making, and stopping it."""

from __future__ import annotations

import csv
import os
import pickle
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import mitwirkung as mw
from builders import instance
from mitwirkung.lottery.progress import Watch

FEATURES = {f"f{i}": (2, 3, 4, 3)[i % 4] for i in range(12)}
STRATEGIES = ("goldilocks", "leximin", "maximin", "nash")


def hard_rows() -> tuple[list[dict[str, str]], list[dict[str, object]], int]:
    """80 people and exact quotas for 12 features: integer programmes for minutes."""
    rng = random.Random(1)
    people = [
        {"id": str(n)} | {name: str(rng.randrange(width)) for name, width in FEATURES.items()}
        for n in range(80)
    ]
    panel = rng.sample(people, 24)
    quotas: list[dict[str, object]] = []
    for name, width in FEATURES.items():
        for value in map(str, range(width)):
            held = sum(person[name] == value for person in panel)
            quotas.append({"feature": name, "value": value, "min": held, "max": held})
    return people, quotas, 24


def hard() -> mw.SelectionProblem:
    people, quotas, seats = hard_rows()
    return mw.SelectionProblem(mw.read_applicants(people), mw.read_quotas(quotas), seats=seats)


def easy() -> mw.SelectionProblem:
    return instance("fix_150")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_each_step_is_told(strategy: str) -> None:
    told: list[mw.Step] = []
    lottery = mw.solve(easy(), strategy, progress=told.append)
    stages = [step.stage for step in told]
    assert list(dict.fromkeys(stages)) == ["relaxation", "panels", "weights", "certificate"]
    assert all(0 <= step.share <= 1 for step in told)
    gaps = [step.gap for step in told if step.gap is not None]
    assert gaps
    assert gaps[-1] < 1e-9
    if strategy in ("leximin", "maximin"):
        bounds = [step.bound for step in told if step.bound is not None]
        assert bounds[-1] == pytest.approx(min(lottery.chances.values()), abs=1e-8)


def test_a_broken_callback_changes_nothing() -> None:
    def broken(step: mw.Step) -> None:
        raise RuntimeError("the browser is gone")

    silent = mw.solve(easy())
    watched = mw.solve(easy(), progress=broken)
    assert (watched.vectors, watched.weights) == (silent.vectors, silent.weights)


@pytest.mark.parametrize("stage", ["relaxation", "panels", "weights", "certificate"])
def test_it_stops_in_every_stage(stage: str) -> None:
    reached: list[str] = []
    with pytest.raises(mw.LotteryStopped) as stopped:
        mw.solve(
            easy(),
            progress=lambda step: reached.append(step.stage),
            stop=lambda: reached[-1] == stage,
        )
    assert set(reached[:-1]) < {"relaxation", "panels", "weights", "certificate"}
    assert pickle.loads(pickle.dumps(stopped.value)).params == stopped.value.params
    if stage == "relaxation":
        assert "before anything was proven" in str(stopped.value)
    else:
        smallest = min(mw.solve(easy()).chances.values())
        assert float(stopped.value.params["bound"]) == pytest.approx(smallest, abs=1e-6)


def test_it_stops_in_the_search_for_quotas_that_clash() -> None:
    people, quotas, seats = hard_rows()
    first = next(quota for quota in quotas if quota["feature"] == "f0")
    first["min"] = first["max"] = seats
    problem = mw.SelectionProblem(mw.read_applicants(people), mw.read_quotas(quotas), seats=seats)
    with pytest.raises(mw.InfeasibleQuotas):
        mw.solve(problem)
    with pytest.raises(mw.LotteryStopped):
        mw.solve(problem, stop=lambda: True)


def test_a_strategy_of_a_plugin_stops_where_it_tells_its_progress() -> None:
    watch = Watch(stop=lambda: True)
    with pytest.raises(mw.LotteryStopped):
        watch("scan", 0.5, bound=0.25)
    assert watch.bound == 0.25


@pytest.mark.parametrize(
    ("bound", "said"), [(1 / 11, "0.090910"), (0.25, "0.250001"), (1.0, "1.000000")]
)
def test_the_bound_that_is_told_is_rounded_up(bound: float, said: str) -> None:
    watch = Watch()
    watch("relaxation", 1.0, bound=bound)
    assert watch.stopped().params["bound"] == said


def test_a_broken_stop_ends_the_lottery_and_is_the_cause() -> None:
    def broken() -> bool:
        raise OSError("the queue is gone")

    with pytest.raises(mw.LotteryStopped) as stopped:
        mw.solve(easy(), stop=broken)
    assert isinstance(stopped.value.__cause__, OSError)


def test_ctrl_c_has_what_is_proven_as_its_cause() -> None:
    def interrupt() -> bool:
        if told:
            signal.raise_signal(signal.SIGINT)
        return False

    told: list[str] = []
    with pytest.raises(KeyboardInterrupt) as interrupted:
        mw.solve(easy(), progress=lambda step: told.append(step.stage), stop=interrupt)
    assert isinstance(interrupted.value.__cause__, mw.LotteryStopped)


ANNOUNCED = """
import sys
from mitwirkung.lottery import progress
from mitwirkung.cli import main

told = progress.Watch.__call__

def announced(watch, stage, share, **known):
    print(stage, flush=True)
    told(watch, stage, share, **known)

progress.Watch.__call__ = announced
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT for another process")
def test_ctrl_c_at_the_command_line_leaves_nothing_behind(tmp_path: Path) -> None:
    people, quotas, seats = hard_rows()
    for name, rows in (("people.csv", people), ("quotas.csv", quotas)):
        with (tmp_path / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    arguments = ["lottery", "people.csv", "quotas.csv", "--seats", str(seats), "--out", "result"]
    process = subprocess.Popen(
        [sys.executable, "-c", ANNOUNCED, *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"MITWIRKUNG_LANGUAGE": "de"},
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == "cuts":
            break
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Abgebrochen; es wurde nichts geschrieben." in said
    assert "Bis dahin ist bewiesen: Keine Lotterie gibt allen eine Chance über 0." in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["people.csv", "quotas.csv"]
