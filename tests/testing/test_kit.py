"""What ships keeps the contract that others are held to."""

from mitwirkung.lottery.leximin import LeximinStrategy
from mitwirkung.lottery.pots import PotsStrategy
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.simple import SimpleStrategy
from mitwirkung.testing import SelectionStrategyKit


class TestLeximin(SelectionStrategyKit):
    def make(self, problem: SelectionProblem) -> LeximinStrategy:
        return LeximinStrategy()


class TestPots(SelectionStrategyKit):
    def make(self, problem: SelectionProblem) -> PotsStrategy:
        return PotsStrategy({"features": list(problem.quotas.names[:2])})


class TestSimple(SelectionStrategyKit):
    def make(self, problem: SelectionProblem) -> SimpleStrategy:
        return SimpleStrategy()
