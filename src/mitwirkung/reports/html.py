"""The report as one page: German and English, without script and without anything from outside."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template

from mitwirkung.reports.model import Report
from mitwirkung.reports.wording import Wording

LANGUAGES = ("de", "en")


def report_html(report: Report, languages: Sequence[str] = LANGUAGES) -> str:
    """The page `report.html`, self-contained, a section per language in the order given.

    It says no more than `report` does. Texts that come from files are escaped.

    Raises:
        LookupError: for a language without texts.
    """
    pages = [Wording(language, report) for language in languages]
    return _template().render(report=report, pages=pages)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FunctionLoader(_source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html.j2")


def _source(name: str) -> str:
    from importlib import resources

    return (resources.files("mitwirkung") / "reports" / name).read_text("utf-8")
