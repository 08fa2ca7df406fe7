"""Who is who in an event: people with how to reach them, and what tells two of one name apart."""

from __future__ import annotations

from collections.abc import Iterable

from mitwirkung.applications import Application
from mitwirkung.casefile import CaseFile
from mitwirkung.errors import InputError
from mitwirkung.forms.answers import person_in
from mitwirkung.forms.declaration import Form
from mitwirkung.people import Compartment, Person, Purpose


def people_of(
    case: CaseFile, applications: Iterable[Application]
) -> list[tuple[Application, Person]]:
    """Who applied, of those of whom name and contact are still there."""
    form = case.form()
    bodies = case.open_all(Compartment.IDENTITY, purpose=Purpose.CONTACT)
    found = []
    for each in applications:
        if each.key in bodies:
            try:
                person = person_in(form, bodies[each.key]["answers"], each.language)
            except InputError:
                continue  # a field of its own retention is erased
            found.append((each, person))
    return found


def birth_years(case: CaseFile, form: Form) -> dict[str, int]:
    """Key to year of birth, of those who told it. It is read for the selection: one person, one
    chance."""
    fields = [each.name for each in form.fields if each.age_groups is not None]
    if not fields:
        return {}
    profiles = case.open_all(Compartment.PROFILE, purpose=Purpose.SELECTION)
    found = ((key, body["answers"].get(fields[0])) for key, body in profiles.items())
    return {key: year for key, year in found if isinstance(year, int)}
