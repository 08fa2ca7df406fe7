"""How long an import takes, beside pydantic and pluggy: `python tests/benchmarks/imports.py`.

The fastest of fifteen fresh interpreters each, less that of an empty one. pydantic loads half of
itself only when the first model is defined, as every program that uses it does: both are shown.
"""

from __future__ import annotations

import subprocess
import sys
import time

BARE = "import pydantic, pluggy; pydantic.BaseModel"
PEER = "import pydantic, pluggy\nclass One(pydantic.BaseModel):\n    number: int"
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
    bare, peer = seconds(BARE) - empty, seconds(PEER) - empty
    print(f"{'pydantic and pluggy':26}{bare:8.3f} s")
    print(f"{'and one model':26}{peer:8.3f} s")
    for name, code in OURS.items():
        ours = seconds(code) - empty
        print(f"{name:26}{ours:8.3f} s{ours / bare:8.2f}x{ours / peer:8.2f}x with one model")


if __name__ == "__main__":
    main()
