"""Keys: one for each body of a person, wrapped by a master key and kept apart from the bodies."""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mitwirkung.storage.errors import BodyAltered, MasterKeyRefused

KEY_BYTES = 32
NONCE_BYTES = 12
"""AES-256-GCM with random nonces of 96 bits (NIST SP 800-38D, 8.2.2)."""


class KeyName(NamedTuple):
    """Whose key: an event, a person's pseudonym in it, and a compartment."""

    event: str
    person: str
    compartment: str

    def bound(self, use: str) -> bytes:
        """Associated data: what is sealed for one name and use cannot be opened for another."""
        return b"".join(
            len(part).to_bytes(4, "big") + part
            for part in (text.encode() for text in ("mitwirkung-1", use, *self))
        )


class KeyStore(ABC):
    """Keeps wrapped keys. Each method is done as a whole when it returns, on its own.

    A key that is destroyed is gone from every file of the store after the next `compact`.
    """

    @abstractmethod
    def add(self, keys: Mapping[KeyName, bytes]) -> dict[KeyName, bytes]:
        """Keep new keys; where a name has one already, that one stays.

        Returns:
            The keys of names that had one.
        """

    @abstractmethod
    def get(self, names: Iterable[KeyName]) -> dict[KeyName, bytes]:
        """The keys of these names; a name that has none is left out."""

    @abstractmethod
    def destroy(self, names: Iterable[KeyName]) -> None:
        """Destroy the keys of these names for ever; a name may have none."""

    @abstractmethod
    def names(self, event: str) -> list[KeyName]:
        """Whose keys there are in an event, sorted."""

    @abstractmethod
    def compact(self) -> None:
        """See to it that nothing of a destroyed key is left in any file."""


class MemoryKeyStore(KeyStore):
    """Keys of a process; gone when it ends."""

    def __init__(self) -> None:
        self._keys: dict[KeyName, bytes] = {}
        self._lock = threading.Lock()

    def add(self, keys: Mapping[KeyName, bytes]) -> dict[KeyName, bytes]:
        with self._lock:
            before = {name: self._keys[name] for name in keys if name in self._keys}
            self._keys.update({**keys, **before})
            return before

    def get(self, names: Iterable[KeyName]) -> dict[KeyName, bytes]:
        with self._lock:
            return {name: self._keys[name] for name in names if name in self._keys}

    def destroy(self, names: Iterable[KeyName]) -> None:
        with self._lock:
            for name in names:
                self._keys.pop(name, None)

    def names(self, event: str) -> list[KeyName]:
        with self._lock:
            return sorted(name for name in self._keys if name.event == event)

    def compact(self) -> None:
        """There is no file."""


class MasterKey:
    """What wraps the keys of bodies: 32 random bytes, written as 64 hexadecimal digits.

    It stands neither in the storage nor in the settings file, but in the environment, or wherever
    the secrets of an installation are kept. Who loses it loses all bodies.

    Raises:
        MasterKeyRefused: it is missing or is no such key; says how to make one.
    """

    def __init__(self, digits: str | None) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if not digits:
            raise MasterKeyRefused("master-key-missing")
        try:
            key = bytes.fromhex(digits.strip())
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES or len(set(key)) < 8:
            raise MasterKeyRefused("master-key-unfit")
        self._cipher = AESGCM(key)

    def wrap(self, name: KeyName, key: bytes) -> bytes:
        """A key as a store keeps it: nonce, ciphertext and tag."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, name.bound("key"))

    def unwrap(self, name: KeyName, wrapped: bytes) -> bytes:
        """The key that was wrapped.

        Raises:
            BodyAltered: it was wrapped by another master key or for another name, or was changed.
        """
        from cryptography.exceptions import InvalidTag

        nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, sealed, name.bound("key"))
        except (InvalidTag, ValueError):
            raise BodyAltered("key-altered", event=name.event) from None

    def __repr__(self) -> str:
        return "MasterKey(...)"
