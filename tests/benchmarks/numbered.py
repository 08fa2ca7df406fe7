"""Seconds (of the processor) and largest deviation of 1,000 numbered panels.

`python numbered.py FOLDER RUNS PANELS` measures one pool in a process of its own.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from measure import DATA, Block, digits, fresh, read_pool, table

import mitwirkung as mw
from mitwirkung.lottery.numbered import numbered_panels
from mitwirkung.lottery.publication import publication

PANELS = 1000
MUST = {"city_1000": (3.0, 0.005)}
"""Seconds, and deviation of anybody's chance, that may not be reached."""


def main(folder: Path, runs: int, panels: int) -> None:
    applicants, quotas, seats, household = read_pool(folder)
    problem = mw.SelectionProblem(applicants, quotas, seats=seats, household=household)
    solved = mw.solve(problem)
    exact = publication(solved)
    seconds = float("inf")
    for _ in range(runs):
        started = time.process_time()
        numbered_panels(exact.lottery, exact.handles, panels)
        seconds = min(seconds, time.process_time() - started)
    public = publication(solved, panels=panels).public
    found = {"seconds": seconds, "deviation": public.deviation, "bytes": len(public.content)}
    print(json.dumps(found))


def blocks() -> Iterator[Block]:
    """A row for each instance; a failure where the figures that must be reached are not."""
    rows, failures = [], []
    for folder in sorted(DATA.iterdir()):
        found = fresh("numbered.py", folder, 3, PANELS)
        if "error" in found:
            failures.append(f"{folder.name}: {found['error']}")
            continue
        deviation = float(found["deviation"])
        cells = (digits(found["seconds"]), f"{deviation:.4f}", f"{found['bytes'] / 1e6:.1f}")
        rows.append([f"`{folder.name}`", *cells])
        seconds, largest = MUST.get(folder.name, (float("inf"), 1.0))
        if found["seconds"] >= seconds or deviation >= largest:
            failures.append(f"{folder.name}: {found['seconds']:.2f} s, deviation {deviation:.4f}")
    heads = ("instance", "seconds", "largest deviation of a chance", "file, MB")
    yield Block("numbered", table(heads, rows), failures)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
