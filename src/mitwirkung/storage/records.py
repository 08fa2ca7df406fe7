"""What is kept: records of declared kinds, found by declared fields, with opaque bodies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mitwirkung.storage.errors import RecordUnfit

IndexValue = str | int | None
"""What can be searched by equality."""

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""How kinds and index fields are called: they become names in a database."""

LARGEST = 2**63 - 1
"""Whole numbers that every database can keep: 64 bits with a sign."""


@dataclass(frozen=True, slots=True)
class RecordKind:
    """A kind of record.

    Attributes:
        name: as in `application`.
        index: the fields by which its records are found. They are kept in the clear, so they hold
            states, times and pseudonyms, never what a person wrote.

    Raises:
        RecordUnfit: a name is no word of a to z, 0 to 9 and `_`.
    """

    name: str
    index: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in (self.name, *self.index):
            if not NAME.fullmatch(name):
                raise RecordUnfit("record-name", name=name)


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that is kept.

    Attributes:
        event: the event that it belongs to.
        kind: the name of its `RecordKind`.
        key: its name among those of its event and kind; random where it stands for a person.
        body: bytes that no backend looks into.
        index: a value for each field of its kind; None where there is nothing to be found by.
        version: 1 when it is added, one more with each replacement.
    """

    event: str
    kind: str
    key: str
    body: bytes = field(repr=False)
    index: Mapping[str, IndexValue] = field(default_factory=dict, repr=False)
    version: int = 1


def check_record(record: Record, kind: RecordKind) -> None:
    """Refuse a record that not every backend could keep and give back as it is.

    Raises:
        RecordUnfit: says what is wrong.
    """
    check_text(record.event)
    check_text(record.key)
    if not isinstance(record.body, bytes):
        raise RecordUnfit("record-body", kind=kind.name)
    if type(record.version) is not int or not 1 <= record.version < LARGEST:
        raise RecordUnfit("record-version", kind=kind.name)
    if len(record.index) != len(kind.index) or any(n not in record.index for n in kind.index):
        raise RecordUnfit("record-index", kind=kind.name, expected=list(kind.index))
    for name, value in record.index.items():
        check_value(name, value)


def check_value(name: str, value: object) -> None:
    """Refuse what cannot be a value of an index field.

    Raises:
        RecordUnfit: it is neither a text that can be written, nor a number of 64 bits, nor None.
    """
    if isinstance(value, str):  # a member of a StrEnum too
        if "\0" not in value and _is_unicode(value):
            return
    elif value is None or (type(value) is int and -LARGEST <= value <= LARGEST):
        return
    raise RecordUnfit("record-index-value", field=name)


def check_text(text: object) -> None:
    """Refuse a name of an event or a key that is empty or cannot be written.

    Raises:
        RecordUnfit: it is so.
    """
    if not isinstance(text, str) or not text or "\0" in text or not _is_unicode(text):
        raise RecordUnfit("record-text")


def _is_unicode(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a pair
        return False
    return True
