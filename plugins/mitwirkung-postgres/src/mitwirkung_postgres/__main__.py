"""`python -m mitwirkung_postgres roles | psql`: the SQL that ships, `roles` or `grants`."""

from __future__ import annotations

import sys
from importlib.resources import files

SHIPPED = ("roles", "grants")


def main(words: list[str]) -> int:
    """Print what is asked for.

    Returns:
        The exit code.
    """
    if len(words) != 1 or words[0] not in SHIPPED:
        sys.stderr.write(f"usage: python -m mitwirkung_postgres {' | '.join(SHIPPED)}\n")
        return 2
    sys.stdout.write((files("mitwirkung_postgres") / "sql" / f"{words[0]}.sql").read_text("utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
