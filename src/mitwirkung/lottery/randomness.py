"""Seeds from a public event, and the templates that fix their wording beforehand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import comb, prod
from typing import ClassVar

from mitwirkung.errors import MitwirkungError
from mitwirkung.names import NOT_STATED

MIN_OUTCOMES = 2**20
"""Fewer outcomes than this could all be tried for a pleasing one before the template is chosen."""

_PLACEHOLDER = re.compile(
    r"\{(?:numbers (?!0+ )([0-9]{1,3}) of ([0-9]{1,9})-([0-9]{1,9})"
    r"|digits (?!0+\})([0-9]{1,3})|dice (?!0+ )([0-9]{1,3}) of ([0-9]{1,9}))\}"
)
_NUMBER = "(?:0|[1-9][0-9]{0,8})"


class UnfitSeed(MitwirkungError, ValueError):
    """The seed is not a text that can be drawn with, or not the one that was fixed beforehand."""


class UnfitTemplate(MitwirkungError, ValueError):
    """The template is not well formed, or has not as many outcomes as the draw needs."""


@dataclass(frozen=True)
class Numbers:
    """A set of different numbers, as a lottery draws them: always ascending."""

    count: int
    low: int
    high: int

    @property
    def outcomes(self) -> int:
        return comb(max(0, self.high - self.low + 1), self.count)

    @property
    def pattern(self) -> str:
        return f"{_NUMBER}(?: {_NUMBER}){{{max(0, self.count - 1)}}}"

    @property
    def numbered(self) -> bool:
        """One ball has a number; a set of several has none that anybody could see."""
        return self.count == 1

    def fits(self, text: str) -> bool:
        numbers = [int(word) for word in text.split(" ")]
        ends = (self.low - 1, *numbers, self.high + 1)
        return len(numbers) == self.count and all(a < b for a, b in pairwise(ends))

    def number(self, text: str) -> int:
        return int(text) - self.low

    def text(self, number: int) -> str:
        return str(number + self.low)

    def take(self, words: list[str]) -> str:
        numbers = sorted(
            _number_between(words.pop(0), self.low, self.high) for _ in range(self.count)
        )
        for number, following in pairwise(numbers):
            if number == following:
                raise UnfitSeed("drawn-twice", number=number)
        return " ".join(map(str, numbers))


@dataclass(frozen=True)
class Digits:
    """Digits in the order of the draw."""

    count: int
    numbered: ClassVar[bool] = True

    @property
    def outcomes(self) -> int:
        return int(10**self.count)

    @property
    def pattern(self) -> str:
        return f"[0-9]{{{self.count}}}"

    def fits(self, text: str) -> bool:
        return True

    def number(self, text: str) -> int:
        return int(text)

    def text(self, number: int) -> str:
        return str(number).zfill(self.count)

    def take(self, words: list[str]) -> str:
        text = ""
        while len(text) < self.count:
            text += words.pop(0)
        if len(text) > self.count:
            raise UnfitSeed("drawn-digits", count=self.count, given=len(text))
        return text


@dataclass(frozen=True)
class Dice:
    """Dice with the faces 1, 2, ..., in an order said beforehand; the first counts most."""

    count: int
    sides: int
    numbered: ClassVar[bool] = True

    @property
    def outcomes(self) -> int:
        return int(self.sides**self.count)

    @property
    def pattern(self) -> str:
        return f"{_NUMBER}(?: {_NUMBER}){{{max(0, self.count - 1)}}}"

    def fits(self, text: str) -> bool:
        faces = [int(word) for word in text.split(" ")]
        return len(faces) == self.count and all(1 <= face <= self.sides for face in faces)

    def number(self, text: str) -> int:
        found = 0
        for word in text.split(" "):
            found = found * self.sides + int(word) - 1
        return found

    def text(self, number: int) -> str:
        faces = []
        for _ in range(self.count):
            number, face = divmod(number, self.sides)
            faces.append(str(face + 1))
        return " ".join(reversed(faces))

    def take(self, words: list[str]) -> str:
        if self.sides < 10 and words and len(words[0]) == self.count > 1:
            words[:1] = list(words[0])  # thrown 361: written without blanks
        faces = [_number_between(words.pop(0), 1, self.sides) for _ in range(self.count)]
        return " ".join(map(str, faces))


def _number_between(word: str, low: int, high: int) -> int:
    number = int(word)
    if not low <= number <= high:
        raise UnfitSeed("drawn-outside", number=number, low=low, high=high)
    return number


Placeholder = Numbers | Digits | Dice
"""What a template leaves open until the draw.

