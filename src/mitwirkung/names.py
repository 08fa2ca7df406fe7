"""How names, values and addresses are compared: one place for Unicode, case and blanks."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

NOT_STATED: Final = "not stated"


def clean(text: str) -> str:
    """Unicode NFC without blanks at either end: how a text is kept and written."""
    return unicodedata.normalize("NFC", text).strip()


def fold(text: str) -> str:
    """What two spellings of one thing have in common: NFC, case folded, runs of blanks as one."""
    return unicodedata.normalize("NFC", " ".join(clean(text).casefold().split()))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that somebody who wrote `name` most likely meant; None if none is near."""
    from difflib import get_close_matches  # only a mistake needs it

    spelled = {fold(other): other for other in known}
    found = get_close_matches(fold(name), spelled, n=1)
    return spelled[found[0]] if found else None
