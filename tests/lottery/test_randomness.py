"""Templates fix the wording of a seed before it exists."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitwirkung.lottery.randomness import (
    UnfitSeed,
    UnfitTemplate,
    check_outcomes,
    check_seed,
    draws_number,
    fits_either,
    parse_template,
)

LOTTO = "Lotto 6 aus 49 vom 2026-12-05: {numbers 6 of 1-49}"


def test_numbers_are_different_ascending_and_in_range() -> None:
    template = parse_template(LOTTO)
    assert template.outcomes == comb(49, 6)
    start = "Lotto 6 aus 49 vom 2026-12-05: "
    assert template.fits(start + "1 2 3 4 5 49")
    for numbers in (
        "2 1 3 4 5 6",
        "1 1 2 3 4 5",
        "1 2 3 4 5",
        "1 2 3 4 5 6 7",
        "0 1 2 3 4 5",
        "1 2 3 4 5 50",
        "01 2 3 4 5 6",
        "1  2 3 4 5 6",
        "1,2,3,4,5,6",
        "",
    ):
        assert not template.fits(start + numbers)
    assert not template.fits("lotto 6 aus 49 vom 2026-12-05: 1 2 3 4 5 6")
    assert not template.fits(start + "1 2 3 4 5 6 ")


def test_digits_are_taken_as_drawn() -> None:
    template = parse_template("Spiel 77: {digits 7}")
    assert template.outcomes == 10**7
    assert template.fits("Spiel 77: 0000000")
    for digits in ("123456", "12345678", "1234 67", "١٢٣٤٥٦٧"):
        assert not template.fits(f"Spiel 77: {digits}")


def test_several_placeholders_multiply() -> None:
    template = parse_template("{digits 3} and {numbers 3 of 1-30}")
    assert template.outcomes == 1000 * comb(30, 3)
    assert template.fits("007 and 1 2 30")
    twice = parse_template("{numbers 2 of 1-999} {numbers 2 of 1-999}")
    assert twice.fits("998 999 1 2")
    assert not twice.fits("998 999 1 2 3")


def test_what_stands_outside_of_braces_is_taken_to_the_letter() -> None:
    template = parse_template("a.b*(c) [x]? {digits 7}")
    assert template.fits("a.b*(c) [x]? 1234567")
    assert not template.fits("aXb*(c) [x]? 1234567")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no placeholder", "template-no-placeholder"),
        ("{digits seven}", "template-brace"),
        ("{digits 7", "template-brace"),
        ("{digits 7} }", "template-brace"),
        ("{digits 6}", "template-few-outcomes"),
        ("{dice 3 of 6}", "template-few-outcomes"),
        ("{dice 9 of 0}", "template-few-outcomes"),
        ("{numbers 3 of 1-6}", "template-few-outcomes"),
        ("{numbers 9 of 5-1}", "template-few-outcomes"),
        ("{digits 4}{digits 4}", "template-adjacent"),
        ("none {numbers 0 of 1-5}: {digits 7}", "template-brace"),
        ("none {digits 00}: {digits 7}", "template-brace"),
        ("none {dice 000 of 6}: {digits 7}", "template-brace"),
    ],
)
def test_a_template_that_does_not_bind_is_refused(text: str, code: str) -> None:
    with pytest.raises(UnfitTemplate) as caught:
        check_outcomes(text)
    assert caught.value.code == code
    assert text in str(caught.value)


@pytest.mark.parametrize("text", ["Lotto\u200b: {digits 7}", "a\n{digits 7}", "{digits 7} "])
def test_a_template_that_no_seed_can_have_is_refused(text: str) -> None:
    """Otherwise the fallback would always count."""
    with pytest.raises(UnfitTemplate) as caught:
        parse_template(text)
    assert caught.value.code == "template-control-character"


@given(st.sets(st.integers(1, 49), min_size=6, max_size=6))
def test_every_sorted_draw_fits(numbers: set[int]) -> None:
    text = " ".join(map(str, sorted(numbers)))
    assert fits_either(f"Lotto 6 aus 49 vom 2026-12-05: {text}", LOTTO, "Later: {digits 7}")


@given(st.permutations([3, 11, 17, 28, 41, 44]), st.sampled_from([" ", ", ", ";", " - ", "  "]))
def test_a_set_is_sorted_however_it_was_drawn(numbers: list[int], between: str) -> None:
    start = "Lotto 6 aus 49 vom 2026-12-05: "
    drawn = between.join(f"{number:02d}" for number in numbers)
    assert parse_template(LOTTO).fill(drawn) == start + "3 11 17 28 41 44"


def test_digits_and_dice_are_never_sorted() -> None:
    digits, dice = parse_template("W: {digits 3}"), parse_template("W: {dice 3 of 6}")
    assert digits.fill("7 0 1") == digits.fill("701") == digits.fill("W: 701") == "W: 701"
    assert dice.fill("6 1 3") == dice.fill("613") == "W: 6 1 3"
    both = parse_template("Euro {numbers 5 of 1-50} + {numbers 2 of 1-12}")
    assert both.fill("44 3 11 50 1 12 2") == "Euro 1 3 11 44 50 + 2 12"


@pytest.mark.parametrize(
    ("template", "drawn", "code", "params"),
    [
        (LOTTO, "3 11 17 28 41", "too-few", {"given": 5}),
        (LOTTO, "", "too-few", {"given": 0}),
        (LOTTO, "3 11 17 28 41 44 45", "too-many", {"given": 7, "count": 6}),
        (LOTTO, "3 28 17 3 41 44", "twice", {"number": 3}),
        (LOTTO, "3 11 17 50 41 44", "outside", {"number": 50, "low": 1, "high": 49}),
        (LOTTO, "3 11 three", "no-number", {"place": 3}),
        ("{digits 3}", "7 01 22", "too-many", {"given": 3, "count": 2}),
        ("{digits 3}", "7 012", "digits", {"given": 4, "count": 3}),
        ("{dice 3 of 6}", "7 1 1", "outside", {"number": 7, "low": 1, "high": 6}),
        ("{dice 3 of 6}", "0 1 1", "outside", {"number": 0}),
        ("{dice 3 of 6}", "-1 1 1", "no-number", {"place": 1}),
    ],
)
def test_what_does_not_fit_is_refused_and_the_error_says_what(
    template: str, drawn: str, code: str, params: dict[str, int]
) -> None:
    with pytest.raises(UnfitSeed) as caught:
        parse_template(template).fill(drawn)
    assert caught.value.code == f"drawn-{code}"
    assert params.items() <= caught.value.params.items()


@given(
    st.sampled_from(
        ["{digits 3}", "{dice 3 of 6}", "{numbers 1 of 5-99}", "a{dice 2 of 20} b{digits 1}"]
    )
)
def test_numbers_and_outcomes_are_one_to_one(text: str) -> None:
    template = parse_template(text)
    seeds = []
    for number in range(template.outcomes):
        filled = template.fill(" ".join(template.parts(number)))
        assert template.number(filled) == number
        seeds.append(filled)
    assert len(set(seeds)) == template.outcomes


def test_a_template_draws_a_number_if_it_has_one_outcome_for_each_panel() -> None:
    assert draws_number(parse_template("{digits 3}"), 1000)
    assert draws_number(parse_template("{dice 3 of 6}"), 216)
    assert not draws_number(parse_template("{numbers 3 of 1-10}"), 120)  # a set has no number
    check_outcomes("{digits 3}", 1000)
    check_outcomes("{digits 7}", 1000)
    with pytest.raises(UnfitTemplate) as caught:
        check_outcomes("{digits 3}", 500)
    assert caught.value.code == "template-outcomes-panels"


def test_a_seed_is_kept_in_its_normal_form() -> None:
    assert check_seed("u\u0308ber") == "über"
