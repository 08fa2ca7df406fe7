"""The bytes behind every promise: tagged hashes and canonical JSON.

Specified in `docs/reference/lottery-files.md`; `docs/verify.py` implements the same once more.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import unicodedata
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import chain
from typing import Any

from mitwirkung.errors import MitwirkungError
from mitwirkung.lottery.largest_remainder import largest_remainder

WEIGHT_DIGITS = 12
WEIGHT_TOTAL = 16**WEIGHT_DIGITS
"""Weights of the vectors add up to this: the first 12 hexadecimal digits of a hash choose one."""

MIN_KEY_BYTES = 32


class UnfitText(MitwirkungError, ValueError):
    """A text cannot be hashed or written: a line break, or half a surrogate pair."""


def text_bytes(text: str) -> bytes:
    """UTF-8 of the NFC form.

    Raises:
        UnfitText: for a lone surrogate, which has no UTF-8.
    """
    return _utf8(unicodedata.normalize("NFC", text))


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise UnfitText("text-not-unicode") from None


def _message(tag: str, fields: Iterable[str]) -> bytes:
    parts = [tag, *fields]
    if any("\n" in part for part in parts):
        raise UnfitText("text-line-break", tag=tag)
    return text_bytes("\n".join(parts) + "\n")


def tagged_hash(tag: str, fields: Iterable[str]) -> str:
    """hash(tag, field, ...): 64 lowercase hexadecimal digits.

    Raises:
        UnfitText: if a field contains a line break.
    """
    return hashlib.sha256(_message(tag, fields)).hexdigest()


def sha256_hex(data: bytes) -> str:
    """SHA-256 of raw bytes, 64 lowercase hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def token_from_key(key: bytes, event: str, identifier: str) -> str:
    """The token of one applicant: 32 hexadecimal digits of HMAC-SHA-256 (RFC 2104)."""
    message = _message("mitwirkung-token-1", (event, identifier))
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:32]


def handle(token: str) -> str:
    """The public pseudonym of one applicant."""
    return tagged_hash("mitwirkung-handle-1", (token,))


def lot_handle(handles: Iterable[str]) -> str:
    """The public pseudonym of a lot, from the handles of its members in any order."""
    return tagged_hash("mitwirkung-lot-1", sorted(handles))


def leaf(token: str, class_name: str, features: str) -> str:
    """What commits to one applicant's class and answers; `features` is canonical JSON."""
    return tagged_hash("mitwirkung-leaf-1", (token, class_name, features))


def pool_digest(leaves: Iterable[str]) -> str:
    """The hash of all leaves, in any order."""
    return tagged_hash("mitwirkung-pool-1", sorted(leaves))


def draw_number(commitment: str, seed: str) -> str:
    """The 12 hexadecimal digits that choose the vector."""
    return tagged_hash("mitwirkung-draw-1", (commitment, seed))[:WEIGHT_DIGITS]


def rank(commitment: str, seed: str, *what: str) -> str:
    """The rank of a lot, of a position or of a member of it; smallest first."""
    return tagged_hash("mitwirkung-rank-1", (commitment, seed, *what))


def panel_hash(seats: Iterable[tuple[str, str]]) -> str:
    """What numbered panels are sorted by; `seats` are lot handles and positions, lots in order."""
    return tagged_hash("mitwirkung-panel-1", chain.from_iterable(seats))


def panel_label(number: int, panels: int) -> str:
    """The number of a panel as it is drawn: `000` to `999` if there are a thousand."""
    return str(number).zfill(len(str(panels - 1)))


def canonical_json(value: Any) -> bytes:
    """Canonical JSON: raw UTF-8, keys by code point, no blanks, no floats, no final line break.

    Raises:
        TypeError: for a float or something that JSON does not know.
        UnfitText: for a lone surrogate.
    """
    text = _compact(value)
    if not unicodedata.is_normalized("NFC", text):
        # String by string: in the text of the whole a mark could fall on the n of an escaped \n.
        text = _compact(_normalised(value))
    _without_floats(text)
    return _utf8(text)


def _normalised(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        return {_normalised(key): _normalised(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_normalised(item) for item in value]
    return value


def _refuse_float(text: str) -> None:
    raise TypeError("canonical JSON holds no floats; write a decimal text")


# made once: `json.dumps` and `json.loads` make one each time
_compact = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_without_floats = json.JSONDecoder(parse_float=_refuse_float, parse_constant=_refuse_float).decode


def whole_weights(weights: Sequence[int | float | Fraction]) -> list[int]:
    """Whole numbers in proportion to positive weights that add up to 16^12.

    By largest remainder each is off by less than 1, so chances move by less than the number of
    vectors over 16^12. Weights that are such numbers already stay what they are.
    """
    ratios = [weight.as_integer_ratio() for weight in weights]
    common = math.lcm(*(below for _, below in ratios))
    exact = [above * (common // below) for above, below in ratios]
    return largest_remainder(exact, WEIGHT_TOTAL)


def decimal_text(value: Fraction, digits: int = 12) -> str:
    """A fraction as a text with `digits` decimals, rounded to nearest, ties to even."""
    scaled = round(abs(value) * 10**digits)
    sign = "-" if value < 0 and scaled else ""
    whole, rest = divmod(scaled, 10**digits)
    return f"{sign}{whole}.{rest:0{digits}d}"
