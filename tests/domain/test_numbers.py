"""What the counts of days say; zero and unknown are different."""

from datetime import date, timedelta

from review.domain.durations import ERROR, bucket_of
from review.domain.numbers import Decisions, Outcomes, Period, monday_of, read_counts, share, together, total

LAST = date(2026, 11, 25)  # a Wednesday
BEGUN = LAST - timedelta(days=9)


def _period(*, known_from: date | None = BEGUN, known_to: date | None = LAST) -> Period:
    return Period(LAST - timedelta(days=29), LAST, known_from, known_to)


def test_a_day_without_a_count_is_zero_and_one_before_the_beginning_is_unknown() -> None:
    numbers = read_counts([(LAST, "received", "notice", 3)], period=_period())
    assert len(numbers.received["notice"]) == 30
    assert numbers.received["notice"][-1] == 3
    assert numbers.received["notice"][-2] == 0
    assert numbers.received["notice"][0] is None
    assert numbers.received["referral"][-1] == 0
    assert numbers.withdrawn[-10:] == (0,) * 10
    assert numbers.withdrawn[:20] == (None,) * 20


def test_days_that_are_not_counted_yet_are_unknown_unless_they_have_a_count() -> None:
    yesterday = LAST - timedelta(days=1)
    numbers = read_counts([(LAST, "withdrawn", "items", 1)], period=_period(known_to=yesterday))
    assert numbers.withdrawn[-3:] == (0, 0, 1)
    assert numbers.accepted[-3:] == (0, 0, None)


def test_nothing_is_known_while_nothing_is_counted() -> None:
    numbers = read_counts([], period=_period(known_from=None, known_to=None))
    assert set(numbers.accepted) == {None}
    assert total(numbers.accepted) is None
    assert numbers.decisions.median is numbers.decisions.share_within is None


def test_outcomes_are_told_by_day_and_by_kind_of_sender() -> None:
    rows = [
        (LAST, "accepted", "iru", 2),
        (LAST, "accepted", "other", 1),
        (LAST, "declined", "iru", 6),
        (BEGUN, "declined", "iru", 1),
    ]
    numbers = read_counts(rows, period=_period())
    assert (numbers.accepted[-1], numbers.declined[-1], total(numbers.declined)) == (3, 6, 7)
    assert numbers.senders == {"iru": Outcomes(2, 7), "other": Outcomes(1, 0)}
    assert numbers.senders["other"].share_accepted == 1
    assert Outcomes().share_accepted is None


def test_times_are_told_by_week_and_by_intake_kind() -> None:
    hour, day = str(bucket_of(3_600)), str(bucket_of(86_400))
    rows = [
        (LAST, "took_referral", hour, 9),
        (LAST, "within_target", "referral", 9),
        (LAST, "took_notice", day, 1),
        (LAST, "over_target", "notice", 1),
        (LAST - timedelta(days=7), "took_referral", hour, 1),
        (LAST - timedelta(days=7), "within_target", "referral", 1),
    ]
    numbers = read_counts(rows, period=_period())
    assert len(numbers.weeks) == len(numbers.period.weeks) == 5
    assert [week.cases for week in numbers.weeks] == [0, 0, 0, 1, 10]
    newest = numbers.weeks[-1]
    assert newest.share_within == 0.9
    notices = numbers.by_kind["notice"]
    for found, true in ((newest.median, 3_600), (newest.ninetieth, 3_600), (notices.median, 86_400)):
        assert found is not None
        assert abs(found - true) / true <= ERROR
    assert numbers.weeks[0].median is None
    assert numbers.weeks[0].share_within is None
    assert numbers.decisions.cases == 11
    assert (numbers.by_kind["notice"].within, numbers.by_kind["notice"].over) == (0, 1)


def test_weeks_begin_on_monday() -> None:
    assert monday_of(LAST) == date(2026, 11, 23)
    assert _period().weeks[0] == date(2026, 10, 26)
    assert Decisions().cases == 0


def test_a_share_of_nothing_is_unknown_and_sums_keep_what_is_unknown() -> None:
    assert (share(0, 0), share(0, 4), share(3, 4)) == (None, 0, 0.75)
    assert together([(1, None, 0), (2, 3, 0)]) == (3, None, 0)
    assert (total((None, 0)), total((None, None)), total((1, 2))) == (0, None, 3)
