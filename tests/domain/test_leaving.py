"""Until when a case is set aside, in the person's own zone, and why it may be passed on."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from review.domain.leaving import PASS_REASONS, SPANS, check_reason, check_until, wake_up
from review.errors import InvalidInput

NOW = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
BRUSSELS = ZoneInfo("Europe/Brussels")
AUCKLAND = ZoneInfo("Pacific/Auckland")


def until(choice: str, typed: str = "", *, now: datetime = NOW, zone: ZoneInfo = BRUSSELS) -> datetime:
    return wake_up(choice, typed, now=now, zone=zone)


def test_spans_count_from_now() -> None:
    assert until("hour") == NOW + timedelta(hours=1)
    assert until("four_hours") == NOW + timedelta(hours=4)
    assert all(until(choice).utcoffset() == timedelta(0) for choice in SPANS)


def test_tomorrow_morning_is_eight_where_the_person_is() -> None:
    assert until("morning") == datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
    assert until("morning", zone=AUCKLAND) == datetime(2026, 11, 24, 19, 0, tzinfo=UTC)


def test_tomorrow_morning_is_eight_after_the_clocks_changed() -> None:
    """In the night to 25 October 2026 Brussels goes back by an hour, on 29 March 2026 forth by one."""
    back = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
    forth = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    assert until("morning", now=back) == datetime(2026, 10, 25, 7, 0, tzinfo=UTC)
    assert until("morning", now=forth) == datetime(2026, 3, 29, 6, 0, tzinfo=UTC)


def test_a_typed_time_is_read_in_the_zone_of_the_person() -> None:
    assert until("time", " 2026-11-24T09:15 ") == datetime(2026, 11, 24, 8, 15, tzinfo=UTC)
    there = until("time", "2026-11-24T13:15:30", zone=AUCKLAND)
    assert there == datetime(2026, 11, 24, 0, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("choice", "typed"),
    [
        ("", ""), ("weeks", ""), ("time", ""), ("time", "soon"), ("time", "0001-01-01T00:00"),
        ("time", "9999-12-31T23:59"), ("time", "2026-11-23T23:30"), ("time", "2026-11-30T23:31"),
    ],
)  # fmt: skip
def test_what_is_no_time_within_seven_days_is_refused(choice: str, typed: str) -> None:
    with pytest.raises(InvalidInput):
        until(choice, typed)


def test_seven_days_are_the_most_and_now_is_too_early() -> None:
    check_until(NOW + timedelta(days=7), now=NOW)
    for wrong in (NOW, NOW - timedelta(seconds=1), NOW + timedelta(days=7, microseconds=1)):
        with pytest.raises(InvalidInput):
            check_until(wrong, now=NOW)


def test_only_the_listed_reasons_are_taken() -> None:
    for reason in PASS_REASONS:
        check_reason(reason)
    for wrong in ("", "tired", "Personal_Impact"):
        with pytest.raises(InvalidInput):
            check_reason(wrong)
