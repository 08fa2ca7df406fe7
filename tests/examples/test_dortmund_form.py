"""The example's list, entered through its form, is the same lottery as the list read directly."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta

import mitwirkung as mw
from mitwirkung.duplicates import folded_address
from mitwirkung.examples import dortmund
from mitwirkung.forms.answers import person_in

OPEN = datetime(2020, 8, 31, 8, tzinfo=UTC)
CLERK = mw.Actor(role=mw.Role.STAFF, pseudonym="staff-1")
CONSENTS = {"migration_background_consent": "ja", "education_consent": "ja"}


def test_the_form_and_the_list_make_the_same_problem() -> None:
    example = dortmund()
    form, event = (
        mw.read_form(example / "formular.toml"),
        mw.read_event(example / "veranstaltung.toml"),
    )
    for phase in (mw.Phase.ANNOUNCED, mw.Phase.APPLICATIONS_OPEN):
        event = event.moved(phase, now=OPEN, actor=CLERK)
    with (example / "bewerbungen.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    columns = mw.match_columns(form, rows[0])
    assert set(rows[0]) - set(columns) == {"ID"}

    applications, profiles, people, households = [], {}, {}, {}
    for number, row in enumerate(rows):
        key = f"key-{row['ID']}"
        cells = {column: row[header] for header, column in columns.items()}
        if row["Straße"]:
            cells["contact_place"] = "Dortmund"
        answers = mw.check_answers(form, mw.typed_answers(form, {**cells, **CONSENTS}), row=number)
        channel = mw.Channel.WEB if row["E-Mail"] else mw.Channel.LETTER
        now = OPEN + timedelta(minutes=number)
        applications.append(
            mw.Application.entered_for(
                event,
                key=key,
                channel=channel,
                received=None if row["E-Mail"] else date(2020, 8, 31),
                now=now,
                actor=CLERK,
                consents=mw.consents_in(form, answers, now=now, channel=channel),
            )
        )
        profiles[key] = mw.by_compartment(form, answers)[mw.Compartment.PROFILE]
        people[key] = person_in(form, answers)
        for contact in people[key].contacts:
            if isinstance(contact, mw.PostalAddress):
                households[key] = "|".join(folded_address(contact))

    assert mw.tally(applications).pool == len(rows) == 600
    assert mw.possible_duplicates(people) == ()
    applicants = mw.applicants_of(
        form,
        reversed(applications),
        profiles,
        on=event.begins,
        at=OPEN + timedelta(days=30),
        households=households,
    )
    quotas = mw.read_quotas(example / "quoten.csv")
    ours = mw.SelectionProblem(applicants, quotas, seats=event.seats, household=["household key"])
    listed = mw.read_problem(
        example / "bewerbungen.csv",
        example / "quoten.csv",
        seats=75,
        id="ID",
        household=["Straße", "PLZ"],
    )
    assert [key.removeprefix("key-") for key in ours.ids] == list(listed.ids)
    assert (ours.profiles, ours.kinds, ours.lots) == (listed.profiles, listed.kinds, listed.lots)


def test_the_sheets_of_the_example_can_be_printed() -> None:
    form = mw.read_form(dortmund() / "formular.toml")
    event = mw.read_event(dortmund() / "veranstaltung.toml")
    paper = mw.paper_form(form, "de", retention=event.retention, deadline=event.deadline)
    assert "Sonntag, 27. September 2020" in " ".join(paper.split())
    assert paper.count("[ ] ") == 4 + 4 + 12 + 1 + 2 + 1 + 5
    assert "„In welchem Stadtbezirk wohnen Sie?“" in mw.phone_script(form, "de")
