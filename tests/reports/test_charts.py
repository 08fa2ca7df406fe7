"""Scales and labels of the pictures."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from mitwirkung.reports.charts import MOST_TICKS, Scale, width_of
from mitwirkung.reports.words import Words

numbers = st.fractions(Fraction(1, 10**5), 10**6, max_denominator=10**6)


@given(numbers)
def test_a_scale_reaches_its_largest_number_in_few_round_steps(largest: Fraction) -> None:
    scale = Scale.around(largest)
    assert largest <= scale.end < largest + scale.step
    assert 1 <= scale.end / scale.step <= MOST_TICKS + 1
    step = scale.step
    while step >= 10:
        step /= 10
    while step < 1:
        step *= 10
    assert step in (1, 2, 5)


@given(st.integers(1, 10**7))
def test_a_scale_can_end_where_it_is_told(end: int) -> None:
    scale = Scale.to(end)
    assert scale.end == end
    assert scale.end / scale.step <= MOST_TICKS


def test_labels_have_the_decimals_that_the_steps_need() -> None:
    german, english = Words("de"), Words("en")
    assert Scale.around(Fraction(73, 100)).percent(english)(Fraction(1, 5)) == "20%"
    assert Scale.around(Fraction(1, 100)).percent(german)(Fraction(1, 500)) == (
        "0,2\N{NO-BREAK SPACE}%"
    )


def test_long_texts_are_wider() -> None:
    assert width_of("Innenstadt-West") > width_of("Eving") > width_of("ja") > 0
    assert width_of("WWW") > width_of("iii")
