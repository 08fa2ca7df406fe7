"""A day ends when it ends where people live, whatever clocks do that night."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from mitwirkung.deadlines import Receipt, TimeZone, day_of, end_of_day, in_time, is_ahead

ZONES = sorted(available_timezones())
NAMES: TypeAdapter[str] = TypeAdapter(TimeZone)
zones = st.sampled_from(ZONES)
days = st.dates(date(1990, 1, 1), date(2037, 12, 30))


@given(zones, days)
def test_the_end_is_where_the_date_changes_for_good(zone: str, day: date) -> None:
    end = end_of_day(day, zone)
    place = ZoneInfo(zone)
    assert end.astimezone(place).date() > day
    assert (end - timedelta(microseconds=1)).astimezone(place).date() <= day
    # nothing of the day comes after it, a night with two midnights included
    for minutes in range(0, 26 * 60, 10):
        assert (end + timedelta(minutes=minutes)).astimezone(place).date() > day


@given(zones, days, st.integers(-3 * 86400, 3 * 86400))
def test_moments_are_in_time_up_to_the_end(zone: str, day: date, seconds: int) -> None:
    moment = end_of_day(day, zone) + timedelta(seconds=seconds)
    assert in_time(moment, day, zone) == (seconds < 0)


@given(zones, days, st.integers(-3, 3))
def test_stamped_days_are_in_time_including_the_last(zone: str, day: date, later: int) -> None:
    assert in_time(day + timedelta(days=later), day, zone) == (later <= 0)


@pytest.mark.parametrize(
    ("zone", "day", "end"),
    [
        ("Europe/Berlin", date(2020, 9, 27), "2020-09-27T22:00:00+00:00"),
        ("Europe/Berlin", date(2020, 10, 25), "2020-10-25T23:00:00+00:00"),  # 25 hours long
        ("Europe/Berlin", date(2021, 3, 28), "2021-03-28T22:00:00+00:00"),  # 23 hours long
        # midnight does not exist: clocks go from 24:00 to 1:00
        ("America/Sao_Paulo", date(2018, 11, 3), "2018-11-04T03:00:00+00:00"),
        # at 0:01 clocks go back to 23:01 of the day before
        ("America/St_Johns", date(2010, 11, 6), "2010-11-07T03:30:00+00:00"),
        # at 1:00 clocks go back to 0:00 of the same day
        ("Asia/Jerusalem", date(2003, 10, 2), "2003-10-02T21:00:00+00:00"),
        # 30 December 2011 does not exist
        ("Pacific/Apia", date(2011, 12, 29), "2011-12-30T10:00:00+00:00"),
    ],
)
def test_known_nights(zone: str, day: date, end: str) -> None:
    assert end_of_day(day, zone).isoformat() == end


def test_a_receipt_cannot_lie_ahead() -> None:
    now = datetime(2020, 9, 27, 22, 30, tzinfo=UTC)  # half past midnight in Berlin
    assert not is_ahead(date(2020, 9, 28), now, "Europe/Berlin")
    assert is_ahead(date(2020, 9, 28), now, "UTC")
    assert is_ahead(now + timedelta(seconds=1), now, "UTC")
    assert day_of(now, "Europe/Berlin") == date(2020, 9, 28)


@pytest.mark.parametrize(
    "receipt", [date(2020, 9, 27), datetime(2020, 9, 27, tzinfo=UTC), datetime.now(UTC)]
)
def test_receipts_survive_json(receipt: date) -> None:
    adapter: TypeAdapter[date] = TypeAdapter(Receipt)
    again = adapter.validate_json(adapter.dump_json(receipt))
    assert (type(again), again) == (type(receipt), receipt)


def test_an_unknown_zone_is_told_with_the_nearest() -> None:
    assert NAMES.validate_python("Europe/Berlin") == "Europe/Berlin"
    with pytest.raises(ValidationError, match="Europe/Berlin'"):
        NAMES.validate_python("Europe/Berlim")
    for wrong in ("", "../etc/passwd", "Europe"):
        with pytest.raises(ValidationError):
            NAMES.validate_python(wrong)
