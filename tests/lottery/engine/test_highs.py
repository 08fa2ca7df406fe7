"""HiGHS sets up its threads once in a process: the engine gets on with whoever did it first."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
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
