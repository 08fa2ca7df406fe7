"""Keys: what opens the bodies of people, kept apart from them.

The key of a body is HMAC-SHA-256 (RFC 2104) of a random secret and the body's name, under the root
key of the store. The secrets lie in the store one by one, so that each can be destroyed, and with
it its key, for ever; the root key lies there once, wrapped by the master key. So neither a copy of
the store alone nor the master key alone opens anything.
"""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mitwirkung.storage.errors import MasterKeyRefused

KEY_BYTES = 32
NONCE_BYTES = 12
"""AES-256-GCM with random nonces of 96 bits (NIST SP 800-38D, 8.2.2)."""


class KeyName(NamedTuple):
    """Whose key: an event, a person's pseudonym in it, and a compartment."""

    event: str
    person: str
    compartment: str

    def bound(self, use: str) -> bytes:
        """Bytes of this name and use and of no other: lengths keep its parts from running together.

        What is sealed for one name and use cannot be opened for another.
        """
        event, person, compartment = self
        return (
            f"mitwirkung-1 {use} {len(event)} {len(person)} {event} {person} {compartment}"
        ).encode()


ROOT = KeyName("", "", "root")
"""The name of the root key; it belongs to no event."""


class KeyStore(ABC):
    """Keeps secrets by name. Each method is done as a whole when it returns, on its own.

    A secret that is destroyed is gone from every file of the store after the next `compact`.
    """

    @abstractmethod
    def add(self, secrets: Mapping[KeyName, bytes]) -> dict[KeyName, bytes]:
        """Keep new secrets; where a name has one already, that one stays.

        Returns:
            The secrets of names that had one.
        """

    @abstractmethod
    def get(self, names: Iterable[KeyName]) -> dict[KeyName, bytes]:
        """The secrets of these names; a name that has none is left out."""

    @abstractmethod
    def destroy(self, names: Iterable[KeyName]) -> None:
        """Destroy the secrets of these names for ever; a name may have none."""

    @abstractmethod
    def names(self, event: str) -> list[KeyName]:
        """Whose secrets there are in an event, sorted."""

    @abstractmethod
    def compact(self) -> None:
        """See to it that nothing of a destroyed secret is left in any file."""


class MemoryKeyStore(KeyStore):
    """Secrets in memory; gone when the process ends."""

    def __init__(self) -> None:
        self._secrets: dict[KeyName, bytes] = {}
        self._lock = threading.Lock()

    def add(self, secrets: Mapping[KeyName, bytes]) -> dict[KeyName, bytes]:
        with self._lock:
            before = {name: self._secrets[name] for name in secrets if name in self._secrets}
            self._secrets.update({**secrets, **before})
            return before

    def get(self, names: Iterable[KeyName]) -> dict[KeyName, bytes]:
        with self._lock:
            return {name: self._secrets[name] for name in names if name in self._secrets}

    def destroy(self, names: Iterable[KeyName]) -> None:
        with self._lock:
            for name in names:
                self._secrets.pop(name, None)

    def names(self, event: str) -> list[KeyName]:
        with self._lock:
            return sorted(name for name in self._secrets if name.event == event)

    def compact(self) -> None:
        """There is no file."""


class MasterKey:
    """What wraps the root key of a store: 32 random bytes, written as 64 hexadecimal digits.

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
        if len(key) != KEY_BYTES or len(set(key)) < 8:  # 0000... is no key that was made
            raise MasterKeyRefused("master-key-unfit")
        self._cipher = AESGCM(key)

    def wrap(self, root: bytes) -> bytes:
        """A root key as a store keeps it: nonce, ciphertext and tag of AES-256-GCM."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, root, ROOT.bound("root"))

    def unwrap(self, wrapped: bytes) -> bytes:
        """The root key that was wrapped.

        Raises:
            MasterKeyRefused: by another master key.
        """
        from cryptography.exceptions import InvalidTag

        nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, sealed, ROOT.bound("root"))
        except (InvalidTag, ValueError):
            raise MasterKeyRefused("master-key-other") from None

    def __repr__(self) -> str:
        return "MasterKey(...)"
