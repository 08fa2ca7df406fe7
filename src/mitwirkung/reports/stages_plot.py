"""The picture of leximin: who is held at which chance, and by which limits."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from mitwirkung.display import wrapped
from mitwirkung.lottery.display import telling_decimals
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.reports.chance_plots import people_and_seats
from mitwirkung.reports.charts import INK, LINE, PANEL, SOFT, Scale, finished, place, width_of
from mitwirkung.reports.picture import Picture, require_analysis
from mitwirkung.reports.stages import Level, levels
from mitwirkung.reports.wording import limits_in_words
from mitwirkung.reports.words import Words

if TYPE_CHECKING:
    import altair as alt

WIDTH = 340
"""Of the bars, in pixels."""

ROOM = 380
"""Of the limits left of the bars."""

FIGURES = {"chance_said": 80, "people": 160}
"""Columns of figures, and where they end: so many pixels right of the bars."""

MOST_LIMITS = 2
"""So many limits of a level are named in the picture; the text alternative names all."""


def plot_stages(lottery: PanelLottery, *, language: str = "en") -> Picture:
    """The levels of a leximin lottery: chance, people, and the limits that hold them there.

    A bar stands for the people who have the same chance, from the smallest to the largest. The
    limits left of it are those that the certificate adds up: together they leave no seat more for
    these people unless somebody with no larger chance loses. Limits that no lower level names come
    first.

    Raises:
        ExtraMissing: the extra `analysis` is not installed.
        NoStages: the lottery does not promise leximin.
        LookupError: for a language without texts.
    """
    require_analysis()
    import altair as alt

    words = Words(language)
    found = levels(lottery)
    equal = Fraction(lottery.problem.seats, len(lottery.problem))
    decimals = telling_decimals(equal)
    label = words.t("equal chance of all, {chance}", chance=words.percent(equal, decimals))
    heading: dict[str, Any] = {
        "words": [words.t("held there by")],
        "chance_said": words.t("Chance"),
        "people": words.t("People"),
    }
    rows = [heading, *(_row(level, decimals, words) for level in found)]
    for number, row in enumerate(rows):
        row["place"] = number
    heights = sorted({len(row["words"]) for row in rows})
    scale = Scale.around(max(found[-1].chance, equal))
    axis = scale.axis(words.t("chance of a seat"), scale.percent(words))
    axis["grid"] = False  # the figures stand beside the bars
    x = alt.X("chance:Q", scale=scale.vega(), axis=axis)
    middle = alt.Chart(alt.InlineData(values=[{"chance": place(equal), "place": 0}])).encode(x=x)
    right = equal * 2 > scale.end
    bars = alt.Chart().mark_bar(color=PANEL, size=12).transform_filter("datum.place > 0")
    chart = alt.layer(
        bars.encode(x=x, y=alt.Y("place:O", axis=None)),
        middle.mark_rule(color=INK, strokeDash=[6, 3], strokeWidth=1.5),
        middle.mark_text(
            align="right" if right else "left", baseline="middle", dx=-6 if right else 6
        ).encode(y=alt.Y("place:O", axis=None), text=alt.value(label)),
        *_texts(heights),
        data=alt.InlineData(values=rows),
    ).properties(width=WIDTH, height=alt.Step(LINE * heights[-1] + 12))
    return finished(
        chart,
        words,
        title=words.t("What holds the chances where they are"),
        subtitle=people_and_seats(lottery, words),
        said=" ".join(_sentence(level, decimals, words) for level in found),
    )


def _row(level: Level, decimals: int, words: Words) -> dict[str, Any]:
    """What is drawn of a level."""
    limits = _limits(level, words)
    more = len(limits) - MOST_LIMITS
    if more > 0:
        limits = [*limits[:MOST_LIMITS], words.t("and {number} more", number=words.number(more))]
    return {
        "words": [line for limit in limits for line in wrapped(limit, ROOM, width_of)],
        "chance": place(level.chance),
        "chance_said": words.percent(level.chance, decimals),
        "people": words.number(level.people),
    }


def _limits(level: Level, words: Words) -> list[str]:
    """The limits of a level, one each."""
    found = limits_in_words(level.limits, level.households, words)
    if level.sizes:
        found.append(words.t("no group has more seats than people"))
    if level.cuts:
        found.append(words.t("people are whole"))
    if level.seats:
        found.append(words.t("the number of seats"))
    return found or [words.t("nobody has more than one seat")]


def _sentence(level: Level, decimals: int, words: Words) -> str:
    return words.t(
        "{people} people with a chance of {chance}, held there by: {limits}.",
        people=words.number(level.people),
        chance=words.percent(level.chance, decimals),
        limits="; ".join(_limits(level, words)),
    )


def _texts(heights: Sequence[int]) -> list[alt.Chart]:
    """Limits left of the bars, of so many lines each; figures right of them; headings are soft."""
    import altair as alt

    def texts(condition: str, field: str, x: float, **look: Any) -> alt.Chart:
        mark = alt.Chart().mark_text(align="right", baseline="middle", lineHeight=LINE, **look)
        chart: alt.Chart = mark.transform_filter(condition)
        return chart.encode(y=alt.Y("place:O", axis=None), x=alt.value(x), text=f"{field}:N")

    layers = [texts("datum.place == 0", "words", -8, color=SOFT)]
    for height in heights:
        several = f"datum.place > 0 && length(datum.words) == {height}"
        layers.append(texts(several, "words", -8, dy=-LINE / 2 * (height - 1)))
    for field, end in FIGURES.items():
        layers += [
            texts("datum.place == 0", field, WIDTH + end, color=SOFT),
            texts("datum.place > 0", field, WIDTH + end),
        ]
    return layers
