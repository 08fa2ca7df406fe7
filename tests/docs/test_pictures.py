"""The pictures of the documentation are there, can be read, and show what is true today."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from svg_pictures import read_svg, texts_of

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/explanation/method.md", "docs/how-to/replace-a-seat.md")


def shown_on(page: str) -> list[tuple[str, str]]:
    """Text alternatives and paths, from the root of the repository, of the pictures on a page."""
    folder = (ROOT / page).parent
    found = re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", (ROOT / page).read_text("utf-8"))
    return [(text, (folder / path).resolve().relative_to(ROOT).as_posix()) for text, path in found]


SHOWN = [each for page in PAGES for each in shown_on(page)]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    path = ROOT / "tools" / "make_pictures.py"
    spec = importlib.util.spec_from_file_location("make_pictures", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_page_shows_its_own() -> None:
    found = {page: [Path(path).stem for _, path in shown_on(page)] for page in PAGES}
    assert found == {
        "README.md": ["panel", "chances"],
        "docs/explanation/method.md": ["stages", "whole-people", "goals"],
        "docs/how-to/replace-a-seat.md": ["alternates"],
    }


@pytest.mark.parametrize(("alternative", "path"), SHOWN)
def test_each_is_there_with_a_text_alternative(alternative: str, path: str) -> None:
    assert len(alternative.split()) > 10
    root = read_svg((ROOT / path).read_text("utf-8"))
    description = root[1].text or ""
    figures = re.compile(r"\d+(?:\.\d+)?%?")
    assert set(figures.findall(alternative)) <= set(figures.findall(description))


def test_they_are_what_the_tool_makes_today(tool: ModuleType) -> None:
    pictures = tool.pictures()
    assert {f"docs/pictures/{name}" for name in pictures} == {path for _, path in SHOWN}
    for name, picture in pictures.items():
        kept = read_svg((ROOT / "docs" / "pictures" / name).read_text("utf-8"))
        assert texts_of(kept) == texts_of(read_svg(picture.svg()))
        assert kept[1].text == picture.alt
