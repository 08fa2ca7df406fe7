"""A picture for a notebook, a report or a web page: SVG and PNG, with its text alternative."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mitwirkung.errors import ExtraMissing, MitwirkungError

if TYPE_CHECKING:
    import altair as alt


class PictureSuffix(MitwirkungError, ValueError):
    """A picture was to be saved as something that it cannot be."""


def require_analysis() -> None:
    """Say what to install if pictures cannot be drawn here.

    Raises:
        ExtraMissing: altair or vl-convert is not installed.
    """
    missing = [name for name in ("altair", "vl_convert") if find_spec(name) is None]
    if missing:
        raise ExtraMissing.of("analysis", missing)


@dataclass(frozen=True, eq=False)
class Picture:
    """A chart that can be drawn without a network; the same chart gives the same bytes.

    Attributes:
        chart: the altair chart, for those who want to change it.
        title: what the picture is called.
        alt: what it shows, in words and figures.
        language: that of all its texts, `en` or `de`.
    """

    chart: alt.TopLevelMixin
    title: str
    alt: str
    language: str

    def svg(self) -> str:
        """The picture as SVG; title and text alternative are part of it."""
        import altair as alt
        import vl_convert

        # A theme that a notebook has chosen would change the bytes.
        with alt.theme.enable("none"):
            drawn = vl_convert.vegalite_to_svg(self.chart.to_dict())
        texts = f"{self.title}\n{self.alt}\n{drawn}"
        name = "picture-" + hashlib.sha256(texts.encode()).hexdigest()[:12]  # many may be on a page
        root, rest = drawn.split(">", 1)
        return (
            f'{root} role="img" xml:lang="{self.language}" '
            f'aria-labelledby="{name}-title" aria-describedby="{name}-desc">'
            f'<title id="{name}-title">{escape(self.title)}</title>'
            f'<desc id="{name}-desc">{escape(self.alt)}</desc>{rest}'
        )

    def png(self, scale: float = 2.0) -> bytes:
        """The picture as PNG, `scale` pixels for one of the SVG."""
        import vl_convert

        return bytes(vl_convert.svg_to_png(self.svg(), scale=scale))

    def save(self, path: str | Path) -> Path:
        """Write the picture to a file that ends in `.svg` or `.png`, and return its path.

        Raises:
            PictureSuffix: it ends in something else.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix not in (".svg", ".png"):
            raise PictureSuffix("picture-suffix", suffix=suffix, available=[".svg", ".png"])
        path.write_bytes(self.svg().encode() if suffix == ".svg" else self.png())
        return path

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """For a notebook: an image with its text alternative, the SVG itself, and the text."""
        svg = self.svg()
        source = "data:image/svg+xml;base64," + b64encode(svg.encode()).decode()
        alternative = escape(f"{self.title}. {self.alt}")
        return {
            "text/html": f'<img lang="{self.language}" alt="{alternative}" src="{source}">',
            "image/svg+xml": svg,
            "text/plain": f"{self.title}\n{self.alt}",
        }

    def __repr__(self) -> str:
        return f"<Picture: {self.title}>"
