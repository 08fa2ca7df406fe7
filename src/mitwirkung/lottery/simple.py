"""The plain lottery: every lot has the same chance; quotas are not looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise

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
        vectors = ((weight, {**must, **some}) for weight, some in _vectors(rest, seats))
        return PanelLottery(problem, (), vectors)


def _vectors(classes: Sequence[tuple[int, LotClass]], seats: int) -> Iterator[_Vector]:
    """Vectors in which each lot of all (number, class) has the same chance.

    Of N lots of companions N times the chance is seated on average: a systematic sample over their
    classes says how many, and single seats make up for it.
    """
    everyone = sum(len(each.lots) * each.people for _, each in classes)
    chance = Fraction(seats, everyone) if everyone else Fraction(0)
    together = [(c, each) for c, each in classes if each.together]
    single = next(((c, len(each.lots)) for c, each in classes if not each.together), (0, 0))
    ends = list(accumulate((chance * len(each.lots) for _, each in together), initial=Fraction(0)))
    # From one such point to the next the sample is the same.
    points = sorted({Fraction(0), Fraction(1), *(1 - end % 1 for end in ends)})
    for low, high in pairwise(points):
        marks = [int(end + low) for end in ends]
        vector = {
            (c, 0): after - before
            for (c, _), before, after in zip(together, marks, marks[1:], strict=False)
        }
        left = seats - sum(vector[c, 0] * each.people for c, each in together)
        if not 0 <= left <= single[1]:
            raise StrategyRefused("simple-companions", name=SimpleStrategy.name)
        if left:
            vector[single[0], 0] = left
        yield high - low, vector
