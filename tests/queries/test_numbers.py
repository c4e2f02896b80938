"""Where the counting stands, and how many cases are open: by age, by time left, and never counted far."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions.cases import claim_case
from review.actions.numbers import count_entries
from review.actions.trail import sequence_events
from review.domain.permissions import SERVICE
from review.models import Case
from review.queries import numbers
from tests.conftest import Desk
from tests.factories import make_account, make_case, make_cases, make_sender, receive, sender_actor


def test_open_cases_stand_in_their_bands(desk: Desk) -> None:
    now = clock.now()
    for hours, many in ((1, 3), (30, 2), (100, 1), (400, 1)):
        with time_machine.travel(now - timedelta(hours=hours), tick=False):
            make_cases(many)
    make_case(due_in=timedelta(minutes=30))
    closed = make_case()
    with db.transaction() as writer:
        writer.execute(sa.update(Case).where(Case.id == closed).values(state="withdrawn"))
    claim_case(make_case(), actor=make_account())
    found = numbers.open_cases(desk.session, now=clock.now())
    assert found.by_age == {"day": 5, "three_days": 2, "week": 1, "older": 1}
    assert found.by_time_left == {"overdue": 2, "hour": 1, "day": 0, "three_days": 6, "longer": 0}


def test_a_case_whose_review_waits_for_its_undo_window_is_not_open(desk: Desk) -> None:
    waiting = make_case()
    with db.transaction() as writer:
        writer.execute(sa.update(Case).where(Case.id == waiting).values(pending_review_id="V-1"))
    found = numbers.open_cases(desk.session, now=clock.now())
    assert sum(found.by_age.values()) == sum(found.by_time_left.values()) == 0


def test_counts_of_open_cases_use_their_index(desk: Desk) -> None:
    make_cases(3)
    now = clock.now()
    for prepared, index in ((numbers._OPENED, "ix_cases_oldest"), (numbers._DUE, "ix_cases_queue")):
        prepared.scalar(desk.session, after=now, until=now)
        if desk.database == "sqlite":
            text = prepared._compiled["sqlite"].text
            plan = desk.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", _values(prepared))
            assert index in " ".join(str(row) for row in plan)


def _values(prepared: object) -> tuple[object, ...]:
    compiled = prepared._compiled["sqlite"]  # type: ignore[attr-defined]
    return tuple(compiled.fixed.get(name, "2026-01-01") for name, _process in compiled.binds)


def test_it_is_late_only_when_something_waits_long(desk: Desk) -> None:
    found = numbers.counted_so_far(desk.session)
    assert (found.first_at, found.last_at, found.next_at) == (None, None, None)
    assert not found.is_late(clock.now())
    receive(sender_actor(make_sender()), "https://video.example/1")
    sequence_events()
    found = numbers.counted_so_far(desk.session)
    assert found.progress.waiting == 1
    assert not found.is_late(clock.now())
    assert found.is_late(clock.now() + timedelta(minutes=5))
    assert count_entries(actor=SERVICE) == 1
    found = numbers.counted_so_far(desk.session)
    assert found.first_at == found.last_at is not None
    assert not found.is_late(clock.now() + timedelta(minutes=5))


@pytest.mark.parametrize("days", [30, 90])
def test_the_numbers_are_those_of_the_period(desk: Desk, days: int) -> None:
    now = clock.now()
    sender = sender_actor(make_sender())
    for back in (40, 0):
        with time_machine.travel(now - timedelta(days=back), tick=False):
            receive(sender, f"https://video.example/{back}")
            sequence_events()
    count_entries(actor=SERVICE)
    reader = desk.session
    found = numbers.numbers_of(reader, now=now, days=days, counted=numbers.counted_so_far(reader))
    received = found.received["referral"]
    assert len(received) == days
    assert sum(count or 0 for count in received) == (2 if days == 90 else 1)
    assert received.count(None) == (49 if days == 90 else 0)
