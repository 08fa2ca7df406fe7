"""The vault: bodies are sealed before a backend sees them, and open only for a purpose.

What is known of a person lies in compartments, each a kind of record whose key is the person's
pseudonym: who they are, what the lottery may know, what they said. A body is encrypted under a key
of its own person and compartment (see `keys`). Destroying the key destroys the body wherever a copy
of it lies, in a backup too.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain, islice

from mitwirkung.names import fold
from mitwirkung.people import OPENED_BY
from mitwirkung.storage.errors import (
    BodyAltered,
    BodyErased,
    PurposeRefused,
    UnknownKind,
)
from mitwirkung.storage.keys import KEY_BYTES, NONCE_BYTES, ROOT, KeyName, KeyStore, MasterKey
from mitwirkung.storage.records import Record, check_text

BATCH = 50_000
"""Records whose keys are made or asked for at once: each time the store commits to the disk."""

FEW = 100
"""Records whose keys come with that of search codes; of more it does not matter."""

SEARCH = "search"
"""The compartment of the key of an event's search codes; it belongs to no person."""


class Vault:
    """Seals and opens the bodies of people's records.

    Args:
        keys: where the keys lie, apart from the records: `backend.keys()`.
        master: what wraps their root key.
        compartments: each compartment, which is a kind of record, with the purposes that open it;
            those of `mitwirkung.people` if not given.

    Raises:
        MasterKeyRefused: the root key was wrapped by another master key.
    """

    def __init__(
        self,
        keys: KeyStore,
        master: MasterKey,
        compartments: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._keys = keys
        opened_by = OPENED_BY if compartments is None else compartments
        self._compartments = {
            str(name): tuple(sorted(map(str, purposes))) for name, purposes in opened_by.items()
        }
        if SEARCH in self._compartments:
            raise ValueError(f"no compartment can be called {SEARCH!r}")
        wrapped = keys.get([ROOT])
        if not wrapped:
            first = {ROOT: master.wrap(os.urandom(KEY_BYTES))}
            wrapped = first | keys.add(first)
        self._root = master.unwrap(wrapped[ROOT])
        self._cipher = AESGCM

    def seal(self, record: Record) -> Record:
        """The record with its body encrypted; the person's key is made if there is none.

        Raises:
            UnknownKind: the record's kind is no compartment.
        """
        name = self._name(record)
        secret = (self._keys.get([name]) or self._made([name]))[name]
        return self._sealed(record, name, secret)

    def seal_all(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records with their bodies encrypted, in their order: those of people of whom most
        likely none has a key yet.

        Keys that are made are kept before their records come out: if these are never stored, a
        key is left that opens nothing.

        Raises:
            UnknownKind: a record's kind is no compartment.
        """
        for batch in _batches(records):
            names = [self._name(record) for record in batch]
            secrets = self._made(names)
            for record, name in zip(batch, names, strict=True):
                yield self._sealed(record, name, secrets[name])

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
            found = self._keys.get(names)
            for record, name in zip(batch, names, strict=True):
                secret = found.get(name)
                yield None if secret is None else self._decrypted(name, secret, record.body)

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
        """Destroy all keys of an event, that of its search codes too.

        Raises:
            RecordUnfit: that is no event.
        """
        check_text(event)  # the empty one has the root key
        self._keys.destroy(self._keys.names(event))

    def search_codes(self, event: str, field: str, values: Iterable[str]) -> list[str]:
        """What stands in an index field, so that values can be found without being shown.

        Upper and lower case and blanks at the ends make no difference. Codes of two events or two
        fields do not tell whether the values are the same.

        Returns:
            For each value 64 hexadecimal digits of HMAC-SHA-256 (RFC 2104) under a key of the
            event.
        """
        name = KeyName(event, "", SEARCH)
        secret = (self._keys.get([name]) or self._made([name]))[name]
        return self._codes(secret, event, field, values)

    def seal_with_codes(
        self, records: Iterable[Record], event: str, field: str, values: Collection[str]
    ) -> tuple[list[str], Iterator[Record]]:
        """`search_codes` and `seal_all` at once: the keys of the first records come with that of
        the codes."""
        if not values:
            return [], self.seal_all(records)
        left = iter(records)
        batch = list(islice(left, FEW))
        names = [self._name(record) for record in batch]
        search = KeyName(event, "", SEARCH)
        secrets = self._made([search, *names])
        pairs = zip(batch, names, strict=True)
        sealed = (self._sealed(record, name, secrets[name]) for record, name in pairs)
        codes = self._codes(secrets[search], event, field, values)
        return codes, chain(sealed, self.seal_all(left))

    def _codes(self, secret: bytes, event: str, field: str, values: Iterable[str]) -> list[str]:
        key = self._key(secret, KeyName(event, "", SEARCH).bound("search"))
        names = (KeyName(event, field, fold(value)) for value in values)
        return [hmac.digest(key, name.bound("value"), "sha256").hex() for name in names]

    def _made(self, named: Iterable[KeyName]) -> dict[KeyName, bytes]:
        """New secrets; of a name that had one, or for which another process was faster, that."""
        names = dict.fromkeys(named)
        if not names:
            return {}
        fresh = os.urandom(KEY_BYTES * len(names))
        starts = range(0, len(fresh), KEY_BYTES)
        made = {
            name: fresh[start : start + KEY_BYTES]
            for name, start in zip(names, starts, strict=True)
        }
        return made | self._keys.add(made)

    def _key(self, secret: bytes, bound: bytes) -> bytes:
        """The key that a secret makes for one use."""
        return hmac.digest(self._root, secret + bound, "sha256")

    def _sealed(self, record: Record, name: KeyName, secret: bytes) -> Record:
        body = self._encrypted(name, secret, record.body)
        return Record(record.event, record.kind, record.key, body, record.index, record.version)

    def _encrypted(self, name: KeyName, secret: bytes, body: bytes) -> bytes:
        """Nonce, ciphertext and tag of AES-256-GCM."""
        bound, nonce = name.bound("body"), os.urandom(NONCE_BYTES)
        return nonce + self._cipher(self._key(secret, bound)).encrypt(nonce, body, bound)

    def _decrypted(self, name: KeyName, secret: bytes, body: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag

        bound, nonce, sealed = name.bound("body"), body[:NONCE_BYTES], body[NONCE_BYTES:]
        try:
            return self._cipher(self._key(secret, bound)).decrypt(nonce, sealed, bound)
        except (InvalidTag, ValueError):
            raise BodyAltered("body-altered", kind=name.compartment, event=name.event) from None

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


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    left = iter(records)
    while batch := list(islice(left, BATCH)):
        yield batch
