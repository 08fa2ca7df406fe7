"""Ours beside the peer, and both beside what was asked: seconds, ratios, goals, memory.

Ours is exact leximin from parsed applicants to lottery, the fastest run of a fresh process
(`ours.py`); the peer's is its maximin, a weaker goal, once in a fresh process (`peer.py`), on the
faster of its two backends. The backend that is tried second is stopped where the first one ended.
Where seconds are to be reached the peer is not run, but with `--peer-everywhere`: it would only be
stopped by its limit.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from measure import DATA, Block, digits, fresh, made, table

BACKENDS = ("mip", "highspy")
"""In the order in which they run: the one that mostly is the faster of the two, first."""
MEGABYTES = 300
GAP_LIMIT = 60.0
"""Seconds after which ours is stopped where a real gap is to be closed."""


class Target(NamedTuple):
    """What must be reached, and what is aimed for: times as fast as the peer, or seconds."""

    must: float
    aim: float
    unit: str

    def met(self, figure: float) -> str:
        at_least = self.unit == "x"
        if figure >= self.aim if at_least else figure <= self.aim:
            return "aim"
        return "yes" if (figure >= self.must if at_least else figure <= self.must) else "no"


TARGETS: dict[str, Target | None] = {
    "repl_example_small_20": None,
    "fix_150": None,
    "fix_500": Target(400, 1000, "x"),
    "syn_cca": Target(200, 500, "x"),
    "city_1000": Target(120, 300, "x"),
    "syn_sf_b": Target(400, 1000, "x"),
    "repl_example_large_200": Target(4000, 8000, "x"),
    "big_assembly": Target(4, 1, " s"),
    "city": Target(3, 1, " s"),
}
NASH = ("repl_example_small_20", "fix_150", "syn_sf_b")
GAP = Target(30, 5, " s")
# (people, seats, features, seed) of `shapes.tight` with at most 100 types, found by trying seeds:
# no lottery of whole panels reaches the optimum of fractional ones, so there must be cuts.
GAPS = (
    (40, 14, 7, 1),
    (40, 14, 7, 19),
    (40, 14, 7, 20),
    (60, 20, 8, 12),
    (60, 24, 8, 12),
    (60, 24, 8, 17),
    (60, 20, 8, 0),
    (60, 20, 8, 21),
    (90, 20, 8, 11),
    (100, 24, 10, 0),
)
ONLY_NASH = 0.1
"""The peer's Nash is optimal up to this much of the logarithm of the product of all chances."""


class Pair(NamedTuple):
    """One instance, measured on both sides."""

    name: str
    folder: Path
    ours: dict[str, Any]
    peer: dict[str, dict[str, Any]]
    """By backend; `{"error": ...}` where it did not finish, "slower" where the other one had."""

    @property
    def finished(self) -> dict[str, dict[str, Any]]:
        return {name: run for name, run in self.peer.items() if "seconds" in run}

    def ratio(self, limit: float) -> float:
        """Times as fast as the faster backend, at least."""
        seconds = [run["seconds"] for run in self.finished.values()]
        return min(seconds, default=limit) / self.ours["seconds"]


def blocks(
    scratch: Path,
    python: str,
    limit: float,
    names: tuple[str, ...] = (),
    *,
    everywhere: bool = False,
) -> Iterator[Block]:
    """The tables, each as soon as it is measured.

    Args:
        scratch: a folder for pools that are made.
        python: that of the peer's environment.
        limit: seconds after which the peer is stopped.
        names: only these instances, and no gaps.
        everywhere: run the peer also where seconds are to be reached.
    """
    pairs = [measured(name, scratch, python, limit, everywhere) for name in names or TARGETS]
    gaps = [] if names else [_gap(scratch, *numbers) for numbers in GAPS]
    yield _targets(pairs, gaps, limit)
    if gaps:
        yield _gaps(gaps)
    yield _memory(pairs)
    yield _agreement(pairs, python, limit)


