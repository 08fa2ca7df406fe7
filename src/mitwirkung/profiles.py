"""From the profiles of applications to `Applicants`, the same that are read from a list.

What the lottery may know comes from the compartment `profile` alone; ids are pseudonymous keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from mitwirkung.applications import Application, State, companion_groups
from mitwirkung.errors import Finding, InputError
from mitwirkung.forms.answers import features_in
from mitwirkung.forms.declaration import Form, FormField
from mitwirkung.intake import Applicants
from mitwirkung.people import Purpose, consented

ID_COLUMN = "key"
HOUSEHOLD_COLUMN = "household key"
COMPANIONS_COLUMN = "companions"


def applicants_of(
    form: Form,
    applications: Iterable[Application],
    profiles: Mapping[str, Mapping[str, Any]],
    *,
    on: date,
    at: datetime,
    states: Iterable[State] = (State.RECEIVED,),
    households: Mapping[str, str] | None = None,
) -> Applicants:
    """Those applications that can be drawn, by key, with their answers to each feature.

    An answer whose own consent does not hold at `at` counts like none.

    Args:
        form: which answers are features, and what no answer means.
        applications: all of one event; those in other states are left out.
        profiles: key to the answers in the compartment `profile`.
        on: the day on which people are as old as counts: the first of the event.
        at: the moment of the lottery.
        states: who can be drawn: those received; for a replacement those on the reserve or not
            selected.
        households: key to what is equal for people of one household, and says nothing else: a keyed
            hash of the address. The column `household key` holds it.

    Returns:
        applicants with the columns `key`, the features in the order of the form, `household key`
        and `companions` (`companion_groups`; for `Wishes(companions="companions")`).

    Raises:
        InputError: profiles that are missing, or an age that belongs to no group.
    """
    wanted = frozenset(states)
    every = sorted(applications, key=lambda each: each.key)
    pool = [each for each in every if each.state in wanted]
    own = {field.name for field in form.fields if field.own_consent}
    findings = []
    columns: dict[str, list[str]] = {f.feature: [] for f in form.fields if f.feature}
    for row, application in enumerate(pool, start=1):
        profile = profiles.get(application.key)
        if profile is None:
            findings.append(Finding("profile-missing", {}, row=row))
            continue
        told = {
            name: answer
            for name, answer in profile.items()
            if name not in own
            or consented(application.consents, Purpose.SELECTION, at=at, field=name)
        }
        try:
            answers = features_in(form, told, on=on)
        except InputError as error:
            findings += [Finding(f.code, f.params, None, row, f.column) for f in error.findings]
            continue
        for feature, answer in answers.items():
            columns[feature].append(answer)
    if findings:
        raise InputError.of(findings)
    groups = companion_groups(pool, wanted)
    keys = tuple(each.key for each in pool)
    return Applicants(
        ids=keys,
        columns={
            ID_COLUMN: keys,
            **{feature: tuple(cells) for feature, cells in columns.items()},
            HOUSEHOLD_COLUMN: tuple((households or {}).get(key, "") for key in keys),
            COMPANIONS_COLUMN: tuple(groups.get(key, "") for key in keys),
        },
        rows=tuple(range(1, len(keys) + 1)),
        id_column=ID_COLUMN,
        missing={f.feature: f.missing for f in form.fields if f.feature and _can_be_blank(f)},
    )


def _can_be_blank(field: FormField) -> bool:
    always = field.required and field.shown_if is None
    return not always or any(option.not_stated for option in field.options)


def answers_counted(applicants: Applicants, features: Iterable[str]) -> dict[str, dict[str, int]]:
    """Feature to answer to the number of people: what `missing_groups` compares with quotas."""
    found: dict[str, dict[str, int]] = {}
    for feature in features:
        counts: dict[str, int] = {}
        for answer in sorted(applicants.columns[feature]):
            counts[answer] = counts.get(answer, 0) + 1
        found[feature] = counts
    return found
