"""The picture of several lotteries."""

from __future__ import annotations

from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from PIL import Image

import mitwirkung as mw
from builders import instance, town
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.reports.picture import Picture
from svg_pictures import read_svg, texts_of


def rows_of(picture: Picture) -> list[dict[str, Any]]:
    (rows,) = picture.chart.to_dict()["datasets"].values()
    found: list[dict[str, Any]] = rows
    return found


@pytest.fixture(scope="module")
def lotteries() -> dict[str, PanelLottery]:
    return {name: mw.solve(town(), name) for name in ("leximin", "simple")}


def test_every_curve_is_drawn_to_scale(lotteries: dict[str, PanelLottery]) -> None:
    rows = rows_of(mw.plot_comparison(lotteries))
    for number, lottery in enumerate(lotteries.values()):
        curve = [row for row in rows if row["lottery"] == number and "chance" in row]
        assert [curve[0]["people"], curve[-1]["people"]] == [0, 12]
        drawn = [
            step["chance"]
            for step, after in pairwise(curve)
            for _ in range(after["people"] - step["people"])
        ]
        assert drawn == pytest.approx(sorted(map(float, lottery.exact_chances)), abs=1e-3)
    assert [row["equal"] for row in rows if "equal" in row] == [pytest.approx(1 / 3, abs=1e-6)] * 2


def test_names_and_figures_stand_beside(lotteries: dict[str, PanelLottery]) -> None:
    picture = mw.plot_comparison(lotteries)
    texts = texts_of(read_svg(picture.svg()))
    assert [text for text in texts if text in lotteries] == ["leximin", "simple"]
    assert {"smallest 16.7%", "median 25.0%", "largest 50.0%"} <= set(texts)
    assert texts.count("chance of a seat") == 2
    assert picture.alt.startswith("4 seats, 12 people in the pool. leximin: smallest ")
    assert picture.alt.endswith(
        "simple: smallest 16.7%; median 25.0%; largest 50.0%; equal chance of all, 33.3%."
    )


def test_german_is_german(lotteries: dict[str, PanelLottery]) -> None:
    picture = mw.plot_comparison(lotteries, language="de")
    texts = set(texts_of(read_svg(picture.svg())))
    assert {"kleinste 16,7\N{NO-BREAK SPACE}%", "Personen, nach ihrer Chance sortiert"} <= texts
    assert "gleiche Chance für alle, 33,3\N{NO-BREAK SPACE}%" in texts


def test_pools_of_different_size_share_their_scales() -> None:
    small = mw.solve(town(), "simple")
    large = mw.solve(instance("repl_example_small_20"), "simple")
    picture = mw.plot_comparison({"small": small, "large": large})
    assert picture.alt.startswith(
        "4 seats, 12 people in the pool; 20 seats, 200 people in the pool."
    )
    assert [row["equal"] for row in rows_of(picture) if "equal" in row] == [
        pytest.approx(1 / 3, abs=1e-6),
        0.1,
    ]
    assert "200" in texts_of(read_svg(picture.svg()))


@pytest.mark.parametrize(
    "name", ["Quoten wie im Ratsbeschluss, mit einem Sitz mehr für Hörde", "W" * 60]
)
def test_long_names_stand_there_whole_and_inside(
    name: str, lotteries: dict[str, PanelLottery]
) -> None:
    picture = mw.plot_comparison({name: lotteries["leximin"], "x": lotteries["simple"]})
    texts = texts_of(read_svg(picture.svg()))
    assert "".join(name.split()) in "".join("".join(texts).split())
    image = Image.open(BytesIO(picture.png(1.0))).convert("RGB")
    width, height = image.size
    for edge in (image.crop((0, 0, 4, height)), image.crop((width - 4, 0, width, height))):
        assert edge.getcolors() == [(4 * height, (255, 255, 255))]


def test_nothing_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="at least one"):
        mw.plot_comparison({})
