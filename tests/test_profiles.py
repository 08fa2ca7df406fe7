"""Profiles of applications become the same `Applicants` as a list of them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events_and_people import CLERK, OPEN, application
from mitwirkung.applications import Application, State
from mitwirkung.errors import InputError
from mitwirkung.events import missing_groups
from mitwirkung.forms.reading import form_from
from mitwirkung.intake import read_applicants
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.quotas import QuotaPlan
from mitwirkung.lottery.wishes import Wishes
from mitwirkung.people import Channel, Consent, Purpose, withdraw
from mitwirkung.profiles import answers_counted, applicants_of

FORM = form_from(
    {
        "name": "bewerbung",
        "version": "1",
        "title": {"de": "Bewerbung", "en": "Application"},
        "fields": [
            {"ready": "birth-year"},
            {"ready": "gender"},
            {"ready": "migration-background", "missing": "own value"},
        ],
    }
)
ON = date(2020, 10, 24)
CONSENT = Consent(
    purpose=Purpose.SELECTION,
    text_version="1",
    given=OPEN,
    channel=Channel.WEB,
    fields=("migration_background",),
)
QUOTAS = QuotaPlan.model_validate(
    {
        "features": [
            {
                "name": "Geschlecht",
                "quotas": [
                    {"value": "weiblich", "min": 1, "max": 2},
                    {"value": "männlich", "min": 1, "max": 2},
                ],
            },
            {
                "name": "Migrationshintergrund",
                "quotas": [
                    {"value": "ja", "min": 0, "max": 2},
                    {"value": "nein", "min": 0, "max": 2},
                    {"value": "not stated", "min": 0, "max": 2},
                ],
            },
        ]
    }
)


def profile(gender: str = "weiblich", **more: Any) -> dict[str, Any]:
    return {"birth_year": 1990, "gender": gender, **more}


def test_only_who_can_be_drawn_is_there_with_features_alone() -> None:
    gone = application("person-0001").moved(
        State.WITHDRAWN, now=OPEN, actor=CLERK, channel=Channel.PHONE
    )
    found = applicants_of(
        FORM,
        [application("person-0003"), gone, application("person-0002", consents=(CONSENT,))],
        {
            "person-0001": profile(),
            "person-0002": profile(migration_background=True),
            "person-0003": profile("keine Angabe"),
        },
        on=ON,
        at=OPEN,
        households={"person-0002": "h1", "person-0001": "h2"},
    )
    assert found.ids == ("person-0002", "person-0003")
    assert found.columns == {
        "key": ("person-0002", "person-0003"),
        "Altersgruppe": ("30 bis 44", "30 bis 44"),
        "Geschlecht": ("weiblich", ""),
        "Migrationshintergrund": ("ja", ""),
        "household key": ("h1", ""),
        "companions": ("", ""),
    }
    assert found.missing == {"Geschlecht": "unconstrained", "Migrationshintergrund": "own value"}


def test_an_answer_whose_consent_was_withdrawn_is_none() -> None:
    taken = withdraw((CONSENT,), now=OPEN, channel=Channel.LETTER)
    for consents, expected in [((CONSENT,), "ja"), (taken, ""), ((), "")]:
        found = applicants_of(
            FORM,
            [application(consents=consents)],
            {"person-0001": profile(migration_background=True)},
            on=ON,
            at=OPEN + timedelta(days=1),
        )
        assert found.columns["Migrationshintergrund"] == (expected,)


def test_everything_wrong_is_told_at_once() -> None:
    found = [application(f"person-000{i}") for i in range(3)]
    profiles = {"person-0000": profile(), "person-0002": {"birth_year": 2015}}
    with pytest.raises(InputError) as caught:
        applicants_of(FORM, found, profiles, on=ON, at=OPEN)
    assert [(f.code, f.row, f.column) for f in caught.value.findings] == [
        ("profile-missing", 2, None),
        ("age-no-group", 3, "birth_year"),
    ]


def pool(data: list[tuple[str, str]]) -> tuple[list[Application], dict[str, dict[str, Any]]]:
    found = [application(f"person-{i:04}", consents=(CONSENT,)) for i in range(len(data))]
    answers: dict[str, Any] = {"ja": True, "nein": False}
    profiles = {
        each.key: profile(gender, **({"migration_background": answers[m]} if m else {}))
        for each, (gender, m) in zip(found, data, strict=True)
    }
    return found, profiles


@given(
    st.lists(
        st.tuples(st.sampled_from(["weiblich", "männlich"]), st.sampled_from(["ja", "nein", ""])),
        min_size=4,
        max_size=9,
    ),
    st.randoms(use_true_random=False),
)
def test_the_problem_is_that_of_a_list(data: list[tuple[str, str]], shuffled: Any) -> None:
    found, profiles = pool(data)
    shuffled.shuffle(found)
    ours = applicants_of(FORM, found, profiles, on=ON, at=OPEN)
    rows = [
        {"id": f"person-{i:04}", "Geschlecht": g, "Migrationshintergrund": m}
        for i, (g, m) in enumerate(data)
    ]
    listed = read_applicants(rows, missing={"Migrationshintergrund": "own value"})
    mine = SelectionProblem(ours, QUOTAS, seats=2, household=["household key"])
    theirs = SelectionProblem(listed, QUOTAS, seats=2)
    assert (mine.ids, mine.profiles, mine.kinds) == (theirs.ids, theirs.profiles, theirs.kinds)


def test_households_and_companions_reach_the_lottery() -> None:
    found, profiles = pool([("weiblich", "ja"), ("männlich", "nein")] * 3)
    pair = ("person-0000", "person-0001")
    found[0] = found[0].model_copy(update={"companions": pair[1:]})
    found[1] = found[1].model_copy(update={"companions": pair[:1]})
    ours = applicants_of(
        FORM,
        found,
        profiles,
        on=ON,
        at=OPEN,
        households={"person-0002": "h", "person-0003": "h"},
    )
    problem = SelectionProblem(
        ours,
        QUOTAS,
        seats=2,
        household=["household key"],
        wishes=Wishes(companions="companions"),
    )
    lots = sorted(tuple(sorted(problem.ids[i] for i in lot)) for lot in problem.lots)
    assert lots == [
        ("person-0000", "person-0001"),
        ("person-0002", "person-0003"),
        ("person-0004",),
        ("person-0005",),
    ]


def test_missing_groups_are_counted_from_the_pool() -> None:
    found, profiles = pool([("weiblich", "ja"), ("weiblich", "")])
    ours = applicants_of(FORM, found, profiles, on=ON, at=OPEN)
    counted = answers_counted(ours, ["Geschlecht"])
    assert counted == {"Geschlecht": {"weiblich": 2}}
    (group,) = missing_groups(counted, {"Geschlecht": {"weiblich": 1, "männlich": 1}})
    assert (group.value, group.applied, group.needed) == ("männlich", 0, 1)
