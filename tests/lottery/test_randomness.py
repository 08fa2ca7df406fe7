"""Templates fix the wording of a seed before it exists."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitwirkung.lottery.randomness import UnfitTemplate, check_seed, fits_either, parse_template

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
        ("{numbers 3 of 1-6}", "template-few-outcomes"),
        ("{numbers 9 of 5-1}", "template-few-outcomes"),
        ("{digits 4}{digits 4}", "template-adjacent"),
    ],
)
def test_a_template_that_does_not_bind_is_refused(text: str, code: str) -> None:
    with pytest.raises(UnfitTemplate) as caught:
        parse_template(text)
    assert caught.value.code == code
    assert text in str(caught.value)


@given(st.sets(st.integers(1, 49), min_size=6, max_size=6))
def test_every_sorted_draw_fits(numbers: set[int]) -> None:
    text = " ".join(map(str, sorted(numbers)))
    assert fits_either(f"Lotto 6 aus 49 vom 2026-12-05: {text}", LOTTO, "Later: {digits 7}")


def test_a_seed_is_kept_in_its_normal_form() -> None:
    assert check_seed("u\u0308ber") == "über"
