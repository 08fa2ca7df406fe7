"""The form as a web page: plain HTML that works without script, and what is sent from it.

Every question has its label, errors stand at the question and in a list above, and nothing is said
by colour alone (WCAG 2.2: 1.3.1, 1.4.1, 3.3.1, 3.3.2). What is asked only after another answer is
hidden by style where the browser can do that; elsewhere it says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from mitwirkung.errors import Finding
from mitwirkung.forms.answers import is_shown
from mitwirkung.forms.declaration import Form, FormField, Kind
from mitwirkung.forms.entry import PART_LABELS, PARTS, typed_answers
from mitwirkung.forms.outline import FormQuestion, data_notice, form_outline, yes_and_no
from mitwirkung.messages import Translate
from mitwirkung.pages import page_template
from mitwirkung.retention import RetentionPlan
from mitwirkung.texts import translator

FEW = 8
"""So many options stand below each other; more are a list to open."""

_PARTS_FILLED_IN = {
    "email": "email",
    "phone": "tel",
    "street": "address-line1",
    "postcode": "postal-code",
    "place": "address-level2",
    "addition": "address-line2",
}
"""What browsers fill in for the parts of a field of contact; the country is left out."""

_FILLED_IN = {"given_name": "given-name", "family_name": "family-name"}


def web_form(
    form: Form,
    language: str,
    *,
    action: str,
    retention: RetentionPlan | None = None,
    deadline: date | None = None,
    sent: Mapping[str, str] | None = None,
    findings: Sequence[Finding] = (),
    hidden: Mapping[str, str] | None = None,
) -> str:
    """The page of a form in one of its languages.

    Args:
        action: the address to which it is sent, by POST.
        retention: how long the event keeps what is asked; as by default if not given.
        deadline: the last day for applications.
        sent: what was sent before, as `sent_cells` gives it, to be corrected.
        findings: what was wrong with it, from `check_answers`.
        hidden: names and values that are sent along: a token against forged requests, say.

    Raises:
        LookupError: there are no words in the language.
    """
    shown, t = form_outline(form, language, retention=retention), translator(language)
    wrong: dict[str, list[str]] = {}
    for finding in findings:
        bare = Finding(finding.code, finding.params)
        wrong.setdefault(finding.column or "", []).append(bare.describe(t))
    return page_template("forms", "form.html.j2").render(
        form=shown,
        t=t,
        action=action,
        deadline=None if deadline is None else _long(deadline, language),
        sent=sent or {},
        wrong=wrong,
        hidden=hidden or {},
        notice=data_notice(shown),
        yes_no=yes_and_no(t),
        kinds={kind.name: kind for kind in Kind},
        few=FEW,
        parts=contact_parts,
        filled_in=_FILLED_IN,
        conditions=list(_conditions(form, shown.questions)),
    )


def sent_cells(form: Form, pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What was sent from the page, as cells for `typed_answers`.

    Several answers to one question are joined; what belongs to a question that is not asked after
    the other answers is dropped, for the page hides it.

    Args:
        pairs: names and values of the body, in order. Names that are none of the form are kept, so
            that `check_answers` refuses them.
    """
    cells: dict[str, str] = {}
    for name, value in pairs:
        cells[name] = f"{cells[name]};{value}" if name in cells else value
    answers = typed_answers(form, cells)
    hidden = {
        field.name
        for field in form.fields
        if field.name in cells and not is_shown(field, form, answers)
    }
    return {name: value for name, value in cells.items() if name not in hidden}


def contact_parts(field: FormField, t: Translate) -> list[tuple[str, str, str]]:
    """Name of the column, label and what is filled in, of each part of a field of contact."""
    return [
        (f"{field.name}_{end}", t(PART_LABELS[end]), _PARTS_FILLED_IN[end])
        for kind in field.accepts
        for end in PARTS[kind]
        if end in _PARTS_FILLED_IN
    ]


def _conditions(form: Form, questions: Sequence[FormQuestion]) -> Iterator[tuple[str, str]]:
    """Question, and the style selector of the answers after which it is asked."""
    for question in questions:
        condition = question.field.shown_if
        if condition is None:
            continue
        asked = form.field(condition.field)
        values: list[Any] = [option.value for option in asked.options] or [True, False]
        chosen = [
            f'[id="{asked.name}-{values.index(answer)}"]:checked' for answer in condition.any_of
        ]
        yield question.name, ", ".join(chosen)


def _long(day: date, language: str) -> str:
    from babel.dates import format_date

    return str(format_date(day, "full", locale=language))
