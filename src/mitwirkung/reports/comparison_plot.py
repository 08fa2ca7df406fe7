"""The picture of several lotteries: everyone's chances in each, one below the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from mitwirkung.display import wrapped
from mitwirkung.lottery.display import telling_decimals
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.reports.chance_plots import WIDTH, median, people_and_seats, steps
from mitwirkung.reports.charts import BAND, INK, LINE, PANEL, Scale, finished, place, width_of
from mitwirkung.reports.picture import Picture, require_analysis
from mitwirkung.reports.words import Words

HEIGHT = 130
"""Of the chances of one lottery, in pixels."""

ROOM = 180
"""Of what stands right of them."""


def plot_comparison(lotteries: Mapping[str, PanelLottery], *, language: str = "en") -> Picture:
    """Everyone's chance of a seat in several lotteries, each sorted from small to large.

    All have the same scales. The dashed line is the equal chance of all.

    Args:
        lotteries: what each is called, in the order of the picture; for example one for each
            strategy, or for each set of quotas that is thought of.
        language: that of the texts, `en` or `de`.

    Raises:
        ExtraMissing: the extra `analysis` is not installed.
        LookupError: for a language without texts.
        ValueError: there is no lottery.
    """
    require_analysis()
    import altair as alt

    if not lotteries:
        raise ValueError("at least one lottery is needed")
    words = Words(language)
    found = {name: sorted(lottery.exact_chances) for name, lottery in lotteries.items()}
    equal = {
        name: Fraction(lottery.problem.seats, len(lottery.problem))
        for name, lottery in lotteries.items()
    }
    across = Scale.to(max(map(len, found.values())))
    up = Scale.around(max(*(chances[-1] for chances in found.values()), *equal.values()))
    curves: list[dict[str, Any]] = []
    said = []
    texts: list[dict[str, Any]] = []
    for number, (name, chances) in enumerate(found.items()):
        curves += [{"lottery": number, **step} for step in steps(chances)]
        figures = _figures(chances, equal[name], words)
        texts.append(
            {
                "lottery": number,
                "equal": place(equal[name]),
                "name": wrapped(name, ROOM, width_of),
                "figures": figures,
            }
        )
        said.append(f"{name}: {'; '.join(figures)}.")
    x = alt.X(
        "people:Q",
        scale=across.vega(),
        axis=across.axis(words.t("people, sorted by their chance"), words.number),
    )
    axis = up.axis(words.t("chance of a seat"), up.percent(words))
    y = alt.Y("chance:Q", scale=up.vega(), axis=axis)
    base = alt.Chart()
    beside = base.transform_filter("isValid(datum.equal)").encode(x=alt.value(WIDTH + 12))
    layers = [
        base.transform_filter("isValid(datum.chance)")
        .mark_area(interpolate="step-after", color=BAND, line={"color": PANEL})
        .encode(x=x, y=y),
        base.transform_filter("isValid(datum.equal)")
        .mark_rule(color=INK, strokeDash=[6, 3], strokeWidth=1.5)
        .encode(y=alt.Y("equal:Q", scale=up.vega(), axis=axis)),
    ]
    look: dict[str, Any] = {"align": "left", "baseline": "top", "lineHeight": LINE}
    for height in sorted({len(row["name"]) for row in texts}):
        some = beside.transform_filter(f"length(datum.name) == {height}")
        layers += [
            some.mark_text(fontWeight="bold", **look).encode(y=alt.value(0), text="name:N"),
            some.mark_text(**look).encode(y=alt.value(LINE * height + 4), text="figures:N"),
        ]
    chart = (
        alt.layer(*layers, data=alt.InlineData(values=[*curves, *texts]))
        .properties(width=WIDTH, height=HEIGHT)
        .facet(row=alt.Row("lottery:O", header=None), spacing=22)
    )
    subtitles = dict.fromkeys(people_and_seats(each, words) for each in lotteries.values())
    return finished(
        chart,
        words,
        title=words.t("Everyone's chance of a seat"),
        subtitle="; ".join(subtitles),
        said=" ".join(said),
    )


def _figures(chances: Sequence[Fraction], equal: Fraction, words: Words) -> list[str]:
    """The smallest, the middle and the largest of sorted chances, in words."""
    decimals = telling_decimals(equal)
    return [
        words.t("smallest {chance}", chance=words.percent(chances[0], decimals)),
        words.t("median {chance}", chance=words.percent(median(chances), decimals)),
        words.t("largest {chance}", chance=words.percent(chances[-1], decimals)),
        words.t("equal chance of all, {chance}", chance=words.percent(equal, decimals)),
    ]
