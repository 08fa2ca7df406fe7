"""What the report says is true of small lotteries that can be counted by hand."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import pytest

import mitwirkung as mw
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.publication import publication
from mitwirkung.lottery.quotas import Feature, Provenance, Quota, QuotaPlan
from mitwirkung.reports import fairness
from mitwirkung.reports.fairness import steps, telling_decimals
from mitwirkung.reports.model import NeverGroup, Report
from mitwirkung.reports.report import build_report

SEED = "Lotto 6 aus 49 vom 2026-12-05: 3 11 17 28 41 44"

Limits = Mapping[str, tuple[int, int]]


def plan(
    features: Mapping[str, Limits], population: Mapping[str, Mapping[str, int]] | None = None
) -> QuotaPlan:
    return QuotaPlan(
        features=tuple(
            Feature(
                name=name,
                quotas=tuple(Quota(value=v, min=low, max=high) for v, (low, high) in each.items()),
            )
            for name, each in features.items()
        ),
        provenance=Provenance(source="Statistik", date="2026-11-02", method="von Hand"),
        population=population,
    )


def drawn(
    rows: Sequence[Mapping[str, str]],
    quotas: QuotaPlan,
    seats: int,
    strategy: str = "simple",
    *,
    household: Sequence[str] = (),
    missing: Mapping[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    facts: mw.Facts | None = None,
) -> DrawRecord:
    applicants = mw.read_applicants(list(rows), missing=missing)
    problem = mw.SelectionProblem(applicants, quotas, seats=seats, household=household)
    lottery = mw.solve(problem, strategy, settings=settings)
    return DrawRecord.of(publication(lottery, facts), SEED)


def people(**groups: int) -> list[dict[str, str]]:
    """`people(w=3, m=1)`: three rows with w and one with m."""
    answers = [answer for answer, count in groups.items() for _ in range(count)]
    return [{"id": f"id-{i:03}", "Geschlecht": answer} for i, answer in enumerate(answers)]


GENDER = {"Geschlecht": {"w": (2, 2), "m": (2, 2)}}


def test_pool_and_panel_are_counted() -> None:
    record = drawn(people(m=6, w=2), plan(GENDER), 4, "pots")
    report = build_report(record)
    (table,) = report.features
    women, men = table.values
    assert (women.value, men.value) == ("w", "m")  # display order, not by code point
    assert (women.pool.number, women.pool.of) == (2, 8)
    assert (women.panel.number, women.panel.of) == (2, 4)
    assert women.within is True
    assert table.seen
    assert report.deviations.missed == ()
    assert report.never.people == 0


def test_without_a_population_the_middle_of_the_quota_is_the_reference() -> None:
    quotas = plan({"Geschlecht": {"w": (2, 3), "m": (1, 2)}})
    report = build_report(drawn(people(m=6, w=2), quotas, 4, "pots"))
    (table,) = report.features
    assert table.compared_with == "quota middle"
    assert [row.reference and row.reference.exact for row in table.values] == [
        Fraction(5, 8),
        Fraction(3, 8),
    ]
    assert table.values[0].population is None
    assert table.values[0].pool_points == "-37.500000000000"


def test_differences_from_the_population_in_points_and_seats() -> None:
    population = {"geschlecht": {"W": 500, "m": 500}}  # spelled in another way
    quotas = plan({"Geschlecht": {"w": (1, 2), "m": (2, 3)}}, population)
    report = build_report(drawn(people(m=9, w=1), quotas, 4, "pots"))
    (table,) = report.features
    assert table.compared_with == "population"
    assert [row.pool_points for row in table.values] == ["-40.000000000000", "40.000000000000"]
    assert [row.panel.number for row in table.values] == [1, 3]
    assert [each.value for each in report.deviations.panel] == ["w", "m"]
    assert report.deviations.panel[0].expected == "2.000000000000"
    assert [each.value for each in report.deviations.pool_under] == ["w"]
    assert [each.value for each in report.deviations.pool_over] == ["m"]


def test_missed_quotas_are_listed() -> None:
    quotas = plan({"Geschlecht": {"w": (4, 4), "m": (0, 0)}})
    report = build_report(drawn(people(m=8), quotas, 4))
    assert [(m.value, m.seats) for m in report.deviations.missed] == [("w", 0), ("m", 4)]
    assert not report.features[0].seen


def test_chances_of_pots_by_group() -> None:
    report = build_report(drawn(people(m=6, w=2), plan(GENDER), 4, "pots"))
    chances = report.chances
    assert (chances.min, chances.max) == ("0.333333333333", "1.000000000000")
    assert chances.equal == chances.mean == "0.500000000000"
    assert chances.gini == "0.250000000000"
    assert [(step.people, step.mean) for step in chances.steps] == [
        (6, "0.333333333333"),
        (2, "1.000000000000"),
    ]
    (group,) = chances.groups
    assert [(each.value, each.people, each.relative) for each in group.values] == [
        ("w", 2, "2.000000000000"),
        ("m", 6, "0.666666666667"),
    ]


def test_households_share_a_chance() -> None:
    rows = [{**row, "Adresse": "A" if i < 2 else f"B{i}"} for i, row in enumerate(people(m=4))]
    quotas = plan({"Geschlecht": {"m": (0, 2)}})
    report = build_report(drawn(rows, quotas, 2, household=["Adresse"]))
    assert (report.head.people, report.head.lots, report.head.households) == (4, 3, 1)
    assert [(step.people, step.mean) for step in report.chances.steps] == [
        (2, "0.333333333333"),
        (2, "0.666666666667"),
    ]


def test_at_most_twenty_steps_hold_everybody_once() -> None:
    chances = [Fraction(i, 1000) for i in range(500)]
    found = steps(chances, 1)
    assert len(found) == 20
    assert sum(step.people for step in found) == 500
    assert [step.max for step in found] == sorted(step.max for step in found)


def test_no_chance_and_hardly_a_chance_are_two_steps() -> None:
    found = steps([Fraction(0), Fraction(1, 10**9), Fraction(1, 2)], 1)
    assert [step.people for step in found] == [1, 1, 1]


def test_small_chances_get_more_decimals() -> None:
    assert [telling_decimals(Fraction(1, n)) for n in (2, 20, 21, 201)] == [1, 1, 2, 3]


def test_an_empty_pot_has_no_chance_and_says_so() -> None:
    quotas = plan({"Geschlecht": {"w": (0, 0), "m": (4, 4)}})
    report = build_report(drawn(people(m=6, w=2), quotas, 4, "pots"))
    assert report.never.people == 2
    (group,) = report.never.groups
    assert group.reason == "no-seat"
    assert group.answers == (("Geschlecht", "w"),)


def test_a_maximum_of_zero_is_named() -> None:
    quotas = plan({"Geschlecht": {"w": (0, 4), "m": (0, 4), "d": (0, 0)}})
    report = build_report(drawn(people(m=6, w=2, d=3), quotas, 4, "leximin"))
    (group,) = report.never.groups
    assert (group.reason, group.people) == ("maximum-zero", 3)
    assert [(each.value, each.bound, each.limit) for each in group.limits] == [("d", "max", 0)]
    assert report.chances.geometric_mean == "0.000000000000"


def test_minimums_that_take_all_seats_are_named() -> None:
    quotas = plan({"Geschlecht": {"w": (2, 3), "m": (2, 3), "d": (0, 1)}})
    report = build_report(drawn(people(m=6, w=2, d=3), quotas, 4, "leximin"))
    (group,) = report.never.groups
    assert (group.reason, group.people) == ("minimums-fill", 3)
    assert [(each.value, each.bound, each.limit) for each in group.limits] == [
        ("w", "min", 2),
        ("m", "min", 2),
    ]


def young_women_shut_out(strategy: str) -> DrawRecord:
    """Two seats for the old; old people are all women; so the two seats for women are taken."""
    rows = [
        {"id": f"id-{i}", "Geschlecht": gender, "Alter": age}
        for i, (gender, age) in enumerate(
            [("w", "alt")] * 3 + [("w", "jung")] * 2 + [("m", "jung")] * 4
        )
    ]
    quotas = plan(
        {"Geschlecht": {"w": (2, 2), "m": (2, 2)}, "Alter": {"alt": (2, 2), "jung": (2, 2)}}
    )
    return drawn(rows, quotas, 4, strategy)


def test_quotas_that_shut_people_out_together_are_named() -> None:
    report = build_report(young_women_shut_out("leximin"))
    (group,) = report.never.groups
    assert group.answers == (("Geschlecht", "w"), ("Alter", "jung"))
    assert (group.reason, group.people, group.households) == ("quotas-together", 2, False)
    named = {(each.feature, each.value, each.bound) for each in group.limits}
    # either way of saying it is true: too many women, or too few men beside them
    assert ("Alter", "alt", "min") in named or ("Alter", "jung", "max") in named
    assert ("Geschlecht", "w", "max") in named or ("Geschlecht", "m", "min") in named
    assert len(named) == 2


@pytest.mark.parametrize("strategy", ["goldilocks", "leximin", "maximin", "nash"])
def test_the_proof_of_an_optimum_says_that_nobody_was_passed_over(
    strategy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fairness, "EXAMINED", 0)
    (group,) = build_report(young_women_shut_out(strategy)).never.groups
    assert (group.reason, group.people) == ("no-panel", 2)


@pytest.mark.parametrize("seed", range(5))
def test_named_limits_are_reason_enough(seed: int) -> None:
    """By brute force: no six people meet the limits named for a group and hold one of it."""
    choose = random.Random(seed).choice
    rows = [
        {
            "id": f"id-{i:02}",
            "A": choose("aab"),
            "B": choose("uvw"),
            "C": choose("112"),
            "D": choose("pq"),
            "H": str(i // 2),
        }
        for i in range(14)
    ]
    six = rows[::2][:6]
    counts = {
        name: {value: sum(row[name] == value for row in six) for value in {r[name] for r in rows}}
        for name in "ABCD"
    }
    quotas = plan({name: {v: (n, n) for v, n in each.items()} for name, each in counts.items()})
    record = drawn(rows, quotas, 6, "leximin", household=["H"])
    never = build_report(record).never
    chances = record.publication.lottery.chances
    without = [row for row in rows if not chances[row["id"]]]
    assert never.people == len(without) == sum(group.people for group in never.groups)
    for row in without:
        groups = [g for g in never.groups if all(row[n] == v for n, v in g.answers)]
        assert groups
        assert any(
            not any(
                row in panel and meets(panel, group) for panel in itertools.combinations(rows, 6)
            )
            for group in groups
        )


def meets(panel: Sequence[Mapping[str, str]], group: NeverGroup) -> bool:
    if group.households and len({row["H"] for row in panel}) < len(panel):
        return False
    for limit in group.limits:
        found = sum(row[limit.feature] == limit.value for row in panel)
        if found < limit.limit if limit.bound == "min" else found > limit.limit:
            return False
    return True


def test_an_answer_left_out_is_a_row_of_its_own() -> None:
    rows = [*people(m=4, w=4), {"id": "id-x", "Geschlecht": ""}]
    quotas = plan({"Geschlecht": {"w": (1, 2), "m": (1, 2)}})
    record = drawn(rows, quotas, 4, "leximin", missing={"Geschlecht": "unconstrained"})
    report = build_report(record)
    row = report.features[0].values[-1]
    assert (row.value, row.min, row.within, row.free) == (None, None, None, True)
    assert (row.pool.number, row.reference) == (1, None)
    assert report.chances.groups[0].values[-1].value is None


def test_an_own_value_without_limits_is_free_and_has_no_reference() -> None:
    rows = [*people(m=4, w=4), {"id": "id-x", "Geschlecht": ""}]
    record = drawn(rows, plan(GENDER), 4, missing={"Geschlecht": "own value"})
    row = build_report(record).features[0].values[-1]
    assert (row.value, row.free, row.reference) == ("not stated", True, None)


def test_the_head_says_what_was_stated() -> None:
    facts = mw.Facts.model_validate(
        {
            "organiser": "Stadt Musterstadt",
            "event": "Bürgerdialog",
            "counts": {"received": 9, "refused": {"unter 16": 1}, "merged": 0, "late": 0},
            "quotas": {"date": "2026-11-03"},
        }
    )
    record = drawn(people(m=6, w=2), plan(GENDER), 4, facts=facts)
    head = build_report(record).head
    assert head.organiser == "Stadt Musterstadt"
    assert head.counts.refused == {"unter 16": 1}
    assert (head.quotas_source, head.quotas_date) == ("Statistik", "2026-11-03")
    assert head.commitment == record.publication.commitment
    assert (head.committed, head.seed, head.seats, head.people) == (False, SEED, 4, 8)


@pytest.mark.parametrize("strategy", ["simple", "pots", "leximin", "goldilocks"])
def test_the_data_are_canonical_and_hold_nobody(strategy: str) -> None:
    rows = [
        {**row, "Name": f"Nachname{i}", "id": f"kennung-{i}"}
        for i, row in enumerate(people(m=6, w=4))
    ]
    record = drawn(rows, plan(GENDER), 4, strategy)
    report = build_report(record)
    data = report.to_json()
    assert data == build_report(record).to_json()
    assert Report.from_bytes(data) == report
    assert json.loads(data)["format"] == "mitwirkung-report-1"
    text = data.decode()
    assert "kennung-" not in text
    assert "Nachname" not in text
    assert not any(token in text for token in record.publication.tokens)
    assert not any(handle in text for handle in record.publication.handles)
