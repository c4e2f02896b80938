"""What an entry adds to its day, without a database."""

from datetime import UTC, date, datetime, timedelta, timezone

from review.domain.counting import COUNTED, DecidedCase, Entry, Rows, add_up
from review.domain.durations import bucket_of
from review.domain.events import EVENTS

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = NOON.date()


def test_the_events_that_count_exist() -> None:
    assert set(COUNTED) <= EVENTS.keys()


def test_items_are_counted_by_kind_when_they_come() -> None:
    entries = [
        Entry("referral.received", NOON, "R-1", {"intake_kind": "referral"}),
        Entry("referral.received", NOON, "R-2", {"intake_kind": "notice"}),
        Entry("referral.received", NOON, "R-3", {"intake_kind": "referral"}),
    ]
    sums = add_up(entries, Rows(received={"R-1": 3, "R-2": 1, "R-3": 2}))
    assert sums == {(DAY, "received", "referral"): 5, (DAY, "received", "notice"): 1}


def test_answers_are_counted_by_outcome_and_kind_of_sender() -> None:
    entries = [
        Entry("item.answered", NOON, "I-1", {"outcome": "accepted"}),
        Entry("item.answered", NOON, "I-2", {"outcome": "declined"}),
        Entry("item.answered", NOON, "I-3", {"outcome": "declined"}),
    ]
    sums = add_up(entries, Rows(senders={"I-1": "iru", "I-2": "iru"}))
    assert sums == {
        (DAY, "accepted", "iru"): 1,
        (DAY, "declined", "iru"): 1,
        (DAY, "declined", "unknown"): 1,
    }


def test_an_answer_that_supersedes_another_is_not_counted_again() -> None:
    meta = {"outcome": "accepted", "previous_outcome": "declined"}
    assert add_up([Entry("item.answered", NOON, "I-1", meta)], Rows(senders={"I-1": "iru"})) == {}


def test_what_is_taken_back_counts_each_item_once() -> None:
    entries = [Entry("item.withdrawn", NOON, "I-1"), Entry("referral.withdrawn", NOON, "R-1")]
    assert add_up(entries, Rows(withdrawn={"R-1": 4})) == {(DAY, "withdrawn", "items"): 5}


def test_a_decision_counts_its_time_and_its_target() -> None:
    opened = NOON - timedelta(hours=5)
    cases = {
        "C-1": DecidedCase("notice", opened, NOON),
        "C-2": DecidedCase("notice", opened, NOON - timedelta(seconds=1)),
    }
    sums = add_up([Entry("case.decided", NOON, name) for name in cases], Rows(cases=cases))
    assert sums == {
        (DAY, "took_notice", str(bucket_of(5 * 3600))): 2,
        (DAY, "within_target", "notice"): 1,
        (DAY, "over_target", "notice"): 1,
    }


def test_a_day_is_one_of_utc() -> None:
    late = datetime(2026, 11, 22, 1, tzinfo=timezone(timedelta(hours=2)))
    assert [*add_up([Entry("item.withdrawn", late, "I-1")], Rows())] == [
        (date(2026, 11, 21), "withdrawn", "items")
    ]


def test_what_has_no_row_and_what_does_not_count_add_nothing() -> None:
    entries = [
        Entry("case.decided", NOON, "C-9"),
        Entry("referral.received", NOON, "R-9", {"intake_kind": "referral"}),
        Entry("case.claimed", NOON, "C-1"),
    ]
    assert add_up(entries, Rows(cases={"C-1": DecidedCase("notice", NOON, NOON)})) == {}
