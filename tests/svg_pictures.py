"""Reads what stands in the SVG of a picture."""

from __future__ import annotations

from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"


def read_svg(svg: str) -> ElementTree.Element:
    """The root of a picture that has what a screen reader needs, and nothing from outside."""
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    title, description = root[0], root[1]
    assert (title.tag, description.tag) == (f"{SVG}title", f"{SVG}desc")
    assert root.get("aria-labelledby") == title.get("id")
    assert root.get("aria-describedby") == description.get("id")
    assert title.text
    assert description.text
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in {
            *("svg", "title", "desc", "g", "path", "line", "rect", "text", "tspan"),
        }
        assert not any("href" in name or name.startswith("on") for name in element.attrib)
        assert "NaN" not in "".join(element.attrib.values())
    return root


def texts_of(root: ElementTree.Element) -> list[str]:
    """Every text in the picture, line by line."""
    found = []
    for element in root.iter(f"{SVG}text"):
        lines = list(element.iter(f"{SVG}tspan"))
        found += [each.text or "" for each in lines or [element]]
    return found
