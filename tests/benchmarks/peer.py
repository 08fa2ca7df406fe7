"""One lottery of the peer, `sortition-algorithms`, in an environment of its own.

`python peer.py FOLDER GOAL BACKEND LIMIT`: `FOLDER` holds `candidates.csv`, `features.csv` and
`meta.json`; `GOAL` is `maximin` or `nash`, `BACKEND` `highspy` or `mip`. The clock starts when the
files are read; after `LIMIT` seconds the process ends by SIGALRM. Nothing of ours is imported.
"""

from __future__ import annotations

import csv
import json
import math
import signal
import sys
import time
from pathlib import Path

from sortition_algorithms import committee_generation
from sortition_algorithms.features import read_in_features
from sortition_algorithms.people import read_in_people
from sortition_algorithms.settings import Settings
from sortition_algorithms.utils import set_random_provider


def table(file: Path) -> tuple[list[str], list[dict[str, str]]]:
    with file.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        rows = list(reader)
    return list(reader.fieldnames or ()), rows


def main(folder: Path, goal: str, backend: str, limit: float) -> None:
    seats = json.loads((folder / "meta.json").read_text("utf-8"))["k"]
    settings = Settings(id_column="id", columns_to_keep=[], check_same_address=False)
    features, *_ = read_in_features(*table(folder / "features.csv"))
    people, _ = read_in_people(*table(folder / "candidates.csv"), features, settings)
    find = getattr(committee_generation, f"find_distribution_{goal}")
    set_random_provider(1)

    signal.setitimer(signal.ITIMER_REAL, limit)
    started = time.perf_counter()
    panels, weights, _ = find(features, people, seats, [], solver_backend=backend)
    seconds = time.perf_counter() - started
    signal.setitimer(signal.ITIMER_REAL, 0)

    chances = dict.fromkeys(people, 0.0)
    for panel, weight in zip(panels, weights, strict=True):
        for person in panel:
            chances[person] += float(weight)
    logs = [math.log(chance) if chance > 0 else -math.inf for chance in chances.values()]
    found = {
        "seconds": seconds,
        "smallest": min(chances.values()),
        "geometric_mean": math.exp(math.fsum(logs) / len(logs)),
    }
    # The solvers print to the same stream and may leave their last line open.
    print("\n" + json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4]))
