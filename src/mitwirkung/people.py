"""People and what may be known of them: compartments, purposes, consent, ways to reach somebody.

Who somebody is, what the lottery may know about them and what they said are three compartments,
stored apart. Each is opened for a purpose only, which the person was told (GDPR, Art. 5 (1) b).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from mitwirkung.names import clean

LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f\s][^\x00-\x1f\x7f]*$"
EMAIL = r"^[^@\s\x00-\x1f\x7f,;<>]+@[^@\s\x00-\x1f\x7f,;<>]+\.[^@\s\x00-\x1f\x7f,;<>.]+$"
PHONE = r"^(\+?[0-9]|\([0-9])[0-9 /()\-]{3,30}[0-9]$"


Language = Annotated[str, StringConstraints(pattern="^[a-z]{2,3}(-[A-Za-z0-9]+)*$")]
"""A language, as `de`, `en`, `de-simple`."""


class Model(BaseModel):
    """Base of what describes events and people: frozen, closed, and silent about its input."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )


class Channel(StrEnum):
    """How somebody spoke with the city."""

    WEB = "web"
    LETTER = "letter"
    PHONE = "phone"
    DESK = "desk"


CHANNELS: Mapping[Channel, str] = {
    Channel.WEB: "online",
    Channel.LETTER: "by letter",
    Channel.PHONE: "by phone",
    Channel.DESK: "at the desk",
}
"""The channels in the words that a person reads; German stands in the catalogue."""


class Compartment(StrEnum):
    """What is stored apart from everything else."""

    IDENTITY = "identity"
    """Who somebody is, and how to reach them."""
    PROFILE = "profile"
    """What the lottery may know."""
    STATEMENTS = "statements"
    """What somebody said."""


class Purpose(StrEnum):
    """What personal data are used for; people are told before they give them."""

    CONTACT = "contact"
    SELECTION = "selection"
    SELECTION_REPORT = "selection-report"
    REPLACEMENT = "replacement"
    GROUP_BALANCE = "group-balance"
    STATEMENTS = "statements"
    ACCESS = "access"
    """To tell somebody all that is stored about them (GDPR, Art. 15)."""
    ERASURE = "erasure"
    """To take out what is no longer needed, and leave the rest (GDPR, Art. 17)."""


OPENS: Mapping[Purpose, frozenset[Compartment]] = {
    Purpose.CONTACT: frozenset({Compartment.IDENTITY}),
    Purpose.SELECTION: frozenset({Compartment.PROFILE}),
    Purpose.SELECTION_REPORT: frozenset({Compartment.PROFILE}),
    Purpose.REPLACEMENT: frozenset({Compartment.PROFILE}),
    Purpose.GROUP_BALANCE: frozenset({Compartment.PROFILE}),
    Purpose.STATEMENTS: frozenset({Compartment.STATEMENTS}),
    Purpose.ACCESS: frozenset(Compartment),
    Purpose.ERASURE: frozenset(Compartment),
}
"""Which compartments a purpose opens; for anything else they stay closed."""

OPENED_BY: Mapping[Compartment, tuple[Purpose, ...]] = {
    part: tuple(purpose for purpose, opened in OPENS.items() if part in opened)
    for part in Compartment
}
"""The same the other way round: the purposes that open a compartment."""

PURPOSES: Mapping[Purpose, str] = {
    Purpose.CONTACT: "to reach you about your application and your seat",
    Purpose.SELECTION: "for the lottery of the seats",
    Purpose.SELECTION_REPORT: "for a report, without names, on who applied and who was drawn",
    Purpose.REPLACEMENT: "to fill a seat that falls free",
    Purpose.GROUP_BALANCE: "to make up small groups that are mixed",
    Purpose.STATEMENTS: "to document, without names, what was said",
    Purpose.ACCESS: "to tell you what is stored about you",
    Purpose.ERASURE: "to erase what is no longer needed",
}
"""The purposes in the words that a person reads; German stands in the catalogue."""


def compartment_of(purposes: Iterable[Purpose]) -> Compartment | None:
    """The one compartment of what is asked for these purposes; None if there is no such one: what
    opens all of them, as access does, is no purpose to ask for."""
    return _compartment_of(tuple(purposes))


@lru_cache
def _compartment_of(told: tuple[Purpose, ...]) -> Compartment | None:
    opened = [part for part in Compartment if any(part in OPENS[each] for each in told)]
    return opened[0] if len(opened) == 1 else None


# --- who acts --------------------------------------------------------------------------------


class Role(StrEnum):
    """In what capacity somebody acts."""

    APPLICANT = "applicant"
    STAFF = "staff"
    SYSTEM = "system"
    """What happens by itself: a date has passed, a lottery was drawn."""


