"""The picture of a draw: target, pool and panel for every answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from mitwirkung.display import wrapped
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.reports.charts import (
    BAND,
    BAND_EDGE,
    LINE,
    PANEL,
    POOL,
    SOFT,
    Scale,
    finished,
    place,
    width_of,
)
from mitwirkung.reports.model import FeatureTable, Share, ValueRow
from mitwirkung.reports.picture import Picture, require_analysis
from mitwirkung.reports.representation import feature_tables
from mitwirkung.reports.words import Words

if TYPE_CHECKING:
    import altair as alt

WIDTH = 380
"""Of the bars, in pixels."""

ANSWERS = (180, 260, 340)
"""Of the answers left of the bars: the first that leaves every answer no more than two lines."""

FIGURES = {"quota": 90, "pool_count": 190, "panel_count": 280}
"""Columns of figures, and where they end: so many pixels right of the bars."""


def plot_panel(record: DrawRecord, *, language: str = "en") -> Picture:
    """Target, pool and panel for every answer, as shares of all seats or people, and in figures.

    The target is a band from the minimum to the maximum of the quota.

    Raises:
        ExtraMissing: the extra `analysis` is not installed.
        LookupError: for a language without texts.
    """
    require_analysis()
    import altair as alt

    words = Words(language)
    tables = feature_tables(record)
    rows = [
        {"feature": number, "place": i, **row}
        for number, table in enumerate(tables)
        for i, row in enumerate((_heading(table, words), *(_row(r, words) for r in table.values)))
    ]
    for row, lines in zip(rows, _in_lines([row["words"] for row in rows]), strict=True):
        row["words"] = lines
    heights = sorted({len(row["words"]) for row in rows})
    layers = [*_bars(tables, words), *_texts(heights)]
    chart = (
        alt.layer(*layers, data=alt.InlineData(values=rows))
        .properties(width=WIDTH, height=alt.Step(max(26, LINE * heights[-1] + 6)))
        .facet(row=alt.Row("feature:O", header=None), spacing=8)
        .resolve_scale(y="independent")
    )
    title = words.t("Target, pool and panel")
    subtitle = words.t(
        "{seats} seats, {people} people in the pool",
        seats=words.number(len(record.panel)),
        people=words.number(len(record.publication.problem)),
    )
    said = [_sentence(table, row, words) for table in tables for row in table.values]
    return finished(chart, words, title=title, subtitle=subtitle, said=" ".join(said))


def _heading(table: FeatureTable, words: Words) -> dict[str, Any]:
    """The row above the answers: the feature, and what the columns of figures are."""
    return {
        "words": table.name,
        "quota": words.t("Quota, seats"),
        "pool_count": words.t("Pool"),
        "panel_count": words.t("Panel"),
    }


def _row(row: ValueRow, words: Words) -> dict[str, Any]:
    """What is drawn of an answer; no band where there is no quota, or one that limits nothing."""
    band = _band(row)
    return {
        "words": words.answer(row.value),
        "low": band and place(band[0]),
        "high": band and place(band[1]),
        "pool": place(row.pool.exact),
        "panel": place(row.panel.exact),
        "quota": words.quota(row),
        "pool_count": _count(row.pool, words),
        "panel_count": _count(row.panel, words),
    }


def _in_lines(texts: Sequence[str]) -> list[list[str]]:
    """Features and answers in lines that fit left of the bars."""
    for room in ANSWERS:
        lines = [wrapped(text, room, width_of) for text in texts]
        if max(map(len, lines)) <= 2:
            break
    return lines


def _band(row: ValueRow) -> tuple[Fraction, Fraction] | None:
    """The quota as shares of the seats."""
    seats = row.panel.of
    if row.min is None or row.max is None or (row.min == 0 and row.max >= seats):
        return None
    return Fraction(min(row.min, seats), seats), Fraction(min(row.max, seats), seats)


def _count(share: Share, words: Words) -> str:
    return f"{words.number(share.number)} ({words.percent(share.exact)})"


def _sentence(table: FeatureTable, row: ValueRow, words: Words) -> str:
    return words.t(
        "{feature}: {value}: quota {quota}, pool {pool}, panel {panel}.",
        feature=table.name,
        value=words.answer(row.value),
        quota=words.quota(row),
        pool=_count(row.pool, words),
        panel=_count(row.panel, words),
    )


def _bars(tables: tuple[FeatureTable, ...], words: Words) -> list[alt.Chart]:
    """The band of the quota; in front of it a thin bar for the pool, a thick one for the panel."""
    import altair as alt

    rows = [row for table in tables for row in table.values]
    ends = [quota[1] for row in rows if (quota := _band(row))]
    ends += [share.exact for row in rows for share in (row.pool, row.panel)]
    scale = Scale.around(max(ends))
    title = words.t("share of all seats, or of all people in the pool")
    axis, ends_of_axis = scale.axis(title, scale.percent(words)), scale.vega()
    names = [words.t("quota, from minimum to maximum"), words.t("pool"), words.t("panel")]
    colours = alt.Scale(domain=names, range=[BAND, POOL, PANEL])
    legend = alt.Legend(orient="top", title=None, symbolStrokeWidth=0)

    def bars(field: str, name: str, **look: Any) -> alt.Chart:
        chart: alt.Chart = alt.Chart().transform_calculate(bar=json.dumps(name)).mark_bar(**look)
        return chart.encode(
            x=alt.X(field, type="quantitative", axis=axis, scale=ends_of_axis),
            y=alt.Y("place:O", axis=None),
            color=alt.Color("bar:N", scale=colours, legend=legend),
        )

    edge = {"stroke": BAND_EDGE, "strokeWidth": 1.5, "xOffset": -1, "x2Offset": 1}
    band = bars("low", names[0], size=20, **edge)  # never so thin that it cannot be seen
    return [
        band.encode(x2="high"),
        bars("pool", names[1], size=5, yOffset=-5),
        bars("panel", names[2], size=8, yOffset=3),
    ]


def _texts(heights: Sequence[int]) -> list[alt.Chart]:
    """Answers left of the bars, of so many lines each; figures right of them."""
    import altair as alt

    def texts(condition: str, field: str, x: float, **look: Any) -> alt.Chart:
        mark = alt.Chart().mark_text(align="right", baseline="middle", lineHeight=LINE, **look)
        chart: alt.Chart = mark.transform_filter(condition)
        return chart.encode(y=alt.Y("place:O", axis=None), x=alt.value(x), text=f"{field}:N")

    layers = []
    for height in heights:
        lines, up = f"length(datum.words) == {height}", -LINE / 2 * (height - 1)
        layers += [
            texts(f"datum.place == 0 && {lines}", "words", -8, dy=up, fontWeight="bold"),
            texts(f"datum.place > 0 && {lines}", "words", -8, dy=up),
        ]
    for field, end in FIGURES.items():
        layers += [
            texts("datum.place == 0", field, WIDTH + end, color=SOFT),
            texts("datum.place > 0", field, WIDTH + end),
        ]
    return layers
