"""A picture: SVG, PNG, its text alternative, and no network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from base64 import b64decode
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import altair as alt
import pytest
from IPython.core.formatters import DisplayFormatter
from PIL import Image

import mitwirkung as mw
from builders import town
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.reports.picture import Picture
from mitwirkung.texts import translator
from svg_pictures import read_svg, texts_of

PNG = b"\x89PNG\r\n\x1a\n"

WITHOUT_NETWORK = """
import ctypes, os, sys
if sys.platform == "linux":
    # Where the kernel lets us: a process without any network device, for code that is not Python.
    NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
    if ctypes.CDLL(None).unshare(NEW_NETWORK):
        ctypes.CDLL(None).unshare(NEW_USER | NEW_NETWORK)
def refuse(event, arguments):
    if event.startswith("socket."):
        raise RuntimeError(event)
sys.addaudithook(refuse)
sys.path[:0] = [{tests!r}]
import mitwirkung as mw
from builders import town
lottery = mw.solve(town(), "simple")
picture = mw.plot_chances(lottery)
assert picture.png().startswith(b"\\x89PNG")
sys.stdout.reconfigure(encoding="utf-8")
print(picture.svg())
"""


@pytest.fixture(scope="module")
def picture() -> Picture:
    return mw.plot_chances(mw.solve(town(), "simple"), language="de")


def test_svg_can_be_read_and_read_aloud(picture: Picture) -> None:
    root = read_svg(picture.svg())
    assert (root[0].text, root[1].text) == (picture.title, picture.alt)
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "de"
    assert picture.title in texts_of(root)


def test_png_is_drawn_at_the_scale_that_is_asked_for(picture: Picture) -> None:
    width, height = (float(read_svg(picture.svg()).get(name, "")) for name in ("width", "height"))
    for scale in (1.0, 2.0):
        data = picture.png(scale)
        assert data.startswith(PNG)
        image = Image.open(BytesIO(data))
        assert image.size == (
            pytest.approx(width * scale, abs=1),
            pytest.approx(height * scale, abs=1),
        )
        assert len(image.convert("RGB").getcolors(maxcolors=2**24)) > 10
    assert picture.png() == picture.png(2.0)


def test_it_is_saved_by_the_end_of_the_name(picture: Picture, tmp_path: Path) -> None:
    assert picture.save(tmp_path / "a.svg").read_text("utf-8") == picture.svg()
    assert picture.save(str(tmp_path / "A.PNG")).read_bytes().startswith(PNG)
    with pytest.raises(mw.MitwirkungError, match=r"'\.pdf'") as caught:
        picture.save(tmp_path / "a.pdf")
    assert caught.value.code == "picture-suffix"
    assert ".svg, .png" in caught.value.describe(translator("de"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["A.PNG", "a.svg"]


def test_a_notebook_shows_it_with_its_text_alternative(picture: Picture) -> None:
    bundle = picture._repr_mimebundle_()
    assert bundle["image/svg+xml"] == picture.svg()
    assert bundle["text/plain"] == f"{picture.title}\n{picture.alt}"
    tags: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append((tag, dict(attrs)))

    Reader().feed(bundle["text/html"])
    ((tag, attributes),) = tags
    assert tag == "img"
    assert attributes["alt"] == f"{picture.title}. {picture.alt}"
    kind, _, data = (attributes["src"] or "").partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert b64decode(data).decode() == picture.svg()


def test_ipython_takes_all_three(picture: Picture) -> None:
    data, _ = DisplayFormatter().format(picture)
    assert data == picture._repr_mimebundle_()


def test_what_a_file_holds_is_text_in_the_alternative() -> None:
    chart = alt.layer(alt.Chart(alt.InlineData(values=[])).mark_point())
    picture = Picture(chart, '<b>"&', '"><script>', "en")
    root = read_svg(picture.svg())
    assert (root[0].text, root[1].text) == ('<b>"&', '"><script>')
    assert "<script" not in picture._repr_mimebundle_()["text/html"]


def test_the_same_bytes_whatever_theme_a_notebook_has(picture: Picture) -> None:
    before = picture.svg()
    for theme in ("dark", "ggplot2"):
        with alt.theme.enable(theme):
            assert picture.svg() == before
    assert alt.theme.active == "default"


def test_pictures_on_one_page_have_names_of_their_own(picture: Picture) -> None:
    other = mw.plot_lorenz(mw.solve(town(), "simple"), language="de")
    ids = [re.findall(r'id="([^"]+)"', each.svg()) for each in (picture, other)]
    assert not set(ids[0]) & set(ids[1])


def test_no_network_and_the_same_bytes_in_another_process() -> None:
    code = WITHOUT_NETWORK.format(tests=str(Path(__file__).resolve().parents[1]))
    found = set()
    for seed in ("0", "1"):
        # a proxy that is not there, for whatever would ask for one
        nowhere = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
        run = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={**os.environ, **nowhere, "PYTHONHASHSEED": seed},
            check=False,
        )
        assert run.returncode == 0, run.stderr
        found.add(run.stdout[run.stdout.index("<svg") :].strip())
    assert found == {mw.plot_chances(mw.solve(town(), "simple")).svg()}


def test_nothing_is_fetched_by_the_chart(picture: Picture) -> None:
    def keys(value: object) -> set[str]:
        if isinstance(value, dict):
            return set(value).union(*map(keys, value.values()))
        return set().union(*map(keys, value)) if isinstance(value, list) else set()

    assert "url" not in keys(picture.chart.to_dict())


def compared(lottery: PanelLottery) -> Picture:
    return mw.plot_comparison({"one": lottery})


@pytest.mark.parametrize("package", ["altair", "vl_convert"])
def test_what_to_install_is_said(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lottery = mw.solve(town(), "simple")
    monkeypatch.setitem(sys.modules, package, None)
    for plot in (mw.plot_chances, mw.plot_lorenz, mw.plot_stages, compared):
        with pytest.raises(
            mw.ExtraMissing, match=r"pip install 'mitwirkung\[analysis\]'"
        ) as caught:
            plot(lottery)
        assert isinstance(caught.value, ImportError)
        assert package in str(caught.value)
        assert "mitwirkung[analysis]" in caught.value.describe(translator("de"))


def test_an_unknown_language_says_what_there_is() -> None:
    with pytest.raises(LookupError, match="en, de"):
        mw.plot_chances(mw.solve(town(), "simple"), language="xx")
