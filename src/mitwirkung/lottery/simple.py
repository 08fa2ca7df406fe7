"""The plain lottery: every lot has the same chance; quotas are not looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from mitwirkung.errors import StrategyRefused
from mitwirkung.lottery.feasibility import require_enough_lots
from mitwirkung.lottery.panels import LotClass, PanelLottery, lot_classes
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.strategy import SelectionStrategy

_Vector = tuple[Fraction, dict[tuple[int, int], int]]


class SimpleStrategy(SelectionStrategy):
    """One class of all lots, one vector.

    Each lot, not each person, has the chance seats / lots; a member of a household of h people
    has one h-th of it. Where there are companions, each lot of them has the same chance as the
    others, seats / people who could be seated: how many of them are on a panel then differs by one
    from vector to vector. Those who must be seated are; the others share the rest of the seats.
    """

    name = "simple"
    promises = frozenset({"households"})

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        require_enough_lots(problem)
        classes = lot_classes(problem, ())
        must = {(c, 0): len(each.lots) for c, each in enumerate(classes) if each.must}
        seats = problem.seats - sum(n * classes[c].people for (c, _), n in must.items())
        rest = [(c, each) for c, each in enumerate(classes) if not each.must]
        found = list(_vectors(rest, seats))
        if any(number < 0 for _, vector in found for number in vector.values()):
            raise StrategyRefused("simple-companions", name=self.name)
        return PanelLottery(problem, (), [(weight, {**must, **some}) for weight, some in found])


def _vectors(classes: Sequence[tuple[int, LotClass]], seats: int) -> Iterator[_Vector]:
    """Vectors in which each lot of all (number, class) has the same chance.

    Of each class of companions a systematic sample decides whether one more is seated; single
    seats make up for it. With N lots a number n, n + 1 of them is seated so that N times the
    chance is the mean.
    """
    everyone = sum(len(each.lots) * each.people for _, each in classes)
    chance = Fraction(seats, everyone) if everyone else Fraction(0)
    means = {c: chance * len(each.lots) for c, each in classes if each.together}
    # The point from which on a class gets its one more.
    steps = sorted({Fraction(0), Fraction(1), *(1 - mean % 1 for mean in means.values())})
    for low, high in pairwise(steps):
        vector = {(c, 0): int(mean + low) for c, mean in means.items()}
        left = seats - sum(vector[c, 0] * each.people for c, each in classes if c in means)
        single = next(((c, each) for c, each in classes if c not in means), None)
        if single is not None:
            vector[single[0], 0] = left if left <= len(single[1].lots) else -1
        elif left:
            vector[0, -1] = -1  # companions alone do not fill the seats
        yield high - low, vector
