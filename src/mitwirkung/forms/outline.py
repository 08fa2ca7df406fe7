"""The form as it is shown: numbered questions with all their words in one language.

Web form, paper form and phone script are made of it, so that they ask the same in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mitwirkung.forms.declaration import Form, FormField, Kind
from mitwirkung.messages import Translate
from mitwirkung.people import PURPOSES
from mitwirkung.retention import MILESTONES, Retention, RetentionPlan
from mitwirkung.texts import translator


@dataclass(frozen=True)
class FormQuestion:
    """One question, as it is shown.

    Attributes:
        number: counted from 1.
        name, kind: of the field.
        label, help, question: what stands beside it, what explains it, how it is asked aloud.
        required, special: as declared.
        options: value and label of each answer to choose.
        only_if: when it is asked, in words; None if always.
        purposes: what it is used for, in words.
        kept: how long, in words.
        field: the declared field.
    """

    number: int
    name: str
    kind: Kind
    label: str
    help: str
    question: str
    required: bool
    special: bool
    options: tuple[tuple[str, str], ...]
    only_if: str | None
    purposes: tuple[str, ...]
    kept: str
    field: FormField


@dataclass(frozen=True)
class FormOutline:
    """A form in one language; `unselected` says how long all is kept of who gets no seat."""

    title: str
    intro: str
    language: str
    version: str
    unselected: str
    questions: tuple[FormQuestion, ...]


def form_outline(
    form: Form, language: str, *, retention: RetentionPlan | None = None
) -> FormOutline:
    """The form in one of its languages.

    Args:
        retention: how long the event keeps what is asked; as by default if not given.

    Raises:
        LookupError: the form has no words in the language, or the library has none.
    """
    if language not in form.languages:
        known = ", ".join(form.languages)
        raise LookupError(f"the form has no words in {language!r}; there are: {known}")
    t = translator(language)
    plan = retention or RetentionPlan()
    numbers = {field.name: number for number, field in enumerate(form.fields, start=1)}
    questions = tuple(
        FormQuestion(
            number=numbers[field.name],
            name=field.name,
            kind=field.kind,
            label=field.label[language],
            help=field.help.get(language, ""),
            question=field.question.get(language) or _asked(field, language, t),
            required=field.required,
            special=field.special,
            options=tuple((each.value, each.text(language)) for each in field.options),
            only_if=_only_if(field, form, numbers, language, t),
            purposes=tuple(t(PURPOSES[each]) for each in field.purposes),
            kept=_kept(field, plan, t),
            field=field,
        )
        for field in form.fields
    )
    return FormOutline(
        title=form.title[language],
        intro=form.intro.get(language, ""),
        language=language,
        version=form.version,
        unselected=until_text(plan.unselected, t),
        questions=questions,
    )


def yes_and_no(t: Translate) -> tuple[str, str]:
    """The two answers."""
    return t("yes"), t("no")


def _asked(field: FormField, language: str, t: Translate) -> str:
    label = field.label[language]
    if field.kind is Kind.CONSENT:
        sentence = t("Please listen, and then tell me whether this holds for you: {label}")
        return sentence.format(label=label)
    if field.kind is Kind.YES_NO:
        return t("{label}: yes or no?").format(label=label)
    return label if label.endswith("?") else t("Please tell me: {label}.").format(label=label)


def _only_if(
    field: FormField, form: Form, numbers: Mapping[str, int], language: str, t: Translate
) -> str | None:
    if field.shown_if is None:
        return None
    asked = form.field(field.shown_if.field)
    if asked.kind is Kind.CONSENT and field.shown_if.any_of == (True,):
        return t("Only if you agree in question {number}.").format(number=numbers[asked.name])
    labels = {each.value: each.text(language) for each in asked.options}
    yes, no = yes_and_no(t)
    wanted = [
        (yes if each else no) if isinstance(each, bool) else labels[each]
        for each in field.shown_if.any_of
    ]
    told = t(" or ").join(t("“{answer}”").format(answer=each) for each in wanted)
    sentence = t("Only if question {number} was answered with {answers}.")
    return sentence.format(number=numbers[asked.name], answers=told)


def _kept(field: FormField, plan: RetentionPlan, t: Translate) -> str:
    rules = [field.retention] if field.retention else map(plan.for_purpose, field.purposes)
    return t(" and ").join(until_text(rule, t) for rule in dict.fromkeys(rules))


def until_text(rule: Retention, t: Translate) -> str:
    """How long something is kept, in words."""
    sentence = t("until {milestone}")
    if rule.days:
        sentence = t("until {days} days after {milestone}")
    return sentence.format(days=rule.days, milestone=t(MILESTONES[rule.after]))


def data_notice(shown: FormOutline) -> list[tuple[str, list[int], str]]:
    """What is told about personal data: purposes and time of keeping, each with the questions.

    Questions with the same purposes and the same time are told together, in the order of the form.
    """
    groups: dict[tuple[tuple[str, ...], str], list[int]] = {}
    for each in shown.questions:
        if each.kind is not Kind.CONSENT:
            groups.setdefault((each.purposes, each.kept), []).append(each.number)
    return [("; ".join(purposes), numbers, kept) for (purposes, kept), numbers in groups.items()]
