"""Answers to a form: the model and the JSON Schema made of it, and every error at once.

Model and schema accept the same, but for the first and last day of a date, which JSON Schema has no
words for. Errors name the field and what would be right, never what somebody wrote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache, partial, reduce
from operator import or_
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
    create_model,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from mitwirkung.errors import Finding, InputError
from mitwirkung.forms.declaration import Form, FormField, Kind, covering
from mitwirkung.mapping import AgeGroups
from mitwirkung.messages import TEXTS
from mitwirkung.names import clean, nearest
from mitwirkung.people import (
    CONTACT_POINTS,
    Channel,
    Compartment,
    Consent,
    Model,
    Person,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_ON_A_LINE = r"[^\x00-\x1f\x7f\ud800-\udfff]"
_ON_LINES = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]"
"""What a text is made of: no control characters, no halves of pairs."""

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BLANK = r"^\s*$"
_IDENTIFIER = re.compile("[a-z][a-z0-9_]{0,59}")


def answer_model(form: Form) -> type[BaseModel]:
    """The model of the answers to a form: a frozen pydantic model with a field for each question.

    Answers are texts, values of options, lists of them, truth values, dates (ISO 8601 in JSON),
    whole numbers, and lists of contact points. What was not answered is None.
    """
    return _model(form, draft=False)


def answers_schema(form: Form, language: str | None = None) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the answers, with labels in one of the languages.

    Args:
        language: the first language of the form if not given.
    """
    language = language or form.languages[0]
    made = _model(form, draft=False).model_json_schema()
    for field in form.fields:
        told = made["properties"][field.name]
        told["title"] = field.label[language]
        if field.help:
            told["description"] = field.help[language]
    for definition in made.get("$defs", {}).values():
        if "kind" in definition["properties"]:  # it tells one kind of contact point from another
            definition["required"] = ["kind", *definition["required"]]
    rules = [rule for field in form.fields for rule in _schema_rules(field, form)]
    found = {"$schema": DIALECT, **made, "title": form.title[language]}
    return {**found, "allOf": rules} if rules else found


def check_answers(form: Form, answers: Mapping[str, Any], *, row: int | None = None) -> BaseModel:
    """The answers, checked: an instance of the form's model.

    Args:
        row: where they come from, for the errors.

    Raises:
        InputError: with every error of every field.
    """
    try:
        return answer_model(form).model_validate(dict(answers))
    except ValidationError:
        raise InputError.of(answer_findings(form, answers, row=row)) from None


def answer_findings(
    form: Form, answers: Mapping[str, Any], *, row: int | None = None
) -> list[Finding]:
    """Everything that is wrong with some answers, in the order of the form."""
    found: dict[str, list[Finding]] = {}
    known = {field.name: field for field in form.fields}
    unknown = []
    try:
        typed = dict(_model(form, draft=True).model_validate(dict(answers)))
    except ValidationError as error:
        for item in error.errors(include_input=False, include_url=False):
            name = str(item["loc"][0])
            if name in known:
                finding = _finding(item, known[name], row)
                if name not in found or finding.code != "answer-needed":
                    found.setdefault(name, []).append(finding)
            else:
                unknown.append(_unknown(name, list(known), row))
        sound = {k: v for k, v in answers.items() if k in known and k not in found}
        typed = dict(_model(form, draft=True).model_validate(sound))
    for name, code, params in _conflicts(form, typed, unclear=found):
        found.setdefault(name, []).append(Finding(code, params, None, row, name))
    return [finding for name in known for finding in found.get(name, [])] + unknown


def _unknown(name: str, known: list[str], row: int | None) -> Finding:
    # a key that is no name may be anything, an answer included: it is not repeated
    column = name if _IDENTIFIER.fullmatch(name) else None
    meant = nearest(name, known) if column else None
    if meant is None:
        return Finding("answer-unknown", {"available": known}, None, row, column)
    params = {"available": known, "nearest": meant}
    return Finding("answer-unknown-nearest", params, None, row, column)


