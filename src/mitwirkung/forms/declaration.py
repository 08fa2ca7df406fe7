"""What a form asks: a list of typed fields, each with its words, its purposes and its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    StrictBool,
    StrictStr,
    StringConstraints,
    ValidationError,
    model_validator,
)

from mitwirkung.errors import Finding, InputError
from mitwirkung.mapping import AgeGroups, AgeRange
from mitwirkung.names import clean, fold
from mitwirkung.people import Compartment, Language, Model, Purpose, compartment_of
from mitwirkung.retention import Retention

Name = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,59}$")]
"""The name of a field, as it stands in answers: `birth_year`."""

Words = dict[Language, Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]]
"""A text in several languages: language to text."""


class Kind(StrEnum):
    """What an answer is."""

    TEXT = "text"
    CHOICE = "choice"
    MULTIPLE_CHOICE = "multiple_choice"
    YES_NO = "yes_no"
    DATE = "date"
    NUMBER = "number"
    """A whole number."""
    CONTACT = "contact"
    """Ways to reach somebody, in the order of preference."""
    CONSENT = "consent"


_OWN_KEYS = {
    "multiline": {Kind.TEXT},
    "max_length": {Kind.TEXT},
    "options": {Kind.CHOICE, Kind.MULTIPLE_CHOICE},
    "minimum": {Kind.NUMBER, Kind.DATE},
    "maximum": {Kind.NUMBER, Kind.DATE},
    "accepts": {Kind.CONTACT},
    "covers": {Kind.CONSENT},
    "age_groups": {Kind.NUMBER},
    "feature": {Kind.CHOICE, Kind.YES_NO, Kind.NUMBER, Kind.TEXT},
}
"""Keys that not every kind of field has."""

_CONDITIONS = {Kind.CHOICE, Kind.MULTIPLE_CHOICE, Kind.YES_NO, Kind.CONSENT}
"""Kinds on whose answers another field may hang."""


class FormOption(Model):
    """One answer to choose.

    Attributes:
        value: what is stored, and what quotas name.
        label: what people read; the value in every language if not given.
        not_stated: it means that there is no answer, as "keine Angabe".
    """

    value: str = Field(min_length=1)
    label: Words = Field(default_factory=dict)
    not_stated: bool = False

    def text(self, language: str) -> str:
        """What people read."""
        return self.label.get(language, self.value)


class FormCondition(Model):
    """A field is shown if an earlier one was answered with any of these."""

    field: Name
    any_of: tuple[StrictBool | StrictStr, ...] = Field(min_length=1)


def _options(given: Any) -> Any:
    """Texts are options that need no other words: names of districts, say."""
    if isinstance(given, (list, tuple)):
        return [{"value": each} if isinstance(each, str) else each for each in given]
    return given


class FormField(Model):
    """One question.

    Attributes:
        name: the key of the answer.
        kind: what an answer is; which of the keys below it has.
        label: what stands beside it on paper and screen; for a consent, its whole words.
        help: a sentence that explains it.
        question: how it is asked on the phone; made of the label if not given.
        required: whether there has to be an answer where it is shown.
        purposes: what the answer is used for. They decide the compartment, so they all have to
            be of one.
        retention: how long it is kept, if not as long as its purposes last.
        own_consent: it is answered only with a consent that names it in `covers`.
        special: it is of a special category (GDPR, Art. 9): never required, and with its own
            consent.
        shown_if: when it is asked.
        options: the answers of a choice.
        multiline, max_length: for texts.
        minimum, maximum: the least and greatest number, or the first and last day.
        accepts: which ways to reach somebody may be told; a letter box always does unless left out.
        covers: for a consent, the fields that it is about; all of its purposes if empty.
        feature: the feature of the quotas that the answer is; only of what is for selection.
        age_groups: that the number is a year of birth and the feature an age group: group to its
            first and last age, reached in the year in which the event begins.
        missing: what no answer means for the feature: an answer of its own, "not stated", or that
            no quota counts it.
    """

    name: Name
    kind: Kind
    label: Words = Field(min_length=1)
    help: Words = Field(default_factory=dict)
    question: Words = Field(default_factory=dict)
    required: bool = False
    purposes: tuple[Purpose, ...] = Field(min_length=1)
    retention: Retention | None = None
    own_consent: bool = False
    special: bool = False
    shown_if: FormCondition | None = None
    options: Annotated[tuple[FormOption, ...], BeforeValidator(_options)] = ()
    multiline: bool = False
    max_length: int = Field(default=200, ge=1, le=20_000)
    minimum: int | date | None = None
    maximum: int | date | None = None
    accepts: tuple[Literal["email", "phone", "letter"], ...] = Field(
        default=("email", "phone", "letter"), min_length=1
    )
    covers: tuple[Name, ...] = ()
    feature: str | None = Field(default=None, min_length=1)
    age_groups: dict[str, AgeRange] | None = None
    missing: Literal["own value", "unconstrained"] = "unconstrained"

    @property
    def compartment(self) -> Compartment:
        """Where the answer is stored; that of a consent is no answer, but a `Consent`."""
        found = compartment_of(self.purposes)
        assert found is not None  # a form with such a field is refused
        return found


class FormHead(Model):
    """What stands above the questions.

    Attributes:
        name: its short name.
        version: which words these are; consents name it, so change it with the words.
        languages: every text stands in each of them.
        title, intro: what people read first.
    """

    name: str = Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)
    version: str = Field(min_length=1)
    languages: tuple[Language, ...] = Field(default=("de", "en"), min_length=1)
    title: Words
    intro: Words = Field(default_factory=dict)


class Form(FormHead):
    """The questions of an application, in their order, below their head."""

    fields: tuple[FormField, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        found = form_findings(self.fields, self.languages, title=self.title, intro=self.intro)
        if found:
            raise ValueError(str(InputError.of(found)))
        return self

    def field(self, name: str) -> FormField:
        """The field of a name.

        Raises:
            KeyError: the form does not have it.
        """
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> Mapping[str, FormField]:
        return {each.name: each for each in self.fields}

    def __hash__(self) -> int:
        return hash((self.name, self.version, tuple(each.name for each in self.fields)))

    def __repr__(self) -> str:
        return f"<form {self.name}, {len(self.fields)} fields>"


def form_findings(
    fields: Sequence[FormField],
    languages: Sequence[str],
    *,
    title: Mapping[str, str],
    intro: Mapping[str, str] | None = None,
    file: str | None = None,
) -> list[Finding]:
    """Everything about fields that contradicts itself or another one, in their order."""
    found = [("form-words-missing", {"key": "title", "languages": _lacking(title, languages)})]
    if intro:
        params: dict[str, Any] = {"key": "intro", "languages": _lacking(intro, languages)}
        found.append(("form-words-missing", params))
    found = [(code, params) for code, params in found if params["languages"]]
    before: dict[str, FormField] = {}
    features: set[str] = set()
    for field in fields:
        key = f"fields.{field.name}"
        if field.name in before:
            found.append(("form-field-twice", {"key": key}))
        found += [(code, {"key": key, **more}) for code, more in _words(field, languages)]
        found += [(code, {"key": key, **more}) for code, more in _kind(field)]
        found += [(code, {"key": key, **more}) for code, more in _consent(field, fields)]
        found += [(code, {"key": key, **more}) for code, more in _condition(field, before)]
        if field.feature is not None:
            if fold(field.feature) in features:
                found.append(("form-feature-twice", {"key": key, "feature": field.feature}))
            features.add(fold(field.feature))
        before.setdefault(field.name, field)
    return [Finding(code, params, file) for code, params in found]


_Found = Iterator[tuple[str, dict[str, Any]]]


def _lacking(words: Mapping[str, str], languages: Sequence[str]) -> list[str]:
    return [each for each in languages if each not in words]


def _words(field: FormField, languages: Sequence[str]) -> _Found:
    texts = {"label": field.label, "help": field.help, "question": field.question}
    texts |= {f"options.{option.value}": option.label for option in field.options}
    for key, words in texts.items():
        lacking = _lacking(words, languages)
        if words and lacking:
            yield "form-words-missing", {"key": f"fields.{field.name}.{key}", "languages": lacking}


def _kind(field: FormField) -> _Found:
    kind = field.kind
    for key, kinds in _OWN_KEYS.items():
        value = getattr(field, key)
        if value != FormField.model_fields[key].default and kind not in kinds:
            yield "form-key-unused", {"unused": key, "kind": str(kind)}
    if kind in _OWN_KEYS["options"]:
        if len(field.options) < 2:
            yield "form-options-few", {}
        values = [fold(option.value) for option in field.options]
        twice = [o.value for i, o in enumerate(field.options) if fold(o.value) in values[:i]]
        if twice:
            yield "form-option-twice", {"values": twice}
    bounds = [each for each in (field.minimum, field.maximum) if each is not None]
    if kind in _OWN_KEYS["minimum"] and bounds:
        if any(isinstance(each, date) != (kind is Kind.DATE) for each in bounds):
            yield "form-bounds-kind", {"kind": str(kind)}
        elif len(bounds) == 2 and bounds != sorted(bounds):
            yield "form-bounds-order", {}
    compartment = compartment_of(field.purposes)
    if compartment is None:
        yield "form-purposes-apart", {"purposes": [str(each) for each in field.purposes]}
    if field.feature is not None and compartment not in (None, Compartment.PROFILE):
        yield "form-feature-apart", {"feature": field.feature}
    if field.age_groups is not None:
        if field.feature is None:
            yield "form-groups-without-feature", {}
        try:
            AgeGroups(age=field.name, groups=field.age_groups)
        except ValidationError as error:
            reason = error.errors(include_input=False)[0]["msg"].removeprefix("Value error, ")
            yield "form-groups-wrong", {"reason": reason}


def _consent(field: FormField, fields: Sequence[FormField]) -> _Found:
    if field.kind is Kind.CONSENT:
        known = {each.name: each for each in fields if each.kind is not Kind.CONSENT}
        for name in field.covers:
            if name not in known:
                yield "form-covers-unknown", {"name": name, "available": list(known)}
            elif field.required and known[name].own_consent:
                yield "form-consent-forced", {"name": name}
            else:
                lacking = set(known[name].purposes) - set(field.purposes)
                if lacking:
                    yield "form-consent-narrow", {"name": name, "purposes": sorted(lacking)}
        if field.own_consent or field.special:
            yield "form-consent-of-consent", {}
        return
    if field.special and not field.own_consent:
        yield "form-special-without-consent", {}
    if field.own_consent and field.required and field.shown_if is None:
        yield "form-consent-required", {}
    if field.own_consent and not covering(field.name, fields):
        yield "form-not-covered", {"name": field.name}


def covering(name: str, fields: Sequence[FormField]) -> list[FormField]:
    """The consents that name a field."""
    return [each for each in fields if each.kind is Kind.CONSENT and name in each.covers]


def _condition(field: FormField, before: Mapping[str, FormField]) -> _Found:
    if field.shown_if is None:
        return
    asked = before.get(field.shown_if.field)
    if asked is None or asked.kind not in _CONDITIONS:
        fit = [each.name for each in before.values() if each.kind in _CONDITIONS]
        yield "form-condition-field", {"name": field.shown_if.field, "available": fit}
        return
    allowed: list[bool | str] = [option.value for option in asked.options] or [True, False]
    wrong = [each for each in field.shown_if.any_of if each not in allowed]
    if wrong:
        shown = [clean(str(each)).lower() if isinstance(each, bool) else each for each in allowed]
        yield "form-condition-value", {"name": asked.name, "available": shown}
