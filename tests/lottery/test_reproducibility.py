"""The same pool makes the same bytes: in any order of rows, with any hash seed, in one process or
several at a time, on one thread or more.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = """
import hashlib, sys
from random import Random
import mitwirkung as mw
from benchmarks import shapes
from mitwirkung.lottery.folding import fold_types
from mitwirkung.lottery.publication import publication

pool, strategy, order = sys.argv[1:]
applicants, quotas, seats = eval(pool, vars(shapes))
columns = {"id": applicants.ids, **applicants.columns}
rows = [dict(zip(columns, cells)) for cells in zip(*columns.values())]
Random(int(order)).shuffle(rows)
problem = mw.SelectionProblem(mw.read_applicants(rows), quotas, seats=seats)
lottery = mw.solve(problem, strategy)
published = publication(lottery, key=b"a key of more than thirty-two bytes")
print("types", fold_types(problem).polytope.types)
print("cuts", len(lottery.certificate["cuts"]))
for file in (published.public, published.private):
    print(hashlib.sha256(file.content).hexdigest())
"""


def started(pool: str, strategy: str, order: int, hashing: int, threads: int) -> subprocess.Popen:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONHASHSEED": str(hashing),
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads)),
    }
    command = [sys.executable, "-c", SCRIPT, pool, strategy, str(order)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def printed(process: subprocess.Popen) -> list[str]:
    said, _ = process.communicate()
    assert process.returncode == 0
    return said.splitlines()


@pytest.mark.parametrize(
    ("pool", "strategy", "types", "cuts"),
    [
        ("big_assembly()", "leximin", 1000, False),
        ("city(2000)", "nash", 500, False),
        ("city(2000)", "goldilocks", 500, False),
        ("tight(30, 10, 6, 1)", "leximin", 20, True),
    ],
)
def test_everything_at_once_changes_no_byte(
    pool: str, strategy: str, types: int, cuts: bool
) -> None:
    """Two processes at a time that differ in all there is."""
    one = started(pool, strategy, order=1, hashing=1, threads=1)
    other = started(pool, strategy, order=2, hashing=2, threads=4)
    said = printed(one)
    assert printed(other) == said
    assert int(said[0].split()[1]) >= types
    assert (int(said[1].split()[1]) > 0) == cuts


INNER = """
import numpy as np
from mitwirkung.lottery.engine.linear import dot, sums
a, b = np.random.default_rng(1).random((2, 300_000))
print(dot(a, b).hex(), sums(np.arange(300_000) % 7, a, 7).sum().hex())
"""


def test_long_sums_are_rounded_the_same_on_one_thread_and_several() -> None:
    """BLAS parts long vectors among its threads, and so rounds otherwise."""
    said = [
        subprocess.run(
            [sys.executable, "-c", INNER],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    ]
    assert said[0] == said[1]
