"""Why a panel cannot be had, in words that a clerk understands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from mitwirkung.errors import MitwirkungError
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.messages import Translate, text_of

if TYPE_CHECKING:
    from mitwirkung.lottery.engine import Conflict
    from mitwirkung.lottery.folding import Types


class InfeasibleQuotas(MitwirkungError, ValueError):
    """No panel meets all quotas.

    `params["clashes"]` lists a smallest set of limits that cannot be met together: objects
    with `feature`, `value`, `bound` (`min` or `max`), `limit` and `people` (how many applied);
    `params["households"]` says whether "one seat per household" is part of it, `params["must"]`
    whether those are who must be seated.
    """

    @classmethod
    def of(
        cls,
        seats: int,
        clashes: list[dict[str, Any]],
        *,
        households: bool,
        whole: bool,
        must: bool = False,
    ) -> Self:
        features = list(dict.fromkeys(clash["feature"] for clash in clashes))
        return cls(
            "quotas-infeasible",
            seats=seats,
            features=features,
            clashes=clashes,
            households=households,
            must=must,
            whole=whole,
        )

    def describe(self, translate: Translate = str) -> str:
        """The clash as a list, a limit per line."""
        lines = [text_of(self.code, self.params, translate)]
        for clash in self.params["clashes"]:
            lines.append("- " + text_of(f"clash-{clash['bound']}", clash, translate))
        if self.params["households"]:
            lines.append("- " + text_of("clash-household", {}, translate))
        if self.params["must"]:
            lines.append("- " + text_of("clash-must", {}, translate))
        if self.params["whole"]:
            lines.append(text_of("clash-whole", {}, translate))
        if self.params["features"]:
            lines.append(text_of("clash-advice", self.params, translate))
        return "\n".join(lines)


class TooFewApplicants(MitwirkungError, ValueError):
    """There are fewer lots (single people, or households of which one is seated) than seats."""


def require_enough_lots(problem: SelectionProblem) -> None:
    """Refuse a problem in which the seats cannot be filled at all.

    Raises:
        TooFewApplicants: with the numbers.
    """
    if seatable(problem) < problem.seats:
        raise TooFewApplicants(
            "applicants-too-few",
            people=len(problem),
            lots=seatable(problem),
            seats=problem.seats,
        )


def applied(problem: SelectionProblem) -> Mapping[tuple[str, str | None], int]:
    """How many people gave each answer, by feature and answer (None: no answer); 0 for others."""
    return Counter(
        (feature.name, problem.profiles[profile][column])
        for column, feature in enumerate(problem.features)
        for profile in problem.profile_of
    )


def seatable(problem: SelectionProblem) -> int:
    """How many people could be seated at most if there were no quotas."""
    return sum(
        len(kind.lots) * (len(kind.profiles) if kind.together else 1) for kind in problem.kinds
    )


def infeasible(problem: SelectionProblem, types: Types, conflict: Conflict) -> InfeasibleQuotas:
    """The engine's conflict between rows, told by features and values."""
    limits = {
        (feature.name, quota.value): quota
        for feature in problem.features
        for quota in feature.quotas
    }
    people = applied(problem)
    clashes = []
    households = must = False
    for row, bound in conflict.rows:
        if row == types.must:
            must = True
            continue
        if row >= len(types.quotas):
            households = True
            continue
        name, value = types.quotas[row]
        quota = limits[name, value]
        clashes.append(
            {
                "feature": name,
                "value": value,
                "bound": bound,
                "limit": quota.min if bound == "min" else quota.max,
                "people": people[name, value],
            }
        )
    return InfeasibleQuotas.of(
        problem.seats, clashes, households=households, must=must, whole=conflict.integral
    )


def check_feasible(problem: SelectionProblem) -> None:
    """Prove that at least one panel meets all quotas.

    Raises:
        TooFewApplicants: there are fewer lots than seats.
        InfeasibleQuotas: naming the quotas that clash.
    """
    from mitwirkung.lottery.engine import find_conflict
    from mitwirkung.lottery.folding import fold_types

    require_enough_lots(problem)
    types = fold_types(problem)
    conflict = find_conflict(types.polytope)
    if conflict is not None:
        raise infeasible(problem, types, conflict)
