"""What the kit runs in an interpreter of its own: nothing is loaded there yet, and hashing differs.

Only the standard library is imported before the strategy, so that what the strategy loads shows.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

HEAVY = (
    "babel",
    "highspy",
    "hypothesis",
    "jinja2",
    "numpy",
    "pandas",
    "rich",
    "scipy",
    "sqlalchemy",
    "typer",
)
"""Libraries that a strategy may use, but not load when it is imported."""

Job = dict[str, Any]
"""What to do, as JSON: `task`, where the strategy is found, and what the task needs."""

_LAST_LINES = 12

_PROGRAM = (
    "import json, sys; job = json.load(sys.stdin); sys.path[:] = job['path']; "
    "from mitwirkung.testing.fresh import main; main(job)"
)


def job_for(strategy: type, task: str, **needs: Any) -> Job:
    """A task for a strategy's class, which is found by its module or else by its file."""
    module = sys.modules.get(strategy.__module__)
    return {
        "task": task,
        "path": [str(folder) for folder in sys.path],
        "module": strategy.__module__,
        "file": getattr(module, "__file__", None),
        "name": strategy.__qualname__,
        **needs,
    }


def answers(job: Job, hash_seeds: Iterable[str]) -> list[str]:
    """What a job answers under each value of PYTHONHASHSEED, all at once.

    Raises:
        RuntimeError: with the last lines of what a failed one said.
    """
    started = [_start(job, seed) for seed in hash_seeds]
    ended = [(*process.communicate(), process.returncode) for process in started]
    for _, said, code in ended:
        if code:
            raise RuntimeError("\n".join(said.splitlines()[-_LAST_LINES:]))
    return [answer for answer, _, _ in ended]


def _start(job: Job, hash_seed: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONIOENCODING": "utf-8"}
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(job))
    process.stdin.close()
    process.stdin = None  # nothing more is written
    return process


def main(job: Job) -> None:
    """Do a job. Its answer alone goes to standard output: a solver may greet there too."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answer:
        os.dup2(2, 1)
        answer.write(_TASKS[job["task"]](job))


def _loaded(job: Job) -> str:
    """The heavy libraries that importing the strategy loads."""
    before = set(sys.modules)
    _strategy(job)
    return " ".join(name for name in HEAVY if name in sys.modules and name not in before)


def _published(job: Job) -> str:
    """What is published of the strategy's lottery for a problem."""
    strategy = _strategy(job)(job["settings"])
    from mitwirkung.testing.specimens import problem_of, published

    return published(strategy.solve(problem_of(job["problem"])))


_TASKS = {"loaded": _loaded, "published": _published}


def _strategy(job: Job) -> Any:
    try:
        return _attribute(import_module(job["module"]), job["name"])
    except (ImportError, AttributeError):
        if job["file"] is None:
            raise
    spec = spec_from_file_location(job["module"], job["file"])
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot import {job['file']}")
    module = module_from_spec(spec)
    sys.modules[job["module"]] = module
    spec.loader.exec_module(module)
    return _attribute(module, job["name"])


def _attribute(found: Any, name: str) -> Any:
    for part in name.split("."):
        found = getattr(found, part)
    return found
