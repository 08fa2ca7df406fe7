"""Seeds from a public event, and the templates that fix their wording beforehand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import comb, prod

from mitwirkung.errors import MitwirkungError
from mitwirkung.names import NOT_STATED

MIN_OUTCOMES = 2**20
"""Fewer outcomes than this could all be tried for a pleasing one before the template is chosen."""

_PLACEHOLDER = re.compile(
    r"\{(?:numbers ([0-9]{1,3}) of ([0-9]{1,9})-([0-9]{1,9})|digits ([0-9]{1,3}))\}"
)


class UnfitSeed(MitwirkungError, ValueError):
    """The seed is not a text that can be drawn with."""


class UnfitTemplate(MitwirkungError, ValueError):
    """The template is not well formed, or leaves too few outcomes."""


@dataclass(frozen=True)
class Template:
    """A parsed template: `fits(seed)`, and how many seeds do."""

    outcomes: int
    fits: Callable[[str], bool]


def check_seed(seed: str) -> str:
    """The seed in NFC.

    Raises:
        UnfitSeed: empty, blanks at the ends, or control characters (a line break, say).
    """
    text = unicodedata.normalize("NFC", seed)
    if not text or text != text.strip():
        raise UnfitSeed("seed-blank")
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in text):
        raise UnfitSeed("seed-control-character")
    return text


def parse_template(text: str) -> Template:
    """Read a template such as `Lotto 6 aus 49 vom 2026-12-05: {numbers 6 of 1-49}`.

    Raises:
        UnfitTemplate: no placeholder, a brace that is none, or fewer than 2^20 outcomes.
    """
    pattern, outcomes, end = "", [1], 0
    checks: list[Callable[[str], bool]] = []
    for found in _PLACEHOLDER.finditer(text):
        if found.start() == end and checks:
            raise UnfitTemplate("template-adjacent", template=text)
        pattern += _literal(text, end, found.start())
        end = found.end()
        count, low, high, digits = found.groups()
        if digits is not None:
            pattern += f"([0-9]{{{int(digits)}}})"
            outcomes.append(10 ** int(digits))
            checks.append(_any_digits)
        else:
            pattern += f"([0-9]{{1,9}}(?: [0-9]{{1,9}}){{{max(0, int(count) - 1)}}})"
            size = max(0, int(high) - int(low) + 1)
            outcomes.append(comb(size, int(count)))
            checks.append(_ascending(int(count), int(low), int(high)))
    pattern += _literal(text, end, len(text))
    if not checks:
        raise UnfitTemplate("template-no-placeholder", template=text)
    total = prod(outcomes)
    if total < MIN_OUTCOMES:
        raise UnfitTemplate(
            "template-few-outcomes", template=text, outcomes=total, needed=MIN_OUTCOMES
        )
    compiled = re.compile(pattern)

    def fits(seed: str) -> bool:
        found = compiled.fullmatch(seed)
        return found is not None and all(
            check(part) for check, part in zip(checks, found.groups(), strict=True)
        )

    return Template(total, fits)


def fits_either(seed: str, template: str, fallback: str) -> bool:
    """Whether the seed fits the template or the fallback."""
    return parse_template(template).fits(seed) or parse_template(fallback).fits(seed)


def is_stated(*texts: str) -> bool:
    """Whether the organiser stated all of these."""
    return NOT_STATED not in texts


def _literal(text: str, start: int, end: int) -> str:
    part = text[start:end]
    if "{" in part or "}" in part:
        raise UnfitTemplate("template-brace", template=text)
    return re.escape(part)


def _any_digits(part: str) -> bool:
    return True


def _ascending(count: int, low: int, high: int) -> Callable[[str], bool]:
    def check(part: str) -> bool:
        words = part.split(" ")
        numbers = [int(word) for word in words]
        return (
            len(numbers) == count
            and [str(number) for number in numbers] == words
            and all(a < b for a, b in pairwise(numbers))
            and low <= numbers[0]
            and numbers[-1] <= high
        )

    return check
