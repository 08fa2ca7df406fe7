"""The vault: bodies are sealed before a backend sees them, and open only for a purpose.

What is known of a person lies in compartments, each a kind of record whose key is the person's
pseudonym: who they are, what the lottery may know, what they said. A body is encrypted under a key
of its own person and compartment. Destroying the key destroys the body wherever a copy of it lies,
in a backup too.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from mitwirkung.names import fold
from mitwirkung.storage.errors import (
    BodyAltered,
    BodyErased,
    MasterKeyRefused,
    PurposeRefused,
    UnknownKind,
)
from mitwirkung.storage.keys import KEY_BYTES, NONCE_BYTES, KeyName, KeyStore, MasterKey
from mitwirkung.storage.records import Record

BATCH = 5000
"""Records whose keys are asked for at once."""

CHECK = KeyName("", "", "check")
"""A key that opens nothing: whether the master key is that of the store."""

SEARCH = "search"
"""The compartment of the key of an event's search codes; it belongs to no person."""


class Vault:
    """Seals and opens the bodies of people's records.

    Args:
        keys: where the keys lie, apart from the records: `backend.keys()`.
        master: what wraps them.
        compartments: each compartment, which is a kind of record, with the purposes that open it.

    Raises:
        MasterKeyRefused: the keys were wrapped by another master key.
    """

    def __init__(
        self, keys: KeyStore, master: MasterKey, compartments: Mapping[str, Collection[str]]
    ) -> None:
        self._keys = keys
        self._master = master
        self._compartments = {
            name: tuple(sorted(purposes)) for name, purposes in compartments.items()
        }
        if SEARCH in self._compartments:
            raise ValueError(f"no compartment can be called {SEARCH!r}")
        try:
            self._key(CHECK)
        except BodyAltered:
            raise MasterKeyRefused("master-key-other") from None

    def seal(self, record: Record) -> Record:
        """The record with its body encrypted; the person's key is made if there is none."""
        (sealed,) = self.seal_all([record])
        return sealed

    def seal_all(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records with their bodies encrypted, in their order.

        Keys that are made are kept before their records come out: if these are never stored, a
        key is left that opens nothing.

        Raises:
            UnknownKind: a record's kind is no compartment.
        """
        for batch in _batches(records):
            names = [self._name(record) for record in batch]
            found = self._unwrapped(names)
            missing = [name for name in dict.fromkeys(names) if name not in found]
            found |= self._made(missing)
            for record, name in zip(batch, names, strict=True):
                yield replace(record, body=_encrypted(found[name], name, record.body))

    def open(self, record: Record, *, purpose: str) -> bytes:
        """The body of a sealed record.

        Raises:
            PurposeRefused: the compartment does not open for this purpose; names those it opens
                for.
            BodyErased: its key was destroyed.
            BodyAltered: it is not what was sealed for this event, kind and key.
            UnknownKind: its kind is no compartment.
        """
        (body,) = self.open_all([record], purpose=purpose)
        if body is None:
            raise BodyErased("body-erased", kind=record.kind, event=record.event)
        return body

    def open_all(self, records: Iterable[Record], *, purpose: str) -> Iterator[bytes | None]:
        """The bodies of sealed records, in their order; None for one whose key was destroyed.

        Raises:
            PurposeRefused, BodyAltered, UnknownKind: see `open`.
        """
        for batch in _batches(records):
            names = [self._name(record) for record in batch]
            for kind in dict.fromkeys(record.kind for record in batch):
                self._check_purpose(kind, purpose)
            found = self._unwrapped(names)
            for record, name in zip(batch, names, strict=True):
                key = found.get(name)
                yield None if key is None else _decrypted(key, name, record.body)

    def destroy(
        self, event: str, people: Iterable[str], compartments: Collection[str] | None = None
    ) -> None:
        """Destroy keys of people, so that their bodies cannot be read any more, for ever.

        Call `backend.compact()` afterwards: until then a destroyed key may lie in a file of the
        store. A copy of the keys that was made before brings them back, so whoever restores one
        has to repeat the erasures since then.

        Args:
            event: where these people are known.
            people: their pseudonyms.
            compartments: all of them if not given.

        Raises:
            UnknownKind: no such compartment.
        """
        chosen = self._compartments if compartments is None else compartments
        for name in chosen:
            self._purposes(name)
        people = list(people)
        self._keys.destroy(KeyName(event, person, name) for person in people for name in chosen)

    def destroy_event(self, event: str) -> None:
        """Destroy all keys of an event, that of its search codes too."""
        self._keys.destroy(self._keys.names(event))

    def search_codes(self, event: str, field: str, values: Iterable[str]) -> list[str]:
        """What stands in an index field, so that values can be found without being shown.

        Upper and lower case and blanks at the ends make no difference. Codes of two events or two
        fields do not tell whether the values are the same.

        Returns:
            For each value 64 hexadecimal digits of HMAC-SHA-256 (RFC 2104) under a key of the
            event.
        """
        key = self._key(KeyName(event, "", SEARCH))
        names = (KeyName(event, field, fold(value)) for value in values)
        return [hmac.digest(key, name.bound("search"), "sha256").hex() for name in names]

    def _key(self, name: KeyName) -> bytes:
        """The key of that name; made if there is none."""
        return (self._unwrapped([name]) or self._made([name]))[name]

    def _made(self, names: Collection[KeyName]) -> dict[KeyName, bytes]:
        """Keys of names that had none; if another process was faster, its keys."""
        if not names:
            return {}
        fresh = {name: os.urandom(KEY_BYTES) for name in names}
        wrapped = {name: self._master.wrap(name, key) for name, key in fresh.items()}
        before = self._keys.add(wrapped)
        return fresh | {name: self._master.unwrap(name, kept) for name, kept in before.items()}

    def _unwrapped(self, names: Iterable[KeyName]) -> dict[KeyName, bytes]:
        found = self._keys.get(dict.fromkeys(names))
        return {name: self._master.unwrap(name, wrapped) for name, wrapped in found.items()}

    def _name(self, record: Record) -> KeyName:
        self._purposes(record.kind)
        return KeyName(record.event, record.key, record.kind)

    def _purposes(self, compartment: str) -> tuple[str, ...]:
        purposes = self._compartments.get(compartment)
        if purposes is None:
            available = sorted(self._compartments)
            raise UnknownKind("compartment-unknown", kind=str(compartment), available=available)
        return purposes

    def _check_purpose(self, compartment: str, purpose: str) -> None:
        allowed = self._purposes(compartment)
        if purpose not in allowed:
            raise PurposeRefused(
                "purpose-refused",
                kind=str(compartment),
                purpose=str(purpose),
                allowed=[str(each) for each in allowed],
            )


def _encrypted(key: bytes, name: KeyName, body: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, body, name.bound("body"))


def _decrypted(key: bytes, name: KeyName, body: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], name.bound("body"))
    except (InvalidTag, ValueError):
        raise BodyAltered("body-altered", kind=name.compartment, event=name.event) from None


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    left = iter(records)
    while batch := list(islice(left, BATCH)):
        yield batch
