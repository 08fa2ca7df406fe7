"""The report of a draw as data: whole numbers and texts, no floats, one content in one file.

Chances, shares of a chance and percentage points are decimal texts with twelve digits, as in the
other files of a lottery; shares of people are two whole numbers. There are no ids and no names in
it, but small groups may be recognisable: it is the city's, like `record.json`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from mitwirkung.lottery import files
from mitwirkung.lottery.facts import Counts, ReplacementFacts


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Share(_Part):
    """`number` people out of `of`."""

    number: int
    of: int

    @property
    def exact(self) -> Fraction:
        return Fraction(self.number, self.of)


class Head(_Part):
    """Which draw this is, and what anybody needs to check it.

    Attributes:
        households: lots of more than one person, of which at most one person is seated.
        companions: lots of people who are seated all or none.
        replaces: the draw whose free seats were filled, where it is about that.
        commitment: C, the SHA-256 of `lottery.json`.
        vector, vectors: which one was drawn (the first is 1), and out of how many.
        numbered: which numbered panel was drawn instead, if there are any.
    """

    organiser: str
    event: str
    place: str
    attempt: int
    previous: str
    seats: int
    people: int
    lots: int
    households: int
    companions: int
    replaces: files.ReplacesEntry | None
    pool_digest: str
    pseudonyms: str
    counts: Counts
    quotas_source: str
    quotas_date: str
    quotas_method: str
    strategy: files.StrategyEntry
    seed: str
    source: files.SeedEntry
    committed: bool
    commitment: str
    vector: int | None
    vectors: int
    numbered: files.NumberedEntry | None
    replacement: ReplacementFacts
    software: dict[str, str]


class ValueRow(_Part):
    """One answer to a feature: target, pool and panel.

    Attributes:
        value: None for people without an answer, who count for no quota.
        free: no quota limits this answer, while others of the same feature are limited.
        reference: the share that pool and panel are compared with, if there is one: that of the
            population, or the middle of the quota (minimum + maximum out of twice the seats).
        panel_points, pool_points: percentage points above it (below: negative).
    """

    value: str | None
    min: int | None
    max: int | None
    free: bool
    population: Share | None
    pool: Share
    panel: Share
    within: bool | None
    reference: Share | None
    panel_points: str | None
    pool_points: str | None


class FeatureTable(_Part):
    """All answers to a feature, in display order.

    `compared_with` is the population, or the middle of the quotas where it is unknown; `seen`
    says whether the strategy looks at the feature.
    """

    name: str
    compared_with: Literal["population", "quota middle"]
    seen: bool
    values: tuple[ValueRow, ...]


class Difference(_Part):
    """An answer whose share in the pool or on the panel differs from its reference.

    `expected` is how many people the reference would mean, a decimal text.
    """

    feature: str
    value: str
    compared_with: Literal["population", "quota middle"]
    found: Share
    reference: Share
    expected: str
    points: str


class MissedQuota(_Part):
    """A quota that the panel does not meet."""

    feature: str
    value: str
    min: int
    max: int
    seats: int


class Deviations(_Part):
    """Where the panel and the pool differ most, largest difference first.

    Attributes:
        panel: differences of at least one seat.
        panel_more: how many more of them there are than listed.
        pool_under, pool_over: groups that are a smaller, a larger part of the pool.
        missed: quotas that the panel does not meet, in display order.
    """

    panel: tuple[Difference, ...]
    panel_more: int
    pool_under: tuple[Difference, ...]
    pool_over: tuple[Difference, ...]
    missed: tuple[MissedQuota, ...]


class Step(_Part):
    """People with neighbouring chances, of all people sorted by chance."""

    people: int
    min: str
    mean: str
    max: str


class GroupChances(_Part):
    """The chances of everyone with one answer; `relative` is their mean over the equal chance."""

    value: str | None
    people: int
    min: str
    mean: str
    max: str
    relative: str


class FeatureChances(_Part):
    """The chances by the answers to one feature, in display order."""

    name: str
    values: tuple[GroupChances, ...]


class Chances(_Part):
    """Everyone's chance of a seat.

    Attributes:
        equal: seats / people, what everybody would have in a lottery without quotas.
        gini: 0 if all chances are equal, towards 1 the less equal they are.
        geometric_mean: 0 as soon as one person has no chance.
        decimals: of a percentage, as many as tell chances apart.
        steps: all people sorted by chance, at most twenty steps.
    """

    equal: str
    min: str
    max: str
    mean: str
    gini: str
    geometric_mean: str
    decimals: int
    steps: tuple[Step, ...]
    groups: tuple[FeatureChances, ...]


ReasonCode = Literal[
    "maximum-zero", "minimums-fill", "quotas-together", "no-panel", "passed-over", "no-seat"
]


class Limit(_Part):
    """One side of a quota."""

    feature: str
    value: str
    bound: Literal["min", "max"]
    limit: int


class NeverGroup(_Part):
    """People whose chance is 0, and why.

    Attributes:
        answers: what they have in common, as far as it matters for the reason.
        reason: `maximum-zero`: a quota of their answer is 0; `minimums-fill`: the minimums of the
            other answers take all seats; `quotas-together`: `limits`, all of them together (any
            one left out would let them in); `no-panel`: no panel that meets all quotas holds them;
            `passed-over`: such panels exist, the strategy does not use them; `no-seat`: the
            strategy gives their group no seat.
        households: the limit of one seat per household is part of the reason.
    """

    answers: tuple[tuple[str, str | None], ...]
    people: int
    reason: ReasonCode
    limits: tuple[Limit, ...]
    households: bool


class Never(_Part):
    """Who never had a chance."""

    people: int
    groups: tuple[NeverGroup, ...]


class Report(files.StrictFile):
    """`report.json`: a function of a `DrawRecord`."""

    file_name: ClassVar[str] = "report.json"

    format: Literal["mitwirkung-report-1"] = "mitwirkung-report-1"
    head: Head
    features: tuple[FeatureTable, ...]
    deviations: Deviations
    chances: Chances
    never: Never

    def to_json(self) -> bytes:
        """The bytes of `report.json`: canonical JSON."""
        return self.content
