"""What the organiser states about a lottery; it is published with it, before the seed exists."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from mitwirkung.errors import MitwirkungError
from mitwirkung.lottery.randomness import parse_template
from mitwirkung.messages import Reason, reason_of
from mitwirkung.names import NOT_STATED, clean

NotStated = Literal["not stated"]


def _one_line(text: str) -> str:
    cleaned = clean(text)
    if not cleaned:
        return NOT_STATED
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in cleaned):
        raise ValueError(Reason("line breaks and control characters are not allowed"))
    return cleaned


def _date_text(value: object) -> object:
    """TOML has dates of its own: they are kept as ISO texts."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def _moment(text: str) -> str:
    if text == NOT_STATED:
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(Reason("write a time as 2026-12-05T19:25:00+01:00")) from None
    if moment.tzinfo is None:
        raise ValueError(Reason("a time needs its offset, as in 2026-12-05T19:25:00+01:00"))
    return text


def _template(text: str) -> str:
    if text != NOT_STATED:
        try:
            parse_template(text)
        except MitwirkungError as error:
            raise ValueError(reason_of(error)) from None
    return text


Line = Annotated[str, AfterValidator(_one_line), BeforeValidator(_date_text)]
Moment = Annotated[Line, AfterValidator(_moment)]
TemplateText = Annotated[Line, AfterValidator(_template)]
Count = Annotated[int, Field(ge=0)] | NotStated
Reasons = dict[Line, Annotated[int, Field(ge=0)]] | NotStated


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Counts(_Model):
    """How the pool came about; `received` less refused, merged and late is the pool."""

    received: Count = NOT_STATED
    refused: Reasons = NOT_STATED
    merged: Count = NOT_STATED
    late: Count = NOT_STATED
    must_include: Reasons = NOT_STATED

    def expected_pool(self) -> int | None:
        """How many people the counts leave in the pool; None unless all are stated."""
        if isinstance(self.refused, str):
            return None
        if isinstance(self.received, str) or isinstance(self.merged, str):
            return None
        if isinstance(self.late, str):
            return None
        return self.received - sum(self.refused.values()) - self.merged - self.late


class QuotaFacts(_Model):
    """Where the quotas come from, and the day they were set."""

    source: Line = NOT_STATED
    date: Line = NOT_STATED
    method: Line = NOT_STATED


class SeedFacts(_Model):
    """The public event that the seed comes from.

    `template` and `fallback` fix its wording; `earliest` and `latest` (ISO 8601 with offset)
    say when it comes into being; after `latest` the fallback is used.
    """

    source: Line = NOT_STATED
    template: TemplateText = NOT_STATED
    earliest: Moment = NOT_STATED
    latest: Moment = NOT_STATED
    fallback: TemplateText = NOT_STATED

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if NOT_STATED not in (self.earliest, self.latest):
            first, last = map(datetime.fromisoformat, (self.earliest, self.latest))
            if first > last:
                raise ValueError(Reason("earliest is later than latest"))
        return self


class ReplacementFacts(_Model):
    """By what rule, and when, seats that fall free are filled."""

    rule: Line = NOT_STATED
    schedule: Line = NOT_STATED


class Facts(_Model):
    """All that the organiser states; whatever is left out stands as `not stated`."""

    organiser: Line = NOT_STATED
    event: Line = NOT_STATED
    place: Line = NOT_STATED
    attempt: int = Field(default=1, ge=1)
    previous: Line = "none"
    counts: Counts = Counts()
    quotas: QuotaFacts = QuotaFacts()
    seed: SeedFacts = SeedFacts()
    replacement: ReplacementFacts = ReplacementFacts()
    journal: Line = NOT_STATED
    """Number and hash of the last entry in the event's journal, where the event is kept by the
    library: no application before it can be changed any more without it showing."""

    @model_validator(mode="after")
    def _chained(self) -> Self:
        digest = len(self.previous) == 64 and set(self.previous) <= set("0123456789abcdef")
        if self.attempt == 1 and self.previous != "none":
            raise ValueError(Reason("the first attempt has no previous one"))
        if self.attempt > 1 and not digest:
            raise ValueError(
                Reason(
                    "attempt {attempt} names the attempt before: 'previous' is the SHA-256 "
                    "of its given-up.json",
                    attempt=self.attempt,
                )
            )
        return self