Pseudonym = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._:-]{0,63}$")]
"""A name that is nobody's own, for an applicant the key of the application: what journals and
histories hold in place of one."""


class Actor(Model):
    """Who did something, by a pseudonym: `Actor(role="staff", pseudonym="staff-3")`."""

    role: Role
    pseudonym: Pseudonym


# --- consent ---------------------------------------------------------------------------------


class Consent(Model):
    """That somebody agreed to a purpose: to which words, when, and by which channel.

    Attributes:
        purpose: what was agreed to.
        text_version: which version of the form, and with it of its words, was read.
        given, channel: when and how.
        fields: the fields that it is about, if not all that serve the purpose.
        withdrawn, withdrawn_channel: when and how it was taken back; any channel will do
            (GDPR, Art. 7 (3)).
    """

    purpose: Purpose
    text_version: str
    given: AwareDatetime
    channel: Channel
    fields: tuple[str, ...] = ()
    withdrawn: AwareDatetime | None = None
    withdrawn_channel: Channel | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.withdrawn is None) != (self.withdrawn_channel is None):
            raise ValueError("a withdrawal has both a time and a channel")
        return self

    def holds(self, at: datetime) -> bool:
        """Whether it was given and not withdrawn at a time."""
        return self.given <= at and (self.withdrawn is None or at < self.withdrawn)

    def taken_back(self, *, now: datetime, channel: Channel) -> Consent:
        """The consent, withdrawn; one that is already stays as it is."""
        if self.withdrawn is not None:
            return self
        return self.model_copy(update={"withdrawn": now, "withdrawn_channel": channel})


def consented(
    consents: Iterable[Consent], purpose: Purpose, *, at: datetime, field: str | None = None
) -> bool:
    """Whether a consent to the purpose holds at a time.

    Args:
        field: then it has to be about this field by name. A special category needs that: what was
            agreed to for everything is no consent to it (GDPR, Art. 9 (2) a).
    """
    return any(
        each.purpose is purpose and each.holds(at) and (field is None or field in each.fields)
        for each in consents
    )


def withdraw(
    consents: Iterable[Consent],
    *,
    now: datetime,
    channel: Channel,
    purpose: Purpose | None = None,
    field: str | None = None,
) -> tuple[Consent, ...]:
    """The consents, with some of them withdrawn.

    Args:
        purpose: only those to this purpose.
        field: only those that name this field.
    """

    def meant(consent: Consent) -> bool:
        return purpose in (None, consent.purpose) and (field is None or field in consent.fields)

    return tuple(
        each.taken_back(now=now, channel=channel) if meant(each) else each for each in consents
    )


# --- how to reach somebody -------------------------------------------------------------------

Line = Annotated[
    str, StringConstraints(pattern=LINE, max_length=200, strict=True), AfterValidator(clean)
]
"""A text of one line, without control characters, so that it is fit for the head of a mail."""


class EmailAddress(Model):
    """An e-mail address; its form is checked, not whether it exists."""

    kind: Literal["email"] = "email"
    address: str = Field(pattern=EMAIL, max_length=254, strict=True, repr=False)


class PhoneNumber(Model):
    """A telephone number as people write it: digits, blanks and `+ / ( ) -`."""

    kind: Literal["phone"] = "phone"
    number: str = Field(pattern=PHONE, strict=True, repr=False)


class PostalAddress(Model):
    """Where letters go. `addition` is "c/o ...", a floor or the like."""

    kind: Literal["letter"] = "letter"
    street: Line = Field(repr=False)
    postcode: Line = Field(repr=False)
    place: Line = Field(repr=False)
    addition: Line | None = Field(default=None, repr=False)
    country: str = Field(default="DE", pattern="^[A-Z]{2}$", strict=True, repr=False)


ContactPoint = Annotated[EmailAddress | PhoneNumber | PostalAddress, Field(discriminator="kind")]
"""A way to reach somebody."""


def contact_text(point: EmailAddress | PhoneNumber | PostalAddress) -> str:
    """A way to reach somebody, on one line."""
    match point:
        case EmailAddress():
            return point.address
        case PhoneNumber():
            return point.number
    parts = (point.addition, point.street, f"{point.postcode} {point.place}")
    country = None if point.country == "DE" else point.country
    return ", ".join(part for part in (*parts, country) if part)


CONTACT_POINTS: Mapping[str, type[EmailAddress] | type[PhoneNumber] | type[PostalAddress]] = {
    "email": EmailAddress,
    "phone": PhoneNumber,
    "letter": PostalAddress,
}


class Person(Model):
    """Who somebody is: the compartment `identity`. The ways to reach them are in their order of
    preference; a letter box will do."""

    given_name: Line = Field(repr=False)
    family_name: Line = Field(repr=False)
    contacts: tuple[ContactPoint, ...] = Field(min_length=1, repr=False)
    language: Language = "de"