def _finding(item: ErrorDetails, field: FormField, row: int | None) -> Finding:
    params: dict[str, Any] = {}
    kind = item["type"]
    part = str(item["loc"][-1])
    if kind in TEXTS:
        code, params = kind, dict(item.get("ctx", {}))
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        code, params = "answer-contact-kind", {"available": list(field.accepts)}
    elif kind == "missing" and len(item["loc"]) > 1:
        code, params = "answer-part-missing", {"part": part}
    elif kind == "string_pattern_mismatch" and part in ("address", "number"):
        code = "answer-email" if part == "address" else "answer-phone"
    elif kind == "missing" or (kind == "too_short" and field.kind is Kind.CONTACT):
        code = "answer-needed"
    elif len(item["loc"]) > 1:
        code, params = "answer-part-wrong", {"part": part}
    else:
        code, params = "answer-contacts", {"available": list(field.accepts)}
    return Finding(code, params, None, row, field.name)


# --- the model -------------------------------------------------------------------------------


class _Answers(Model):
    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Nothing: answers are personal data, and a repr gets into logs."""
        return ()


@lru_cache(maxsize=32)
def _model(form: Form, *, draft: bool) -> type[BaseModel]:
    """The model; as a draft every field alone is checked, and none is required."""

    def whole(answers: BaseModel) -> BaseModel:
        for _, code, params in _conflicts(form, dict(answers)):
            raise PydanticCustomError(code, code, params)
        return answers

    fields: dict[str, Any] = {}
    for field in form.fields:
        required = field.required and field.shown_if is None
        default = ... if required and not draft else None
        fields[field.name] = (_annotation(field, required=required), default)
    validators: dict[str, Any] = {} if draft else {"whole": model_validator(mode="after")(whole)}
    made: type[BaseModel] = create_model(
        "Answers", __base__=_Answers, __validators__=validators, **fields
    )
    return made


def _annotation(field: FormField, *, required: bool) -> Any:
    if field.kind is Kind.CONTACT:
        points = tuple(CONTACT_POINTS[each] for each in dict.fromkeys(field.accepts))
        point: Any = Annotated[points[0], BeforeValidator(partial(_of_kind, field.accepts[0]))]
        if len(points) > 1:  # a discriminator needs several to tell apart
            point = Annotated[reduce(or_, points), Field(discriminator="kind")]
        listed = Annotated[tuple[point, ...], Field(min_length=int(required))]
        return listed if required else listed | None
    check = _CHECKS[field.kind]

    def checked(value: Any) -> Any:
        found = None if value is None else check(value, field, required)
        if found is None and required:
            raise PydanticCustomError("answer-needed", "answer-needed")
        return found

    return Annotated[Any, PlainValidator(checked), WithJsonSchema(_schema(field, required))]


def _of_kind(kind: str, value: Any) -> Any:
    if isinstance(value, Mapping) and value.get("kind") != kind:
        raise _wrong("answer-contact-kind", available=[kind])
    return value


# --- one answer ------------------------------------------------------------------------------


def _wrong(code: str, **params: Any) -> PydanticCustomError:
    return PydanticCustomError(code, code, params)


def _text(value: Any, field: FormField, required: bool) -> str | None:
    if not isinstance(value, str):
        raise _wrong("answer-text")
    if len(value) > field.max_length:
        raise _wrong("answer-too-long", max=field.max_length)
    if not re.fullmatch(f"{_characters(field)}*", value):
        raise _wrong("answer-control" if field.multiline else "answer-lines")
    return clean(value) or None


def _characters(field: FormField) -> str:
    return _ON_LINES if field.multiline else _ON_A_LINE


def _choice(value: Any, field: FormField, required: bool) -> str:
    allowed = [option.value for option in field.options]
    if not isinstance(value, str) or value not in allowed:
        raise _wrong("answer-choice", available=allowed)
    return value


def _choices(value: Any, field: FormField, required: bool) -> tuple[str, ...] | None:
    allowed = [option.value for option in field.options]
    if not isinstance(value, (list, tuple)) or any(
        not isinstance(each, str) or each not in allowed for each in value
    ):
        raise _wrong("answer-choices", available=allowed)
    if len(set(value)) < len(value):
        raise _wrong("answer-choice-twice")
    return tuple(each for each in allowed if each in value) or None


def _yes_no(value: Any, field: FormField, required: bool) -> bool:
    if not isinstance(value, bool):
        raise _wrong("answer-yes-no")
    if required and field.kind is Kind.CONSENT and not value:
        raise _wrong("answer-consent")
    return value


def _date(value: Any, field: FormField, required: bool) -> date:
    if isinstance(value, str) and _ISO.fullmatch(value):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise _wrong("answer-date")
    _within(value, field)
    return value


def _number(value: Any, field: FormField, required: bool) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON has one kind of number
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong("answer-number")
    _within(value, field)
    return value


def _within(value: Any, field: FormField) -> None:
    if field.minimum is not None and value < field.minimum:
        raise _wrong("answer-at-least", minimum=str(field.minimum))
    if field.maximum is not None and value > field.maximum:
        raise _wrong("answer-at-most", maximum=str(field.maximum))


_CHECKS: Mapping[Kind, Callable[[Any, FormField, bool], Any]] = {
    Kind.TEXT: _text,
    Kind.CHOICE: _choice,
    Kind.MULTIPLE_CHOICE: _choices,
    Kind.YES_NO: _yes_no,
    Kind.CONSENT: _yes_no,
    Kind.DATE: _date,
    Kind.NUMBER: _number,
}


def _schema(field: FormField, required: bool) -> dict[str, Any]:
    """The JSON Schema of one answer."""
    values = [option.value for option in field.options]
    found: dict[str, Any]
    match field.kind:
        case Kind.TEXT:
            pattern = f"^{_characters(field)}*$"
            found = {"type": "string", "maxLength": field.max_length, "pattern": pattern}
            if required:
                found["allOf"] = [{"pattern": r"\S"}]
        case Kind.CHOICE:
            found = {"type": "string", "enum": values}
        case Kind.MULTIPLE_CHOICE:
            found = {"type": "array", "items": {"enum": values}, "uniqueItems": True}
            if required:
                found["minItems"] = 1
        case Kind.YES_NO | Kind.CONSENT:
            found = {"type": "boolean"}
            if required and field.kind is Kind.CONSENT:
                found["const"] = True
        case Kind.DATE:
            found = {
                "type": "string",
                "format": "date",
                "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
            }
        case _:
            found = {"type": "integer"}
            if field.minimum is not None:
                found["minimum"] = field.minimum
            if field.maximum is not None:
                found["maximum"] = field.maximum
    return found if required else {"anyOf": [found, {"type": "null"}]}


# --- answers that hang on each other -----------------------------------------------------------


def is_shown(field: FormField, form: Form, answers: Mapping[str, Any]) -> bool:
    """Whether a question is asked after these answers."""
    if field.shown_if is None:
        return True
    if not is_shown(form.field(field.shown_if.field), form, answers):
        return False
    answer = answers.get(field.shown_if.field)
    given = answer if isinstance(answer, (tuple, list)) else (answer,)
    return any(_same(each, wanted) for each in given for wanted in field.shown_if.any_of)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


def _conflicts(
    form: Form, answers: Mapping[str, Any], unclear: Collection[str] = ()
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What is wrong with answers that are sound each alone: field, code, parameters.

    Args:
        unclear: fields whose answer is wrong, so that nothing can be said that hangs on it.
    """
    for field in form.fields:
        if field.name in unclear or not _is_clear(field, form, unclear):
            continue
        answered = answers.get(field.name) not in (None, ())
        if not is_shown(field, form, answers):
            if answered:
                yield field.name, "answer-not-asked", {"field": _condition_of(field)}
            continue
        if field.required and not answered:
            yield field.name, "answer-needed", {}
        if field.required and field.kind is Kind.CONSENT and answers.get(field.name) is False:
            yield field.name, "answer-consent", {}
        if field.own_consent and answered:
            consents = [each.name for each in covering(field.name, form.fields)]
            if not any(name in unclear or answers.get(name) is True for name in consents):
                yield field.name, "answer-without-consent", {"fields": consents}


