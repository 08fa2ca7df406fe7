"""Compartments open for their purposes alone, and not at all once their key is destroyed."""

from __future__ import annotations

import pickle
import secrets
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitwirkung.people import OPENS, Compartment, Purpose
from mitwirkung.storage.errors import (
    BodyAltered,
    BodyErased,
    MasterKeyRefused,
    PurposeRefused,
    RecordUnfit,
    UnknownKind,
)
from mitwirkung.storage.keys import ROOT, KeyName, MasterKey, MemoryKeyStore
from mitwirkung.storage.records import Record, RecordKind
from mitwirkung.storage.sqlite import SqliteBackend
from mitwirkung.storage.vault import Vault

EVENT = "buergerdialog-2020"
COMPARTMENTS = {
    "identity": {"contact"},
    "profile": {"selection", "selection-report", "replacement", "group-balance"},
    "statements": {"statements"},
}
PURPOSE = {"identity": "contact", "profile": "selection", "statements": "statements"}
DIGITS = "00112233445566778899aabbccddeeff" * 2


def vault(store: MemoryKeyStore | None = None, digits: str = DIGITS) -> Vault:
    return Vault(store or MemoryKeyStore(), MasterKey(digits), COMPARTMENTS)


def record(person: str = "3f9a", kind: str = "profile", body: bytes = b"aged 30 to 59") -> Record:
    return Record(EVENT, kind, person, body, {"state": "received"}, 3)


@given(st.binary(max_size=50), st.sampled_from(sorted(COMPARTMENTS)))
def test_what_was_sealed_opens_and_only_the_body_is_changed(body: bytes, kind: str) -> None:
    one, plain = vault(), record(kind=kind, body=body)
    sealed = one.seal(plain)
    assert replace(sealed, body=body) == plain
    assert one.open(sealed, purpose=PURPOSE[kind]) == body
    assert sealed.body != one.seal(plain).body
    assert len(body) < 4 or body not in sealed.body


@pytest.mark.parametrize("kind", sorted(COMPARTMENTS))
def test_a_compartment_opens_only_for_its_purposes(kind: str) -> None:
    one = vault()
    sealed = one.seal(record(kind=kind))
    for purpose in sorted(set().union(*COMPARTMENTS.values())):
        if purpose in COMPARTMENTS[kind]:
            assert one.open(sealed, purpose=purpose) == b"aged 30 to 59"
        else:
            with pytest.raises(PurposeRefused) as caught:
                one.open(sealed, purpose=purpose)
            assert caught.value.params["allowed"] == sorted(COMPARTMENTS[kind])
            assert isinstance(caught.value, PermissionError)
    with pytest.raises(PurposeRefused):
        list(one.open_all([sealed], purpose="curiosity"))


def test_a_body_belongs_to_its_event_kind_and_person() -> None:
    one = vault()
    mine, theirs = one.seal(record("a")), one.seal(record("b"))
    for moved in (
        replace(mine, body=theirs.body),
        replace(one.seal(record("a", "statements")), body=mine.body),
        replace(mine, body=mine.body[:-1] + bytes([mine.body[-1] ^ 1])),
        replace(mine, body=mine.body[:20]),
        replace(mine, body=b""),
    ):
        with pytest.raises(BodyAltered):
            one.open(moved, purpose=PURPOSE[moved.kind])
    with pytest.raises(BodyErased):
        one.open(replace(mine, event="another"), purpose="selection")


parts = st.text("a 1", max_size=4)


@given(st.builds(KeyName, parts, parts, parts), st.builds(KeyName, parts, parts, parts))
def test_parts_of_a_name_do_not_run_into_each_other(one: KeyName, other: KeyName) -> None:
    assert (one.bound("body") == other.bound("body")) == (one == other)
    assert one.bound("body") != other.bound("search")


def test_the_secret_of_another_body_opens_nothing() -> None:
    store = MemoryKeyStore()
    sealed = vault(store).seal(record("a"))
    (name,) = store.names(EVENT)
    moved = MemoryKeyStore()
    moved.add(store.get([ROOT]))
    moved.add({name._replace(person="b"): store.get([name])[name]})
    with pytest.raises(BodyAltered):
        vault(moved).open(replace(sealed, key="b"), purpose="selection")


def test_many_are_sealed_as_few_are_and_keep_their_keys() -> None:
    store = MemoryKeyStore()
    few = [record(f"p{i}") for i in range(3)]
    before = list(vault(store).seal_all(few))
    many = [record(f"p{i}", body=b"later") for i in range(300)]
    after = list(vault(store).seal_all(many))
    assert set(vault(store).open_all(before, purpose="selection")) == {b"aged 30 to 59"}
    assert list(vault(store).open_all(after, purpose="selection")) == [b"later"] * 300
    assert len(store.names(EVENT)) == 300


def test_a_destroyed_key_leaves_nothing_to_read_and_others_alone() -> None:
    store = MemoryKeyStore()
    one = vault(store)
    bodies = [record(person, kind) for person in "abc" for kind in sorted(COMPARTMENTS)]
    sealed = list(one.seal_all(bodies))
    one.destroy(EVENT, ["a"])
    one.destroy(EVENT, ["b"], ["profile"])
    for each in sealed:
        gone = each.key == "a" or (each.key, each.kind) == ("b", "profile")
        (opened,) = one.open_all([each], purpose=PURPOSE[each.kind])
        assert opened == (None if gone else b"aged 30 to 59")
        if gone:
            with pytest.raises(BodyErased):
                vault(store).open(each, purpose=PURPOSE[each.kind])
    one.search_codes(EVENT, "email", ["a@example.org"])
    one.destroy_event(EVENT)
    assert store.names(EVENT) == []
    with pytest.raises(RecordUnfit):
        one.destroy_event("")
    vault(store)  # its root key is there


