"""A sender's lists and counts read the index of its changes, whatever else is stored."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session

from review import clock, db
from review.actions.withdrawals import withdraw_item
from review.domain.states import ItemStatus
from review.models import Item
from review.queries import own_figures, own_lists
from review.queries.own_figures import OwnCounts, answer_times, own_counts
from review.queries.own_lists import OwnFilters, newest_changes, newest_referrals, referral_named
from tests.conftest import Desk
from tests.factories import make_sender, receive, sender_actor
from tests.trails import ask_next, decide_all

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
URLS = ("https://video.example/1", "https://video.example/2")


def _plan(reader: Session, statement: sa.Select[Any]) -> str:
    """How the database would run a statement; on PostgreSQL without the way of reading whole tables."""
    if db.is_sqlite(reader):
        prefix = "EXPLAIN QUERY PLAN "
    else:
        reader.execute(sa.text("SET LOCAL enable_seqscan = off"))
        reader.execute(sa.text("SET LOCAL enable_bitmapscan = off"))
        reader.execute(sa.text("SET LOCAL enable_sort = off"))
        prefix = "EXPLAIN "
    compiled = statement.compile(reader.get_bind(), compile_kwargs={"literal_binds": True})
    return "\n".join(str(row) for row in reader.execute(sa.text(prefix + str(compiled))))


def _ids(desk: Desk, sender_id: str, **conditions: Any) -> list[str]:
    page = newest_referrals(desk.session, sender_id=sender_id, filters=OwnFilters(**conditions))
    return [referral.id for referral in page.referrals]


def test_the_newest_changes_come_from_the_index_in_its_order(desk: Desk) -> None:
    sender = make_sender()
    receive(sender_actor(sender), URLS[0])
    plan = _plan(desk.session, sa.select(newest_changes(sender, most=50)))
    assert "ix_referrals_poll" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


def test_a_referral_stands_where_its_least_finished_item_stands(desk: Desk) -> None:
    sender = make_sender()
    actor = sender_actor(sender)
    both = receive(actor, *URLS).referral_id
    first, second = desk.session.scalars(sa.select(Item.id).order_by(Item.position)).all()
    withdraw_item(first, actor=actor)
    assert _ids(desk, sender, status=ItemStatus.IN_REVIEW) == [both]
    decide_all()
    assert _ids(desk, sender, status=ItemStatus.DECIDED) == [both]
    assert _ids(desk, sender, status=ItemStatus.WITHDRAWN) == []
    [listed] = newest_referrals(desk.session, sender_id=sender).referrals
    assert (listed.items, listed.answered, listed.status) == (2, 1, ItemStatus.DECIDED)
    assert second is not None


def test_a_referral_of_which_one_item_waits_for_its_sender_stands_there(desk: Desk) -> None:
    sender = make_sender()
    actor = sender_actor(sender)
    both, alone = receive(actor, *URLS).referral_id, receive(actor, "https://video.example/3").referral_id
    ask_next()
    assert _ids(desk, sender, status=ItemStatus.WAITING_SENDER) == [both]
    assert _ids(desk, sender, status=ItemStatus.IN_REVIEW) == [alone]
    listed = {one.id: one for one in newest_referrals(desk.session, sender_id=sender).referrals}
    assert (listed[both].status, listed[both].items) == (ItemStatus.WAITING_SENDER, 2)
    assert listed[alone].status is ItemStatus.IN_REVIEW
    since = clock.now() - timedelta(days=7)
    assert own_counts(desk.session, sender_id=sender, since=since) == OwnCounts(1, 1, 0, 0, whole=True)
    decide_all()
    assert _ids(desk, sender, status=ItemStatus.WAITING_SENDER) == [both], "however far the other item is"
    assert _ids(desk, make_sender(), status=ItemStatus.WAITING_SENDER) == []


def test_the_start_of_a_reference_is_literal_whatever_letters_it_has(desk: Desk) -> None:
    sender = make_sender()
    actor = sender_actor(sender)
    odd = receive(actor, URLS[0], reference="100%_\\x").referral_id
    receive(actor, URLS[0], reference="100 years")
    assert _ids(desk, sender, reference="100%") == [odd]
    assert _ids(desk, sender, reference="100%_\\X") == [odd]
    assert _ids(desk, sender, reference="%") == []
    assert referral_named(desk.session, "100%_\\x", sender_id=sender) == odd
    assert referral_named(desk.session, "100%_\\x", sender_id=make_sender()) is None


def test_counts_are_own_capped_and_say_when_they_are_not_whole(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = make_sender()
    actor = sender_actor(sender)
    receive(sender_actor(make_sender()), *URLS, "https://elsewhere.example/")
    since = NOW - timedelta(days=7)
    with time_machine.travel(NOW - timedelta(days=8), tick=False):
        receive(actor, URLS[0], "https://elsewhere.example/")
    with time_machine.travel(NOW, tick=False):
        receive(actor, *URLS, "https://elsewhere.example/")
    assert own_counts(desk.session, sender_id=sender, since=since) == OwnCounts(2, 0, 0, 1, whole=True)
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        decide_all()
    assert own_counts(desk.session, sender_id=sender, since=since) == OwnCounts(0, 0, 2, 1, whole=True)
    monkeypatch.setattr(own_figures, "LOOKED_THROUGH", 1)
    assert not own_counts(desk.session, sender_id=sender, since=since).whole


def test_the_median_is_of_own_answered_items_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    sender = make_sender()
    urls = [f"https://video.example/{number}" for number in range(5)]
    with time_machine.travel(NOW - timedelta(hours=50), tick=False):
        receive(sender_actor(make_sender()), *urls)
    with time_machine.travel(NOW, tick=False):
        receive(sender_actor(sender), *urls[:4])
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        decide_all()
    since = NOW - timedelta(days=90)
    found = answer_times(desk.session, sender_id=sender, since=since)
    assert (found.items, found.median_seconds) == (4, None)
    with time_machine.travel(NOW, tick=False):
        receive(sender_actor(sender), "https://video.example/last")
        receive(sender_actor(sender), "https://video.example/withdrawn")
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        decide_all()
    found = answer_times(desk.session, sender_id=sender, since=since)
    assert (found.items, found.bounded) == (6, False)
    assert found.median_seconds == pytest.approx(2 * 3600, abs=120)
    monkeypatch.setattr(own_figures, "MOST_ANSWERED", 5)
    found = answer_times(desk.session, sender_id=sender, since=since)
    assert (found.items, found.bounded) == (5, True)


def test_a_search_ends_where_no_older_change_can_fit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_lists, "LOOKED_THROUGH", 2)
    sender = make_sender()
    actor = sender_actor(sender)
    for days in (9, 8, 3, 0):
        with time_machine.travel(NOW - timedelta(days=days), tick=False):
            receive(actor, URLS[0])
    filters = OwnFilters(status=ItemStatus.DECIDED, received_since=NOW - timedelta(days=4))
    page = newest_referrals(desk.session, sender_id=sender, filters=filters)
    assert page.referrals == ()
    assert page.next is not None
    page = newest_referrals(desk.session, sender_id=sender, filters=filters, after=page.next)
    assert (page.referrals, page.next) == ((), None)
