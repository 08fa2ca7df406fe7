"""Quotas, a lottery, a draw and its verification in a notebook and a terminal."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from IPython.lib.pretty import pretty

from builders import instance, people, plan, small_problems, town
from html_tables import HtmlTable, read_table
from mitwirkung.app import solve
from mitwirkung.display import WIDTH, Displayed, cells
from mitwirkung.errors import MitwirkungError
from mitwirkung.lottery.display import telling_decimals
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.panels import PanelLottery
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import publication
from mitwirkung.lottery.quotas import Provenance
from mitwirkung.lottery.verification import verify

SEED = "Lotto 6 aus 49 vom 2026-12-05: 3 11 17 28 41 44"
NASTY = "<b>unter 30 & jünger</b>"


def table(shown: Displayed) -> HtmlTable:
    return read_table(shown._repr_html_())


def drawn(lottery: PanelLottery, facts: Facts | None = None) -> DrawRecord:
    return publication(lottery, facts).draw(SEED)


def ages(quotas: dict[str, tuple[int, int]], answers: dict[str, int]) -> SelectionProblem:
    """Two seats for people who differ by their age alone; a blank answer is no answer."""
    rows = [
        {"id": f"kennung-{answer}-{i}", "name": f"Nachname{i}", "age": answer}
        for answer, count in answers.items()
        for i in range(count)
    ]
    return SelectionProblem(
        people(*rows, missing={"age": "unconstrained"}), plan(age=quotas), seats=2
    )


# --- quotas --------------------------------------------------------------------------------------


def test_every_quota_and_a_bar_from_its_minimum_to_its_maximum() -> None:
    quotas = plan(
        sex={"f": (2, 4), "m": (1, 4)}, age={NASTY: (3, 3), "old": (0, 0), "none": (0, 10)}
    )
    page = table(quotas)
    assert page.caption == "5 quotas on 2 features, in seats"
    assert page.headings == ["sex", "age"]
    assert [cell.text for cell in page.head] == ["answer", "at least", "at most"]
    assert page.texts == [
        ["f", "2", "4"],
        ["m", "1", "4"],
        [NASTY, "3", "3"],
        ["old", "0", "0"],
        ["none", "0", "10"],
    ]
    bars = [row[2].bar for row in page.rows]
    assert bars == [(50, 100), (25, 100), (30, 30), None, (0, 100)]


def test_where_quotas_come_from_is_said_as_far_as_it_is_known() -> None:
    quotas = plan(sex={"f": (2, 4)})
    assert table(quotas).notes == []
    stated = quotas.model_copy(update={"provenance": Provenance(source="Statistik <2025>")})
    assert table(stated).notes == ["Source: Statistik <2025>"]


def test_a_plan_is_one_line_in_a_log_and_still_a_model() -> None:
    quotas = plan(sex={"f": (2, 4), "m": (1, 4)}, age={"old": (0, 2)})
    assert repr(quotas) == "<QuotaPlan: 2 features, 3 quotas>"
    assert type(quotas).model_validate(quotas.model_dump()) == quotas
    assert "old" in str(quotas)


# --- a lottery -----------------------------------------------------------------------------------


def chances(lottery: PanelLottery) -> list[tuple[str, int]]:
    return [(chance, int(people.replace(",", ""))) for chance, people in table(lottery).texts]


def test_every_chance_and_how_many_have_it() -> None:
    lottery = solve(town(), "simple")
    assert chances(lottery) == [("16.7%", 3), ("25.0%", 4), ("50.0%", 5)]
    assert table(lottery).caption == "Chances of 12 people for 4 seats"
    assert table(lottery).notes == ["Strategy: simple. Equal chances would be 33.3% each."]
    ends = [row[0].bar for row in table(lottery).rows]
    assert ends == [(0, pytest.approx(100 / 3, abs=0.1)), (0, 50), (0, 100)]


def test_one_chance_for_all_is_one_row() -> None:
    assert chances(solve(instance("repl_example_small_20"))) == [("10.0%", 200)]


def test_many_chances_are_put_together_and_nobody_is_lost() -> None:
    lottery = solve(instance("city_300"))
    found = chances(lottery)
    assert 2 <= len(found) <= 20
    assert sum(people for _, people in found) == 300
    assert found[0][0].startswith(f"{100 * min(lottery.chances.values()):.1f}%")


@given(small_problems())
def test_steps_hold_everybody_where_they_belong(problem: SelectionProblem) -> None:
    try:
        lottery = solve(problem)
    except MitwirkungError:
        return
    exact = Counter(round(100 * float(chance), 1) for chance in lottery.exact_chances)
    found: Counter[float] = Counter()
    for chance, number in chances(lottery):
        found[float(chance.removesuffix("%"))] += number
    assert found == exact


def test_who_has_no_chance_stands_apart() -> None:
    lottery = solve(ages({"old": (0, 0), "young": (2, 2)}, {"old": 3, "young": 4}))
    assert chances(lottery) == [("0.0%", 3), ("50.0%", 4)]


def test_who_has_no_chance_stands_apart_from_many_steps_too() -> None:
    groups = [f"{i:02}" for i in range(60)]
    problem = ages(dict.fromkeys(groups, (0, 2)), dict.fromkeys(groups, 1))
    pairs = range(1, 59, 2)  # the first and the last have no chance
    lottery = PanelLottery(problem, ["age"], [(i, {(i, 0): 1, (i + 1, 0): 1}) for i in pairs])
    page = table(lottery)
    assert page.texts[0] == ["0.00%", "2"]
    assert page.texts[1][0].startswith("0.12%")
    assert 10 < len(page.rows) <= 21
    assert sum(int(number) for _, number in page.texts) == 60
    largest = max(lottery.chances.values())
    for cell, _ in page.rows[1:]:  # a bar ends where the step ends
        assert cell.bar is not None
        end = float(cell.text.split()[-1].removesuffix("%"))
        assert cell.bar == (0, pytest.approx(end / largest, abs=2))


def test_a_chance_that_is_too_small_to_show_is_not_none() -> None:
    lottery = PanelLottery(
        ages({"old": (0, 1), "young": (0, 2)}, {"old": 2, "young": 4}),
        ["age"],
        [(1, {(0, 0): 1, (1, 0): 1}), (9999, {(1, 0): 2})],
    )
    assert chances(lottery) == [("< 0.1%", 2), ("50.0%", 4)]


def test_small_chances_get_more_decimals() -> None:
    assert [telling_decimals(Fraction(1, n)) for n in (2, 20, 21, 201)] == [1, 1, 2, 3]


# --- a draw --------------------------------------------------------------------------------------


def test_target_pool_and_panel_are_counted() -> None:
    problem = ages({NASTY: (1, 1), "old": (0, 1), "any": (0, 2)}, {NASTY: 2, "old": 6})
    page = table(drawn(solve(problem)))
    assert page.caption == "Panel of 2 out of 8 people"
    assert page.headings == ["age"]
    assert page.texts == [
        [NASTY, "1", "2 (25.0%)", "1 (50.0%)"],
        ["old", "0 to 1", "6 (75.0%)", "1 (50.0%)"],
        ["any", "no limit", "0 (0.0%)", "0 (0.0%)"],
    ]
    # the longest of all is the share of the old in the pool, 75 %
    two_thirds, one_third = pytest.approx(200 / 3, abs=0.1), pytest.approx(100 / 3, abs=0.1)
    assert [row[2].bar for row in page.rows] == [(0, one_third), (0, 100), None]
    assert [row[3].bar for row in page.rows] == [(0, two_thirds), (0, two_thirds), None]
    assert [row[1].bar for row in page.rows] == [
        (two_thirds, two_thirds),
        (0, two_thirds),
        None,
    ]


def test_people_without_an_answer_and_a_missed_quota() -> None:
    problem = ages({"old": (2, 2), "young": (0, 0)}, {"young": 3, "": 1})
    page = table(drawn(solve(problem, "simple")))
    old, young, none = page.texts
    assert old == ["old", "missed: 2", "0 (0.0%)", "0 (0.0%)"]
    assert young[1] == "missed: 0"
    assert none[:3] == ["no answer", "none", "1 (25.0%)"]


def test_what_makes_a_draw_checkable_is_said() -> None:
    lottery = solve(town())
    loose = drawn(lottery)
    fixed = Facts.model_validate(
        {
            "seed": {
                "source": "Lotto",
                "template": "Lotto 6 aus 49 vom 2026-12-05: {numbers 6 of 1-49}",
                "earliest": "2026-12-05T19:00:00+01:00",
                "latest": "2026-12-06T19:00:00+01:00",
                "fallback": "Euro 5 aus 50 vom 2026-12-08: {numbers 5 of 1-50} {numbers 2 of 1-12}",
            }
        }
    )
    firm = drawn(lottery, fixed)
    assert (loose.committed, firm.committed) == (False, True)
    for record, sentence in ((loose, "(uncommitted)"), (firm, "(committed)")):
        notes = table(record).notes
        assert f"Seed: {SEED}" in notes
        assert f"Commitment: {record.publication.commitment}" in notes
        assert any(sentence in note for note in notes)


def test_a_draw_names_nobody() -> None:
    record = drawn(solve(ages({"old": (1, 1), "young": (1, 1)}, {"old": 3, "young": 4})))
    assert any("kennung" in person for person in record.ids)
    for text in (record._repr_html_(), str(record), repr(record)):
        assert "kennung" not in text
        assert "Nachname" not in text
        assert not any(token in text for token in record.publication.tokens)
        assert not any(handle in text for handle in record.publication.handles)


# --- a verification ------------------------------------------------------------------------------


def test_every_check_with_its_result() -> None:
    record = drawn(solve(town()))
    verification = record.verify(commitment="0" * 64)
    page = table(verification)
    assert page.caption == "NOT verified (private level)."
    assert [check for check, _, _ in page.texts] == [check.title() for check in verification.checks]
    results = {check: (result, reason) for check, result, reason in page.texts}
    differs = results["lottery.json is the file that was published before the draw"]
    assert differs == (
        "✗\N{NO-BREAK SPACE}differs",
        f"the file's commitment is {record.publication.commitment}",
    )
    outcomes = [result for result, _ in results.values()]
    left_out = "–\N{NO-BREAK SPACE}left\N{NO-BREAK SPACE}out"  # it is not made again here
    assert outcomes.count(left_out) == 1
    assert outcomes.count("✓\N{NO-BREAK SPACE}ok") == len(results) - 2
    assert page.notes == ["The wording of the seed was not fixed beforehand (uncommitted)."]


def test_what_was_left_out_is_not_called_ok() -> None:
    record = drawn(solve(town()))
    verification = verify(
        record.publication.public.content,
        record.public.content,
        private=record.publication.private.content,
    )
    found = [text for text in table(verification).texts if "record.json is not there" in text[0]]
    assert [result for _, result, _ in found] == ["–\N{NO-BREAK SPACE}left\N{NO-BREAK SPACE}out"]


def test_the_text_of_a_verification_is_its_description_in_shorter_lines() -> None:
    verification = drawn(solve(town())).verify(commitment="0" * 64)
    assert str(verification).split() == verification.describe().split()
    marked = [line[:4] for line in str(verification).splitlines() if line.startswith("[")]
    assert (marked.count("[!!]"), len(marked)) == (1, len(verification.checks))
    assert max(len(line) for line in verification.describe().splitlines()) > WIDTH


# --- all of them ---------------------------------------------------------------------------------


def everything() -> list[Displayed]:
    long = "Ich habe einen Abschluss, den das Formular so lang benennt, " * 3
    problem = ages({long.strip(): (1, 1), "日本" * 40: (0, 2)}, {long: 3, "日本" * 40: 5})
    lottery = solve(problem)
    record = drawn(lottery)
    return [problem.quotas, lottery, record, record.verify(commitment="0" * 64)]


@pytest.mark.parametrize("number", range(4))
def test_text_fits_a_terminal_and_the_log_gets_one_line(number: int) -> None:
    shown = everything()[number]
    lines = str(shown).splitlines()
    assert len(lines) > 3
    assert max(cells(line) for line in lines) <= WIDTH
    assert pretty(shown) == str(shown)
    assert re.fullmatch(r"<[^\n]+>", repr(shown))


@pytest.mark.parametrize("number", range(4))
def test_text_holds_every_figure_of_the_table(number: int) -> None:
    shown = everything()[number]
    text = str(shown)
    figures = {word for row in table(shown).texts for cell in row for word in cell.split()}
    numbers = {word for word in figures if re.fullmatch(r"[(]?[0-9.,]+%?[)]?", word)}
    assert numbers <= set(text.split())


@pytest.mark.parametrize("number", range(4))
def test_bars_are_seen_on_white_and_on_black(number: int) -> None:
    """Only the bar has a colour; text, rules and background are those of the notebook."""
    html = everything()[number]._repr_html_()
    assert set(re.findall(r"#[0-9a-f]{3,6}", html)) <= {"#1f8a99"}
    assert min(contrast("#1f8a99", paper) for paper in ("#ffffff", "#111111")) >= 3


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
