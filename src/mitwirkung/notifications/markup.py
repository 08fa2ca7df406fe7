"""What a template writes: blocks of text with few signs, made into plain text and into HTML.

The signs are looked for in what the template says, never in what is put into it: values stand
behind numbers until the blocks are made. So a name with stars or a link in it stays a name.

    A paragraph; a blank line ends it. **Strong** words.

    ## A heading
    - an item of a list
    : a label | what belongs to it
    -> Words of a button | the address behind it
    ! a code to read out or to type
    ~ a notice that stands apart
    -- small print
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup, escape

BlockKind = Literal["paragraph", "heading", "item", "row", "button", "code", "notice", "small"]

SIGNS: Mapping[str, BlockKind] = {
    "## ": "heading",
    "- ": "item",
    ": ": "row",
    "-> ": "button",
    "! ": "code",
    "~ ": "notice",
    "-- ": "small",
}

OPEN, CLOSE = "\ue000", "\ue001"
"""Around the number of a value; for private use, so that no text has them."""

_VALUE = re.compile(f"{OPEN}([0-9]+){CLOSE}")
_ADDRESS = re.compile(r"https://[^\s<>\"]+")
_STRONG = re.compile(r"\*\*(.+?)\*\*")
_SHORT = 16  # a phone number, a reference: they stay on one line
_FSI, _PDI = "\u2068", "\u2069"

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ku-Arab", "ps", "ur"})


@dataclass(frozen=True)
class Block:
    """A piece of a message: its kind, and its words, two for a row or a button."""

    kind: BlockKind
    words: tuple[str, ...]


def blocks_of(source: str) -> list[Block]:
    """The blocks that a template wrote."""
    found: list[Block] = []
    lines: list[str] = []

    def paragraph() -> None:
        if lines:
            found.append(Block("paragraph", (" ".join(lines),)))
            lines.clear()

    for line in map(str.strip, source.splitlines()):
        sign = next((each for each in SIGNS if line.startswith(each)), None)
        if sign is not None:
            paragraph()
            kind, words = SIGNS[sign], line.removeprefix(sign).strip()
            parts = words.split(" | ", 1) if kind in ("row", "button") else [words]
            found.append(Block(kind, tuple(part.strip() for part in parts)))
        elif line:
            lines.append(line)
        else:
            paragraph()
    paragraph()
    return found


def one_line(source: str, values: list[str]) -> str:
    """A subject: one line of text, whatever was put into it."""
    return " ".join(_as_text(" ".join(source.split()), values).split())


def plain_text(blocks: list[Block], values: list[str]) -> str:
    """The blocks as text: a paragraph is one line, blank lines between, `- ` before items."""
    lines: list[str] = []
    before: Block | None = None
    for block in blocks:
        words = [_as_text(_STRONG.sub(r"\1", each), values) for each in block.words]
        if before is not None and not (block.kind == before.kind and block.kind in _CLOSE_TOGETHER):
            lines.append("")
        lines.append(_TEXT[block.kind](words))
        before = block
    return "\n".join(lines) + "\n"


_CLOSE_TOGETHER = ("item", "row", "small")

_TEXT: Mapping[BlockKind, Callable[[list[str]], str]] = {
    "paragraph": lambda words: words[0],
    "heading": lambda words: words[0],
    "item": lambda words: f"- {words[0]}",
    "row": lambda words: (" " if words[0].endswith(("?", "!", ":")) else ": ").join(words),
    "button": lambda words: ":\n".join(words),
    "code": lambda words: f"    {words[0]}",
    "notice": lambda words: f"*** {words[0]} ***",
    "small": lambda words: words[0],
}


def html_body(blocks: list[Block], values: list[str]) -> Markup:
    """The blocks as HTML, everything in them escaped."""
    out = []
    for kind, group in _grouped(blocks):
        inner = [tuple(_as_html(words, values) for words in block.words) for block in group]
        out.append(_HTML[kind](inner))
        if kind == "button":  # an address can be put into an attribute only if it is one
            links = [_as_text(block.words[-1], values) for block in group]
            out[-1] = "".join(
                _button(words[0], link) for words, link in zip(inner, links, strict=True)
            )
    return Markup("\n").join(map(Markup, out))


def _grouped(blocks: list[Block]) -> Iterator[tuple[BlockKind, list[Block]]]:
    """Items of one list, and rows of one table, together."""
    group: list[Block] = []
    for block in blocks:
        if group and not (block.kind == group[0].kind and block.kind in _CLOSE_TOGETHER):
            yield group[0].kind, group
            group = []
        group.append(block)
    if group:
        yield group[0].kind, group


Inner = list[tuple[Markup, ...]]


def _each(tag: str, css: str = "") -> Callable[[Inner], str]:
    opened = f'<{tag} class="{css}">' if css else f"<{tag}>"
    return lambda inner: "".join(f"{opened}{words[0]}</{tag}>" for words in inner)


_HTML: Mapping[BlockKind, Callable[[Inner], str]] = {
    "paragraph": _each("p"),
    "heading": _each("h2"),
    "item": lambda inner: f"<ul>{_each('li')(inner)}</ul>",
    "row": lambda inner: "<dl>" + "".join(map(_row, inner)) + "</dl>",
    "button": lambda inner: "",
    "code": _each("p", "code"),
    "notice": _each("p", "notice"),
    "small": lambda inner: (
        '<p class="small">' + "<br>".join(str(words[0]) for words in inner) + "</p>"
    ),
}


def _row(words: tuple[Markup, ...]) -> str:
    return f"<dt>{words[0]}</dt><dd>{words[-1] if len(words) > 1 else ''}</dd>"


def _button(words: Markup, link: str) -> str:
    if not _ADDRESS.fullmatch(link):
        return f"<p>{words}: {escape(link)}</p>"
    address = escape(link)
    return (
        f'<p><a class="button" href="{address}">{words}</a></p>'
        f'<p class="address"><a href="{address}">{address}</a></p>'
    )


def _as_text(words: str, values: list[str]) -> str:
    """Words with the values in them; one of another direction is isolated (Unicode TR 9)."""

    def value(match: re.Match[str]) -> str:
        text = _as_text(values[int(match[1])], values)
        return f"{_FSI}{text}{_PDI}" if _turns(text) else text

    return _VALUE.sub(value, words)


def _as_html(words: str, values: list[str]) -> Markup:
    """Words, escaped, with the values in them, each isolated by its own direction."""

    def value(match: re.Match[str]) -> str:
        plain = _as_text(values[int(match[1])], values)
        text = escape(plain)
        if _ADDRESS.fullmatch(plain):
            return f'<a href="{text}">{text}</a>'
        kept = ' class="whole"' if len(plain) <= _SHORT else ""
        return f"<bdi{kept}>{'<br>'.join(text.splitlines())}</bdi>"

    strong = _STRONG.sub(r"<strong>\1</strong>", str(escape(words)))
    return Markup(_VALUE.sub(value, strong))


def _turns(text: str) -> bool:
    """Whether a text holds something that goes from right to left, or a sign that says so."""
    return any(unicodedata.bidirectional(each) in _TURNING for each in text)


_TURNING = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF"})