def _is_clear(field: FormField, form: Form, unclear: Collection[str]) -> bool:
    while field.shown_if is not None:
        if field.shown_if.field in unclear:
            return False
        field = form.field(field.shown_if.field)
    return True


def _condition_of(field: FormField) -> str:
    return field.shown_if.field if field.shown_if else ""


def _schema_rules(field: FormField, form: Form) -> Iterator[dict[str, Any]]:
    """The same for the JSON Schema."""
    blank: dict[str, Any] = {"type": "null"}
    if field.kind is Kind.TEXT:
        blank = {"type": ["string", "null"], "pattern": _BLANK}
    elif field.kind in (Kind.MULTIPLE_CHOICE, Kind.CONTACT):
        blank = {"type": ["array", "null"], "maxItems": 0}
    if field.shown_if is not None:
        asked = form.field(field.shown_if.field)
        wanted: dict[str, Any] = {"enum": list(field.shown_if.any_of)}
        if asked.kind is Kind.MULTIPLE_CHOICE:
            wanted = {"type": "array", "contains": wanted}
        rule: dict[str, Any] = {
            "if": {"properties": {asked.name: wanted}, "required": [asked.name]},
            "else": {"properties": {field.name: blank}},
        }
        if field.required:
            there: dict[str, Any] = {"not": blank}
            if field.kind is Kind.CONSENT:
                there = {"const": True}
            rule["then"] = {"properties": {field.name: there}, "required": [field.name]}
        yield rule
    if field.own_consent:
        consents = [each.name for each in covering(field.name, form.fields)]
        given = [{"properties": {c: {"const": True}}, "required": [c]} for c in consents]
        answered = {"properties": {field.name: {"not": blank}}, "required": [field.name]}
        yield {"if": answered, "then": {"anyOf": given}}


