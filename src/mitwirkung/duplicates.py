"""One person, one application: what may be the same person is found, and merged if staff say so.

Nothing here decides by itself: couples share an e-mail address, and names are not rare.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mitwirkung.applications import Application, ApplicationRefused, State, joined
from mitwirkung.deadlines import day_of
from mitwirkung.moves import stated
from mitwirkung.names import fold
from mitwirkung.people import Actor, EmailAddress, Person, PhoneNumber, PostalAddress

REASONS = ("email", "phone", "name and birth year", "name and address")
"""What may be equal of two applications; German stands in the catalogue."""

_OPEN = frozenset({State.RECEIVED, State.INELIGIBLE})


@dataclass(frozen=True)
class PossibleDuplicate:
    """Applications that may be one person's.

    Attributes:
        keys: the applications, by key.
        because: what is equal: `email`, `phone`, `name and birth year`, `name and address`.
    """

    keys: tuple[str, ...]
    because: tuple[str, ...]


def possible_duplicates(
    people: Mapping[str, Person],
    *,
    birth_years: Mapping[str, int] | None = None,
    different: Collection[frozenset[str]] = (),
) -> tuple[PossibleDuplicate, ...]:
    """Applications that may be one person's, in linear time; groups by their first key.

    An equal e-mail address or telephone number, or an equal name with an equal year of birth or
    an equal address. Spellings are folded: case, blanks, and in numbers everything but digits. A
    name alone is no reason.

    Args:
        people: key to who it is.
        birth_years: key to year of birth, of those who told it.
        different: pairs of keys that somebody looked at, and that are two people.
    """
    years = birth_years or {}
    holders: dict[tuple[str, ...], list[str]] = {}
    for key in sorted(people):
        for mark in dict.fromkeys(_marks(people[key], years.get(key))):
            holders.setdefault(mark, []).append(key)
    reasons: dict[tuple[str, str], list[str]] = {}
    for (because, *_), keys in holders.items():
        for number, key in enumerate(keys):
            # one pair each is enough: many with one address make no more pairs than they are
            before = (keys[i] for i in range(number - 1, -1, -1))
            other = next((o for o in before if frozenset((o, key)) not in different), None)
            if other is not None:
                reasons.setdefault((other, key), []).append(because)
    first_of = joined(reasons)
    groups: dict[str, list[str]] = {}
    for key, first in first_of.items():
        groups.setdefault(first, []).append(key)
    because_of: dict[str, set[str]] = {}
    for (key, _), found in reasons.items():
        because_of.setdefault(first_of[key], set()).update(found)
    return tuple(
        PossibleDuplicate(tuple(keys), tuple(sorted(because_of[first])))
        for first, keys in sorted(groups.items())
    )


def _marks(person: Person, birth_year: int | None) -> Iterator[tuple[str, ...]]:
    """What would be equal if somebody applied twice."""
    name = (fold(person.given_name), fold(person.family_name))
    for contact in person.contacts:
        if isinstance(contact, EmailAddress):
            yield ("email", fold(contact.address))
        elif isinstance(contact, PhoneNumber):
            yield ("phone", folded_number(contact.number))
        else:
            yield ("name and address", *name, *folded_address(contact))
    if birth_year is not None:
        yield ("name and birth year", *name, str(birth_year))


def folded_number(number: str) -> str:
    """A telephone number by its digits, those within Germany with the country's 49.

    The 0 in +49 (0)231 is dialled within the country only.
    """
    digits = "".join(filter(str.isdigit, number.replace("(0)", "")))
    if number.startswith("+"):
        return digits
    if digits.startswith("00"):
        return digits[2:]
    return f"49{digits[1:]}" if digits.startswith("0") else digits


def folded_address(address: PostalAddress) -> tuple[str, str, str]:
    """What is equal of two spellings of one house: who lives there together is one household."""
    street = fold(address.street).replace("straße", "str").replace("strasse", "str")
    return (address.country, fold(address.postcode), street.replace(".", "").replace(" ", ""))


@dataclass(frozen=True)
class MergePlan:
    """What merging would do, to be looked at before it is done.

    Attributes:
        keep: the application that stays.
        give_up: those that become ineligible, their receipts being void.
        consents: purposes that only a given-up application consents to; they are not carried over,
            since a consent is for the words that were read with it.
    """

    keep: str
    give_up: tuple[str, ...]
    consents: tuple[str, ...] = ()


def merge_plan(
    applications: Sequence[Application], *, time_zone: str, keep: str | None = None
) -> MergePlan:
    """A plan to keep one of several applications of the same person.

    Args:
        keep: the key of the one to keep; if not given it is the one that came first, of those that
            can be drawn if there are any.
        time_zone: of the event, in which the days of receipts are compared.

    Raises:
        ApplicationRefused: they are not two or more open ones of one event, or `keep` is none of
            them. What was drawn is never merged.
    """
    if len({each.key for each in applications}) < 2 or len({a.event for a in applications}) > 1:
        raise ApplicationRefused("merge-of-one")
    settled = sorted({str(each.state) for each in applications if each.state not in _OPEN})
    if settled:
        legal = sorted(map(str, _OPEN))
        raise ApplicationRefused("merge-too-late", state=settled[0], legal=legal)
    first = min(
        applications,
        key=lambda a: (
            a.state is not State.RECEIVED,
            day_of(a.received, time_zone),
            a.entered,
            a.key,
        ),
    )
    kept = {each.key: each for each in applications}.get(keep or first.key)
    if kept is None:
        raise ApplicationRefused("merge-keeps-none")
    others = [each for each in applications if each.key != kept.key]
    purposes = {c.purpose for c in kept.consents if c.withdrawn is None}
    more = {c.purpose for a in others for c in a.consents if c.withdrawn is None} - purposes
    return MergePlan(kept.key, tuple(sorted({a.key for a in others})), tuple(sorted(more)))


def merge_applications(
    plan: MergePlan,
    applications: Iterable[Application],
    *,
    now: datetime,
    actor: Actor,
    reason: str,
) -> tuple[Application, ...]:
    """The given-up applications of a plan, each ineligible and naming the one that is kept.

    Raises:
        MoveRefused: there is no reason, or one of them is no longer open.
    """
    why = stated(reason, State.INELIGIBLE)
    found = []
    for each in applications:
        if each.key not in plan.give_up:
            continue
        if each.state is not State.INELIGIBLE:
            each = each.moved(State.INELIGIBLE, now=now, actor=actor, reason=why)
        found.append(each.model_copy(update={"merged_into": plan.keep}))
    return tuple(found)
