"""Tokens and codes: told apart, typed wrong, guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mitwirkung.reply_codes import (
    CODE_LETTERS,
    TRIES,
    WINDOW,
    is_token,
    made_code,
    made_token,
    read_code,
    recent,
    try_again_at,
)

NOW = datetime(2027, 4, 4, 12, tzinfo=UTC)
CODES = st.binary(min_size=16, max_size=16).map(lambda chance: made_code(lambda size: chance))


@given(CODES)
def test_codes_are_read_as_people_type_them(code: str) -> None:
    plain = code.replace("-", "")
    for typed in (code, code.lower(), f" {plain} ", code.replace("-", " "), code.replace("-", "–")):
        assert read_code(typed) == plain
    assert not is_token(code)


@given(CODES, st.integers(0, 9), st.sampled_from(CODE_LETTERS))
def test_one_wrong_letter_shows(code: str, place: int, letter: str) -> None:
    plain = code.replace("-", "")
    wrong = plain[:place] + letter + plain[place + 1 :]
    assert (read_code(wrong) is None) == (wrong != plain)


@given(CODES, st.integers(0, 9), st.integers(0, 9))
def test_two_letters_that_changed_places_show(code: str, one: int, other: int) -> None:
    letters = list(code.replace("-", ""))
    letters[one], letters[other] = letters[other], letters[one]
    wrong = "".join(letters)
    assert (read_code(wrong) is None) == (wrong != code.replace("-", ""))


def test_letters_are_not_mixed_up() -> None:
    assert not {*"01OIL"} & {*CODE_LETTERS}
    assert len(CODE_LETTERS) == 31
    for typed in ("", "7", "12345-67890", "ÄÖÜßA-BCDEF", "٣٣٣٣٣-٣٣٣٣٣"):
        assert read_code(typed) is None


def test_tokens_fit_in_a_link() -> None:
    token = made_token(lambda size: bytes(range(size)))
    assert is_token(token)
    assert token.isalnum()
    assert token.islower()


@given(st.lists(st.integers(0, 7200), max_size=60), st.integers(0, 7200))
def test_guesses_are_limited_in_every_window(seconds: list[int], later: int) -> None:
    """However tries are spread, no window holds more of them than allowed."""
    done: tuple[datetime, ...] = ()
    times = []
    for second in sorted(seconds):
        now = NOW + timedelta(seconds=second)
        if try_again_at(done, now) is None:
            done = (*recent(done, now), now)
            times.append(now)
    for start in times:
        assert sum(start <= each < start + WINDOW for each in times) <= TRIES
    assert len(done) <= TRIES + 1
    now = NOW + timedelta(seconds=max(seconds, default=0) + later)
    waits = try_again_at(done, now)
    assert waits is None or now < waits <= now + WINDOW
