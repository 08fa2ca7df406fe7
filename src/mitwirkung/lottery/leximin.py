"""Leximin: the smallest chance as large as possible, then the next smallest, and so on.

Flanigan, Goelz, Gupta, Hennig, Procaccia, "Fair algorithms for selecting citizens' assemblies",
Nature 596 (2021); the method is explained in `docs/explanation/method.md`.
"""

from __future__ import annotations

from mitwirkung.lottery.optimising import OptimisingStrategy


class LeximinStrategy(OptimisingStrategy):
    """The exact leximin lottery under quotas, at most one seat per household.

    The certificate proves for each person that their chance cannot rise unless that of somebody
    who has no more falls.
    """

    name = "leximin"
    promises = frozenset({"quotas", "households", "leximin"})
