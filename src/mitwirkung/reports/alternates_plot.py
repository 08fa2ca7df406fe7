"""The picture of alternates: how far from its quotas a panel ends up, by how they are found."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from mitwirkung.lottery.alternates import Rules
from mitwirkung.reports.chance_plots import WIDTH
from mitwirkung.reports.charts import INK, PANEL, POOL, Scale, finished, place
from mitwirkung.reports.picture import Picture, require_analysis
from mitwirkung.reports.words import Words

HEIGHT = 240


def plot_alternates(rules: Rules, *, language: str = "en") -> Picture:
    """Seats off the quotas after drop-outs, by the number of alternates, for both rules.

    Args:
        rules: what `compare_alternates` found.
        language: that of the texts, `en` or `de`.

    Raises:
        ExtraMissing: the extra `analysis` is not installed.
        LookupError: for a language without texts.
    """
    require_analysis()
    import altair as alt

    words = Words(language)
    names = (
        (words.t("chosen by who may drop out"), rules.chosen, PANEL, 3),
        (words.t("a small panel, quotas to scale"), rules.proportional, POOL, -8),
    )
    tenth = [[Fraction(round(off * 10), 10) for off in found] for _, found, _, _ in names]
    across = Scale.to(max(rules.numbers))
    up = Scale.around(max(max(found) for found in tenth))
    rows: list[dict[str, Any]] = [
        {"rule": name, "number": number, "off": place(off)}
        for (name, _, _, _), found in zip(names, tenth, strict=True)
        for number, off in zip(rules.numbers, found, strict=True)
    ]
    x = alt.X(
        "number:Q",
        scale=across.vega(),
        axis=across.axis(words.t("alternates"), words.number),
    )
    y = alt.Y(
        "off:Q",
        scale=up.vega(),
        axis=up.axis(words.t("seats off the quotas"), lambda off: words.number(int(off))),
    )
    layers = []
    base = alt.Chart()
    for name, _, colour, above in names:
        one = base.transform_filter(f"datum.rule == {name!r}").encode(x=x, y=y)
        last = one.transform_filter(f"datum.number == {max(rules.numbers)}")
        layers += [
            one.mark_line(color=colour, strokeWidth=2),
            one.mark_point(color=colour, filled=True, size=40, opacity=1),
            last.mark_text(align="left", dx=10, dy=above, color=INK).encode(text="rule:N"),
        ]
    chart = alt.layer(*layers, data=alt.InlineData(values=rows)).properties(
        width=WIDTH, height=HEIGHT
    )
    said = [
        words.t(
            "{rule}: {figures}.",
            rule=name,
            figures="; ".join(
                words.t(
                    "{number} alternates, {off} seats off",
                    number=words.number(number),
                    off=words.number(off, 1),
                )
                for number, off in zip(rules.numbers, found, strict=True)
            ),
        )
        for (name, _, _, _), found in zip(names, tenth, strict=True)
    ]
    return finished(
        chart,
        words,
        title=words.t("Panels after people dropped out"),
        subtitle=words.t(
            "Seats off the quotas on average over {rounds} tries", rounds=words.number(rules.rounds)
        ),
        said=" ".join(said),
    )
