"""What all pictures share: letters, colours, scales with their axes, and the finished picture.

All numbers are written here, in the language asked for, so that no locale of a machine formats
them. Altair is imported by the functions that use it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from mitwirkung.reports.picture import Picture
from mitwirkung.reports.words import Words

if TYPE_CHECKING:
    import altair as alt

# vl-convert brings the first of these along, so that texts are measured alike on every machine; the
# letters of the next two are just as wide.
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
LETTER, LINE = 12, 15
"""How high a letter and a line of them are, in pixels."""

# The colours of the report. They differ in lightness too: for print, and for the colour-blind.
INK, SOFT, GRID = "#1c2530", "#51606f", "#d5dce3"
PANEL, POOL, BAND, BAND_EDGE = "#0b6470", "#78889a", "#cfe3d8", "#5f9a7c"

MOST_TICKS = 6


@dataclass(frozen=True)
class Scale:
    """Numbers from 0 to `end`, told at every `step` of 1, 2 or 5 times a power of ten."""

    end: Fraction
    step: Fraction

    @classmethod
    def to(cls, end: Fraction | int) -> Scale:
        """A scale that ends exactly there."""
        step = Fraction(1, 10**6)
        factors = (Fraction(2), Fraction(5, 2), Fraction(2))
        tried = 0
        while end / step > MOST_TICKS:
            step *= factors[tried % 3]
            tried += 1
        return cls(Fraction(end), step)

    @classmethod
    def around(cls, largest: Fraction) -> Scale:
        """A scale that ends at a step, and reaches `largest`."""
        step = cls.to(largest).step
        return cls(ceil(largest / step) * step, step)

    def vega(self) -> alt.Scale:
        import altair as alt

        return alt.Scale(domain=[0, place(self.end)], nice=False, zero=True)

    def axis(self, title: str, label: Callable[[Fraction], str]) -> alt.Axis:
        """An axis with its labels in words of our own."""
        import altair as alt

        values = [self.step * i for i in range(int(self.end / self.step) + 1)]
        labels = json.dumps([label(value) for value in values])
        return alt.Axis(
            title=title,
            values=[place(value) for value in values],
            labelExpr=f"{labels}[round(datum.value / {place(self.step)})]",
            labelFlush=False,
        )

    def percent(self, words: Words) -> Callable[[Fraction], str]:
        """Labels in per cent, with as many decimals as the steps need."""
        digits = 0
        while (self.step * 100 * 10**digits).denominator > 1:
            digits += 1
        return lambda share: words.percent(share, digits)


def place(number: Fraction | int) -> float:
    """A number as it is drawn: a millionth is less than anybody sees."""
    return round(float(number), 6)


def width_of(text: str) -> float:
    """About how wide a text is in pixels, rather too wide than too narrow."""
    return LETTER * sum(_width_of_letter(letter) for letter in text)


def _width_of_letter(letter: str) -> float:
    if letter in " .,:;'|!()[]/-ijlftrI":
        return 0.35
    if letter in "mwMW%@":
        return 0.95
    if letter.isupper():
        return 0.75
    return 0.6 if letter < "\N{EN DASH}" else 1.1


def finished(
    chart: alt.LayerChart | alt.FacetChart,
    words: Words,
    *,
    title: str,
    subtitle: str,
    said: str,
) -> Picture:
    """A chart with its title, in the letters and colours of all pictures.

    `said` is what the picture shows, in words and figures; with `subtitle` it is the alternative.
    """
    import altair as alt

    heading = alt.TitleParams(
        text=title,
        subtitle=subtitle,
        anchor="start",
        fontSize=LETTER + 4,
        subtitleFontSize=LETTER,
        color=INK,
        subtitleColor=SOFT,
        offset=14,
    )
    drawn = (
        chart.properties(title=heading, padding=12, background="white")
        .configure(font=FONT, aria=False)
        .configure_view(stroke=None)
        .configure_axis(
            labelFontSize=LETTER - 1,
            labelColor=SOFT,
            titleFontSize=LETTER,
            titleFontWeight="normal",
            titleColor=SOFT,
            titlePadding=8,
            gridColor=GRID,
            domainColor=SOFT,
            tickColor=SOFT,
        )
        .configure_text(color=INK, fontSize=LETTER)
        .configure_legend(labelFontSize=LETTER, labelColor=INK, labelLimit=0)
    )
    return Picture(drawn, title, f"{subtitle}. {said}", words.language)
