"""How long personal data are kept: until a milestone of the event, and some days more."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from mitwirkung.people import Model, Purpose


class Milestone(StrEnum):
    """A day in the life of an event from which a time of keeping is counted."""

    REPLACEMENTS_CLOSED = "replacements-closed"
    """The last day on which a seat that falls free is filled again."""
    END = "end"
    """The day on which the event was over, or cancelled."""
    DOCUMENTED = "documented"
    """The day on which its results were published; of a cancelled event, its end."""


MILESTONES: Mapping[Milestone, str] = {
    Milestone.REPLACEMENTS_CLOSED: "no free seat is filled any more",
    Milestone.END: "the event is over",
    Milestone.DOCUMENTED: "the results are published",
}
"""The milestones in the words that a person reads; German stands in the catalogue."""


class Retention(Model):
    """Kept until `days` days after a milestone."""

    after: Milestone
    days: int = Field(default=0, ge=0)


DEFAULTS: Mapping[Purpose, Retention] = {
    Purpose.CONTACT: Retention(after=Milestone.DOCUMENTED, days=28),
    Purpose.SELECTION: Retention(after=Milestone.REPLACEMENTS_CLOSED),
    Purpose.SELECTION_REPORT: Retention(after=Milestone.REPLACEMENTS_CLOSED),
    Purpose.REPLACEMENT: Retention(after=Milestone.REPLACEMENTS_CLOSED),
    Purpose.GROUP_BALANCE: Retention(after=Milestone.REPLACEMENTS_CLOSED),
    Purpose.STATEMENTS: Retention(after=Milestone.DOCUMENTED, days=28),
}


class RetentionPlan(Model):
    """How long what is asked for each purpose is kept.

    Attributes:
        purposes: what is not named is as in `DEFAULTS`.
        unselected: at the latest then goes everything about who took no seat.
    """

    purposes: dict[Purpose, Retention] = Field(default_factory=dict)
    unselected: Retention = Retention(after=Milestone.END, days=28)

    @model_validator(mode="after")
    def _storable(self) -> Self:
        unfit = [str(each) for each in (Purpose.ACCESS, Purpose.ERASURE) if each in self.purposes]
        if unfit:
            raise ValueError(f"nothing is kept for {unfit[0]!r}; name another purpose")
        return self

    def for_purpose(self, purpose: Purpose) -> Retention:
        """How long what serves a purpose is kept.

        Raises:
            KeyError: for `access` and `erasure`, which nothing is kept for.
        """
        return self.purposes.get(purpose) or DEFAULTS[purpose]