# --- what becomes of answers -------------------------------------------------------------------


def by_compartment(form: Form, answers: BaseModel) -> dict[Compartment, dict[str, Any]]:
    """The answers as JSON data, apart by compartment; consents and what was not answered left out.

    Every compartment is there, empty if nothing in the form belongs to it.
    """
    told = answers.model_dump(mode="json")
    found: dict[Compartment, dict[str, Any]] = {each: {} for each in Compartment}
    for field in form.fields:
        if field.kind is not Kind.CONSENT and told[field.name] is not None:
            found[field.compartment][field.name] = told[field.name]
    return found


def consents_in(
    form: Form, answers: BaseModel, *, now: datetime, channel: Channel
) -> tuple[Consent, ...]:
    """The consents that were given with some answers, one for each purpose."""
    return tuple(
        Consent(
            purpose=purpose,
            text_version=form.version,
            given=now,
            channel=channel,
            fields=field.covers,
        )
        for field in form.fields
        if field.kind is Kind.CONSENT and getattr(answers, field.name) is True
        for purpose in field.purposes
    )


def person_in(
    form: Form, answers: BaseModel | Mapping[str, Any], language: str | None = None
) -> Person:
    """Who answered: from the fields `given_name`, `family_name` and those of contact.

    Args:
        answers: those to the form, or what stands in the compartment `identity`.

    Raises:
        InputError: one of them is missing in the form or the answers.
    """
    told = dict(answers)
    contacts = [
        point
        for field in form.fields
        if field.kind is Kind.CONTACT
        for point in told.get(field.name) or ()
    ]
    names = {name: told.get(name) for name in ("given_name", "family_name")}
    lacking = [name for name, value in names.items() if not value]
    lacking += [] if contacts else ["contact"]
    if lacking:
        raise InputError.of([Finding("answer-needed", {}, column=name) for name in lacking])
    return Person.model_validate(
        {**names, "contacts": contacts, "language": language or form.languages[0]}
    )


def features_in(form: Form, answers: Mapping[str, Any], *, on: date) -> dict[str, str]:
    """Feature to answer, as quotas name them; "" where nothing was answered.

    Yes and no are "ja" and "nein", as the values of the ready fields are German: what people read
    is translated, what is counted is not.

    Args:
        answers: those of the compartment `profile`.
        on: the day on which people are as old as counts; of a year of birth, its year.

    Raises:
        InputError: an age belongs to none of the age groups.
    """
    found: dict[str, str] = {}
    for field in form.fields:
        if field.feature is None:
            continue
        found[field.feature] = _feature(field, answers.get(field.name), on)
    return found


def _feature(field: FormField, answer: Any, on: date) -> str:
    if answer is None:
        return ""
    if isinstance(answer, bool):
        return "ja" if answer else "nein"
    if field.age_groups is not None:
        groups = AgeGroups(age=field.name, groups=field.age_groups)
        group = groups.group_of(on.year - answer)
        if group is None:
            params = {"groups": list(field.age_groups)}
            raise InputError.of([Finding("age-no-group", params, column=field.name)])
        return group
    if any(option.not_stated and option.value == answer for option in field.options):
        return ""
    return str(answer)
