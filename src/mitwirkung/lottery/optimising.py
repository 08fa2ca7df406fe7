"""What all strategies have in common that promise an optimum."""

from __future__ import annotations

from mitwirkung.lottery.certificates import OptimumNotProven
from mitwirkung.lottery.feasibility import infeasible, require_enough_lots
from mitwirkung.lottery.optima import goal_of
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.strategy import SelectionStrategy


class OptimisingStrategy(SelectionStrategy):
    """The lottery that is best for a goal, of all lotteries whose panels meet the quotas.

    The goal follows from the one optimum that the strategy promises (see `optima.OPTIMA`) and its
    settings.

    Raises:
        OptimumNotProven: from `lottery`; nothing weaker is ever returned.
    """

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        # numpy and HiGHS come with the engine, and only when a lottery is made.
        from mitwirkung.lottery.engine import LotteryNotProven, NoPanel, optimise
        from mitwirkung.lottery.folding import fold_types

        require_enough_lots(problem)
        goal = goal_of(self.promises, self.settings.model_dump(mode="json"))
        assert goal is not None, "an optimising strategy promises an optimum"
        types = fold_types(problem)
        seed = int(problem.digest, 16)
        try:
            optimum = optimise(types.polytope, goal, seed=seed, watch=self.progress)
        except NoPanel as error:
            raise infeasible(problem, types, error.conflict) from None
        except LotteryNotProven as error:
            raise OptimumNotProven("optimum-not-proven", reason=str(error)) from None
        return types.lottery(optimum.panels, optimum.weights, optimum.certificate.as_data())