# ---------------------------------------------------------------------------------------- measuring


def measured(name: str, scratch: Path, python: str, limit: float, everywhere: bool) -> Pair:
    """Both sides of one instance, one after the other."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    folder = DATA / name if (DATA / name).is_dir() else made(scratch, name)
    ours = fresh("ours.py", folder, "leximin", limit)
    target = TARGETS.get(name)
    beside = everywhere or target is None or target.unit == "x"
    return Pair(name, folder, ours, peer(folder, "maximin", python, limit) if beside else {})


def peer(folder: Path, goal: str, python: str, limit: float) -> dict[str, dict[str, Any]]:
    runs: dict[str, dict[str, Any]] = {}
    left = limit
    for backend in BACKENDS:
        run = fresh("peer.py", folder, goal, backend, left, python=python)
        if run.get("error") == "limit" and left < limit:
            run = {"error": "slower"}
        left = min(left, run.get("seconds", left))
        runs[backend] = run
    return runs


def _gap(
    scratch: Path, people: int, seats: int, features: int, seed: int
) -> tuple[str, dict[str, Any]]:
    folder = made(scratch, "tight", people=people, seats=seats, features=features, seed=seed)
    name = f"{people} people, {seats} seats, {features} features, seed {seed}"
    return name, fresh("ours.py", folder, "leximin", GAP_LIMIT)


# ------------------------------------------------------------------------------------------- tables


def _seconds(run: dict[str, Any], limit: float) -> str:
    """Seconds of a run, or why there are none."""
    if "seconds" in run:
        return digits(run["seconds"])
    known = {"limit": f"more than {limit:g}", "slower": "slower", "not run": "–"}
    return known.get(run["error"], "failed")


def _targets(pairs: list[Pair], gaps: list[tuple[str, dict[str, Any]]], limit: float) -> Block:
    heads = ("instance", "people", "types", "ours, s", "peer (mip), s", "peer (highspy), s")
    heads = (*heads, "ratio", "must reach", "aim", "met")
    rows: list[list[str]] = []
    failures: list[str] = []
    for pair in pairs:
        ours, target = pair.ours, TARGETS.get(pair.name)
        runs = [pair.peer.get(name, {"error": "not run"}) for name in BACKENDS]
        backends = [_seconds(run, limit) for run in runs]
        sizes = [f"{ours[key]:,}" if key in ours else "" for key in ("people", "types")]
        row = [f"`{pair.name}`", *sizes, _seconds(ours, limit), *backends]
        ratio, met = "", "no"
        if "seconds" in ours:
            more = "" if pair.finished else "more than "
            ratio = f"{more}{pair.ratio(limit):,.0f}x" if pair.peer else ""
            if target:
                met = target.met(pair.ratio(limit) if target.unit == "x" else ours["seconds"])
        row += [ratio, *_wanted(target), met if target else "–"]
        rows.append(row)
        if (target and met == "no") or "error" in ours:
            failures.append(f"{pair.name}: {ours.get('error', row[3] + ' s, ' + ratio)}")
    if gaps:
        met, worst, slow = _worst(gaps)
        row = ["real gap, worst of " + str(len(gaps)), "", "up to 100", worst, "", "", ""]
        rows.append([*row, *_wanted(GAP), met])
        failures += slow
    return Block("targets", table(heads, rows), failures)


def _wanted(target: Target | None) -> list[str]:
    if target is None:
        return ["–", "–"]
    return [f"{figure:g}{target.unit}" for figure in (target.must, target.aim)]


def _worst(gaps: list[tuple[str, dict[str, Any]]]) -> tuple[str, str, list[str]]:
    """Whether the slowest gap meets the target, its seconds, and what each says that misses it."""
    met = {name: GAP.met(run.get("seconds", math.inf)) for name, run in gaps}
    _, slowest = max(gaps, key=lambda gap: gap[1].get("seconds", math.inf))
    missed = [name for name, verdict in met.items() if verdict == "no"]
    verdict = "no" if missed else "yes" if "yes" in met.values() else "aim"
    said = dict(gaps)
    failures = [f"real gap, {name}: {said[name].get('error', 'too slow')}" for name in missed]
    return verdict, _seconds(slowest, GAP_LIMIT), failures


def _gaps(gaps: list[tuple[str, dict[str, Any]]]) -> Block:
    heads = ("real gap", "types", "seconds", "first run, s", "cuts", "vectors", "MB")
    rows, failures = [], []
    for name, run in gaps:
        if "seconds" not in run:
            rows.append([name, "", _seconds(run, GAP_LIMIT), "", "", "", ""])
            continue
        sizes = [run["types"], digits(run["seconds"]), digits(run["first"])]
        rows.append([name, *sizes, run["cuts"], run["vectors"], f"{run['megabytes']:.0f}"])
        if not run["cuts"]:
            failures.append(f"real gap: {name} needs no cut, so it shows nothing")
    return Block("gaps", table(heads, rows), failures)


def _memory(pairs: list[Pair]) -> Block:
    heads = ("instance", "people", "vectors", "first run, s", "fastest run, s", "most memory, MB")
    rows, failures = [], []
    for pair in pairs:
        run = pair.ours
        if "seconds" not in run:
            continue
        seconds = [digits(run["first"]), digits(run["seconds"])]
        sizes = [f"{run['people']:,}", f"{run['vectors']:,}"]
        rows.append([f"`{pair.name}`", *sizes, *seconds, f"{run['megabytes']:.0f}"])
        if run["megabytes"] > MEGABYTES:
            failures.append(f"{pair.name}: {run['megabytes']:.0f} MB")
    return Block("memory", table(heads, rows), failures)


# ---------------------------------------------------------------------------------------- agreement


def _agreement(pairs: list[Pair], python: str, limit: float) -> Block:
    """Whether both sides find the same optimum, wherever the peer finished."""
    heads = ("instance", "goal", "smallest chance", "peer's", "geometric mean", "peer's", "agree")
    rows, failures = [], []
    for pair in pairs:
        for goal in ("maximin", "leximin"):
            for theirs in _best(pair.finished):
                ours = (
                    pair.ours if goal == "leximin" else fresh("ours.py", pair.folder, goal, limit)
                )
                agree = "error" not in ours and ours["smallest"] >= theirs["smallest"] - 1e-6
                rows.append([f"`{pair.name}`", goal, *_chances(ours, theirs), _word(agree)])
        if pair.name in NASH:
            run = fresh("peer.py", pair.folder, "nash", BACKENDS[0], limit, python=python)
            ours = fresh("ours.py", pair.folder, "nash", limit)
            if run.get("error") == "limit":
                continue
            agree = "error" not in {**ours, **run} and _same_nash(ours, run)
            rows.append([f"`{pair.name}`", "nash", *_chances(ours, run), _word(agree)])
    failures += [f"{row[0]}: {row[1]} differs from the peer's" for row in rows if row[-1] == "no"]
    return Block("agreement", table(heads, rows), failures)


def _best(finished: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The run of the peer with the largest smallest chance, if any finished."""
    return sorted(finished.values(), key=lambda run: run["smallest"])[-1:]


def _same_nash(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Ours is not below the peer's, nor above it by more than the peer allows itself.

    At the optimum every chance is unique, but near it chances may differ: by a tenth at most, since
    the loss is about half of the sum of the squared relative differences.
    """
    lead = math.log(ours["geometric_mean"] / theirs["geometric_mean"]) * ours["people"]
    near = abs(ours["smallest"] - theirs["smallest"]) <= 0.1 * ours["smallest"]
    return -1e-6 <= lead <= ONLY_NASH + 1e-6 and near


def _chances(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    keys = ("smallest", "geometric_mean")
    return [f"{side[key]:.6f}" if key in side else "–" for key in keys for side in (ours, theirs)]


def _word(agree: bool) -> str:
    return "yes" if agree else "no"
