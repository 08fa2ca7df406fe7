"""Texts and numbers in one language, as people write them; reports and pictures speak with it."""

from __future__ import annotations

from fractions import Fraction

from babel import Locale

from mitwirkung.names import NOT_STATED
from mitwirkung.reports.model import ValueRow
from mitwirkung.texts import number_text, translator


class Words:
    """A language: its catalogue, its numbers, and how answers and quotas are called in it.

    Raises:
        LookupError: for a language without texts.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._translate = translator(language)
        self._locale = Locale(language)

    def t(self, text: str, **values: object) -> str:
        """A text of the catalogue with its values filled in."""
        return self._translate(text).format(**values)

    def stated(self, text: str) -> str:
        """What an organiser stated, or that it did not."""
        return self._translate(NOT_STATED) if text == NOT_STATED else text

    def number(self, value: int | str | Fraction, digits: int = 0) -> str:
        """A number with so many decimals, rounded half to even, and a real minus sign."""
        return number_text(value, self.language, digits)

    def percent(self, value: str | Fraction, digits: int = 0) -> str:
        """A share as a percentage; what is too small to show, but not 0, says so."""
        share = Fraction(value)
        steps = 100 * 10**digits
        if share > 0 and not round(share * steps):
            return "< " + self.percent(Fraction(1, steps), digits)
        sign = "\N{NO-BREAK SPACE}%" if self.language == "de" else "%"
        return self.number(share * 100, digits) + sign

    def answer(self, value: str | None) -> str:
        """An answer; people without one are told apart from an answer that is called so."""
        if value is None:
            return self.t("no answer")
        return self.stated(value)

    def quota(self, row: ValueRow) -> str:
        """The quota in seats."""
        if row.min is None or row.max is None:
            return self.t("none")
        if row.min == 0 and row.max >= row.panel.of:
            return self.t("no limit")
        if row.min == row.max:
            return self.number(row.min)
        return f"{self.number(row.min)}\N{EN DASH}{self.number(row.max)}"
