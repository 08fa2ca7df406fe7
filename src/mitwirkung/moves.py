"""What a step from one state to another needs, said once for events and applications."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from enum import StrEnum

from mitwirkung.errors import MitwirkungError
from mitwirkung.names import clean


class MoveRefused(MitwirkungError, ValueError):
    """A step that is not legal now; where others are, the error names them as `legal`."""


def require_legal(state: StrEnum, to: StrEnum, legal: Iterable[StrEnum]) -> None:
    """
    Raises:
        MoveRefused: `to` is none of the states that are legal after `state`.
    """
    names = [str(each) for each in legal]
    if str(to) in names:
        return
    if not names:
        raise MoveRefused("move-from-end", state=str(state), to=str(to), legal=names)
    raise MoveRefused("move-illegal", state=str(state), to=str(to), legal=names)


def stated(reason: str | None, to: StrEnum) -> str:
    """The reason for a step that somebody decided. It is counted and published.

    Raises:
        MoveRefused: there is none, or it has line breaks or control characters.
    """
    text = clean(reason or "")
    if not text:
        raise MoveRefused("move-without-reason", to=str(to))
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise MoveRefused("reason-unfit")
    return text
