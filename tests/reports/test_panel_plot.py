"""The picture of target, pool and panel."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

import mitwirkung as mw
from builders import people, plan, town
from mitwirkung.lottery.composition import compositions
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.publication import publication
from mitwirkung.lottery.quotas import QuotaPlan
from mitwirkung.reports.charts import BAND
from mitwirkung.reports.picture import Picture
from svg_pictures import SVG, read_svg, texts_of

LONG = (
    "Ich habe einen <i>Abschluss</i>, den das Formular sehr lang benennt, weil das Feld es erlaubt"
)
WORD = "Kraftfahrzeugmechatronikerinnenausbildungsbetriebsratsvorsitzendenwahl"


def drawn(quotas: QuotaPlan, rows: list[dict[str, str]], seats: int, **options: Any) -> DrawRecord:
    problem = mw.SelectionProblem(people(*rows, **options), quotas, seats=seats)
    return publication(mw.solve(problem)).draw("seed")


def rows_of(picture: Picture) -> list[dict[str, Any]]:
    (rows,) = picture.chart.to_dict()["datasets"].values()
    return [row for row in rows if row["place"]]


def test_everything_is_drawn_to_scale() -> None:
    record = publication(mw.solve(town())).draw("seed")
    found = rows_of(mw.plot_panel(record))
    expected = [(each, counts) for each in compositions(record) for counts in each.answers]
    assert len(found) == len(expected) == 4
    for row, (_, counts) in zip(found, expected, strict=True):
        assert counts.quota is not None
        assert row["words"] == [counts.quota.value]
        assert row["pool"] == pytest.approx(counts.pool / 12, abs=1e-6)
        assert row["panel"] == pytest.approx(counts.panel / 4, abs=1e-6)
        assert (row["low"], row["high"]) == (counts.quota.min / 4, counts.quota.max / 4)
        assert row["quota"] == f"{counts.quota.min}\N{EN DASH}{counts.quota.max}"


def test_every_answer_and_every_figure_can_be_read() -> None:
    quotas = plan(Geschlecht={"weiblich": (1, 1), "männlich": (0, 1), "divers": (0, 2)})
    rows = [
        {"Geschlecht": answer} for answer in ("weiblich", "männlich", "männlich", "männlich", "")
    ]
    record = drawn(quotas, rows, 2, missing={"Geschlecht": "unconstrained"})
    picture = mw.plot_panel(record, language="de")
    texts = texts_of(read_svg(picture.svg()))
    for text in (
        "Geschlecht",
        "weiblich",
        "männlich",
        "divers",
        "ohne Antwort",
        "Ziel, Pool und Ausgeloste",
    ):
        assert text in texts
    for text in ("2 Plätze, 5 Personen im Pool", "Quote, Plätze", "Pool", "Ausgeloste", "keine"):
        assert text in texts
    assert "keine Grenze" in texts
    assert "3 (60\N{NO-BREAK SPACE}%)" in texts
    assert (
        "Geschlecht: weiblich: Quote 1, Pool 1 (20\N{NO-BREAK SPACE}%), "
        "Ausgeloste 1 (50\N{NO-BREAK SPACE}%)." in picture.alt
    )
    for each in compositions(record)[0].answers:
        assert f"Pool {each.pool} (" in picture.alt
    bands = [(row["low"], row["high"]) for row in rows_of(picture)]
    assert bands == [(0.5, 0.5), (0, 0.5), (None, None), (None, None)]


def test_english_is_english() -> None:
    picture = mw.plot_panel(publication(mw.solve(town())).draw("seed"))
    texts = texts_of(read_svg(picture.svg()))
    assert {"Target, pool and panel", "4 seats, 12 people in the pool", "Quota, seats"} <= set(
        texts
    )
    assert "sex: f: quota 1\N{EN DASH}3, pool 7 (58%), panel" in picture.alt


@pytest.mark.parametrize("long", [LONG, WORD, "W" * 80, "日本語" * 30])
def test_long_answers_stand_there_whole_and_inside(long: str) -> None:
    quotas = plan(**{f"Frage: {long}?": {long: (1, 1), "kurz": (0, 1)}})
    rows = [{f"Frage: {long}?": answer} for answer in (long, long, "kurz")]
    picture = mw.plot_panel(drawn(quotas, rows, 2))
    texts = texts_of(read_svg(picture.svg()))
    assert "".join(long.split()) in "".join("".join(texts).split())
    assert "…" not in "".join(texts)
    image = Image.open(BytesIO(picture.png(1.0))).convert("RGB")
    width, height = image.size
    edges = [image.crop(box) for box in ((0, 0, 4, height), (width - 4, 0, width, height))]
    for edge in edges:  # a text that is cut off would reach it
        assert edge.getcolors() == [(4 * height, (255, 255, 255))]


def test_an_exact_quota_can_be_seen() -> None:
    quotas = plan(age={"old": (1, 1), "young": (9, 9)})
    record = drawn(quotas, [{"age": age} for age in ["old"] * 10 + ["young"] * 10], 10)
    root = read_svg(mw.plot_panel(record).svg())
    bands = [
        re.fullmatch(r"M[0-9.]+,[0-9.]+h([0-9.]+)v20h-[0-9.]+Z", path.get("d", ""))
        for path in root.iter(f"{SVG}path")
        if path.get("fill") == BAND
    ]
    widths = [float(band[1]) for band in bands if band]
    assert len(widths) == 2
    assert min(widths) >= 2
