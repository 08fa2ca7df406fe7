"""Who leximin holds at which chance, and which limits hold them there: the certificate in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from mitwirkung.errors import MitwirkungError
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.reports.model import Limit

if TYPE_CHECKING:
    from mitwirkung.lottery.engine import Stage
    from mitwirkung.lottery.folding import Types


class NoStages(MitwirkungError, ValueError):
    """The stages of leximin were asked of a lottery that has none."""


@dataclass(frozen=True)
class Level:
    """People whose chance leximin makes equal, and what holds it there.

    The limits are those that the certificate adds up, to show that no panel leaves more for these
    people unless somebody with no larger chance loses.

    Attributes:
        chance: of one of them.
        people: how many there are.
        limits: sides of quotas; first those that no lower level names.
        households: whether "one seat per household" is among the limits.
        sizes: whether "no group has more seats than people" is.
        seats: whether the number of seats is.
        cuts: whether inequalities are that hold only because people are whole.
    """

    chance: Fraction
    people: int
    limits: tuple[Limit, ...]
    households: bool
    sizes: bool
    seats: bool
    cuts: bool


def levels(lottery: PanelLottery) -> tuple[Level, ...]:
    """The levels of a leximin lottery, from the smallest chance to the largest.

    Raises:
        NoStages: the lottery does not promise leximin, or has no certificate.
    """
    promises = () if lottery.strategy is None else lottery.strategy.promises
    if "leximin" not in promises or lottery.certificate is None:
        raise NoStages("no-stages")
    # numpy comes with the engine, and only when a certificate is read.
    from mitwirkung.lottery.engine import SAME, Certificate
    from mitwirkung.lottery.folding import fold_types

    types = fold_types(lottery.problem)
    chances = types.chances(lottery)
    stages = Certificate.from_data(lottery.certificate).stages
    groups: list[list[Stage]] = []
    before = None
    for stage in sorted(stages, key=lambda stage: min(chances[t] for t in stage.types)):
        chance = min(chances[t] for t in stage.types)
        if before is None or chance - before > SAME:
            groups.append([])
        groups[-1].append(stage)
        before = chance
    found: list[Level] = []
    for group in groups:
        known = {limit for level in found for limit in level.limits}
        found.append(_level(group, types, chances, known))
    return tuple(found)


def level_of(lottery: PanelLottery, person: int) -> Level:
    """What the certificate says about one person (an index into `problem.ids`): its stage with
    people of the same answers and the same household. Of goals but leximin, the last stage is that
    of everybody who can be seated.

    Raises:
        NoStages: the lottery has no certificate.
    """
    if lottery.certificate is None:
        raise NoStages("no-stages")
    from mitwirkung.lottery.engine import Certificate
    from mitwirkung.lottery.folding import fold_types

    types = fold_types(lottery.problem)
    mine = types.type_of_people()[person]
    stages = Certificate.from_data(lottery.certificate).stages
    stage = next(stage for stage in stages if mine in stage.types)
    return _level([stage], types, types.chances(lottery), set())


def _level(
    stages: Sequence[Stage], types: Types, chances: Sequence[Fraction], known: set[Limit]
) -> Level:
    sizes = types.polytope.sizes.tolist()
    members = [t for stage in stages for t in stage.types]
    people = sum(sizes[t] for t in members)
    rows = {row: y for stage in stages for row, y in stage.rows}
    quotas = [(row, y) for row, y in sorted(rows.items()) if row < len(types.quotas)]
    limits = [_limit(types, row, y) for row, y in quotas]
    return Level(
        chance=sum((chances[t] * sizes[t] for t in members), Fraction(0)) / people,
        people=people,
        limits=tuple(sorted(limits, key=lambda limit: limit in known)),
        households=any(len(types.quotas) <= row != types.must for row in rows),
        sizes=any(stage.caps for stage in stages),
        seats=any(stage.seats for stage in stages),
        cuts=any(stage.cuts for stage in stages),
    )


def _limit(types: Types, row: int, multiplier: int) -> Limit:
    """The side of a quota that a multiplier uses: a positive one the maximum."""
    feature, value = types.quotas[row]
    upper = multiplier > 0
    bounds = types.polytope.upper if upper else types.polytope.lower
    return Limit(
        feature=feature,
        value=value,
        bound="max" if upper else "min",
        limit=int(bounds[row]) // types.parts,
    )
