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
    with `feature`, `value`, `bound` (`min` or `max`), `limit`, `people` (how many in the pool gave
    this answer) and `seatable` (how many of them any panel can hold); `params["households"]` says
    whether "one seat per household" is part of it, `params["must"]` whether those are who must be
    seated, `params["refused"]` how many applied and are not in the pool.
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
        refused: int = 0,
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
            refused=refused,
        )

    def describe(self, translate: Translate = str) -> str:
        """The clash as a list, a limit per line."""
        lines = [text_of(self.code, self.params, translate)]
        for clash in self.params["clashes"]:
            told = {**clash, "pool": pool_in_words(clash, translate)}
            lines.append("- " + text_of(f"clash-{clash['bound']}", told, translate))
        if self.params["households"]:
            lines.append("- " + text_of("clash-household", {}, translate))
        if self.params["must"]:
            lines.append("- " + text_of("clash-must", {}, translate))
        if self.params["whole"]:
            lines.append(text_of("clash-whole", {}, translate))
        if self.params["refused"]:
            lines.append(text_of("pool-refused", self.params, translate))
        if self.params["features"]:
            lines.append(text_of("clash-advice", self.params, translate))
        return "\n".join(lines)


class TooFewApplicants(MitwirkungError, ValueError):
    """There are fewer people who can be seated (one of a household, companions all) than seats.

    `params` are `seats`, `people` (in the pool), `lots` (how many of them can be seated), and
    `refused` (how many applied and are not in the pool), if that is known.
    """

    def describe(self, translate: Translate = str) -> str:
        """The numbers, on a line or two."""
        counts = {"people": self.params["people"], "seatable": self.params["lots"]}
        told = {**self.params, "pool": pool_in_words(counts, translate)}
        lines = [text_of(self.code, told, translate)]
        if self.params.get("refused"):
            lines.append(text_of("pool-refused", self.params, translate))
        return "\n".join(lines)


def pool_in_words(counts: Mapping[str, Any], translate: Translate = str) -> str:
    """How many `people` there are, and how many of them are `seatable` if that is fewer."""
    fewer = counts["seatable"] < counts["people"]
    return text_of("pool-people-households" if fewer else "pool-people", counts, translate)


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
            refused=len(problem.refused),
        )


def in_pool(problem: SelectionProblem) -> Mapping[tuple[str, str | None], int]:
    """How many people of the pool gave each answer, by feature and answer (None: no answer); 0 for
    others."""
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


def seatable_by_answer(problem: SelectionProblem) -> Mapping[tuple[str, str | None], int]:
    """How many people with each answer could be seated at most if there were no quotas: of a
    household one, of companions all; those who come together need as many seats."""
    found: Counter[tuple[str, str | None]] = Counter()
    for kind in problem.kinds:
        for column, feature in enumerate(problem.features):
            answers = [problem.profiles[profile][column] for profile in kind.profiles]
            each = Counter(answers) if kind.together else Counter(set(answers))
            for answer, count in each.items():
                found[feature.name, answer] += count * len(kind.lots)
    return found


def infeasible(problem: SelectionProblem, types: Types, conflict: Conflict) -> InfeasibleQuotas:
    """The engine's conflict between rows, told by features and values."""
    limits = {
        (feature.name, quota.value): quota
        for feature in problem.features
        for quota in feature.quotas
    }
    people, most = in_pool(problem), seatable_by_answer(problem)
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
                "seatable": most[name, value],
            }
        )
    return InfeasibleQuotas.of(
        problem.seats,
        clashes,
        households=households,
        must=must,
        whole=conflict.integral,
        refused=len(problem.refused),
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
