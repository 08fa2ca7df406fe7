"""How long an import takes, beside pydantic and pluggy: `python tests/benchmarks/imports.py`.

The fastest of fifteen fresh interpreters each, less that of an empty one.
"""

from __future__ import annotations

import subprocess
import sys
import time

PEER = "import pydantic, pluggy; pydantic.BaseModel"
OURS = {
    "import mitwirkung": "import mitwirkung",
    "and what a plugin names": "from mitwirkung import PanelLottery, SelectionStrategy, hookimpl",
    "and an installation": "from mitwirkung import Mitwirkung; Mitwirkung()",
}


def seconds(code: str) -> float:
    fastest = float("inf")
    for _ in range(15):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        fastest = min(fastest, time.perf_counter() - started)
    return fastest


def main() -> None:
    empty = seconds("pass")
    peer = seconds(PEER) - empty
    print(f"{'pydantic and pluggy':26}{peer:8.3f} s")
    for name, code in OURS.items():
        ours = seconds(code) - empty
        print(f"{name:26}{ours:8.3f} s{ours / peer:8.2f}x")


if __name__ == "__main__":
    main()
