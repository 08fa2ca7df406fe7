"""The plain lottery: every lot has the same chance; quotas are not looked at."""

from __future__ import annotations

from fractions import Fraction

from mitwirkung.lottery.feasibility import require_enough_lots
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.strategy import SelectionStrategy


class SimpleStrategy(SelectionStrategy):
    """One class of all lots, one vector.

    Each lot, not each person, has the chance seats / lots; a member of a household of h people
    has one h-th of it.
    """

    name = "simple"
    promises = frozenset({"households"})

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        require_enough_lots(problem)
        return PanelLottery(problem, (), [(Fraction(1), {(0, 0): problem.seats})])
