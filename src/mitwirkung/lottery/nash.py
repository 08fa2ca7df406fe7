"""Nash: the product of all chances as large as possible.

Nash welfare, one of the goals in Flanigan, Goelz, Gupta, Hennig, Procaccia, "Fair algorithms for
selecting citizens' assemblies", Nature 596 (2021). To lose a tenth of one's chance counts the same
for everybody, whatever the chance.
"""

from __future__ import annotations

from mitwirkung.lottery.optimising import OptimisingStrategy


class NashStrategy(OptimisingStrategy):
    """The lottery with the largest geometric mean of the chances, under quotas, at most one seat
    per household.

    People whom no panel can seat are left out of the mean. The chances are unique. The certificate
    proves that the sum of 1 / chance over the members of any panel is at most the number of people.
    """

    name = "nash"
    promises = frozenset({"quotas", "households", "nash"})
