"""How long an import takes, beside pydantic and pluggy.

The fastest of fifteen fresh interpreters each, less that of an empty one. pydantic loads half of
itself only when the first model is defined, as every program that uses it does: both are shown.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from measure import Block, digits, fastest, table

BARE = "import pydantic, pluggy; pydantic.BaseModel"
PEER = "import pydantic, pluggy\nclass One(pydantic.BaseModel):\n    number: int"
OURS = {
    "`import mitwirkung`": "import mitwirkung",
    "and what a plugin names": "from mitwirkung import PanelLottery, SelectionStrategy, hookimpl",
    "and an installation": "from mitwirkung import Mitwirkung; Mitwirkung()",
}


def seconds(code: str) -> float:
    return fastest(lambda: subprocess.run([sys.executable, "-c", code], check=True), 15)


def blocks() -> Iterator[Block]:
    """One row for each thing that is imported."""
    empty = seconds("pass")
    bare, peer = seconds(BARE) - empty, seconds(PEER) - empty
    rows = [["pydantic and pluggy", digits(bare), "", ""], ["and one model", digits(peer), "", ""]]
    for name, code in OURS.items():
        ours = seconds(code) - empty
        rows.append([name, digits(ours), f"{ours / bare:.2f}x", f"{ours / peer:.2f}x"])
    heads = ("import", "seconds", "of pydantic and pluggy", "of them and one model")
    yield Block("imports", table(heads, rows))
