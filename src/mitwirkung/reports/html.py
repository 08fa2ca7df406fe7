"""The report as one page: German and English, without script and without anything from outside."""

from __future__ import annotations

from collections.abc import Sequence

from mitwirkung.pages import page_template
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
    return page_template("reports", "report.html.j2").render(report=report, pages=pages)
