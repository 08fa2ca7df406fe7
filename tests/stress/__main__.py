"""The grid, each case in a process of its own: `nox -s stress`, or `python -m stress` in `tests`.

`python -m stress --only NUMBER` runs one case in this process, as a debugger wants it. Ends with an
error if any case does not end well.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from stress.grid import KINDS, Size, make_case, size_of
from stress.outcome import GRACE, IMPOSSIBLE, LOTTERY, NOT_PROVEN, STOPPED, Outcome, run

FAILED = "failed"
LEFT_FOR_CHECKS = 300.0
"""Seconds for whatever comes after `solve`: other solvers look at its end."""
ENDS = (LOTTERY, IMPOSSIBLE, NOT_PROVEN, STOPPED, FAILED)


@dataclass(frozen=True)
class Run:
    """A case that has ended, in one way or another."""

    number: int
    size: Size
    outcome: Outcome


def run_alone(seed: int, number: int, limit: float) -> Run:
    """A case in a process of its own, which is told to stop after ``limit`` seconds."""
    command = [sys.executable, "-m", "stress", "--seed", str(seed), "--only", str(number)]
    command += ["--limit", str(limit)]
    longest = limit + GRACE + LEFT_FOR_CHECKS
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=longest, check=False)
    except subprocess.TimeoutExpired:
        outcome = Outcome(FAILED, longest, reason="it did not stop when it was told to")
    else:
        if done.returncode:
            said = f"exit code {done.returncode}\n{done.stdout}{done.stderr}"
            outcome = Outcome(FAILED, 0.0, reason=said)
        else:
            outcome = Outcome(**json.loads(done.stdout))
    return Run(number, size_of(seed, number), outcome)


def table(runs: Sequence[Run]) -> str:
    """How many cases of each kind ended in which way, and how long they took."""
    heads = ["cases", *ENDS, "with cuts", "median s", "worst s"]
    lines = [f"{'':12}" + "".join(f"{head:>17}" for head in heads)]
    for kind in [*dict.fromkeys(KINDS), "all"]:
        of_kind = [run for run in runs if kind in (run.size.kind, "all")]
        if of_kind:
            ends = [run.outcome.end for run in of_kind]
            seconds = [run.outcome.seconds for run in of_kind if run.outcome.end != FAILED] or [0.0]
            cells = [len(of_kind), *map(ends.count, ENDS)]
            cells.append(sum(run.outcome.cuts > 0 for run in of_kind))
            times = (statistics.median(seconds), max(seconds))
            lines.append(
                f"{kind:12}"
                + "".join(f"{cell:17}" for cell in cells)
                + "".join(f"{time:17.2f}" for time in times)
            )
    return "\n".join(lines)


def told(seed: int, each: Run) -> str:
    """A case in a line, with what it takes to run it again."""
    outcome = each.outcome
    cuts = f", {outcome.cuts} cuts" if outcome.cuts else ""
    reason = f": {outcome.reason}" if outcome.reason else ""
    return (
        f"--seed {seed} --only {each.number:<4} {each.size}\n"
        f"    {outcome.end}, {outcome.seconds:.2f} s{cuts}{reason}"
    )


def main() -> int:
    """Run the grid, or one case of it."""
    parser = argparse.ArgumentParser(prog="stress", description="random quota problems")
    parser.add_argument("--cases", type=int, default=300, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="of the grid")
    parser.add_argument("--limit", type=float, default=120, help="seconds for a case")
    parser.add_argument("--processes", type=int, default=2, help="cases at a time")
    parser.add_argument("--only", type=int, help="the number of a single case, in this process")
    chosen = parser.parse_args()
    if chosen.only is not None:
        print(json.dumps(asdict(run(make_case(chosen.seed, chosen.only), chosen.limit))))
        return 0

    def one(number: int) -> Run:
        ended = run_alone(chosen.seed, number, chosen.limit)
        print(told(chosen.seed, ended), flush=True)
        return ended

    with ThreadPoolExecutor(chosen.processes) as pool:
        runs = list(pool.map(one, range(chosen.cases)))
    print(f"\n{table(runs)}")
    slowest = sorted(runs, key=lambda run: -run.outcome.seconds)[:5]
    print("\nThe slowest:", *(told(chosen.seed, run) for run in slowest), sep="\n")
    for end in (NOT_PROVEN, STOPPED, FAILED):
        ended = [told(chosen.seed, run) for run in runs if run.outcome.end == end]
        if ended:
            print(f"\n{end.capitalize()}:", *ended, sep="\n")
    return int(any(run.outcome.end == FAILED for run in runs))


if __name__ == "__main__":
    sys.exit(main())
