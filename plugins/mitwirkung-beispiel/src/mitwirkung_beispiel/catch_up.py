"""Seats that catch up: districts seldom represented in earlier panels get more of this one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from math import ceil

from pydantic import Field, NonNegativeInt

from mitwirkung import (
    Feature,
    PanelLottery,
    SelectionProblem,
    SelectionStrategy,
    StrategyRefused,
    StrategySettings,
    lot_classes,
    require_enough_lots,
)

Place = tuple[int, int]
"""A class of lots and a position in it, as the vectors of a `PanelLottery` have them."""


class CatchUpSettings(StrategySettings):
    """Published with the lottery, so whole numbers and texts only."""

    feature: str
    """The feature whose values share the seats: the district."""
    seats_before: Mapping[str, NonNegativeInt] = Field(default={})
    """Value to seats in all earlier panels; 0 where it is not named."""
    catch_up: int = Field(default=50, ge=0, le=99)
    """Percent of the seats that go to arrears; never all, so that nobody is shut out."""


class CatchUpStrategy(SelectionStrategy):
    """Seats for the values of one feature, in proportion and in part to make up for the past.

    Everyone with the same value has the same chance, unless a household would be due more than
    one seat. Only this feature is looked at; its quotas are what is aimed at, not promised.
    """

    name = "catch-up"
    promises = frozenset({"households"})
    Settings = CatchUpSettings
    settings: CatchUpSettings

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        require_enough_lots(problem)
        feature = self._feature(problem)
        classes = lot_classes(problem, [feature.name])
        answers = [[answer for ((_, answer),) in each.labels] for each in classes]
        room = [len(each.lots) for each in classes]
        people: Counter[str | None] = Counter()
        for number, positions in enumerate(answers):
            for answer in positions:
                people[answer] += room[number]
        due = seats_due(feature, people, problem.seats, self.settings)
        weights = [
            [due[answer] * room[number] / people[answer] for answer in positions]
            for number, positions in enumerate(answers)
        ]
        seats = filled([sum(row, Fraction(0)) for row in weights], room, problem.seats)
        if sum(seats) < problem.seats:
            reason = f"the quotas of {feature.name} give seats to too few of those who applied"
            raise StrategyRefused.because(self.name, reason)
        expected = {
            (number, position): seats[number] * weight / sum(row)
            for number, row in enumerate(weights)
            for position, weight in enumerate(row)
            if weight
        }
        return PanelLottery(problem, [feature.name], apportioned(expected))

    def _feature(self, problem: SelectionProblem) -> Feature:
        try:
            feature = problem.quotas.feature(self.settings.feature)
        except KeyError as error:
            raise StrategyRefused.because(self.name, f"feature: {error.args[0]}") from None
        unknown = sorted(set(self.settings.seats_before) - set(feature.values))
        if unknown:
            reason = (
                f"seats_before: no value of {feature.name} is {', '.join(unknown)}; "
                f"there are: {', '.join(feature.values)}"
            )
            raise StrategyRefused.because(self.name, reason)
        return feature


def seats_due(
    feature: Feature, people: Mapping[str | None, int], seats: int, settings: CatchUpSettings
) -> dict[str | None, Fraction]:
    """How many seats each answer should get, not rounded: together `seats`.

    The share of a value is the middle of its quota, in proportion. Who gave no answer, or one
    whose quota leaves everything open (0 to all seats), keeps the share of the applicants. Arrears
    are what a value lacks to its share in the seats of all panels, this one included.
    """
    middles: dict[str | None, Fraction] = {
        quota.value: Fraction(quota.min + quota.max, 2)
        for quota in feature.quotas
        if quota.min > 0 or quota.max < seats
    }
    bound = sum(number for answer, number in people.items() if answer in middles)
    total = sum(middles.values()) or 1
    shares = {answer: Fraction(number) for answer, number in people.items()}
    shares |= {value: middle * bound / total for value, middle in middles.items()}
    whole = sum(shares.values()) or 1  # nobody has a share where all quotas are 0
    shares = {answer: share / whole for answer, share in shares.items()}
    before = {answer: settings.seats_before.get(answer or "", 0) for answer in shares}
    of_all = seats + sum(before.values())
    arrears = {a: max(share * of_all - before[a], Fraction(0)) for a, share in shares.items()}
    owed = sum(arrears.values()) or 1
    part = Fraction(settings.catch_up, 100)
    return {a: seats * ((1 - part) * shares[a] + part * arrears[a] / owed) for a in shares}


def filled(weights: Sequence[Fraction], room: Sequence[int], seats: int) -> list[Fraction]:
    """`seats` in proportion to weights, but none above its room: what is full leaves the rest.

    They are fewer than `seats` only if all with a weight are full.
    """
    given = [Fraction(0)] * len(weights)
    left, others = Fraction(seats), sum(weights)
    for i in sorted(range(len(weights)), key=lambda i: weights[i] / room[i], reverse=True):
        if weights[i]:
            given[i] = min(Fraction(room[i]), left * weights[i] / others)
        left -= given[i]
        others -= weights[i]
    return given


def apportioned(expected: Mapping[Place, Fraction]) -> Iterator[tuple[Fraction, dict[Place, int]]]:
    """Weighted vectors of whole seats whose mean is exactly what is expected.

    The places lie side by side on a line as long as there are seats. A number u between 0 and 1
    sets a seat at u, u + 1, u + 2, ..., and each goes to the place it falls on: so a place, and
    any run of neighbours, gets what is expected, rounded up or down. The seats change only where
    u passes a border, which makes no more vectors than places.

    Systematic sampling (Madow, "On the theory of systematic sampling, II", Annals of Mathematical
    Statistics 20, 1949); for seats: Grimmett, "Stochastic apportionment", American Mathematical
    Monthly 111 (2004), who shuffles the places first. Here they keep their order, which decides
    who is seated together with whom, but nobody's chance.
    """
    borders = list(accumulate(expected.values(), initial=Fraction(0)))
    turns = sorted({border % 1 for border in borders})
    for u, end in pairwise([*turns, Fraction(1)]):
        seats_left_of = [ceil(border - u) for border in borders]
        counts = [after - before for before, after in pairwise(seats_left_of)]
        yield end - u, dict(zip(expected, counts, strict=True))
