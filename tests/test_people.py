"""Compartments open for their purposes only; consent is for words that were read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from events_and_people import CLERK, OPEN
from mitwirkung.people import (
    OPENED_BY,
    OPENS,
    Actor,
    Channel,
    Compartment,
    Consent,
    Person,
    PostalAddress,
    Purpose,
    compartment_of,
    consented,
    withdraw,
)

GIVEN = Consent(purpose=Purpose.SELECTION, text_version="1", given=OPEN, channel=Channel.WEB)
LATER = OPEN + timedelta(hours=1)


def test_the_profile_opens_for_selection_and_what_belongs_to_it() -> None:
    assert set(OPENED_BY[Compartment.PROFILE]) == {
        *(Purpose.SELECTION, Purpose.SELECTION_REPORT, Purpose.REPLACEMENT),
        *(Purpose.GROUP_BALANCE, Purpose.ACCESS, Purpose.ERASURE),
    }
    assert set(OPENS) == set(Purpose)


@given(st.lists(st.sampled_from(Purpose), max_size=4))
def test_a_field_has_one_compartment_or_none(purposes: list[Purpose]) -> None:
    found = compartment_of(purposes)
    told = {part for purpose in purposes for part in OPENS[purpose]}
    assert found == (next(iter(told)) if len(told) == 1 else None)


def test_consent_holds_until_it_is_withdrawn() -> None:
    assert not GIVEN.holds(OPEN - timedelta(seconds=1))
    assert GIVEN.holds(LATER)
    (gone,) = withdraw((GIVEN,), now=LATER, channel=Channel.PHONE)
    assert (gone.withdrawn, gone.withdrawn_channel) == (LATER, Channel.PHONE)
    assert gone.holds(OPEN)
    assert not gone.holds(LATER)
    again = gone.taken_back(now=LATER + timedelta(days=1), channel=Channel.WEB)
    assert again == gone
    told = {"now": LATER, "channel": Channel.WEB}
    assert withdraw((GIVEN,), purpose=Purpose.CONTACT, **told) == (GIVEN,)
    own = GIVEN.model_copy(update={"fields": ("migration_background",)})
    kept, taken = withdraw((GIVEN, own), field="migration_background", **told)
    assert kept == GIVEN
    assert not taken.holds(LATER)
    with pytest.raises(ValidationError, match="both a time and a channel"):
        Consent(**{**GIVEN.model_dump(), "withdrawn": LATER})


def test_what_was_agreed_to_in_general_is_no_consent_to_a_special_category() -> None:
    assert consented([GIVEN], Purpose.SELECTION, at=LATER)
    assert not consented([GIVEN], Purpose.SELECTION, at=LATER, field="migration_background")
    own = GIVEN.model_copy(update={"fields": ("migration_background",)})
    assert consented([GIVEN, own], Purpose.SELECTION, at=LATER, field="migration_background")


def test_a_letter_box_is_enough_and_nothing_is_shown() -> None:
    home = PostalAddress(street="Hansastraße 1", postcode="44137", place="Dortmund")
    person = Person(given_name="Ada", family_name="Lovelace", contacts=(home,))
    assert person.language == "de"
    for secret in ("Ada", "Lovelace", "Hansa", "44137"):
        assert secret not in f"{person!r} {person}"
    assert Person.model_validate_json(person.model_dump_json()) == person
    with pytest.raises(ValidationError):
        Person(given_name="Ada", family_name="Lovelace", contacts=())


@pytest.mark.parametrize(
    "point",
    [
        {"kind": "email", "address": "ada"},
        {"kind": "email", "address": "ada@example.org\nBcc: all@example.org"},
        {"kind": "email", "address": "ada@example.org,bob@example.org"},
        {"kind": "email", "address": "Ada <ada@example.org>"},
        {"kind": "phone", "number": "one two three"},
        {"kind": "phone", "number": "12"},
        {"kind": "letter", "street": "a\r\nb", "postcode": "1", "place": "x"},
        {"kind": "letter", "street": " ", "postcode": "1", "place": "x"},
        {"kind": "pigeon"},
    ],
)
def test_contact_points_that_are_none(point: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        Person.model_validate({"given_name": "A", "family_name": "B", "contacts": [point]})
    assert "ada@example" not in str(caught.value)


def test_actors_are_pseudonyms() -> None:
    assert CLERK.pseudonym == "staff-1"
    assert Actor(role="applicant", pseudonym="-Zk3_9s0aQ").pseudonym  # any key of an application
    for name in ("", "Ada Lovelace", "ada@example.org"):
        with pytest.raises(ValidationError):
            Actor(role="staff", pseudonym=name)
