"""What an insider would try when seats are filled again, and that it is seen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from builders import people, plan
from mitwirkung.app import solve
from mitwirkung.lottery.alternates import Dropout, alternates_problem
from mitwirkung.lottery.attempts import give_up
from mitwirkung.lottery.draw import DrawRecord
from mitwirkung.lottery.encoding import canonical_json
from mitwirkung.lottery.files import LotteryFile
from mitwirkung.lottery.problem import SelectionProblem
from mitwirkung.lottery.publication import publication
from mitwirkung.lottery.quotas import QuotaPlan
from mitwirkung.lottery.replacement import replacement_problem, with_bounds
from mitwirkung.lottery.verification import Verification, verify
from mitwirkung.lottery.wishes import Wishes

KEY = b"k" * 32
ROWS = [
    {
        "sex": "fm"[i % 2],
        "age": "xyz"[i % 3],
        "home": f"h{i // 2}" if i < 16 else "",
        "party": "P" if i in (20, 21) else "",
    }
    for i in range(24)
]
QUOTAS = plan(sex={"f": (2, 5), "m": (2, 5)}, age={"x": (1, 4), "y": (1, 4), "z": (1, 4)})
Folder = Mapping[str, bytes]


def draw(problem: SelectionProblem) -> DrawRecord:
    return publication(solve(problem), key=KEY).draw("a seed")


@cache
def first() -> DrawRecord:
    wishes = Wishes(companions="party")
    return draw(SelectionProblem(people(*ROWS), QUOTAS, seats=7, household=["home"], wishes=wishes))


def folder(record: DrawRecord) -> dict[str, bytes]:
    made = record.publication
    return {
        "lottery.json": made.public.content,
        "lottery-private.json": made.private.content,
        "record-public.json": record.public.content,
    }


def honest() -> SelectionProblem:
    return replacement_problem(first(), freed=dict.fromkeys(first().ids[:4], "declined"))


def test_seats_left_empty_while_somebody_is_left() -> None:
    before = honest()
    assert before.replaces is not None
    fewer = SelectionProblem(
        people(*ROWS),
        before.quotas,
        seats=before.seats - 1,
        household=["home"],
        wishes=Wishes(must_not=before.refused, companions="party"),
    )
    fewer.replaces = replace(before.replaces, unfilled=1)
    found = verified(fewer, public_only=True)
    assert not found
    assert any("seats empty" in each for check in found.checks for each in check.reasons)


def made(
    quotas: QuotaPlan | None = None, household: str = "home", **wishes: Any
) -> SelectionProblem:
    """The honest problem but for what is given."""
    before = honest()
    declared = {"companions": "party", **wishes}
    problem = SelectionProblem(
        people(*ROWS),
        quotas or before.quotas,
        seats=before.seats,
        household=[household] if household else (),
        wishes=Wishes(must_not=before.refused, **declared),
    )
    problem.replaces = before.replaces
    return problem


def verified(
    problem: SelectionProblem, before: Folder | None = None, *, public_only: bool = False
) -> Verification:
    record = draw(problem)
    files = folder(record)
    private = {"private": files["lottery-private.json"], "private_record": record.private.content}
    return verify(
        files["lottery.json"],
        files["record-public.json"],
        before=[before or folder(first())],
        key=KEY,
        **({} if public_only else private),
    )


def test_an_honest_one_verifies() -> None:
    assert verified(honest())
    assert verified(made())
    assert verified(honest(), public_only=True)


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (lambda: made(household=""), "declared in another way"),
        (lambda: made(companions=None), "declared in another way"),
        (lambda: made(must={honest().ids[0]: "expert"}), "seated in any case"),
        (lambda: made(with_bounds(honest().quotas, {("sex", "f"): (0, 5)})), "missing is another"),
    ],
)
def test_another_problem_is_seen_by_the_city(problem: Any, reason: str) -> None:
    found = verified(problem())
    assert not found
    assert any(reason in each for check in found.checks for each in check.reasons)


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (lambda: made(must={honest().ids[0]: "expert"}), "seats somebody in any case"),
        (lambda: made(with_bounds(honest().quotas, {("sex", "m"): (3, 5)})), "what can be missing"),
        (lambda: made(with_bounds(honest().quotas, {("sex", "m"): (0, 7)})), "what can be missing"),
    ],
)
def test_some_of_it_is_seen_by_everybody(problem: Any, reason: str) -> None:
    found = verified(problem(), public_only=True)
    assert not found
    assert any(reason in each for check in found.checks for each in check.reasons)


def test_a_draw_that_was_given_up_is_not_continued() -> None:
    record = first()
    given_up = give_up(record.publication.public, record.public, "not our people")
    before = {**folder(record), "given-up.json": given_up.content}
    found = verified(honest(), before, public_only=True)
    assert any("was given up" in each for check in found.checks for each in check.reasons)


def test_the_draw_before_must_be_in_order_itself() -> None:
    files = folder(first())
    data = json.loads(files["lottery.json"])
    data["pool"]["people"] = 999
    broken = LotteryFile.from_bytes(canonical_json(data))
    found = verified(honest(), {**files, "lottery.json": broken.content}, public_only=True)
    assert any("999" in each for check in found.checks for each in check.reasons)


def test_forged_answers_before_are_seen() -> None:
    files = folder(first())
    data = json.loads(files["lottery-private.json"])
    entries = {entry["id"]: entry["columns"] for entry in data["applicants"]}
    kept = next(who for who in first().ids[4:] if entries[who]["sex"] == "f")
    other = next(who for who in entries if who not in first().ids and entries[who]["sex"] == "m")
    entries[kept]["sex"], entries[other]["sex"] = "m", "f"
    found = verified(honest(), {**files, "lottery-private.json": canonical_json(data)})
    assert not found


def test_chosen_alternates_and_their_tokens_are_seen() -> None:
    wishless = draw(SelectionProblem(people(*ROWS), QUOTAS, seats=7, household=["home"]))
    standing_by = alternates_problem(wishless, number=3, dropout=Dropout(Fraction(1, 10)))
    assert verified(standing_by, folder(wishless))
    x = {("age", "x"): (3, 3), ("age", "y"): (0, 0), ("age", "z"): (0, 0)}
    sexes = {("sex", "f"): (1, 1), ("sex", "m"): (2, 2)}

    def changed(quotas: QuotaPlan, **replaces: Any) -> SelectionProblem:
        problem = SelectionProblem(
            people(*ROWS),
            quotas,
            seats=3,
            household=["home"],
            wishes=Wishes(must_not=standing_by.refused),
        )
        assert standing_by.replaces is not None
        problem.replaces = replace(standing_by.replaces, **replaces)
        return problem

    chosen = verified(changed(with_bounds(QUOTAS, {**x, **sexes})), folder(wishless))
    assert any("other alternates" in each for check in chosen.checks for each in check.reasons)
    tokens = {who: f"{i:032x}" for i, who in enumerate(wishless.publication.problem.ids)}
    rolled = verified(changed(standing_by.quotas, tokens=tokens), folder(wishless))
    assert any("another token" in each for check in rolled.checks for each in check.reasons)


def test_the_refused_stay_out_without_reading_files() -> None:
    wishes = Wishes(must_not={"p0": "works for the city"})
    record = draw(SelectionProblem(people(*ROWS), QUOTAS, seats=7, wishes=wishes))
    again = replacement_problem(record, freed={record.ids[0]: "ill"})
    assert "p0" not in again.ids
    assert draw(again).ids
