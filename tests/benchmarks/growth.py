"""How cost grows with people, seats, features, types and households: all else stays.

Every row is one fresh process and one run of all steps (`steps.py`), so the lottery's seconds
include the import of numpy and HiGHS. Alone: `python tests/benchmarks/growth.py`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from measure import Block, fresh, made, table
from steps import HEADS, row_of

# What grows, what it is called, its values; and what stays, as arguments of `shapes.grown`.
GROWTH: Sequence[tuple[str, str, Sequence[float], dict[str, float]]] = (
    ("people", "people", (1000, 3000, 10_000, 30_000, 100_000), {}),
    ("seats", "seats", (25, 50, 100, 200, 400), {"people": 10_000}),
    ("features", "features", (3, 4, 5, 6, 7, 8, 9, 10), {"people": 1000}),
    ("types", "districts", (2, 6, 12, 24, 48), {"people": 3000}),
    ("households", "couples", (0, 0.1, 0.3, 0.6, 1), {"people": 1000}),
)


def blocks(scratch: Path) -> Iterator[Block]:
    """One table for each thing that grows."""
    for name, argument, values, others in GROWTH:
        failures, rows = [], []
        for value in values:
            found = fresh("steps.py", made(scratch, "grown", **{argument: value}, **others), 1)
            if "error" in found:
                failures.append(f"{argument} {value:g}: {found['error']}")
            rows.append([f"{argument} {value:,g}", *row_of(found)])
        yield Block(f"growth-{name}", table(("what grows", *HEADS), rows), failures)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for block in blocks(Path(folder)):
            print(f"{block.name}\n\n{block.text}\n")
