"""How templates write days, numbers, chances and plurals: filters, by Babel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal


def locale_of(language: str) -> Locale:
    """What Babel knows of a language: of `de-simple` what it knows of `de`, English as the last
    resort."""
    try:
        return Locale.parse(language.split("-")[0])
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def filters_of(language: str) -> Mapping[str, Callable[..., Any]]:
    """The filters of a language.

    - `day`: a date with its weekday, "Sunday, September 27, 2020".
    - `moment`: a time with its date; it is written in its own time zone.
    - `number`: a whole number with its separators.
    - `chance`: an exact chance as "3 of 10", by a pattern: `{{ chance | chance("{} of {}") }}`.
    - `plural`: "1 seat", "2 seats": `{{ seats | plural("{} seat", "{} seats") }}`; more forms, for
      languages that have them, by name: `few="..."` (CLDR).
    - `listed`: several texts as one, "a, b and c".
    """
    from babel.lists import format_list

    locale = locale_of(language)

    def day(value: date) -> str:
        return format_date(value, "full", locale=locale)

    def moment(value: datetime) -> str:
        return format_datetime(value, "long", tzinfo=value.tzinfo, locale=locale)

    def number(value: int | Fraction) -> str:
        return format_decimal(float(value) if isinstance(value, Fraction) else value, locale=locale)

    def chance(value: Fraction, pattern: str = "{} / {}") -> str:
        part, whole = out_of(Fraction(value))
        return pattern.format(number(part), number(whole))

    def plural(value: int, one: str, other: str, **forms: str) -> str:
        chosen = {"one": one, "other": other, **forms}.get(locale.plural_form(value), other)
        return chosen.format(number(value))

    def listed(values: tuple[str, ...]) -> str:
        return format_list(list(values), locale=locale)

    return {
        "day": day,
        "moment": moment,
        "number": number,
        "chance": chance,
        "plural": plural,
        "listed": listed,
    }


def out_of(chance: Fraction) -> tuple[int, int]:
    """A chance in small whole numbers: exact where ten or fewer will do, else out of 100 or 1000.

    A chance that is not 0 is never told as 0, one that is not 1 never as 1.
    """
    if chance.denominator in range(2, 11):
        return chance.numerator, chance.denominator
    if chance.denominator == 1:
        return 10 * chance.numerator, 10
    whole = 100 if Fraction(1, 50) <= chance <= Fraction(49, 50) else 1000
    return min(max(round(chance * whole), 1), whole - 1), whole
