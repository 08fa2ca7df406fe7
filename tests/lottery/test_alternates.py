"""Alternates ahead: chosen by who may drop out, drawn by lottery, chained to the draw."""

from __future__ import annotations

import itertools
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import examples, people, plan
from mitwirkung.app import solve, verify_record
from mitwirkung.errors import InputError
from mitwirkung.lottery.alternates import (
    Dropout,
    alternates_problem,
    compare_alternates,
    dropout_from_past,
    read_dropout,
    simulate_dropouts,
)
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.engine.alternates import Lots, Scenarios, choose, filling
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import publication
from mitwirkung.lottery.replacement import NO_ALTERNATE, replacement_problem
from mitwirkung.lottery.wishes import Wishes

TENTH = Fraction(1, 10)
YOUNG = Dropout(TENTH, {"age": {"young": Fraction(1, 2), "old": Fraction(1, 50)}})


YOUNG_BY_SEX = Dropout(TENTH, {"sex": {"f": Fraction(1, 5)}})


def town() -> SelectionProblem:
    rows = [
        {"sex": "fm"[i % 2], "age": ("young", "old", "old")[i % 3], "home": f"h{i // 2}" * (i < 8)}
        for i in range(60)
    ]
    quotas = plan(sex={"f": (6, 6), "m": (6, 6)}, age={"young": (5, 5), "old": (7, 7)})
    return SelectionProblem(people(*rows), quotas, seats=12, household=["home"])


@cache
def drawn() -> DrawRecord:
    return publication(solve(town())).draw("a seed")


# --- the choice --------------------------------------------------------------------------------


def seats_off(numbers: np.ndarray, answers: np.ndarray, count: int, scenarios: Scenarios) -> float:
    """By trying every whole replacement in every scenario."""
    people = [t for t, number in enumerate(numbers) for _ in range(number)]
    off = 0
    for left, free in zip(scenarios.left, scenarios.free, strict=True):
        choices = itertools.combinations(people, min(int(free), count))
        held = [left + answers[list(each)].sum(axis=0) for each in choices]
        off += min(
            int(np.maximum(scenarios.lower - h, 0).sum() + np.maximum(h - scenarios.upper, 0).sum())
            for h in held
        )
    return off / len(scenarios.left)


@st.composite
def choices(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int, Scenarios]:
    seed = draw(st.integers(0, 10**6))
    rng = np.random.default_rng(seed)
    types, count = draw(st.integers(2, 5)), draw(st.integers(1, 3))
    rows = rng.integers(0, 2, (types, 2))
    answers = np.column_stack([rows[:, 0] == 0, rows[:, 0] == 1, rows[:, 1] == 0, rows[:, 1] == 1])
    panel = answers[rng.integers(0, types, 6)]
    stays = rng.random((4, 6)) > 0.4
    left = np.array([panel[each].sum(axis=0) for each in stays])
    held = panel.sum(axis=0)
    sizes = rng.integers(1, 3, types) + count
    return answers, sizes, count, Scenarios(left, (~stays).sum(axis=1), held, held)


@given(choices())
@examples(60)
def test_nothing_is_better_than_the_bound_and_the_choice_is_near_it(
    case: tuple[np.ndarray, np.ndarray, int, Scenarios],
) -> None:
    answers, sizes, count, scenarios = case
    lots = Lots(answers.astype(np.int64), np.ones(len(sizes), np.int64), sizes)
    chosen = choose(lots, count, scenarios)
    assert chosen.numbers.sum() == count
    every = [
        np.bincount(each, minlength=len(sizes))
        for each in itertools.combinations_with_replacement(range(len(sizes)), count)
    ]
    best = min(seats_off(each, answers, count, scenarios) for each in every)
    mine = seats_off(chosen.numbers, answers, count, scenarios)
    assert chosen.bound <= best + 1e-6
    assert chosen.bound <= chosen.expected + 1e-6
    assert mine <= best * 1.01 + 1e-6 or mine == pytest.approx(chosen.expected, rel=0.02)


# --- companions --------------------------------------------------------------------------------


