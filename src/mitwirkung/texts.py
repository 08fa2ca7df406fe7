"""Texts in the languages of residents and clerks, from the gettext catalogues in `translations/`.

The English sentence is the key. Catalogues are read as `.po` files by Babel when a language is
first asked for, so that nothing has to be compiled and a translator's change is seen at once.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib import resources

from mitwirkung.messages import Translate

LANGUAGES = ("en", "de")


@cache
def translator(language: str) -> Translate:
    """A function from the English text to the text in `language` (`en` or `de`).

    Raises:
        LookupError: for a language without a catalogue.
    """
    if language == "en":
        return lambda text: text
    if language not in LANGUAGES:
        raise LookupError(f"no texts in {language!r}; there are: {', '.join(LANGUAGES)}")
    from babel.messages.pofile import read_po

    path = resources.files("mitwirkung") / "translations" / f"{language}.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    known = {str(message.id): str(message.string) for message in catalogue if message.string}
    return lambda text: known.get(text, text)


def number_text(value: int | str | Fraction, language: str, digits: int = 0) -> str:
    """A number as people write it in `language`, with so many decimals, rounded half to even, and a
    real minus sign."""
    from babel.numbers import format_decimal

    scaled = Decimal(round(Fraction(value) * 10**digits)).scaleb(-digits)
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    text = str(format_decimal(scaled, format=pattern, locale=language))
    return text.replace("-", "\N{MINUS SIGN}")


def moment_text(text: str, language: str) -> str:
    """An ISO time with its offset as people write it in `language`; any other text as it is."""
    from babel.dates import format_date, format_time

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    offset = moment.strftime("%z")
    zone = f"UTC{offset[:3]}:{offset[3:5]}".replace("-", "\N{MINUS SIGN}") if offset else ""
    clock = format_time(moment.time(), "short", locale=language)
    day = format_date(moment.date(), "long", locale=language)
    return f"{day}, {clock} ({zone})" if zone else f"{day}, {clock}"
