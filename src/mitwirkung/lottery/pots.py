"""Lostöpfe: a pot for each combination of some features, seats in proportion, lots inside a pot.

The usual method of German municipalities. It looks at the features of the pots alone, so it
promises no quotas; how far a panel may miss them is what the report shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from mitwirkung.errors import Finding, StrategyRefused
from mitwirkung.lottery.apportionment import sainte_lague
from mitwirkung.lottery.feasibility import require_enough_lots
from mitwirkung.lottery.panels import LotClass, PanelLottery, lot_classes
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.strategy import SelectionStrategy, StrategySettings
from mitwirkung.names import fold

ROUNDS = 200
"""Rounds of proportional fitting; margins of real size agree to many digits long before."""


class PotsSettings(StrategySettings):
    """What makes the pots."""

    features: tuple[str, ...] = ()
    """Features whose combinations are the pots; may be left out if there is only one."""


class PotsStrategy(SelectionStrategy):
    """Pots by one or more features, with seats in proportion to what the quotas aim at.

    The target of a value is the middle of its quota. With several features the targets of the
    pots are the pool's cross table fitted to these margins (iterative proportional fitting,
    Deming and Stephan 1940), rounded by Sainte-Laguë; no pot gets more seats than people.
    """

    name = "pots"
    Settings = PotsSettings

    def lottery(self, problem: SelectionProblem) -> PanelLottery:
        require_enough_lots(problem)
        if problem.household and problem.household_rule == "at most one":
            raise StrategyRefused("strategy-households", name=self.name)
        if any(kind.together or kind.must for kind in problem.kinds):
            raise StrategyRefused("strategy-wishes", name=self.name)
        features = self._features(problem)
        pots = lot_classes(problem, features)
        targets = pot_targets(problem, features, pots)
        seats = capped_seats(targets, [len(pot.lots) for pot in pots], problem.seats)
        vector = {(number, 0): count for number, count in enumerate(seats)}
        return PanelLottery(problem, features, [(Fraction(1), vector)])

    def _features(self, problem: SelectionProblem) -> tuple[str, ...]:
        assert isinstance(self.settings, PotsSettings)
        names = {fold(feature.name): feature.name for feature in problem.features}
        asked = self.settings.features
        if not asked and len(names) == 1:
            asked = tuple(names.values())
        available = sorted(names.values())
        if not asked:
            raise self._refused("pots-features-missing", available=available)
        unknown = [name for name in asked if fold(name) not in names]
        if unknown:
            raise self._refused("pots-feature-unknown", unknown=unknown, available=available)
        if len({fold(name) for name in asked}) < len(asked):
            raise self._refused("pots-feature-twice")
        return tuple(names[fold(name)] for name in asked)

    def _refused(self, code: str, **params: list[str]) -> StrategyRefused:
        return StrategyRefused.of_settings(self.name, [Finding(code, params)])


def pot_targets(
    problem: SelectionProblem, features: Sequence[str], pots: Sequence[LotClass]
) -> list[float]:
    """How many seats each pot should get, not rounded: the pool's table fitted to the quotas."""
    targets = [float(len(pot.lots)) for pot in pots]
    margins = [
        {quota.value: (quota.min + quota.max) / 2 for quota in problem.quotas.feature(name).quotas}
        for name in sorted(features)
    ]
    answers = [tuple(answer for _, answer in pot.labels[0]) for pot in pots]
    for _ in range(ROUNDS):
        for column, margin in enumerate(margins):
            sums: dict[str | None, float] = {}
            for answer, target in zip(answers, targets, strict=True):
                sums[answer[column]] = sums.get(answer[column], 0.0) + target
            for number, answer in enumerate(answers):
                # an unconstrained answer has no quota: its pots keep their share of the pool
                wanted = margin.get(answer[column] or "", sums[answer[column]])
                if sums[answer[column]]:
                    targets[number] *= wanted / sums[answer[column]]
    return targets


def capped_seats(targets: Sequence[float], caps: Sequence[int], seats: int) -> list[int]:
    """Whole seats in proportion to targets, none above its cap, that add up to `seats`.

    Pots that would overflow are filled, and the rest is shared by the others. Pots without a
    target are used only when all others are full.
    """
    given = [0] * len(targets)
    weights = list(targets)
    while left := seats - sum(given):
        room = [cap - have for cap, have in zip(caps, given, strict=True)]
        open_pots = [i for i, free in enumerate(room) if free]
        shares = [weights[i] for i in open_pots]
        if not any(shares):
            shares = [float(room[i]) for i in open_pots]
        wanted = sainte_lague(shares, left)
        for i, count in zip(open_pots, wanted, strict=True):
            given[i] += min(count, room[i])
    return given
