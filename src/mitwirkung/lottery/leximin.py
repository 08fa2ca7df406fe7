"""Leximin: the smallest chance as large as possible, then the next smallest, and so on.

Flanigan, Goelz, Gupta, Hennig, Procaccia, "Fair algorithms for selecting citizens' assemblies",
Nature 596 (2021); the method is explained in `docs/explanation/lottery.md`.
"""

from __future__ import annotations

from mitwirkung.lottery.certificates import OptimumNotProven
from mitwirkung.lottery.feasibility import infeasible, require_enough_lots
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.strategy import SelectionStrategy


class LeximinStrategy(SelectionStrategy):
    """The exact leximin lottery under quotas, at most one seat per household."""

    name = "leximin"
    promises = frozenset({"quotas", "households", "leximin"})

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        # numpy and HiGHS come with the engine, and only when a lottery is made.
        from mitwirkung.lottery.engine import LotteryNotProven, NoPanel, leximin
        from mitwirkung.lottery.folding import fold_types

        require_enough_lots(problem)
        types = fold_types(problem)
        try:
            optimum = leximin(types.polytope, seed=int(problem.digest, 16), progress=self.progress)
        except NoPanel as error:
            raise infeasible(problem, types, error.conflict) from None
        except LotteryNotProven as error:
            raise OptimumNotProven("optimum-not-proven", reason=str(error)) from None
        return types.lottery(optimum.panels, optimum.weights, optimum.certificate.as_data())
