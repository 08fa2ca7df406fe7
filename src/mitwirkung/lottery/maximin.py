"""Maximin: the smallest chance as large as possible.

One of the goals that Flanigan, Kehne, Procaccia compare, "Fair Sortition Made Transparent" (NeurIPS
2021), and the usual one of today's software. Many lotteries reach it; the one taken is that of
leximin, so that nobody can choose among them (`docs/decisions/0006-ties-and-what-is-promised.md`).
"""

from __future__ import annotations

from mitwirkung.lottery.optimising import OptimisingStrategy


class MaximinStrategy(OptimisingStrategy):
    """The leximin lottery under quotas, at most one seat per household, with a smaller promise.

    The certificate is one inequality, from which the largest possible smallest chance of all who
    can be on a panel is read. What it does not prove is how ties were broken.
    """

    name = "maximin"
    promises = frozenset({"quotas", "households", "maximin"})
