"""Everyone's chances, sorted and by group; who never had one, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from mitwirkung.lottery.display import telling_decimals
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.encoding import decimal_text
from mitwirkung.lottery.optima import promised_optimum
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import Label, Profile, SelectionProblem
from mitwirkung.lottery.quotas import Feature
from mitwirkung.reports.model import (
    Chances,
    FeatureChances,
    GroupChances,
    Limit,
    Never,
    NeverGroup,
    ReasonCode,
    Step,
)

if TYPE_CHECKING:
    from mitwirkung.lottery.folding import Types

STEPS = 20

EXAMINED = 25
"""For so many groups it is found out which quotas together shut them out; each takes a solver."""


def chances_summary(record: DrawRecord) -> Chances:
    """All chances: smallest, largest, mean, inequality, in steps and by group.

    The Gini coefficient (Corrado Gini, "Variabilità e mutabilità", 1912) is half the mean
    difference between two people over the mean; the geometric mean is what the Nash lottery
    maximises (Flanigan and others, Nature 596, 2021, compare lotteries by both). Both are those
    of `record.json`.
    """
    problem = record.publication.problem
    exact = record.publication.chances
    stated = record.private.chances
    equal = Fraction(problem.seats, len(problem))
    return Chances(
        equal=decimal_text(equal),
        min=stated.min,
        max=stated.max,
        mean=decimal_text(_mean(exact)),
        gini=stated.gini,
        geometric_mean=stated.geometric_mean,
        decimals=telling_decimals(equal),
        steps=steps(exact, telling_decimals(equal)),
        groups=tuple(_by_answer(problem, feature, exact) for feature in problem.quotas.features),
    )


def steps(chances: Sequence[Fraction], decimals: int) -> tuple[Step, ...]:
    """People sorted by chance, in at most twenty steps of about equal size.

    Chances that are equal to so many decimals of a percentage stay together; those of 0 are kept
    apart. With no more than twenty different chances each is a step of its own.
    """
    tied: dict[tuple[bool, int], list[Fraction]] = {}
    for chance in sorted(chances):
        tied.setdefault((chance > 0, round(chance * 10 ** (2 + decimals))), []).append(chance)
    least = 1 if len(tied) <= STEPS else -(-len(chances) // STEPS)
    found = []
    held: list[Fraction] = []
    for group in tied.values():
        held += group
        if len(held) >= least:
            found.append(held)
            held = []
    if held:
        found.append(held)
    return tuple(
        Step(
            people=len(group),
            min=decimal_text(group[0]),
            mean=decimal_text(_mean(group)),
            max=decimal_text(group[-1]),
        )
        for group in found
    )


def _by_answer(
    problem: SelectionProblem, feature: Feature, chances: Sequence[Fraction]
) -> FeatureChances:
    column = [each.name for each in problem.features].index(feature.name)
    by_value: dict[str | None, list[Fraction]] = {}
    for profile, chance in zip(problem.profile_of, chances, strict=True):
        by_value.setdefault(problem.profiles[profile][column], []).append(chance)
    equal = Fraction(problem.seats, len(problem))
    return FeatureChances(
        name=feature.name,
        values=tuple(
            GroupChances(
                value=value,
                people=len(group),
                min=decimal_text(min(group)),
                mean=decimal_text(_mean(group)),
                max=decimal_text(max(group)),
                relative=decimal_text(_mean(group) / equal),
            )
            for value in (*feature.values, None)
            if (group := by_value.get(value))
        ),
    )


def _mean(chances: Sequence[Fraction]) -> Fraction:
    return sum(chances, Fraction(0)) / len(chances)


# --- who never had a chance ------------------------------------------------------------------


@dataclass(frozen=True)
class _Reason:
    answers: Label
    code: ReasonCode
    limits: tuple[Limit, ...] = ()
    households: bool = False

    def group(self, people: int) -> NeverGroup:
        return NeverGroup(
            answers=self.answers,
            people=people,
            reason=self.code,
            limits=self.limits,
            households=self.households,
        )


def never_seated(record: DrawRecord) -> Never:
    """People whose chance is exactly 0, grouped by what shuts them out, largest group first."""
    publication = record.publication
    lottery, problem = publication.lottery, publication.problem
    promises = publication.public.strategy.promises
    without = [person for person, p in enumerate(lottery.exact_chances) if not p]
    if "quotas" in promises:
        certain = promised_optimum(promises) is not None
        return shut_out_by_quotas(problem, without, certain=certain)
    found = _without_seats(lottery, without)
    return Never(people=len(without), groups=_largest_first(found))


def shut_out_by_quotas(problem: SelectionProblem, people: Sequence[int], *, certain: bool) -> Never:
    """People (indexes) whom the quotas leave no seat, grouped by what shuts them out.

    `certain`: it is proven that no panel seats any of them, so that groups that are not examined
    can be explained as well.
    """
    left: dict[Profile, list[int]] = {}
    for person in people:
        left.setdefault(problem.profiles[problem.profile_of[person]], []).append(person)
    found = _shut_out_by_one_feature(problem, left)
    found += _shut_out_together(problem, left, certain=certain)
    return Never(people=len(people), groups=_largest_first(found))


def _largest_first(groups: list[NeverGroup]) -> tuple[NeverGroup, ...]:
    return tuple(sorted(groups, key=lambda group: (-group.people, _sortable(group.answers))))


def _sortable(answers: Label) -> list[tuple[str, bool, str]]:
    return [(name, answer is not None, answer or "") for name, answer in answers]


def _shut_out_by_one_feature(
    problem: SelectionProblem, left: dict[Profile, list[int]]
) -> list[NeverGroup]:
    """Groups that one feature alone shuts out; their people are taken out of `left`."""
    columns = [feature.name for feature in problem.features]
    groups = []
    for feature in problem.quotas.features:
        column = columns.index(feature.name)
        for value in (*feature.values, None):
            reason = _reason_alone(feature, value, problem.seats)
            if reason is None:
                continue
            gone = [profile for profile in left if profile[column] == value]
            people = sum(len(left.pop(profile)) for profile in gone)
            if people:
                groups.append(reason.group(people))
    return groups


def _reason_alone(feature: Feature, value: str | None, seats: int) -> _Reason | None:
    """Why the quotas of one feature alone leave no seat for an answer; None if they do."""
    own = next((quota for quota in feature.quotas if quota.value == value), None)
    answers = ((feature.name, value),)
    if own is not None and own.max == 0:
        limit = Limit(feature=feature.name, value=own.value, bound="max", limit=0)
        return _Reason(answers, "maximum-zero", (limit,))
    others = [quota for quota in feature.quotas if quota is not own and quota.min]
    if sum(quota.min for quota in others) < seats:
        return None
    limits = tuple(
        Limit(feature=feature.name, value=quota.value, bound="min", limit=quota.min)
        for quota in others
    )
    return _Reason(answers, "minimums-fill", limits)


def _shut_out_together(
    problem: SelectionProblem, left: Mapping[Profile, Sequence[int]], *, certain: bool
) -> list[NeverGroup]:
    """Groups by all their answers, with the quotas that together shut them out."""
    if not left:
        return []
    # numpy and HiGHS come with the engine, and only when there is somebody to explain.
    from mitwirkung.lottery.folding import fold_types

    types = fold_types(problem)
    kind_of = {lot: number for number, kind in enumerate(problem.kinds) for lot in kind.lots}
    lot_of = {person: lot for lot, members in enumerate(problem.lots) for person in members}
    sizes: dict[tuple[Profile, int], int] = {}
    for profile, people in left.items():
        for person in people:
            key = (profile, kind_of[lot_of[person]])
            sizes[key] = sizes.get(key, 0) + 1
    in_order = sorted(sizes, key=lambda key: (-sizes[key], _profile_key(key[0]), key[1]))
    columns = {feature.name: i for i, feature in enumerate(problem.features)}
    merged: dict[_Reason, int] = {}
    for number, (profile, kind) in enumerate(in_order):
        answers = tuple((name, profile[columns[name]]) for name in problem.quotas.names)
        reason = _Reason(answers, "no-panel" if certain else "passed-over")
        conflict = _conflict(types, kind, profile) if number < EXAMINED else None
        if conflict is not None:
            reason = _Reason(answers, "quotas-together", *conflict)
        merged[reason] = merged.get(reason, 0) + sizes[profile, kind]
    return [reason.group(people) for reason, people in merged.items()]


def _profile_key(profile: Profile) -> list[tuple[bool, str]]:
    return [(answer is not None, answer or "") for answer in profile]


def _conflict(types: Types, kind: int, profile: Profile) -> tuple[tuple[Limit, ...], bool] | None:
    """A smallest set of limits that no panel with such a person meets; None if there is a panel.

    A seat for the person's type is one more row, of minimum 1, in the engine's problem.

    Returns:
        The limits, and whether "one seat per household" is one of them.
    """
    import numpy as np

    from mitwirkung.lottery.engine import find_conflict

    problem, base = types.problem, types.polytope
    wanted = problem.kinds[kind]
    own_profile = problem.profiles.index(profile)
    mine = types.places.index((kind, 0 if wanted.together else wanted.profiles.index(own_profile)))
    seat = base.row_count
    rows = np.where(base.rows == seat, seat + 1, base.rows)
    own = np.full((base.types, 1), seat + 1)
    own[mine] = seat
    values = base.values
    if values is not None:
        values = np.hstack([values, np.full((base.types, 1), types.parts)])
    asked = replace(
        base,
        rows=np.hstack([rows, own]).astype(np.int32),
        lower=np.append(base.lower, types.parts),
        upper=np.append(base.upper, base.sizes[mine] * types.parts),
        values=values,
    )
    conflict = find_conflict(asked)
    if conflict is None:
        return None
    quotas = {(each.name, quota.value): quota for each in problem.features for quota in each.quotas}
    limits = []
    households = False
    for row, bound in conflict.rows:
        if row < len(types.quotas):
            name, value = types.quotas[row]
            quota = quotas[name, value]
            limit = quota.min if bound == "min" else quota.max
            limits.append(Limit(feature=name, value=value, bound=bound, limit=limit))
        elif row not in (seat, types.must):
            households = True
    return tuple(limits), households


def _without_seats(lottery: PanelLottery, people: Sequence[int]) -> list[NeverGroup]:
    """Groups to which a strategy that promises no quotas gives no seat, by what it looks at."""
    merged: dict[_Reason, int] = {}
    for person in people:
        reason = _Reason(lottery.label_of(person), "no-seat")
        merged[reason] = merged.get(reason, 0) + 1
    return [reason.group(count) for reason, count in merged.items()]
