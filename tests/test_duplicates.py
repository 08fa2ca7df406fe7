"""Repeated applications are found and offered for merging; nothing is merged by itself."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events_and_people import BERLIN, CLERK, OPEN, application, seat
from mitwirkung.applications import ApplicationRefused, State, tally
from mitwirkung.duplicates import (
    folded_address,
    folded_number,
    merge_applications,
    merge_plan,
    possible_duplicates,
)
from mitwirkung.moves import MoveRefused
from mitwirkung.people import (
    Channel,
    Consent,
    EmailAddress,
    Person,
    PhoneNumber,
    PostalAddress,
    Purpose,
)


def person(name: str, *contacts: EmailAddress | PhoneNumber | PostalAddress) -> Person:
    given_name, family_name = name.split()
    return Person(given_name=given_name, family_name=family_name, contacts=contacts)


def mail(address: str) -> EmailAddress:
    return EmailAddress(address=address)


def home(street: str, postcode: str = "44137") -> PostalAddress:
    return PostalAddress(street=street, postcode=postcode, place="Dortmund")


def test_what_is_equal_is_told() -> None:
    people = {
        "key-0001": person("Ada Lovelace", mail("ada@example.org")),
        "key-0002": person("Ben Other", mail("ADA@example.org"), PhoneNumber(number="0231 1234")),
        "key-0003": person("Cem Kaya", PhoneNumber(number="+49 (231) 12-34")),
        "key-0004": person("Dora Maier", home("Hansastraße 1")),
        "key-0005": person("dora MAIER", home("Hansastr. 1")),
        "key-0006": person("Emil Maier", home("Hansastr. 1")),
        "key-0007": person("Finn Vogel", mail("f@example.org")),
        "key-0008": person("Finn Vogel", mail("finn@example.org")),
        "key-0009": person("Finn Vogel", mail("fv@example.org")),
    }
    years = {"key-0007": 1990, "key-0008": 1990, "key-0009": 1961}
    found = possible_duplicates(people, birth_years=years)
    assert [(each.keys, each.because) for each in found] == [
        (("key-0001", "key-0002", "key-0003"), ("email", "phone")),
        (("key-0004", "key-0005"), ("name and address",)),
        (("key-0007", "key-0008"), ("name and birth year",)),
    ]
    assert "Lovelace" not in repr(found)
    apart = possible_duplicates(people, different=[frozenset({"key-0001", "key-0002"})])
    assert apart[0].keys == ("key-0002", "key-0003")


@given(st.data())
def test_the_same_is_found_in_any_order_and_as_by_comparing_all(data: st.DataObject) -> None:
    names = st.sampled_from(["Ada Lang", "ada  lang", "Ben Kurz"])
    mails = st.sampled_from(["a@example.org", "A@Example.org", "b@example.org", "c@example.org"])
    drawn = data.draw(st.lists(st.tuples(names, mails), max_size=7))
    people = {
        f"key-{i:04}": person(" ".join(name.split()), mail(address))
        for i, (name, address) in enumerate(drawn)
    }
    keys = sorted(people)
    pair = st.tuples(st.sampled_from(keys), st.sampled_from(keys)) if keys else st.nothing()
    apart = [frozenset(p) for p in data.draw(st.lists(pair, max_size=3))] if keys else []
    order = data.draw(st.permutations(keys))
    found = possible_duplicates(people, different=apart)
    assert found == possible_duplicates({key: people[key] for key in order}, different=apart)
    address = {key: people[key].contacts[0].address.casefold() for key in keys}  # type: ignore[union-attr]
    offered = {key for each in found for key in each.keys}
    alike = {
        key
        for key in keys
        for other in keys
        if key != other and address[key] == address[other] and frozenset((key, other)) not in apart
    }
    assert offered <= alike
    assert offered == alike or apart


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0231 / 12 34", "+49 231 1234"),
        ("0049 231 1234", "(0231) 1234"),
        ("+49 (0)231 1234", "0231-1234"),
        ("110 22", "11022"),
    ],
)
def test_numbers_are_compared_by_their_digits(one: str, other: str) -> None:
    assert folded_number(one) == folded_number(other)


def test_houses_are_compared_by_their_address() -> None:
    assert folded_address(home("Hansa-Straße 1 a")) == folded_address(home("hansa-str. 1A"))
    assert folded_address(home("Hansastr. 1")) != folded_address(home("Hansastr. 11"))
    assert folded_address(home("Hansastr. 1")) != folded_address(home("Hansastr. 1", "44139"))


# --- merging ---------------------------------------------------------------------------------

CONSENT = Consent(purpose=Purpose.CONTACT, text_version="1", given=OPEN, channel=Channel.WEB)
FIRST = application("key-0001", received=date(2020, 9, 1), entered=OPEN + timedelta(days=9))
SECOND = application("key-0002", received=OPEN + timedelta(days=1), consents=(CONSENT,))


def test_the_first_is_kept_unless_staff_say_otherwise() -> None:
    plan = merge_plan([SECOND, FIRST], time_zone=BERLIN)
    assert (plan.keep, plan.give_up, plan.consents) == ("key-0001", ("key-0002",), ("contact",))
    other = merge_plan([SECOND, FIRST], time_zone=BERLIN, keep="key-0002")
    assert (other.keep, other.give_up, other.consents) == ("key-0002", ("key-0001",), ())


def test_merging_keeps_one_and_counts_the_other() -> None:
    plan = merge_plan([FIRST, SECOND], time_zone=BERLIN)
    (gone,) = merge_applications(
        plan, [FIRST, SECOND], now=OPEN, actor=CLERK, reason="the same person"
    )
    assert (gone.state, gone.merged_into) == (State.INELIGIBLE, "key-0001")
    told = tally([FIRST, gone])
    assert (told.pool, told.merged, told.refused) == (1, 1, {})
    back = gone.moved(State.RECEIVED, now=OPEN, actor=CLERK, reason="twins")
    assert back.merged_into is None
    with pytest.raises(MoveRefused):
        merge_applications(plan, [FIRST, SECOND], now=OPEN, actor=CLERK, reason="")


def test_what_cannot_be_merged() -> None:
    drawn = SECOND.moved(State.SELECTED, now=OPEN, actor=CLERK, offer=seat())
    for found, keep, code in [
        ([FIRST], None, "merge-of-one"),
        ([FIRST, application("key-0003", event="another")], None, "merge-of-one"),
        ([FIRST, drawn], None, "merge-too-late"),
        ([FIRST, SECOND], "key-0009", "merge-keeps-none"),
    ]:
        with pytest.raises(ApplicationRefused) as caught:
            merge_plan(found, time_zone=BERLIN, keep=keep)
        assert caught.value.code == code
