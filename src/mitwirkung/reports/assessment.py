"""Before the draw: how tight each quota is, what it costs in chances, and who has none.

Numbers of people and groups alone; a clerk can ask for ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mitwirkung.display import Cell, Column, Displayed, DisplayTable, RowGroup
from mitwirkung.lottery.display import telling_decimals
from mitwirkung.lottery.encoding import decimal_text
from mitwirkung.lottery.feasibility import check_feasible, in_pool
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.messages import TEXTS
from mitwirkung.reports.fairness import shut_out_by_quotas
from mitwirkung.reports.model import Never
from mitwirkung.reports.wording import REASONS, limits_in_words
from mitwirkung.reports.words import Words

DIGITS = 6
"""Decimals of a chance: more would differ between machines."""

Ends = tuple[int, int]


@dataclass(frozen=True)
class QuotaOutlook:
    """One quota before the draw.

    Attributes:
        people: how many in the pool gave this answer.
        reachable: the fewest and most of them on any panel that meets all quotas.
        alone: the same if the quotas on this feature (all values) did not exist. A quota within
            which it lies does nothing; a minimum near the upper end is hard to meet.
        smallest_chance: the smallest chance if this one quota did not exist: see
            `QuotaAssessment`.
    """

    value: str
    min: int
    max: int
    people: int
    reachable: Ends
    alone: Ends
    smallest_chance: Fraction


@dataclass(frozen=True)
class FeatureOutlook:
    """The quotas on one feature; `smallest_chance` is that without any of them.

    With two values one quota alone often costs nothing, as the other one says the same.
    """

    name: str
    quotas: tuple[QuotaOutlook, ...]
    smallest_chance: Fraction


@dataclass(frozen=True, repr=False)
class QuotaAssessment(Displayed):
    """What quotas will do to the people of the pool, known before any lottery is made.

    Attributes:
        people, lots: of the pool.
        refused: how many applied and are not in the pool.
        smallest_chance: the largest that the smallest chance can be, of all whom any panel seats.
            It is that of fractional panels (the first stage of leximin), which real lotteries reach
            but for rare cases of tight quotas; it is never below what they reach.
        never: people whom no panel of whole people seats, by what shuts them out.
        ids_without_chance: who they are: for the clerk alone.
    """

    seats: int
    people: int
    lots: int
    refused: int
    features: tuple[FeatureOutlook, ...]
    smallest_chance: Fraction
    never: Never
    ids_without_chance: tuple[str, ...]

    def as_data(self) -> dict[str, Any]:
        """Plain data without ids; chances are decimal texts."""
        return {
            "seats": self.seats,
            "people": self.people,
            "lots": self.lots,
            "refused": self.refused,
            "smallest_chance": decimal_text(self.smallest_chance, DIGITS),
            "features": [
                {
                    "name": feature.name,
                    "smallest_chance_without": decimal_text(feature.smallest_chance, DIGITS),
                    "quotas": [
                        {
                            "value": quota.value,
                            "min": quota.min,
                            "max": quota.max,
                            "people": quota.people,
                            "reachable": list(quota.reachable),
                            "alone": list(quota.alone),
                            "smallest_chance_without": decimal_text(quota.smallest_chance, DIGITS),
                        }
                        for quota in feature.quotas
                    ],
                }
                for feature in self.features
            ],
            "without_chance": self.never.model_dump(mode="json"),
        }

    def table(self, language: str = "en") -> DisplayTable:
        """The assessment in English or German.

        Raises:
            LookupError: there are no texts in this language.
        """
        words = Words(language)
        decimals = telling_decimals(Fraction(self.seats, self.people))
        now = words.percent(self.smallest_chance, decimals)
        text = (
            "{people} people of the pool in {lots} lots; the quotas can be met with {seats} seats."
        )
        groups = []
        for feature in self.features:
            rows = tuple(
                (
                    Cell(words.stated(quota.value)),
                    Cell(_ends((quota.min, quota.max), words)),
                    Cell(words.number(quota.people)),
                    Cell(_ends(quota.reachable, words)),
                    Cell(_ends(quota.alone, words)),
                    Cell(words.percent(quota.smallest_chance, decimals)),
                )
                for quota in feature.quotas
            )
            without = words.percent(feature.smallest_chance, decimals)
            heading = words.t(
                "{feature} (without its quotas: {chance})", feature=feature.name, chance=without
            )
            groups.append(RowGroup(rows, heading))
        return DisplayTable(
            caption=words.t(
                text,
                people=words.number(self.people),
                lots=words.number(self.lots),
                seats=words.number(self.seats),
            ),
            columns=(
                Column(words.t("answer")),
                Column(words.t("quota"), figures=True),
                Column(words.t("pool"), figures=True),
                Column(words.t("on panels"), figures=True),
                Column(words.t("if free"), figures=True),
                Column(words.t("chance without"), figures=True),
            ),
            groups=tuple(groups),
            notes=(
                words.t(
                    "On panels: the fewest and most that a panel can have if it meets all quotas."
                ),
                words.t("If free: the same if this feature had no quotas."),
                words.t(
                    "Chance without: the smallest chance can be {chance} at most; this is what it "
                    "could be without the quota. Who has no chance is left out of it.",
                    chance=now,
                ),
                *self._refused_in_words(words),
                *self._never_in_words(words),
            ),
        )

    def _refused_in_words(self, words: Words) -> list[str]:
        if not self.refused:
            return []
        return [words.t(TEXTS["pool-refused"], refused=words.number(self.refused))]

    def _never_in_words(self, words: Words) -> list[str]:
        if not self.never.people:
            return [words.t("Everybody can be on a panel.")]
        lines = [
            words.t("Without a chance: {count} people.", count=words.number(self.never.people))
        ]
        for group in self.never.groups:
            answers = ", ".join(f"{name}: {words.answer(value)}" for name, value in group.answers)
            limits = "; ".join(limits_in_words(group.limits, group.households, words))
            reason = " ".join(part for part in (words.t(REASONS[group.reason]), limits) if part)
            lines.append(f"- {answers} ({words.number(group.people)}): {reason}")
        return lines

    def _display(self) -> DisplayTable:
        return self.table()

    def _summary(self) -> str:
        return (
            f"{self.seats} seats for {self.people} people, smallest chance "
            f"{float(self.smallest_chance):.4f}, {self.never.people} people without a chance"
        )


def assess_quotas(problem: SelectionProblem) -> QuotaAssessment:
    """How tight each quota is, what it costs in chances, and who has no chance and why.

    No lottery is made: everything follows from the people and the quotas. Reachable numbers and
    chances are those of fractional panels (linear programmes), who has no chance is proven for
    whole people.

    Raises:
        TooFewApplicants: there are fewer lots than seats.
        InfeasibleQuotas: no panel meets the quotas; `smallest_relaxations` says what would help.
    """
    # numpy and HiGHS come with the engine.
    from mitwirkung.lottery.engine import largest_minimum, never_on_a_panel, row_ends, without
    from mitwirkung.lottery.folding import fold_types

    check_feasible(problem)
    types = fold_types(problem)
    polytope = types.polytope
    apart = never_on_a_panel(polytope)
    row_of = {name: row for row, name in enumerate(types.quotas)}
    parts = types.parts
    reachable = row_ends(polytope, range(len(types.quotas)), parts=parts)
    people = in_pool(problem)

    def chance(rows: list[int]) -> Fraction:
        level = largest_minimum(without(polytope, rows, parts=parts), apart)
        return Fraction(round(level * 10**DIGITS), 10**DIGITS)

    features = []
    for feature in problem.quotas.features:
        rows = [row_of[feature.name, quota.value] for quota in feature.quotas]
        alone = row_ends(without(polytope, rows, parts=parts), rows, parts=parts)
        quotas = [
            QuotaOutlook(
                value=quota.value,
                min=quota.min,
                max=quota.max,
                people=people[feature.name, quota.value],
                reachable=reachable[row],
                alone=ends,
                smallest_chance=chance([row]),
            )
            for quota, row, ends in zip(feature.quotas, rows, alone, strict=True)
        ]
        features.append(FeatureOutlook(feature.name, tuple(quotas), chance(rows)))
    shut_out = set(apart.tolist())
    never = [person for person, number in enumerate(types.type_of_people()) if number in shut_out]
    return QuotaAssessment(
        seats=problem.seats,
        people=len(problem),
        lots=len(problem.lots),
        refused=len(problem.refused),
        features=tuple(features),
        smallest_chance=chance([]),
        never=shut_out_by_quotas(problem, never, certain=True),
        ids_without_chance=tuple(problem.ids[person] for person in never),
    )


def _ends(ends: Ends, words: Words) -> str:
    low, high = map(words.number, ends)
    return low if low == high else f"{low}\N{EN DASH}{high}"
