"""Strategies that each break the contract at one point; the kit has to find it.

They stand in a module of their own because the kit imports it again in other interpreters.
"""

from __future__ import annotations

import os
import random
from fractions import Fraction
from typing import Any

from pydantic import ConfigDict, SecretStr

from mitwirkung import (
    InfeasibleQuotas,
    PanelLottery,
    SelectionProblem,
    SelectionStrategy,
    StrategyRefused,
    StrategySettings,
    check_feasible,
    lot_classes,
)
from mitwirkung.lottery.feasibility import require_enough_lots
from mitwirkung.lottery.leximin import LeximinStrategy
from mitwirkung.lottery.panels import LotClass

ONE = Fraction(1)


class Good(SelectionStrategy):
    """All seats to the first classes, in whatever order `arranged` puts them."""

    name = "good"
    promises = frozenset({"households"})

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        require_enough_lots(problem)
        names = problem.quotas.names
        classes = lot_classes(problem, names)
        seats = {}
        left = problem.seats
        for number in self.arranged(problem, classes):
            seats[number, 0] = min(left, len(classes[number].lots))
            left -= seats[number, 0]
        return PanelLottery(problem, names, [(ONE, seats)])

    def arranged(self, problem: SelectionProblem, classes: tuple[LotClass, ...]) -> list[int]:
        return list(range(len(classes)))


class BadName(Good):
    """Its name is no word that could stand in a settings file."""

    name = "First Come"


class NoDocstring(Good):
    name = "no-docstring"


class VersionNumber(Good):
    """Its version is a number; files hold texts."""

    version = 2  # type: ignore[assignment]


class UnknownPromise(Good):
    """Promises something that nobody can check."""

    promises = frozenset({"households", "fairness"})


class MutableSettings(Good):
    """Whoever holds its settings can change them."""

    class Settings(StrategySettings):
        model_config = ConfigDict(frozen=False)


class CarelessSettings(Good):
    """A misspelt key is ignored."""

    class Settings(StrategySettings):
        model_config = ConfigDict(extra="ignore")


class HiddenSetting(Good):
    """What decides is no setting, so it is not published."""

    def __init__(self, settings: dict[str, Any] | None = None, *, last_first: bool = False) -> None:
        super().__init__(settings)
        self.last_first = last_first

    def arranged(self, problem: SelectionProblem, classes: tuple[LotClass, ...]) -> list[int]:
        step = -1 if self.last_first else 1
        return list(range(len(classes)))[::step]


