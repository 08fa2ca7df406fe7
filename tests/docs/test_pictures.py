"""The pictures of the README are there, can be read, and show what the example gives today."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from svg_pictures import read_svg, texts_of

ROOT = Path(__file__).resolve().parents[2]
SHOWN = re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", (ROOT / "README.md").read_text("utf-8"))


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    path = ROOT / "tools" / "make_pictures.py"
    spec = importlib.util.spec_from_file_location("make_pictures", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_readme_shows_two() -> None:
    assert [path for _, path in SHOWN] == ["docs/pictures/panel.svg", "docs/pictures/chances.svg"]


@pytest.mark.parametrize(("alternative", "path"), SHOWN)
def test_each_is_there_with_a_text_alternative(alternative: str, path: str) -> None:
    assert len(alternative.split()) > 10
    root = read_svg((ROOT / path).read_text("utf-8"))
    description = root[1].text or ""
    figures = re.compile(r"\d+(?:\.\d+)?%?")
    assert set(figures.findall(alternative)) <= set(figures.findall(description))


def test_they_are_those_of_the_example(tool: ModuleType) -> None:
    pictures = tool.pictures()
    assert {f"docs/pictures/{name}" for name in pictures} == {path for _, path in SHOWN}
    for name, picture in pictures.items():
        kept = read_svg((ROOT / "docs" / "pictures" / name).read_text("utf-8"))
        assert texts_of(kept) == texts_of(read_svg(picture.svg()))
        assert kept[1].text == picture.alt