def test_a_new_body_is_sealed_under_the_same_key() -> None:
    store = MemoryKeyStore()
    first = vault(store).seal(record())
    second = vault(store).seal(record(body=b"aged 60 and more"))
    assert vault(store).open(first, purpose="selection") == b"aged 30 to 59"
    assert vault(store).open(second, purpose="selection") == b"aged 60 and more"
    assert len(store.names(EVENT)) == 1


def test_the_store_opens_with_its_master_key_alone() -> None:
    store = MemoryKeyStore()
    one = vault(store)
    sealed = one.seal(record())
    (wrapped,) = store.get([ROOT]).values()
    assert len(MasterKey(DIGITS).unwrap(wrapped)) == 32
    with pytest.raises(MasterKeyRefused):
        MasterKey(secrets.token_hex(32)).unwrap(wrapped)
    with pytest.raises(MasterKeyRefused):
        MasterKey(DIGITS).unwrap(wrapped[:-1])
    with pytest.raises(MasterKeyRefused, match="not the master key"):
        vault(store, secrets.token_hex(32))
    assert vault(store).open(sealed, purpose="selection") == b"aged 30 to 59"


@pytest.mark.parametrize(
    "digits", [None, "", "abc", "0" * 64, "g" * 64, DIGITS[:-2], DIGITS + "00"]
)
def test_how_to_make_a_master_key_is_told(digits: str | None) -> None:
    with pytest.raises(MasterKeyRefused, match="openssl rand -hex 32"):
        MasterKey(digits)


def test_nothing_that_is_secret_is_shown() -> None:
    assert "0011" not in repr(MasterKey(DIGITS))
    assert "aged" not in repr(record())
    error = pickle.loads(pickle.dumps(PurposeRefused("purpose-refused", kind="a", purpose="b")))
    assert isinstance(error, PurposeRefused)


def test_what_is_searched_by_equality_is_shown_as_a_code() -> None:
    store = MemoryKeyStore()
    one = vault(store)
    first, same, other = one.search_codes(
        EVENT, "email", ["Anna@Example.org", " anna@example.org ", "bea@example.org"]
    )
    assert first == same != other
    assert vault(store).search_codes(EVENT, "email", ["anna@example.org"]) == [first]
    assert one.search_codes(EVENT, "phone", ["anna@example.org"]) != [first]
    assert one.search_codes("another", "email", ["anna@example.org"]) != [first]
    assert vault().search_codes(EVENT, "email", ["anna@example.org"]) != [first]


def test_what_is_no_compartment_is_refused() -> None:
    for use in (
        lambda: vault().seal(record(kind="letter")),
        lambda: vault().open(record(kind="letter"), purpose="contact"),
        lambda: vault().destroy(EVENT, ["a"], ["letter"]),
    ):
        with pytest.raises(UnknownKind, match="identity, profile, statements"):
            use()
    with pytest.raises(ValueError, match="search"):
        Vault(MemoryKeyStore(), MasterKey(DIGITS), {"search": []})


def test_a_backup_of_the_bodies_reads_nothing_without_the_keys(tmp_path: Path) -> None:
    kinds = [RecordKind(name, ("state",)) for name in COMPARTMENTS]
    backend = SqliteBackend({"path": str(tmp_path / "a.db"), "keys": str(tmp_path / "k.db")})
    with backend.open(kinds) as storage:
        one = Vault(storage.keys(), MasterKey(DIGITS), COMPARTMENTS)
        with storage.transaction(EVENT) as transaction:
            transaction.add_all(one.seal_all(record("a", kind) for kind in COMPARTMENTS))
    backup = (tmp_path / "a.db").read_bytes()
    assert b"aged" not in backup

    with backend.open(kinds) as storage:
        one = Vault(storage.keys(), MasterKey(DIGITS), COMPARTMENTS)
        one.destroy(EVENT, ["a"])
        with storage.transaction(EVENT) as transaction:
            for kind in COMPARTMENTS:
                transaction.remove(kind, "a")
        storage.compact()

    (tmp_path / "a.db").write_bytes(backup)  # as it was, with the keys as they are
    with backend.open(kinds) as storage:
        one = Vault(storage.keys(), MasterKey(DIGITS), COMPARTMENTS)
        with storage.transaction(EVENT) as transaction:
            for kind in COMPARTMENTS:
                (restored,) = transaction.find(kind)
                with pytest.raises(BodyErased):
                    one.open(restored, purpose=PURPOSE[kind])


def test_without_more_words_the_compartments_are_those_of_people() -> None:
    one = Vault(MemoryKeyStore(), MasterKey(DIGITS))
    for compartment in Compartment:
        sealed = one.seal(record(kind=compartment))
        for purpose in Purpose:
            if compartment in OPENS[purpose]:
                assert one.open(sealed, purpose=purpose) == b"aged 30 to 59"
            else:
                with pytest.raises(PurposeRefused):
                    one.open(sealed, purpose=purpose)
