"""The journal is proven whole, or it is said from where on it is not."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitwirkung.storage.errors import JournalBroken
from mitwirkung.storage.journal import ChainedEntry, JournalEntry, chained, prove_journal

EVENT = "buergerdialog-2020"
NOON = datetime(2020, 11, 27, 12, 0, tzinfo=UTC)

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text("abä\U0001f600\"'", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xyz"), inner, max_size=3),
    max_leaves=5,
)
entries = st.builds(
    JournalEntry,
    time=st.datetimes(
        min_value=datetime(1970, 1, 2),  # noqa: DTZ001 - hypothesis adds the time zone
        max_value=datetime(9990, 1, 1),  # noqa: DTZ001
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=13, minutes=45))]),
    ),
    actor=st.sampled_from(["clerk-1", "system"]),
    what=st.sampled_from(["applications-opened", "applications-closed"]),
    subject=st.none() | st.text("0123456789abcdef", min_size=4, max_size=4),
    params=st.dictionaries(st.text("abc"), plain, max_size=3),
)


def journal(*told: JournalEntry, event: str = EVENT) -> list[ChainedEntry]:
    links: list[ChainedEntry] = []
    for entry in told:
        links.append(chained(event, links[-1] if links else None, entry))
    return links


@given(st.lists(entries, max_size=5))
def test_what_was_written_is_proven(told: list[JournalEntry]) -> None:
    links = journal(*told)
    printed = {link.number: link.hash for link in links}
    assert prove_journal(EVENT, links, printed) == (links[-1] if links else None)
    assert [link.number for link in links] == [*range(1, len(told) + 1)]


def test_anybody_can_compute_a_hash_by_hand() -> None:
    time = datetime(2020, 11, 27, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    first, second = journal(
        JournalEntry(NOON, "clerk-1", "opened"),
        JournalEntry(time, "clerk-2", "moved", "3f9a", {"to": "accepted", "from": None}),
    )
    text = (
        '{"actor":"clerk-2","event":"buergerdialog-2020","form":"mitwirkung-journal-1","number":2,'
        '"params":{"from":null,"to":"accepted"},"previous":"' + first.hash + '","subject":"3f9a",'
        '"time":"2020-11-27T12:00:00.000000Z","what":"moved"}'
    )
    assert second.hash == hashlib.sha256(text.encode()).hexdigest()
    assert json.loads(text) == second.as_json()


def spoilt() -> list[tuple[str, list[ChainedEntry], int, str]]:
    one, two, three = (JournalEntry(NOON, "clerk", what) for what in ("a", "b", "c"))
    links = journal(one, two, three)
    other = journal(one, replace(two, actor="nobody"), three)
    edited = replace(links[1], entry=replace(two, params={"seats": 76}))
    return [
        ("left out", [links[0], links[2]], 2, "journal-gap"),
        ("first left out", links[1:], 1, "journal-gap"),
        ("swapped", [links[1], links[0], links[2]], 1, "journal-gap"),
        ("twice", [links[0], links[0], links[1]], 2, "journal-gap"),
        ("changed", [links[0], edited, links[2]], 2, "journal-changed"),
        ("put in", [links[0], other[1], links[2]], 3, "journal-gap"),
        ("of another event", journal(one, event="other"), 1, "journal-gap"),
    ]


@pytest.mark.parametrize(("links", "number", "code"), [case[1:] for case in spoilt()])
def test_what_was_tampered_with_is_found(links: list[ChainedEntry], number: int, code: str) -> None:
    with pytest.raises(JournalBroken) as caught:
        prove_journal(EVENT, links)
    assert (caught.value.number, caught.value.code) == (number, code)


@given(st.lists(entries, min_size=1, max_size=4), st.data())
def test_no_field_of_any_entry_can_be_changed(told: list[JournalEntry], data: Any) -> None:
    links = journal(*told)
    i = data.draw(st.integers(0, len(links) - 1))
    changes: dict[str, Any] = {
        "time": links[i].entry.time + timedelta(microseconds=1),
        "actor": "nobody",
        "what": "nothing",
        "subject": "ffff0",
        "params": {**links[i].entry.params, "more": 1},
    }
    name = data.draw(st.sampled_from(sorted(changes)))
    spoilt = replace(links[i], entry=replace(links[i].entry, **{name: changes[name]}))
    with pytest.raises(JournalBroken) as caught:
        prove_journal(EVENT, [*links[:i], spoilt, *links[i + 1 :]])
    assert caught.value.number == i + 1


def test_printed_hashes_show_what_was_rewritten_or_cut() -> None:
    entry = JournalEntry(NOON, "clerk", "a")
    links = journal(entry, entry, entry)
    rewritten = journal(entry, replace(entry, what="b"), entry)
    assert prove_journal(EVENT, rewritten) == rewritten[-1]
    with pytest.raises(JournalBroken, match="entry 2 has another hash than was printed"):
        prove_journal(EVENT, rewritten, {2: links[1].hash})
    with pytest.raises(JournalBroken, match="ends before entry 3"):
        prove_journal(EVENT, links[:2], {1: links[0].hash, 3: links[2].hash})


def test_an_entry_needs_a_time_zone_and_plain_params() -> None:
    with pytest.raises(ValueError, match="time zone"):
        JournalEntry(NOON.replace(tzinfo=None), "clerk", "a")
    with pytest.raises(TypeError, match="float"):
        chained(EVENT, None, JournalEntry(NOON, "clerk", "a", None, {"share": 0.5}))