def seats_off_with_companions(
    numbers: np.ndarray, lots: Lots, count: int, scenarios: Scenarios
) -> float:
    """By trying every set of whole lots in every scenario; an empty seat is off in each of the two
    features."""
    drawn = [t for t, number in enumerate(numbers) for _ in range(number)]
    off = 0
    for left, free in zip(scenarios.left, scenarios.free, strict=True):
        seats = min(int(free), count)
        least = None
        for size in range(len(drawn) + 1):
            for each in itertools.combinations(drawn, size):
                come = int(lots.people[list(each)].sum())
                if come > seats:
                    continue
                held = left + lots.answers[list(each)].sum(axis=0)
                low = np.maximum(scenarios.lower - held, 0).sum()
                high = np.maximum(held - scenarios.upper, 0).sum()
                found = int(low + high) + 2 * (seats - come)
                least = found if least is None else min(least, found)
        assert least is not None
        off += least
    return off / len(scenarios.left)


def fillings(lots: Lots, count: int) -> list[np.ndarray]:
    """All numbers of lots that are exactly so many people."""
    ranges = [range(size + 1) for size in lots.sizes.tolist()]
    every = (np.array(numbers) for numbers in itertools.product(*ranges))
    return [numbers for numbers in every if (numbers * lots.people).sum() == count]


@st.composite
def choices_with_companions(draw: st.DrawFn) -> tuple[Lots, int, Scenarios]:
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    types, count = draw(st.integers(2, 4)), draw(st.integers(1, 4))
    people = rng.integers(1, 4, types)
    people[0] = draw(st.sampled_from([1, 2]))

    def answers(number: int) -> np.ndarray:
        rows = rng.integers(0, 2, (number, 2))
        columns = [rows[:, 0] == 0, rows[:, 0] == 1, rows[:, 1] == 0, rows[:, 1] == 1]
        return np.column_stack(columns).sum(axis=0)

    lots = Lots(
        np.array([answers(int(number)) for number in people], np.int64),
        people.astype(np.int64),
        rng.integers(1, 3, types).astype(np.int64),
    )
    panel = np.array([answers(1) for _ in range(6)])
    stays = rng.random((4, 6)) > 0.4
    left = np.array([panel[each].sum(axis=0) for each in stays])
    held = panel.sum(axis=0)
    return lots, count, Scenarios(left, (~stays).sum(axis=1), held, held)


@given(choices_with_companions())
@examples(60)
def test_companions_come_all_or_none_and_the_choice_is_near_the_best(
    case: tuple[Lots, int, Scenarios],
) -> None:
    lots, count, scenarios = case
    every = fillings(lots, count)
    found = filling(lots, count)
    assert (found is None) == (not every)
    if found is None:
        return
    assert any((found == each).all() for each in every)
    chosen = choose(lots, count, scenarios)
    assert any((chosen.numbers == each).all() for each in every)
    best = min(seats_off_with_companions(each, lots, count, scenarios) for each in every)
    mine = seats_off_with_companions(chosen.numbers, lots, count, scenarios)
    assert chosen.bound <= best + 1e-6
    if lots.people.max() > 1 and lots.empty == 2:
        assert mine == pytest.approx(chosen.expected)
        assert mine <= best * 1.01 + 1e-6


