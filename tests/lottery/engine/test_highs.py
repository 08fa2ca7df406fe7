"""The door to HiGHS: its threads, its answers, and how its work is ended early."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from mitwirkung.lottery.engine import Optimum, leximin
from mitwirkung.lottery.engine.highs import Model, Rows, SolverError
from polytopes import WITH_GAP, knotted

ROOT = Path(__file__).parents[3]

OTHERS = """
import sys, highspy
threads = int(sys.argv[1])
other = highspy.Highs()
other.setOptionValue("output_flag", False)
other.setOptionValue("threads", threads)
other.addVar(0.0, 1.0)
other.run()
assert other.getModelStatus() == highspy.HighsModelStatus.kOptimal
"""
OURS = """
from mitwirkung.lottery.engine import leximin
from polytopes import WITH_GAP, knotted
for seed in WITH_GAP[:3]:
    optimum = leximin(knotted(seed), seed=1)
    print(optimum.panels.tolist(), optimum.weights.tolist(), optimum.certificate)
"""


def printed(script: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_another_number_of_threads_set_up_before_changes_nothing() -> None:
    alone = printed(OURS)
    assert alone.count("Certificate") == 3
    assert printed(OTHERS + OURS, "1") == alone
    assert printed(OTHERS + OURS, "2") == alone


def test_two_lotteries_at_a_time_are_the_same_as_one_after_the_other() -> None:
    polytopes = [knotted(seed) for seed in WITH_GAP[:4]]

    def solved(number: int) -> Optimum:
        return leximin(polytopes[number], seed=1)

    one_by_one = list(map(solved, range(4)))
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(solved, range(4)))
    for one, other in zip(one_by_one, together, strict=True):
        assert one.panels.tolist() == other.panels.tolist()
        assert one.weights.tolist() == other.weights.tolist()
        assert one.certificate == other.certificate


def test_what_is_no_optimum_is_an_error_and_no_answer() -> None:
    """One column from 0 to 1, or without an upper bound: that has no least cost."""

    def model(upper: float) -> Model:
        nothing = np.zeros(0, np.int64)
        rows = Rows(np.zeros(0), np.zeros(0), nothing, nothing, np.zeros(0))
        return Model(np.array([-1.0]), np.zeros(1), np.array([upper]), rows)

    bounded = model(1.0)
    assert bounded.solve()
    assert bounded.values().tolist() == [1.0]
    with pytest.raises(SolverError, match="Unbounded"):
        model(np.inf).solve()


def long_programme(check: Callable[[], None]) -> Model:
    """An integer programme of about a second, whatever the check says in between."""
    rng = np.random.default_rng(1)
    rows, columns = 12, 60
    value = rng.integers(1, 100, rows * columns).astype(float)
    half = value.reshape(rows, columns).sum(axis=1) // 2
    entries = np.divmod(np.arange(rows * columns), columns)
    return Model(
        -rng.integers(1, 100, columns).astype(float),
        np.zeros(columns),
        np.ones(columns),
        Rows(np.zeros(rows), half, *entries, value),
        integer=True,
        check=check,
    )


def long_programme_of_fractions(check: Callable[[], None]) -> Model:
    """A linear programme of some hundred steps of the simplex method."""
    rng = np.random.default_rng(1)
    rows, columns = 200, 400
    value = rng.random(rows * columns)
    entries = np.divmod(np.arange(rows * columns), columns)
    return Model(
        -rng.random(columns),
        np.zeros(columns),
        np.ones(columns),
        Rows(np.zeros(rows), np.full(rows, 10.0), *entries, value),
        check=check,
    )


@pytest.mark.parametrize("long", [long_programme, long_programme_of_fractions])
@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt])
def test_a_check_ends_the_work_inside_of_highs(
    long: Callable[[Callable[[], None]], Model], kind: type[BaseException]
) -> None:
    asked = 0

    def check() -> None:
        nonlocal asked
        asked += 1
        if asked == 20 and kind is KeyboardInterrupt:
            signal.raise_signal(signal.SIGINT)
        elif asked == 20:
            raise kind

    with pytest.raises(kind):
        long(check).solve()
    assert asked == 20


@pytest.mark.parametrize("long", [long_programme, long_programme_of_fractions])
def test_a_check_that_is_content_changes_nothing(
    long: Callable[[Callable[[], None]], Model],
) -> None:
    watched, alone = long(lambda: None), long(lambda: None)
    alone.check = None
    assert watched.solve()
    assert alone.solve()
    assert watched.values().tolist() == alone.values().tolist()


def test_nothing_imports_ortools() -> None:
    """It brings a HiGHS of its own; with highspy in one process one of the two fails."""
    for source in [*ROOT.glob("src/**/*.py"), *ROOT.glob("plugins/*/src/**/*.py")]:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not any(name.split(".")[0] == "ortools" for name in names), source
    for project in [ROOT / "pyproject.toml", *ROOT.glob("plugins/*/pyproject.toml")]:
        needs = tomllib.loads(project.read_text("utf-8"))["project"]
        extras = needs.get("optional-dependencies", {}).values()
        required = [*needs.get("dependencies", []), *(text for extra in extras for text in extra)]
        assert not any(text.startswith("ortools") for text in required), project
