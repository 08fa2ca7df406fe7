"""Quotas that cannot be met: the smallest changes of them after which a panel exists.

What a change costs is the same for every plan, so that nobody can choose it with the result in
mind (docs/decisions/0010-what-a-relaxation-costs.md):

- a seat off a minimum of m costs 1 + 2/m: 3 for a minimum of 1, 1.1 for one of 20;
- a seat on top of a maximum of M costs 1 + 2/(M + 1): 3 for a maximum of 0, 1.1 for one of 19;
- a seat beyond `min_flex` or `max_flex`, where they are overruled, costs a hundred times as much.

A minimum of 0 cannot be lowered. Costs are rounded to thousandths, and equal ones are told from
each other by the order of features and values, never by that of people.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from mitwirkung.errors import MitwirkungError
from mitwirkung.lottery.feasibility import (
    in_pool,
    infeasible,
    pool_in_words,
    require_enough_lots,
    seatable_by_answer,
)
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.quotas import Feature, Quota, QuotaPlan
from mitwirkung.messages import Translate, text_of, unchanged
from mitwirkung.names import clean

if TYPE_CHECKING:
    from mitwirkung.lottery.engine import Elastic, Moves
    from mitwirkung.lottery.folding import Types

UNIT = 1000
"""The engine counts costs in whole thousandths."""

BEYOND_FLEX = 100
"""A seat beyond a flexible bound costs so many times as much."""


@dataclass(frozen=True)
class QuotaChange:
    """One limit of a quota, before and after.

    Attributes:
        people: how many in the pool gave this answer.
        seatable: how many of them any panel can hold: one of a household.
        flex: `min_flex` or `max_flex` of the quota, if the plan has it.
    """

    feature: str
    value: str
    bound: Literal["min", "max"]
    before: int
    after: int
    people: int
    seatable: int
    flex: int | None = None

    @property
    def beyond_flex(self) -> bool:
        """Whether it goes further than the plan allows."""
        if self.flex is None:
            return False
        return self.after < self.flex if self.bound == "min" else self.after > self.flex

    def as_data(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "feature": self.feature,
            "value": self.value,
            "bound": self.bound,
            "before": self.before,
            "after": self.after,
            "people": self.people,
            "seatable": self.seatable,
            "flex": self.flex,
        }

    def describe(self, translate: Translate = unchanged) -> str:
        """The change on one line."""
        told = {**self.as_data(), "pool": pool_in_words(self.as_data(), translate)}
        text = text_of(f"relax-{self.bound}", told, translate)
        if not self.beyond_flex:
            return text
        column = {"column": f"{self.bound}_flex", "flex": self.flex}
        return f"{text}, {text_of('relax-beyond', column, translate)}"


@dataclass(frozen=True, repr=False)
class Relaxation:
    """Changes of quotas that together make a panel possible.

    Attributes:
        plan: the quotas that cannot be met.
        changes: in the order of the plan; none can be left out, or be smaller while the others
            stay.
        cost: see the module.
    """

    plan: QuotaPlan
    changes: tuple[QuotaChange, ...]
    cost: Fraction

    def __repr__(self) -> str:
        return f"<Relaxation: {len(self.changes)} changes, cost {float(self.cost):.3f}>"

    def __str__(self) -> str:
        return self.describe()

    def describe(self, translate: Translate = unchanged) -> str:
        """The changes, a line each."""
        return "\n".join(f"- {change.describe(translate)}" for change in self.changes)

    def as_data(self) -> dict[str, Any]:
        """Plain data; the cost as a decimal text."""
        changes = [change.as_data() for change in self.changes]
        return {"cost": f"{float(self.cost):.3f}", "changes": changes}

    def apply(self, reason: str) -> QuotaPlan:
        """The plan with these changes; each changed quota says what was changed, and why.

        The reason is published with the lottery, in the method of the quotas. A flexible bound that
        is passed moves too.

        Raises:
            ReasonUnfit: the reason is blank, or no single line of text.
        """
        text = clean(reason)
        if not text or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
            raise ReasonUnfit("relax-reason")
        features = tuple(
            Feature(
                name=feature.name,
                quotas=tuple(self._changed(feature.name, quota, text) for quota in feature.quotas),
            )
            for feature in self.plan.features
        )
        return self.plan.model_copy(update={"features": features, "file": None})

    def _changed(self, feature: str, quota: Quota, reason: str) -> Quota:
        data = quota.model_dump()
        for change in self.changes:
            if (change.feature, change.value) == (feature, quota.value):
                data[change.bound] = change.after
                if change.beyond_flex:
                    data[f"{change.bound}_flex"] = change.after
                what = f"{change.bound} {change.before} → {change.after}: {reason}"
                data["reason"] = f"{data['reason']}; {what}" if data["reason"] else what
        return Quota(**data)


class ReasonUnfit(MitwirkungError, ValueError):
    """A change of quotas was accepted without a reason that can be published."""


class FlexTooNarrow(MitwirkungError, ValueError):
    """No change within `min_flex` and `max_flex` makes a panel possible.

    `params["changes"]` are the smallest ones beyond: as `QuotaChange.as_data` has them.
    """

    def describe(self, translate: Translate = unchanged) -> str:
        """The sentence, and what it would take, a line for each limit."""
        changes = [QuotaChange(**change) for change in self.params["changes"]]
        lines = [f"- {change.describe(translate)}" for change in changes]
        return "\n".join([super().describe(translate), *lines])


def smallest_relaxations(
    problem: SelectionProblem, *, most: int = 5, beyond_flex: bool = False
) -> tuple[Relaxation, ...]:
    """The cheapest change of minimums and maximums that makes a panel possible, and alternatives.

    Panels are of whole people: a change is found too where fractions of people would meet the
    quotas. The number of seats and "one seat per household" stay as they are. Each alternative is
    the cheapest that does without one limit at least of each one before it, and none contains
    another.

    Args:
        problem: quotas that may be impossible.
        most: how many alternatives, at most. Each takes several integer programmes.
        beyond_flex: whether `min_flex` and `max_flex` may be passed, at a hundred times the cost.

    Returns:
        By cost, the smallest first; nothing if a panel exists already.

    Raises:
        TooFewApplicants: there are fewer lots than seats; no quota helps.
        FlexTooNarrow: no change within the flexible bounds is enough; it says what would be.
        InfeasibleQuotas: no change of any quota makes a panel possible.
    """
    # numpy and HiGHS come with the engine.
    from mitwirkung.lottery.engine import cheapest_moves

    require_enough_lots(problem)
    types = unclipped_types(problem)
    bounds = _elastic_bounds(types, beyond_flex=beyond_flex)
    ways = cheapest_moves(types.polytope, bounds, most, parts=types.parts)
    if not ways and not beyond_flex:
        bounds = _elastic_bounds(types, beyond_flex=True)
        for way in cheapest_moves(types.polytope, bounds, parts=types.parts):
            changes = [change.as_data() for change in _changes(types, bounds, way)]
            raise FlexTooNarrow("flex-too-narrow", seats=problem.seats, changes=changes)
    if not ways:
        raise _never_possible(types)
    return tuple(
        Relaxation(problem.quotas, _changes(types, bounds, way), Fraction(way.cost, UNIT))
        for way in ways
        if way.seats
    )


def unclipped_types(problem: SelectionProblem) -> Types:
    """The types of a problem under the limits as the plan has them: to find panels it is enough to
    know that a limit is too large."""
    from mitwirkung.lottery.folding import fold_types

    types = fold_types(problem)
    lower, upper = types.polytope.lower.copy(), types.polytope.upper.copy()
    for row, quota in enumerate(quotas_of_rows(types)):
        lower[row], upper[row] = quota.min * types.parts, quota.max * types.parts
    return replace(types, polytope=replace(types.polytope, lower=lower, upper=upper))


def quotas_of_rows(types: Types) -> list[Quota]:
    """The quotas in the order of the rows that they are."""
    plan = types.problem.quotas
    of = {(each.name, quota.value): quota for each in plan.features for quota in each.quotas}
    return [of[name] for name in types.quotas]


def _elastic_bounds(types: Types, *, beyond_flex: bool) -> list[Elastic]:
    """The limits that may be moved, in the order of the rows, each with its costs."""
    from mitwirkung.lottery.engine import Elastic

    seats = types.problem.seats
    bounds = []
    for row, quota in enumerate(quotas_of_rows(types)):
        least = 0 if quota.min_flex is None else quota.min_flex
        most = seats if quota.max_flex is None else min(quota.max_flex, seats)
        if quota.min:
            cost = UNIT + round(Fraction(2 * UNIT, quota.min))
            steps = [(quota.min - least, cost), (least, BEYOND_FLEX * cost)]
            bounds.append(Elastic(row, "min", _steps(steps, beyond_flex)))
        if quota.max < seats:
            cost = UNIT + round(Fraction(2 * UNIT, quota.max + 1))
            steps = [(most - quota.max, cost), (seats - most, BEYOND_FLEX * cost)]
            bounds.append(Elastic(row, "max", _steps(steps, beyond_flex)))
    return [bound for bound in bounds if bound.steps]


def _steps(steps: Sequence[tuple[int, int]], beyond_flex: bool) -> tuple[tuple[int, int], ...]:
    return tuple(step for step in steps[: 1 + beyond_flex] if step[0])


def _changes(types: Types, bounds: Sequence[Elastic], moves: Moves) -> tuple[QuotaChange, ...]:
    """Moved bounds in words of the plan, and in its order."""
    people, most = in_pool(types.problem), seatable_by_answer(types.problem)
    quotas = quotas_of_rows(types)
    found = {}
    for number, seats in moves.seats:
        row, bound = bounds[number].row, bounds[number].side
        (feature, value), quota = types.quotas[row], quotas[row]
        before = quota.min if bound == "min" else quota.max
        found[feature, value, bound] = QuotaChange(
            feature=feature,
            value=value,
            bound=bound,
            before=before,
            after=before - seats if bound == "min" else before + seats,
            people=people[feature, value],
            seatable=most[feature, value],
            flex=quota.min_flex if bound == "min" else quota.max_flex,
        )
    order = [
        (feature.name, quota.value, bound)
        for feature in types.problem.quotas.features
        for quota in feature.quotas
        for bound in ("min", "max")
    ]
    return tuple(found[place] for place in order if place in found)


def _never_possible(types: Types) -> Exception:
    """Not the quotas alone are to blame, so that their clash is all that can be said."""
    from mitwirkung.lottery.engine import find_conflict

    conflict = find_conflict(types.polytope)
    assert conflict is not None, "a panel exists, so it is the cheapest way"
    return infeasible(types.problem, types, conflict)