def paired_town() -> SelectionProblem:
    """Forty people; the first sixteen come in pairs of a young and an old person."""
    rows = [
        {"sex": "fm"[i // 2 % 2], "age": ("young", "old")[i % 2], "with": f"w{i // 2}" * (i < 16)}
        for i in range(40)
    ]
    quotas = plan(sex={"f": (4, 6), "m": (4, 6)}, age={"young": (5, 5), "old": (5, 5)})
    return SelectionProblem(people(*rows), quotas, seats=10, wishes=Wishes(companions="with"))


def test_companions_stand_by_together_and_step_in_together(tmp_path: Path) -> None:
    first = solve(paired_town()).publish(tmp_path / "one").draw("a seed")
    ahead = alternates_problem(first, number=6, dropout=YOUNG)
    assert any(kind.together for kind in ahead.kinds)
    drawn_ahead = solve(ahead).publish(tmp_path / "two").draw("b seed")
    stand_by = set(drawn_ahead.ids)
    parties = [
        {ahead.ids[i] for i in ahead.lots[lot]}
        for kind in ahead.kinds
        if kind.together
        for lot in kind.lots
    ]
    assert all(party <= stand_by or not party & stand_by for party in parties)
    found = verify_record(tmp_path / "two", before=[tmp_path / "one"])
    assert found, str(found)
    freed = dict.fromkeys(first.ids[:2], "declined")
    filled = replacement_problem([first, drawn_ahead], freed=freed)
    record = solve(filled).publish(tmp_path / "three").draw("c seed")
    assert set(record.ids) <= stand_by
    assert all(party <= set(record.ids) or not party & set(record.ids) for party in parties)
    found = verify_record(tmp_path / "three", before=[tmp_path / "one", tmp_path / "two"])
    assert found, str(found)


def test_a_number_that_would_divide_companions_is_refused() -> None:
    rows = [{"sex": "fm"[i % 2], "with": f"w{i // 2}"} for i in range(12)]
    pairs = SelectionProblem(
        people(*rows),
        plan(sex={"f": (2, 2), "m": (2, 2)}),
        seats=4,
        wishes=Wishes(companions="with"),
    )
    record = publication(solve(pairs)).draw("a seed")
    with pytest.raises(InputError) as refused:
        alternates_problem(record, number=3, dropout=YOUNG_BY_SEX)
    assert [finding.code for finding in refused.value.findings] == ["alternates-companions"]
    two = publication(solve(alternates_problem(record, number=2, dropout=YOUNG_BY_SEX)))
    stand_by = two.draw("b seed").ids
    assert len(stand_by) == 2
    # Everybody drops out, and one pair comes for four seats: 2 women and 2 men less 1 and 1.
    everybody = Dropout(Fraction(1))
    assert simulate_dropouts(record, stand_by, dropout=everybody, rounds=2) == 2


def test_companions_drop_out_together() -> None:
    """A pair for two seats: where one of them goes both do, so that the other pair can come."""
    rows = [{"sex": "fm"[i % 2], "with": f"w{i // 2}"} for i in range(4)]
    quotas = plan(sex={"f": (1, 1), "m": (1, 1)})
    problem = SelectionProblem(people(*rows), quotas, seats=2, wishes=Wishes(companions="with"))
    record = publication(solve(problem)).draw("a seed")
    others = tuple(who for who in problem.ids if who not in record.ids)
    half = Dropout(Fraction(1, 2))
    assert simulate_dropouts(record, others, dropout=half, rounds=50) == 0
    assert 1.2 < simulate_dropouts(record, (), dropout=half, rounds=400) < 1.8  # 2 * 3/4


def test_they_are_those_who_drop_out_most() -> None:
    problem = alternates_problem(drawn(), number=4, dropout=YOUNG)
    wanted = {q.value: (q.min, q.max) for q in problem.quotas.feature("age").quotas}
    assert wanted["young"][0] >= 3
    assert not set(drawn().ids) & set(problem.ids)
    assert all(low == high for low, high in wanted.values())
    homes = drawn().publication.problem
    seated = {homes.ids.index(who) for who in drawn().ids}
    housed = {homes.ids[i] for lot in homes.lots if seated & set(lot) for i in lot}
    assert not housed & set(problem.ids)


def test_the_choice_depends_on_the_record_alone() -> None:
    first, again = (alternates_problem(drawn(), number=4, dropout=YOUNG) for _ in range(2))
    assert first.digest == again.digest


def test_they_beat_the_simple_rule_in_a_simulation() -> None:
    found = compare_alternates(drawn(), numbers=(0, 3, 6), dropout=YOUNG, rounds=150, draws=3)
    assert found.chosen[0] == found.proportional[0]
    assert found.chosen[1] < found.proportional[1] < found.chosen[0]
    assert found.chosen[2] < found.proportional[2]
    assert list(found.chosen) == sorted(found.chosen, reverse=True)


def test_a_simulation_counts_seats_by_hand() -> None:
    """Everybody drops out; two alternates come for twelve seats."""
    everybody = Dropout(Fraction(1))
    record = drawn()
    assert simulate_dropouts(record, (), dropout=everybody, rounds=3) == 24
    two = [who for who in record.publication.problem.ids if who not in record.ids][:2]
    assert simulate_dropouts(record, two, dropout=everybody, rounds=3) == 20
    with pytest.raises(ValueError, match="at most 14"):
        simulate_dropouts(record, record.publication.problem.ids[:15], dropout=everybody)


# --- rates -------------------------------------------------------------------------------------


def test_answers_make_it_likelier_by_their_share() -> None:
    assert YOUNG.of({"age": "young", "sex": "f"}) == Fraction(1, 2)
    both = Dropout(TENTH, {"age": {"young": Fraction(1, 5)}, "sex": {"f": Fraction(3, 10)}})
    assert both.of({"age": "young", "sex": "f"}) == Fraction(3, 5)
    assert both.of({"age": None, "sex": "m"}) == TENTH
    with pytest.raises(ValueError, match="between 0 and 1"):
        Dropout(Fraction(0))


def test_rates_of_past_events_are_shrunk_to_the_common_one() -> None:
    seen = [({"age": "young"}, i < 4) for i in range(9)] + [({"age": "old"}, False)] * 11
    found = dropout_from_past(seen, ["age"])
    assert found.rate == Fraction(4, 20)
    assert found.answers["age"]["young"] == (4 + Fraction(1, 5)) / 10
    assert 0 < found.answers["age"]["old"] < found.rate
    with pytest.raises(ValueError, match="nobody dropped out"):
        dropout_from_past([({"age": "old"}, False)], ["age"])


def test_rates_are_read_from_text_and_table(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("feature,value,rate\nage,young,0.5\nage,old,1/50\n", "utf-8")
    assert read_dropout("0.1", path) == YOUNG
    path.write_text("feature,value,rate\nage,young,lots\nage,old,2\n", "utf-8")
    with pytest.raises(InputError) as caught:
        read_dropout("0", path)
    assert [(f.code, f.row) for f in caught.value.findings] == [
        ("dropout-rate", None),
        ("dropout-rate", 2),
        ("dropout-rate", 3),
    ]
    path.write_text("feature,value\nage,young\n", "utf-8")
    with pytest.raises(InputError, match="feature, value and rate"):
        read_dropout("0.1", path)


# --- files -------------------------------------------------------------------------------------


def test_alternates_are_published_verified_and_step_in(tmp_path: Path) -> None:
    first = solve(town()).publish(tmp_path / "one").draw("a seed")
    problem = alternates_problem(first, number=4, dropout=YOUNG)
    ahead = solve(problem).publish(tmp_path / "two").draw("b seed")
    found = verify_record(tmp_path / "two", before=[tmp_path / "one"])
    assert found, str(found)
    assert "check-replacement" in {check.code for check in found.checks}
    gone = first.ids[:2]
    filled = replacement_problem([first, ahead], freed=dict.fromkeys(gone, "declined"))
    assert set(filled.ids) <= set(ahead.ids)
    assert NO_ALTERNATE in filled.refused.values()
    record = solve(filled).publish(tmp_path / "three").draw("c seed")
    assert set(record.ids) <= set(ahead.ids)
    found = verify_record(tmp_path / "three", before=[tmp_path / "one", tmp_path / "two"])
    assert found, str(found)
    assert not verify_record(tmp_path / "three", before=[tmp_path / "one"])


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be drawn"):
        alternates_problem(drawn(), number=0, dropout=YOUNG)
    with pytest.raises(InputError, match="cannot be drawn"):
        alternates_problem(drawn(), number=1000, dropout=YOUNG)
    unknown = Dropout(TENTH, {"height": {"tall": TENTH}})
    with pytest.raises(InputError, match="Features: sex, age"):
        alternates_problem(drawn(), number=2, dropout=unknown)