`outcomes`: in how many ways it can be filled. `pattern`: a regular expression for what stands
there; what `fits` may stand there indeed. `numbered`: its outcomes count from 0, so that balls and
dice draw a number; then `number` says which one a text is, and `text` is its inverse. `take` makes
the canonical text of what was drawn, and takes its words away from the front of a list; it raises
UnfitSeed where one is wrong, and IndexError where they are too few.
"""


@dataclass(frozen=True)
class Template:
    """A parsed template: its texts, and between each two of them a placeholder."""

    text: str
    texts: tuple[str, ...]
    placeholders: tuple[Placeholder, ...]

    @property
    def outcomes(self) -> int:
        """How many seeds fit."""
        return prod(each.outcomes for each in self.placeholders)

    @property
    def numbered(self) -> bool:
        """Whether each outcome has a number of its own, from 0, that can be seen."""
        return all(each.numbered for each in self.placeholders)

    def fits(self, seed: str) -> bool:
        """Whether a seed has this wording."""
        return self._parts(seed) is not None

    def number(self, seed: str) -> int:
        """Which outcome a fitting seed is, from 0: the first placeholder counts most.

        Raises:
            ValueError: the seed does not fit, or outcomes have no numbers.
        """
        parts = self._parts(seed)
        if parts is None or not self.numbered:
            raise ValueError("the seed has no number")
        found = 0
        for each, part in zip(self.placeholders, parts, strict=True):
            found = found * each.outcomes + each.number(part)
        return found

    def parts(self, number: int) -> tuple[str, ...]:
        """What stands for the placeholders where outcome `number` is drawn: inverse of `number`."""
        found: list[str] = []
        for each in reversed(self.placeholders):
            number, part = divmod(number, each.outcomes)
            found.insert(0, each.text(part))
        return tuple(found)

    def fill(self, drawn: str) -> str:
        """The seed that what was drawn makes: lottery numbers ascending, digits and dice as drawn.

        Args:
            drawn: the numbers in the order of the draw, with blanks, commas or the like between
                them (digits need none); a seed that fits already stays what it is.

        Raises:
            UnfitSeed: these are not the numbers that the template asks for.
        """
        seed = unicodedata.normalize("NFC", drawn).strip()
        if self.fits(seed):
            return seed
        words = re.split(r"[\s,;|/+–-]+", seed) if seed else []
        for place, word in enumerate(words, 1):
            if not re.fullmatch("[0-9]{1,999}", word):
                raise UnfitSeed("drawn-no-number", place=place)
        given = len(words)
        try:
            parts = [each.take(words) for each in self.placeholders]
        except IndexError:
            raise UnfitSeed("drawn-too-few", given=given, template=self.text) from None
        if words:
            count = given - len(words)
            raise UnfitSeed("drawn-too-many", given=given, count=count, template=self.text)
        filled = self.texts[0]
        for part, text in zip(parts, self.texts[1:], strict=True):
            filled += part + text
        return filled

    def _parts(self, seed: str) -> Sequence[str] | None:
        pattern = re.escape(self.texts[0])
        for each, text in zip(self.placeholders, self.texts[1:], strict=True):
            pattern += f"({each.pattern}){re.escape(text)}"
        found = re.fullmatch(pattern, seed)
        if found is None:
            return None
        parts = found.groups()
        fitting = all(e.fits(part) for e, part in zip(self.placeholders, parts, strict=True))
        return parts if fitting else None


def check_seed(seed: str) -> str:
    """The seed in NFC.

    Raises:
        UnfitSeed: empty, blanks at the ends, or control characters (a line break, say).
    """
    text = unicodedata.normalize("NFC", seed)
    if not text or text != text.strip():
        raise UnfitSeed("seed-blank")
    if _has_control_characters(text):
        raise UnfitSeed("seed-control-character")
    return text


def _has_control_characters(text: str) -> bool:
    return any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in text)


def parse_template(text: str) -> Template:
    """Read a template such as `Lotto 6 aus 49 vom 2026-12-05: {numbers 6 of 1-49}`.

    Raises:
        UnfitTemplate: no placeholder, a brace that is none (one for 0 numbers, say), two
            placeholders in a row, or a text that no seed can have: see `check_seed`.
    """
    if text != text.strip() or _has_control_characters(text):
        raise UnfitTemplate("template-control-character", template=text)
    texts: list[str] = []
    placeholders: list[Placeholder] = []
    end = 0
    for found in _PLACEHOLDER.finditer(text):
        if found.start() == end and placeholders:
            raise UnfitTemplate("template-adjacent", template=text)
        texts.append(text[end : found.start()])
        end = found.end()
        count, low, high, digits, dice, sides = found.groups()
        if digits is not None:
            placeholders.append(Digits(int(digits)))
        elif dice is not None:
            placeholders.append(Dice(int(dice), int(sides)))
        else:
            placeholders.append(Numbers(int(count), int(low), int(high)))
    texts.append(text[end:])
    if any("{" in part or "}" in part for part in texts):
        raise UnfitTemplate("template-brace", template=text)
    if not placeholders:
        raise UnfitTemplate("template-no-placeholder", template=text)
    return Template(text, tuple(texts), tuple(placeholders))


def check_outcomes(text: str, panels: int | None = None) -> Template:
    """The template, if a draw can be made with it.

    Args:
        text: the template.
        panels: how many numbered panels there are, if there are: a template with as many outcomes
            draws the number itself. Any other seed is hashed, and that needs 2^20 outcomes.

    Raises:
        UnfitTemplate: it is not well formed, or has another number of outcomes.
    """
    template = parse_template(text)
    if draws_number(template, panels) or template.outcomes >= MIN_OUTCOMES:
        return template
    params = {"template": text, "outcomes": template.outcomes, "needed": MIN_OUTCOMES}
    if panels is None:
        raise UnfitTemplate("template-few-outcomes", **params)
    raise UnfitTemplate("template-outcomes-panels", panels=panels, **params)


def draws_number(template: Template, panels: int | None) -> bool:
    """Whether a seed of this template is the number of a panel, without a hash."""
    return template.numbered and template.outcomes == panels


def is_of_fallback(seed: str, template: str, fallback: str) -> bool:
    """Whether the seed fits the fallback and not the template; no if either is not stated."""
    if not is_stated(template, fallback) or parse_template(template).fits(seed):
        return False
    return parse_template(fallback).fits(seed)


def fits_either(seed: str, template: str, fallback: str) -> bool:
    """Whether the seed fits the template or the fallback."""
    return parse_template(template).fits(seed) or parse_template(fallback).fits(seed)


def is_stated(*texts: str) -> bool:
    """Whether the organiser stated all of these."""
    return NOT_STATED not in texts