class ForgetsSettings(Good):
    """Takes its settings and keeps others."""

    class Settings(StrategySettings):
        last_first: bool = False

    def __init__(self, settings: dict[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.settings = StrategySettings()


class NeedsSecret(Good):
    """Cannot be made again by those who know only what is published."""

    class Settings(StrategySettings):
        token: SecretStr


class TooFewSeats(Good):
    """Keeps a seat back for the mayor."""

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        smaller = SelectionProblem(
            problem.applicants,
            problem.quotas,
            seats=max(1, problem.seats - 1),
            household=problem.household,
        )
        require_enough_lots(problem)
        return super().lottery(smaller)


class NoLottery(Good):
    """Forgets to return what it made."""

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        super().lottery(problem)  # type: ignore[return]


class OwnWeights(Good):
    """Puts shares in place of the whole weights."""

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        lottery = super().lottery(problem)
        lottery.weights = tuple(1.0 for _ in lottery.vectors)  # type: ignore[assignment]
        return lottery


class WrongQuotas(Good):
    """Promises quotas that it checks only to be possible."""

    promises = frozenset({"households", "quotas"})

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        check_feasible(problem)
        return super().lottery(problem)


class LooksAway(Good):
    """Promises quotas but looks at no feature."""

    promises = frozenset({"households", "quotas"})

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        check_feasible(problem)
        return PanelLottery(problem, (), [(ONE, {(0, 0): problem.seats})])


class TwoOfAHousehold(Good):
    """Lists every household twice, so two of one can be seated."""

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        require_enough_lots(problem)
        lots = tuple(range(len(problem.lots)))
        classes = [LotClass((*lots, *lots), ())]
        return PanelLottery(problem, (), [(ONE, {(0, 0): problem.seats})], classes=classes)


class RefusesHouseholds(Good):
    """Promises to keep households apart, and refuses them."""

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        require_enough_lots(problem)
        if len(problem.lots) < len(problem):
            raise StrategyRefused("strategy-households", name=self.name)
        return super().lottery(problem)


class StumblesOverHouseholds(Good):
    """Does not promise households, and fails where there are some."""

    promises = frozenset()

    def arranged(self, problem: SelectionProblem, classes: tuple[LotClass, ...]) -> list[int]:
        if any(len(each.labels) > 1 for each in classes):
            raise ValueError("too many labels")
        return super().arranged(problem, classes)


class NoProof(LeximinStrategy):
    """Leximin without its certificate."""

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        lottery = super().lottery(problem)
        lottery.certificate = None
        return lottery


class NotTheOptimum(LeximinStrategy):
    """The panels and the certificate of leximin, but all panels equally likely."""

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        best = super().lottery(problem)
        vectors = [(ONE, {(c, p): n for c, p, n in vector}) for vector in best.vectors]
        return PanelLottery(problem, best.features, vectors, best.certificate)


class OwnClasses(Good):
    """Its classes are not those that follow from the features, so nobody can check them."""

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        require_enough_lots(problem)
        classes = [LotClass((lot,), ()) for lot in range(len(problem.lots))]
        seats = {(lot, 0): 1 for lot in range(problem.seats)}
        return PanelLottery(problem, (), [(ONE, seats)], classes=classes)


class Counts(Good):
    """Remembers how often it was asked."""

    asked = 0

    def arranged(self, problem: SelectionProblem, classes: tuple[LotClass, ...]) -> list[int]:
        self.asked += 1
        return list(range(len(classes)))[:: (-1) ** self.asked]


class FirstRow(Good):
    """First come, first served: who stands in the first row is seated."""

    def arranged(self, problem: SelectionProblem, classes: tuple[LotClass, ...]) -> list[int]:
        first = problem.order.index(0)
        return sorted(
            range(len(classes)),
            key=lambda number: all(first not in problem.lots[i] for i in classes[number].lots),
        )


class FirstFeature(Good):
    """Looks only at the feature that the quotas name first."""

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        require_enough_lots(problem)
        names = problem.quotas.names[:1]
        classes = lot_classes(problem, names)
        seats = {}
        left = problem.seats
        for number, lot_class in enumerate(classes):
            seats[number, 0] = min(left, len(lot_class.lots))
            left -= seats[number, 0]
        return PanelLottery(problem, names, [(ONE, seats)])


class HashOrder(Good):
    """Goes through a set."""

    def arranged(self, problem: SelectionProblem, classes: tuple[LotClass, ...]) -> list[int]:
        number_of = {str(lot_class.labels): i for i, lot_class in enumerate(classes)}
        return [number_of[text] for text in set(number_of)]


class Quotas(Good):
    """Keeps the quotas: one panel of leximin, always the same."""

    promises = frozenset({"households", "quotas"})

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        best = LeximinStrategy().lottery(problem)
        vector = {(c, p): n for c, p, n in best.vectors[0]}
        return PanelLottery(problem, best.features, [(ONE, vector)])


class SwallowsInfeasibility(Quotas):
    """Gives some lottery where no panel meets the quotas."""

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        try:
            return super().lottery(problem)
        except InfeasibleQuotas:
            return Good().lottery(problem)


class OtherRefusal(Quotas):
    """Refuses quotas that clash, but not as everybody does."""

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        try:
            return super().lottery(problem)
        except InfeasibleQuotas:
            raise StrategyRefused("strategy-households", name=self.name) from None


class ManySeats(Good):
    """Does not look whether there are people enough."""

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        return PanelLottery(problem, (), [(ONE, {(0, 0): problem.seats})])


class GlobalRandom(Good):
    """Seeds everybody's random numbers."""

    def arranged(self, problem: SelectionProblem, classes: tuple[LotClass, ...]) -> list[int]:
        random.seed(problem.digest)
        numbers = list(range(len(classes)))
        random.shuffle(numbers)
        return numbers


class GlobalNumpy(Good):
    """Seeds everybody's random numbers of numpy."""

    def arranged(self, problem: SelectionProblem, classes: tuple[LotClass, ...]) -> list[int]:
        import numpy as np

        np.random.seed(int(problem.digest[:8], 16))  # noqa: NPY002
        return [int(number) for number in np.random.permutation(len(classes))]  # noqa: NPY002


class ChangesEnvironment(Good):
    """Leaves a note for later."""

    def arranged(self, problem: SelectionProblem, classes: tuple[LotClass, ...]) -> list[int]:
        os.environ["SOLVED"] = problem.digest
        return super().arranged(problem, classes)


class ChangesProblem(Good):
    """Makes a note at the quotas."""

    def arranged(self, problem: SelectionProblem, classes: tuple[LotClass, ...]) -> list[int]:
        problem.quotas = problem.quotas.model_copy(update={"file": "seen"})
        return super().arranged(problem, classes)


class PercentProgress(Good):
    """Tells its progress in percent."""

    def arranged(self, problem: SelectionProblem, classes: tuple[LotClass, ...]) -> list[int]:
        self.progress("classes", 50)
        return super().arranged(problem, classes)


class ProgressGoesBack(Good):
    """Tells of progress, and then of less."""

    def arranged(self, problem: SelectionProblem, classes: tuple[LotClass, ...]) -> list[int]:
        self.progress("classes", 0.5)
        self.progress("classes", 0.25)
        return super().arranged(problem, classes)


def local() -> type[SelectionStrategy]:
    """A class that nobody can import."""

    class Local(Good):
        """Lives inside of a function."""

    return Local
