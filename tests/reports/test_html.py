"""The page: two languages, nothing from outside, nothing that a file could smuggle in."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import mitwirkung as mw
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.publication import publication
from mitwirkung.lottery.quotas import Feature, Provenance, Quota, QuotaPlan
from mitwirkung.reports.html import report_html
from mitwirkung.reports.model import Report
from mitwirkung.reports.report import build_report
from mitwirkung.reports.wording import Wording

NASTY = "<script>alert(1)</script>"
VOID = {"meta", "br", "col", "link", "img", "input"}


def report(strategy: str = "pots", *, nasty: str = "m", facts: mw.Facts | None = None) -> Report:
    rows = [
        {
            "id": f"kennung-{i}",
            "Name": f"Nachname{i}",
            "Geschlecht": ("w", nasty)[i % 3 > 0],
            "Alter": ("jung", "alt", "")[i % 5 % 3],
        }
        for i in range(24)
    ]
    quotas = QuotaPlan(
        features=(
            Feature(
                name="Geschlecht",
                quotas=(Quota(value="w", min=3, max=3), Quota(value=nasty, min=3, max=3)),
            ),
            Feature(
                name="Alter",
                quotas=(Quota(value="jung", min=1, max=4), Quota(value="alt", min=1, max=4)),
            ),
        ),
        population={"Geschlecht": {"w": 51234, nasty: 49321}},
        provenance=Provenance(source="Statistik", date="2026-11-02", method=nasty),
    )
    applicants = mw.read_applicants(rows, missing={"Alter": "unconstrained"})
    settings = {"features": ["Geschlecht"]} if strategy == "pots" else None
    problem = mw.SelectionProblem(applicants, quotas, seats=6)
    lottery = mw.solve(problem, strategy, settings=settings)
    return build_report(DrawRecord.of(publication(lottery, facts), "2026: 1 2 3"))


class Page(HTMLParser):
    """Checks nesting; collects tags, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        assert len(attrs) == len(dict(attrs)), f"an attribute twice in {tag}"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module", params=["simple", "pots", "leximin", "goldilocks"])
def page(request: pytest.FixtureRequest) -> Page:
    return Page(report_html(report(request.param)))


def test_nothing_from_outside_and_no_script(page: Page) -> None:
    tags = {tag for tag, _ in page.tags}
    assert tags.isdisjoint({"script", "link", "img", "iframe", "object", "svg", "form", "base"})
    for _, attrs in page.tags:
        assert not [name for name in attrs if name.startswith("on") or name == "src"]
        assert (attrs.get("href") or "#").startswith("#")
    css = "".join(page.text[: page.text.index("Deutsch")])
    assert "url(" not in css
    assert "@import" not in css
    assert "http" not in "".join(page.text)


def test_both_languages_german_first(page: Page) -> None:
    assert page.all("html") == [{"lang": "de"}]
    assert [attrs["lang"] for attrs in page.all("section")] == ["de", "en"]
    text = "".join(page.text)
    assert text.index("Vielfältig, nicht repräsentativ") < text.index("Diverse, not representative")
    targets = {attrs["href"] for attrs in page.all("a")}
    assert targets == {"#" + (attrs["id"] or "") for attrs in page.all("section")}


def test_tables_can_be_read_aloud(page: Page) -> None:
    assert len(page.all("caption")) == len(page.all("table")) > 0
    assert all(attrs.get("scope") for attrs in page.all("th"))
    assert len(page.all("title")) == 1
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    bars = [attrs for attrs in page.all("span") if (attrs.get("class") or "").startswith("chart")]
    assert bars
    assert all(attrs.get("aria-hidden") == "true" for attrs in bars)


def test_bars_stay_inside(page: Page) -> None:
    for attrs in page.all("span"):
        for length in re.findall(r"(?:left|width):([^;]+)", attrs.get("style") or ""):
            assert re.fullmatch(r"[0-9.]+%", length)
            assert 0 <= float(length[:-1]) <= 100


def test_nobody_is_in_it(page: Page) -> None:
    text = "".join(page.text)
    assert "kennung-" not in text
    assert "Nachname" not in text


