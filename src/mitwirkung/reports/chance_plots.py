"""Pictures of a lottery: everyone's chances from small to large, and their Lorenz curve."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate

from mitwirkung.display import wrapped
from mitwirkung.lottery.display import telling_decimals
from mitwirkung.lottery.draw import gini
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.reports.charts import BAND, INK, LINE, PANEL, Scale, finished, place, width_of
from mitwirkung.reports.picture import Picture, require_analysis
from mitwirkung.reports.words import Words

WIDTH, HEIGHT = 460, 280
"""Of the chances, in pixels."""

SQUARE = 340
"""Of the Lorenz curve, whose axes are alike."""

LEVELS = 1000
"""Chances that differ by less than such a part of the largest one look alike."""


def plot_chances(lottery: PanelLottery, *, language: str = "en") -> Picture:
    """Everyone's chance of a seat, from small to large, with the line of equal chances.

    Raises:
        ExtraMissing: the extra `analysis` is not installed.
        LookupError: for a language without texts.
    """
    require_analysis()
    import altair as alt

    words = Words(language)
    chances = sorted(lottery.exact_chances)
    equal = Fraction(lottery.problem.seats, len(chances))
    across, up = Scale.to(len(chances)), Scale.around(max(chances[-1], equal))
    across_axis = across.axis(words.t("people, sorted by their chance"), words.number)
    up_axis = up.axis(words.t("chance of a seat"), up.percent(words))
    y = alt.Y("chance:Q", scale=up.vega(), axis=up_axis)
    curve = (
        alt.Chart(alt.InlineData(values=steps(chances)))
        .mark_area(interpolate="step-after", color=BAND, line={"color": PANEL})
        .encode(x=alt.X("people:Q", scale=across.vega(), axis=across_axis), y=y)
    )
    level = alt.Chart(alt.InlineData(values=[{"chance": place(equal)}])).encode(y=y)
    share = words.percent(equal, telling_decimals(equal))
    label = wrapped(words.t("equal chance of all, {chance}", chance=share), 100, width_of)
    chart = alt.layer(
        curve,
        level.mark_rule(color=INK, strokeDash=[6, 3], strokeWidth=1.5),
        level.mark_text(
            align="left", baseline="middle", lineHeight=LINE, dy=-LINE / 2 * (len(label) - 1)
        ).encode(x=alt.value(WIDTH + 8), text=alt.value(label)),
    ).properties(width=WIDTH, height=HEIGHT)
    return finished(
        chart,
        words,
        title=words.t("Everyone's chance of a seat"),
        subtitle=people_and_seats(lottery, words),
        said=_chances_in_words(chances, equal, words),
    )


def plot_lorenz(lottery: PanelLottery, *, language: str = "en") -> Picture:
    """The Lorenz curve of the chances, with the diagonal of equal chances and the Gini coefficient.

    It tells what share of the seats the people with the smallest chances can expect together
    (M. O. Lorenz, "Methods of measuring the concentration of wealth", 1905); the Gini coefficient
    is twice the area between curve and diagonal.

    Raises:
        ExtraMissing: the extra `analysis` is not installed.
        LookupError: for a language without texts.
    """
    require_analysis()
    import altair as alt

    words = Words(language)
    chances = sorted(lottery.exact_chances)
    groups = alike(chances)
    people = accumulate((len(group) for group in groups), initial=0)
    seats = list(accumulate((sum(group, Fraction(0)) for group in groups), initial=Fraction(0)))
    points = [
        {"people": place(Fraction(number, len(chances))), "seats": place(share / seats[-1])}
        for number, share in zip(people, seats, strict=True)
    ]
    scale = Scale.to(1)
    percent = scale.percent(words)
    x_axis = scale.axis(words.t("share of the people, smallest chances first"), percent)
    y_axis = scale.axis(words.t("share of the seats that they can expect"), percent)
    x = alt.X("people:Q", scale=scale.vega(), axis=x_axis)
    curve = alt.Chart(alt.InlineData(values=points)).encode(
        x=x, y=alt.Y("seats:Q", scale=scale.vega(), axis=y_axis)
    )
    diagonal = alt.Chart().encode(
        x=alt.value(SQUARE / 2 - 6),
        y=alt.value(SQUARE / 2 - 6),
        text=alt.value(words.t("equal chances")),
    )
    chart = alt.layer(
        curve.mark_area(color=BAND).encode(y2="people:Q"),
        curve.mark_line(color=INK, strokeDash=[6, 3], strokeWidth=1.5).encode(y="people:Q"),
        curve.mark_line(color=PANEL, strokeWidth=2.5),
        diagonal.mark_text(align="right", baseline="bottom"),
    ).properties(width=SQUARE, height=SQUARE)
    coefficient = words.number(gini(chances), 2)
    said = words.t(
        "The half of the people who have the smallest chances can expect {share} of the seats; "
        "with equal chances it would be {equal}.",
        share=words.percent(_first_half(chances) / sum(chances), 1),
        equal=words.percent(Fraction(1, 2)),
    )
    return finished(
        chart,
        words,
        title=words.t("Lorenz curve of the chances: Gini coefficient {gini}", gini=coefficient),
        subtitle=people_and_seats(lottery, words),
        said=said,
    )


def alike(chances: Sequence[Fraction]) -> list[list[Fraction]]:
    """Sorted chances in runs that look alike in a picture; those of 0 are kept apart."""
    runs: dict[tuple[bool, int], list[Fraction]] = {}
    for chance in chances:
        runs.setdefault((chance > 0, round(chance / chances[-1] * LEVELS)), []).append(chance)
    return list(runs.values())


def steps(chances: Sequence[Fraction]) -> list[dict[str, float]]:
    """Sorted chances as a curve: after how many people it takes which height."""
    groups = alike(chances)
    starts = accumulate((len(group) for group in groups), initial=0)
    heights = [place(sum(group, Fraction(0)) / len(group)) for group in groups]
    return [
        {"people": start, "chance": height}
        for start, height in zip(starts, [*heights, heights[-1]], strict=True)
    ]


def median(chances: Sequence[Fraction]) -> Fraction:
    """The middle of sorted chances."""
    middle = len(chances) // 2
    return (chances[middle] + chances[-1 - middle]) / 2


def people_and_seats(lottery: PanelLottery, words: Words) -> str:
    """How many there are, as the subtitle of a picture."""
    return words.t(
        "{seats} seats, {people} people in the pool",
        seats=words.number(lottery.problem.seats),
        people=words.number(len(lottery.problem)),
    )


def _chances_in_words(chances: Sequence[Fraction], equal: Fraction, words: Words) -> str:
    decimals = telling_decimals(equal)
    return words.t(
        "The smallest chance is {smallest}, the median {median}, the largest {largest}. Equal "
        "chances would be {equal} each: {below} people have less, {above} have more, {never} have "
        "no chance.",
        smallest=words.percent(chances[0], decimals),
        median=words.percent(median(chances), decimals),
        largest=words.percent(chances[-1], decimals),
        equal=words.percent(equal, decimals),
        below=words.number(bisect_left(chances, equal)),
        above=words.number(len(chances) - bisect_right(chances, equal)),
        never=words.number(bisect_right(chances, Fraction(0))),
    )


def _first_half(chances: Sequence[Fraction]) -> Fraction:
    """What the first half of the people have together; of an odd number half of the middle one."""
    middle = len(chances) // 2
    half = sum(chances[:middle], Fraction(0))
    return half + chances[middle] / 2 if len(chances) % 2 else half
