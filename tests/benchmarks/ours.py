"""One lottery of ours: `python ours.py FOLDER STRATEGY LIMIT`, in a process of its own.

The clock runs from parsed applicants and quotas to the `PanelLottery`. There are five runs, more
where they are short, since a few milliseconds of something else on the machine weigh heavily there,
fewer where they take long; the fastest counts. The first also imports numpy, HiGHS and the
strategy. A run that takes longer than `LIMIT` seconds ends the process by SIGALRM.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from statistics import geometric_mean

from measure import peak_mb, read_pool

import mitwirkung as mw

RUNS = 5
SHORT = 2.0
"""Seconds until which there are further runs."""
ENOUGH = 10.0
"""Seconds after which no further run is begun."""


def main(folder: Path, strategy: str, limit: float) -> None:
    applicants, quotas, seats, household = read_pool(folder)
    seconds: list[float] = []
    while sum(seconds) < SHORT or (len(seconds) < RUNS and sum(seconds) < ENOUGH):
        signal.setitimer(signal.ITIMER_REAL, limit)
        started = time.perf_counter()
        problem = mw.SelectionProblem(applicants, quotas, seats=seats, household=household)
        lottery = mw.solve(problem, strategy)
        seconds.append(time.perf_counter() - started)
        signal.setitimer(signal.ITIMER_REAL, 0)
    megabytes = peak_mb()

    from mitwirkung.lottery.folding import fold_types

    chances = list(lottery.chances.values())
    found = {
        "people": len(problem),
        "types": fold_types(problem).polytope.types,
        "vectors": len(lottery),
        "cuts": len((lottery.certificate or {}).get("cuts", ())),
        "first": seconds[0],
        "seconds": min(seconds),
        "megabytes": megabytes,
        "smallest": min(chances),
        "geometric_mean": geometric_mean(chances) if min(chances) > 0 else 0.0,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
