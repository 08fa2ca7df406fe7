"""Who is who in an event: people with how to reach them, and what tells two of one name apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mitwirkung.applications import Application
from mitwirkung.casefile import CaseFile
from mitwirkung.errors import InputError
from mitwirkung.forms.answers import answer_findings, person_in
from mitwirkung.forms.declaration import Form, FormField, Kind
from mitwirkung.moves import MoveRefused
from mitwirkung.people import Compartment, Person, Purpose


def people_of(
    case: CaseFile, applications: Iterable[Application]
) -> list[tuple[Application, Person]]:
    """Who applied, of those of whom name and contact are still there."""
    form, asked = case.form(), list(applications)
    keys = [each.key for each in asked]
    bodies = case.open_of(Compartment.IDENTITY, keys, purpose=Purpose.CONTACT)
    found = []
    for each in asked:
        if each.key in bodies:
            try:
                person = person_in(form, bodies[each.key]["answers"], each.language)
            except InputError:
                continue  # a field of its own retention is erased
            found.append((each, person))
    return found


def contact_field(form: Form) -> FormField | None:
    """The field in which people say how to reach them."""
    return next((each for each in form.fields if each.kind is Kind.CONTACT), None)


def keep_contact(
    case: CaseFile, application: Application, contact: Sequence[Mapping[str, Any]]
) -> bool:
    """Keep other ways to reach somebody in the place of those they told.

    What is equal for their household stays as it was when they applied.

    Returns:
        Whether they are others.

    Raises:
        InputError: with everything that is wrong in them.
        MoveRefused: name and contact are erased.
    """
    form = case.form()
    body = case.open(Compartment.IDENTITY, application.key, purpose=Purpose.CONTACT)
    field = contact_field(form)
    if body is None or field is None:
        raise MoveRefused("contact-erased")
    wrong = [
        each for each in answer_findings(form, {field.name: contact}) if each.column == field.name
    ]
    if wrong:
        raise InputError.of(wrong)
    person_in(form, {**body["answers"], field.name: contact}, application.language)
    if body["answers"].get(field.name) == contact:
        return False
    told = {**body["answers"], field.name: list(contact)}
    case.reseal(Compartment.IDENTITY, application.key, {**body, "answers": told})
    return True


def birth_years(case: CaseFile, form: Form) -> dict[str, int]:
    """Key to year of birth, of those who told it. It is read for the selection: one person, one
    chance."""
    fields = [each.name for each in form.fields if each.age_groups is not None]
    if not fields:
        return {}
    profiles = case.open_all(Compartment.PROFILE, purpose=Purpose.SELECTION)
    found = ((key, body["answers"].get(fields[0])) for key, body in profiles.items())
    return {key: year for key, year in found if isinstance(year, int)}
