"""Whoever reads docs/explanation/method.md, or the engine's docstring, is led to every module."""

from __future__ import annotations

import re
from pathlib import Path

from mitwirkung.lottery import engine

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "method.md").read_text("utf-8")
MODULES = {path.stem for path in Path(engine.__file__).parent.glob("*.py")} - {"__init__"}


def test_the_page_names_every_module_of_the_engine_and_no_other() -> None:
    assert set(re.findall(r"`engine/(\w+)\.py`", PAGE)) == MODULES


def test_every_section_of_the_method_says_what_to_read() -> None:
    sections = re.split(r"^## (?=\d)", PAGE, flags=re.MULTILINE)[1:]
    assert len(sections) == 8
    assert all("*Read:* `" in section for section in sections)


def test_so_does_the_docstring_of_the_engine() -> None:
    assert set(re.findall(r"`(\w+)`", engine.__doc__ or "")) == MODULES
