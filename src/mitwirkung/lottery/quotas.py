"""Features, quotas, and the plan of them that a panel has to meet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mitwirkung.display import Displayed, DisplayTable
from mitwirkung.names import NOT_STATED, fold


class Quota(BaseModel):
    """How many seats people with one value of a feature get: at least `min`, at most `max`.

    `min_flex` and `max_flex` bound how far a relaxation may move the quota; None where the
    file does not say. `reason` says how the quota was changed, and why, if it was.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: str
    min: int = Field(ge=0)
    max: int = Field(ge=0)
    min_flex: int | None = None
    max_flex: int | None = None
    reason: str | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError("the minimum is greater than the maximum")
        if self.min_flex is not None and not 0 <= self.min_flex <= self.min:
            raise ValueError("min_flex is not between 0 and the minimum")
        if self.max_flex is not None and self.max_flex < self.max:
            raise ValueError("max_flex is less than the maximum")
        return self

    def is_free(self, seats: int) -> bool:
        """Whether it limits nothing on a panel of so many seats."""
        return self.min == 0 and self.max >= seats


class Feature(BaseModel):
    """One question that the lottery looks at, with a quota for each answer, in display order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    quotas: tuple[Quota, ...]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len({fold(value) for value in self.values}) < len(self.quotas):
            raise ValueError("a value has two quotas")
        return self

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(quota.value for quota in self.quotas)


class Provenance(BaseModel):
    """Where quotas come from: published with the lottery."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = NOT_STATED
    date: str = NOT_STATED
    method: str = NOT_STATED


class QuotaPlan(Displayed, BaseModel):
    """All quotas of a panel, features in display order, with their provenance.

    `population` holds, where quotas were derived from it, the counts per feature and value:
    the report compares the panel with it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    features: tuple[Feature, ...]
    provenance: Provenance = Provenance()
    population: Mapping[str, Mapping[str, int]] | None = None
    file: str | None = None

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len({fold(name) for name in self.names}) < len(self.features):
            raise ValueError("a feature is listed twice")
        return self

    def feature(self, name: str) -> Feature:
        """The feature of that name (trimmed, case-folded).

        Raises:
            KeyError: there is none; the message lists what there is.
        """
        for feature in self.features:
            if fold(feature.name) == fold(name):
                return feature
        raise KeyError(f"no feature {name!r}; there are: {', '.join(self.names)}")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features)

    @property
    def changes(self) -> str:
        """Which quotas were changed, and why: published with the method; blank if none was."""
        return "; ".join(
            f"{feature.name}: {quota.value}: {quota.reason}"
            for feature in self.features
            for quota in feature.quotas
            if quota.reason
        )

    def _display(self) -> DisplayTable:
        from mitwirkung.lottery.display import quota_table

        return quota_table(self)

    def _summary(self) -> str:
        quotas = sum(len(feature.quotas) for feature in self.features)
        return f"{len(self.features)} features, {quotas} quotas"