def test_one_language_alone() -> None:
    page = Page(report_html(report(), languages=["en"]))
    assert page.all("html") == [{"lang": "en"}]
    assert not page.all("nav")
    assert "Plätze" not in "".join(page.text)
    with pytest.raises(LookupError):
        report_html(report(), languages=["xx"])


def test_texts_from_files_are_escaped() -> None:
    facts = mw.Facts(organiser='"><img src=x onerror=alert(1)>', event=NASTY + "{{ 7*7 }}{seats}")
    html = report_html(report("leximin", nasty=NASTY, facts=facts))
    assert "<script" not in html
    assert "<img" not in html
    assert "{{ 7*7 }}{seats}" in html
    assert NASTY in "".join(Page(html).text)


def test_numbers_as_people_write_them() -> None:
    german, english = (Wording(language, report()) for language in ("de", "en"))
    assert german.number("1234.5", 1) == "1.234,5"
    assert english.number("1234.5", 1) == "1,234.5"
    assert german.number("-3") == "\N{MINUS SIGN}3"
    assert (german.percent("0.25"), english.percent("0.25")) == ("25\N{NO-BREAK SPACE}%", "25%")
    assert german.percent("0.0004", 1) == "< 0,1\N{NO-BREAK SPACE}%"
    assert english.percent("0.005") == "< 1%"
    assert english.percent("0") == "0%"
    assert german.points("1.6") == "+2"
    assert german.day("2026-11-02") == "2. November 2026"
    assert english.day("2026-11-02") == "November 2, 2026"
    assert german.day("not stated") == "keine Angabe"
    assert german.moment("2026-12-05T19:25:00+01:00") == "5. Dezember 2026, 19:25 (UTC+01:00)"


def test_an_answer_without_a_quota_is_explained() -> None:
    text = "".join(Page(report_html(report("leximin"))).text)
    assert "ohne Antwort: 5 Personen im Pool" in text
    assert "no answer: 5 people in the pool" in text


def test_a_strategy_without_quotas_says_so() -> None:
    text = "".join(Page(report_html(report("simple"))).text)
    assert "It does not promise that the panel meets the quotas." in text
    assert "It does not promise" not in "".join(Page(report_html(report("leximin"))).text)


@pytest.mark.parametrize(
    ("strategy", "german", "english"),
    [
        (
            "leximin",
            "dann die nächstkleinste und so weiter (Leximin)",
            "then the next smallest, and so on (leximin)",
        ),
        (
            "maximin",
            "ist so groß, wie die Quoten es zulassen (Maximin). Ein mathematischer Nachweis",
            "is as large as the quotas allow (maximin). A mathematical proof",
        ),
        (
            "nash",
            "Das Produkt der Chancen aller, die überhaupt ausgelost werden könnten, ist so groß",
            "The product of the chances of all who could be on a panel is as large",
        ),
        (
            "goldilocks",
            "der größten Chance zur gleichen Chance aller und, mal 1, der gleichen Chance",
            "of the largest chance to the equal chance of all and, times 1, of the equal chance",
        ),
    ],
)
def test_each_optimum_is_said_in_both_languages(strategy: str, german: str, english: str) -> None:
    text = " ".join("".join(Page(report_html(report(strategy))).text).split())
    assert german in text
    assert english in text
    assert "{gamma}" not in text


def test_the_same_bytes_every_time_and_under_another_hash_seed() -> None:
    here = str(Path(__file__).resolve())
    code = (
        "import hashlib, importlib.util, sys;"
        "spec = importlib.util.spec_from_file_location('page_of', sys.argv[1]);"
        "module = importlib.util.module_from_spec(spec); sys.modules['page_of'] = module;"
        "spec.loader.exec_module(module);"
        "report = module.report('leximin');"
        "html = module.report_html(report).encode();"
        "print(hashlib.sha256(html + report.to_json()).hexdigest())"
    )
    found = set()
    for seed in ("0", "1", "1"):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        run = subprocess.run(
            [sys.executable, "-c", code, here],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        found.add(run.stdout)
    assert len(found) == 1
