"""The picture of alternates shows what the comparison found."""

from __future__ import annotations

import pytest

from mitwirkung.lottery.alternates import Rules
from mitwirkung.reports.alternates_plot import plot_alternates
from svg_pictures import read_svg, texts_of

RULES = Rules((0, 2, 4), (9.0, 3.5, 1.0), (9.0, 5.0, 4.0), 600)


@pytest.mark.parametrize("language", ["en", "de"])
def test_both_rules_are_drawn_and_told(language: str) -> None:
    picture = plot_alternates(RULES, language=language)
    (rows,) = picture.chart.to_dict()["datasets"].values()
    drawn = {(row["rule"], row["number"]): row["off"] for row in rows}
    assert sorted(drawn.values()) == [1.0, 3.5, 4.0, 5.0, 9.0, 9.0]
    assert len({rule for rule, _ in drawn}) == 2
    assert ("3.5" if language == "en" else "3,5") in picture.alt
    assert picture.title in texts_of(read_svg(picture.svg()))
