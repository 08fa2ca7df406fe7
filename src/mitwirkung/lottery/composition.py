"""What pool and panel are made of: how many people gave which answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.quotas import Feature, Quota


@dataclass(frozen=True)
class AnswerCounts:
    """People with one answer to a feature; `quota` is None for those without an answer."""

    quota: Quota | None
    pool: int
    panel: int


@dataclass(frozen=True)
class Composition:
    """The answers to one feature in display order; people without an answer last, if there are."""

    feature: Feature
    answers: tuple[AnswerCounts, ...]


def compositions(record: DrawRecord) -> tuple[Composition, ...]:
    """Pool and panel of a draw by the answers to every feature, features in display order."""
    problem = record.publication.problem
    columns = [feature.name for feature in problem.features]
    answers = [problem.profiles[profile] for profile in problem.profile_of]
    found = []
    for feature in problem.quotas.features:
        column = columns.index(feature.name)
        pool = Counter(answer[column] for answer in answers)
        panel = Counter(answers[person][column] for person in record.panel)
        counts = [
            AnswerCounts(quota, pool[quota.value], panel[quota.value]) for quota in feature.quotas
        ]
        if pool[None]:
            counts.append(AnswerCounts(None, pool[None], panel[None]))
        found.append(Composition(feature, tuple(counts)))
    return tuple(found)
