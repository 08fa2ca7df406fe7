"""The form as a sheet to fill in, and as a script for the phone: readable text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import date

from mitwirkung.forms.declaration import Form, Kind
from mitwirkung.forms.outline import (
    FormOutline,
    FormQuestion,
    data_notice,
    form_outline,
    yes_and_no,
)
from mitwirkung.messages import Translate
from mitwirkung.retention import RetentionPlan
from mitwirkung.texts import translator

WIDTH = 78
_INDENT = "    "


def paper_form(
    form: Form,
    language: str,
    *,
    retention: RetentionPlan | None = None,
    deadline: date | None = None,
    return_to: Sequence[str] = (),
) -> str:
    """The form as a text of 78 columns to print and fill in.

    Args:
        retention: how long the event keeps what is asked.
        deadline: the last day on which it may come in.
        return_to: the lines of the address that it goes to.

    Raises:
        LookupError: there are no words in the language.
    """
    shown, t = form_outline(form, language, retention=retention), translator(language)
    lines = list(_head(shown))
    lines += _wrapped(t("Please write in block letters. Questions with * need an answer."))
    for question in shown.questions:
        lines += ["", *_question_on_paper(question, t)]
    lines += ["", *_notice(shown, t), "", t("Date and signature: ") + "_" * 30, ""]
    if deadline is not None:
        text = t("This form has to be here by {deadline}; the whole of that day counts.")
        lines += _wrapped(text.format(deadline=_long(deadline, language)))
    if return_to:
        lines += [t("Please return it to:"), *(_INDENT + line for line in return_to)]
    return "\n".join(lines).rstrip() + "\n"


def _long(day: date, language: str) -> str:
    from babel.dates import format_date  # only a sheet with a date needs it

    return format_date(day, "full", locale=language)


def phone_script(form: Form, language: str, *, retention: RetentionPlan | None = None) -> str:
    """What to say and to note on the phone, question by question.

    Raises:
        LookupError: there are no words in the language.
    """
    shown, t = form_outline(form, language, retention=retention), translator(language)
    lines = list(_head(shown))
    lines += _wrapped(t("Read aloud what stands in quotation marks. Note the answer below it."))
    lines += ["", *_notice(shown, t)]
    for question in shown.questions:
        lines += ["", *_question_on_the_phone(question, t)]
    lines += ["", *_said(t("Thank you. Let me read your answers back to you."), t), ""]
    return "\n".join(lines)


def _head(shown: FormOutline) -> Iterator[str]:
    yield from _wrapped(shown.title)
    yield "=" * min(WIDTH, len(shown.title))
    yield ""
    if shown.intro:
        yield from _wrapped(shown.intro)
        yield ""


def _wrapped(text: str, indent: str = "", first: str | None = None) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _said(text: str, t: Translate) -> list[str]:
    return _wrapped(t("“{answer}”").format(answer=text), _INDENT)


def _numbered(question: FormQuestion, text: str) -> list[str]:
    return _wrapped(text, _INDENT, f"{question.number}.".ljust(len(_INDENT) - 1) + " ")


def _question_on_paper(question: FormQuestion, t: Translate) -> Iterator[str]:
    star = " *" if question.required else ""
    yield from _numbered(question, question.label + star)
    for text in (question.only_if, question.help, _how(question, t)):
        if text:
            yield from _wrapped(text, _INDENT)
    yield from _room(question, t)


def _how(question: FormQuestion, t: Translate) -> str:
    match question.kind:
        case Kind.CHOICE | Kind.YES_NO:
            return t("Please tick one.")
        case Kind.MULTIPLE_CHOICE:
            return t("Please tick all that apply.")
        case Kind.CONTACT:
            return t("Number them if you prefer one.")
        case _:
            return ""


def _room(question: FormQuestion, t: Translate) -> Iterator[str]:
    """Where the answer is written."""
    line = _INDENT + "_" * 60
    match question.kind:
        case Kind.CHOICE | Kind.MULTIPLE_CHOICE:
            for _, label in question.options:
                yield from _wrapped(label, f"{_INDENT}    ", f"{_INDENT}[ ] ")
        case Kind.YES_NO:
            yield from _yes_or_no(t)
        case Kind.CONSENT:
            yield f"{_INDENT}[ ] {t('I agree')}"
        case Kind.DATE:
            yield f"{_INDENT}{t('day')} __ __   {t('month')} __ __   {t('year')} __ __ __ __"
        case Kind.CONTACT:
            for text in _contact_parts(question, t):
                yield _INDENT + f"{text}: ".ljust(28, " ") + "_" * 32
        case Kind.TEXT if question.field.multiline:
            yield from [line] * 4
        case Kind.NUMBER:
            yield _INDENT + "_" * 12
        case _:
            yield line


def _contact_parts(question: FormQuestion, t: Translate) -> Iterator[str]:
    for kind in question.field.accepts:
        if kind == "email":
            yield t("E-mail")
        elif kind == "phone":
            yield t("Telephone")
        else:
            yield t("Street and number")
            yield t("Postcode and place")


def _question_on_the_phone(question: FormQuestion, t: Translate) -> Iterator[str]:
    required = t("needs an answer") if question.required else t("voluntary")
    label = t("Consent") if question.kind is Kind.CONSENT else question.label
    yield from _numbered(question, f"{label} ({required})")
    if question.only_if:
        yield from _wrapped(question.only_if, _INDENT)
    yield from _said(question.question, t)
    if question.help:
        yield from _said(question.help, t)
    if question.options:
        told = "; ".join(label for _, label in question.options)
        sentence = t("You can choose one of these: {options}.")
        if question.kind is Kind.MULTIPLE_CHOICE:
            sentence = t("You can choose several of these: {options}.")
        yield from _said(sentence.format(options=told), t)
    yield from _yes_or_no(t) if question.kind is Kind.CONSENT else _room(question, t)


def _yes_or_no(t: Translate) -> Iterator[str]:
    yes, no = yes_and_no(t)
    yield f"{_INDENT}[ ] {yes}    [ ] {no}"


def _notice(shown: FormOutline, t: Translate) -> Iterator[str]:
    yield t("What your data are used for, and how long they are kept")
    for purposes, numbers, kept in data_notice(shown):
        told = ", ".join(map(str, numbers))
        sentence = t("Question {numbers}: {purposes}. Kept {kept}.")
        if len(numbers) > 1:
            sentence = t("Questions {numbers}: {purposes}. Kept {kept}.")
        text = sentence.format(numbers=told, purposes=purposes, kept=kept)
        yield from _wrapped(text, "  ", "- ")
    sentence = t("If you get no seat, everything is kept at most {kept}.")
    yield from _wrapped(sentence.format(kept=shown.unselected))
    consent = t(
        "What you agree to is voluntary. You can take it back at any time: online, by letter, by "
        "phone or at the desk."
    )
    if any(each.kind is Kind.CONSENT for each in shown.questions):
        yield from _wrapped(consent)
