"""What may be told of exposure: sums of days on which five people took part, and nothing between them."""

from datetime import date, timedelta
from itertools import pairwise

from review.domain.team import LEAST_PEOPLE, PERIODS
from review.domain.team_exposure import DayCount, Part, Sum, exposure_told, whole_days

TODAY = date(2026, 11, 23)
FEW, MANY = LEAST_PEOPLE - 1, LEAST_PEOPLE


def _told(today: date, *rows: DayCount) -> dict[int, Sum]:
    exposure = exposure_told(rows, days=whole_days(today))
    return {days: exposure.total(Part.HIGH, days=days) for days in PERIODS}


def _day(back: int, people: int, count: int, part: Part = Part.HIGH) -> DayCount:
    return DayCount(part, TODAY - timedelta(days=back), people, count)


def test_days_are_whole_and_end_yesterday() -> None:
    days = whole_days(TODAY)
    assert (days[0], days[-1], len(days)) == (date(2026, 10, 24), date(2026, 11, 22), 30)
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))


def test_today_counts_in_nothing() -> None:
    assert _told(TODAY, _day(0, MANY, 50)) == {7: Sum(None, 0), 30: Sum(None, 0)}


def test_a_day_of_few_people_is_in_no_number() -> None:
    rows = (_day(1, MANY, 20), _day(2, FEW, 7), _day(9, MANY, 30), _day(10, 1, 400))
    assert _told(TODAY, *rows) == {7: Sum(20, 1), 30: Sum(50, 2)}


def test_the_rest_of_the_longer_period_tells_of_nobody_alone() -> None:
    """One person at work in the days between the two periods, many in the last week."""
    told = _told(TODAY, _day(3, MANY, 20), _day(12, 1, 33))
    assert told[30] == told[7] == Sum(20, 1)


def test_two_pages_of_two_days_tell_of_nobody_alone() -> None:
    """The one at work on a Sunday: neither the day after nor a week later does a number move by it."""
    sunday = _day(1, 1, 33)
    rows = [_day(back, MANY, 20) for back in (2, 3, 4)]
    for page in range(10):
        today = TODAY + timedelta(days=page)
        assert _told(today, *rows, sunday) == _told(today, *rows)


def test_each_part_counts_by_itself() -> None:
    rows = (_day(1, MANY, 20), _day(1, FEW, 4, Part.LOW), _day(1, FEW, 2, Part.BREAKS))
    exposure = exposure_told(rows, days=whole_days(TODAY))
    assert [exposure.total(part, days=7).number for part in Part] == [20, None, None]
    assert not exposure.withheld
    assert exposure_told(rows[1:], days=whole_days(TODAY)).withheld
