"""What a sender reads back: own referrals only, in the order of their changes."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from review import db
from review.actions.withdrawals import withdraw_item
from review.domain.cursors import Cursor
from review.domain.states import ItemStatus
from review.models import Item, Referral
from review.queries import referrals as referral_queries
from review.queries.own_lists import newest_referrals
from review.queries.referrals import changed_referrals, own_item, own_referral
from tests.conftest import Desk
from tests.factories import make_sender, receive, sender_actor

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
URLS = ("https://video.example/1", "https://video.example/2")


def _ids(desk: Desk, sender_id: str, **wanted: object) -> list[str]:
    """All pages, two at a time."""
    ids: list[str] = []
    after: Cursor | None = None
    while True:
        page = changed_referrals(
            desk.session,
            sender_id=sender_id,
            limit=2,
            **({"after": after} if after else wanted),
        )
        ids += [referral.id for referral in page.referrals]
        if page.next is None:
            return ids
        after = page.next


def test_pages_hold_every_own_referral_once_oldest_change_first(desk: Desk) -> None:
    sender = make_sender()
    actor = sender_actor(sender)
    received = [receive(actor, URLS[0]).referral_id for _ in range(5)]
    receive(sender_actor(make_sender()), URLS[0])
    assert _ids(desk, sender) == received
    item = desk.session.scalars(sa.select(Item.id).where(Item.referral_id == received[1])).one()
    withdraw_item(item, actor=actor)
    assert _ids(desk, sender) == [received[0], *received[2:], received[1]]
    newest = newest_referrals(desk.session, sender_id=sender, limit=3)
    assert [referral.id for referral in newest.referrals] == [received[1], received[4], received[3]]
    rest = newest_referrals(desk.session, sender_id=sender, limit=3, after=newest.next)
    assert [referral.id for referral in rest.referrals] == [received[2], received[0]]
    assert rest.next is None


def test_a_page_ends_before_it_holds_too_many_items(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    sender = make_sender()
    actor = sender_actor(sender)
    received = [receive(actor, *URLS, "https://elsewhere.example/").referral_id for _ in range(3)]
    for most, pages in ((2, [1, 1, 1]), (3, [1, 1, 1]), (6, [2, 1]), (9, [3])):
        monkeypatch.setattr(referral_queries, "MOST_ITEMS", most)
        seen: list[list[str]] = []
        after: Cursor | None = None
        while not seen or after:
            page = changed_referrals(desk.session, sender_id=sender, limit=200, after=after)
            seen.append([referral.id for referral in page.referrals])
            after = page.next
        assert ([len(ids) for ids in seen], [each for ids in seen for each in ids]) == (pages, received)


def test_the_list_for_people_counts_items_without_loading_them(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = make_sender()
    receive(sender_actor(sender), *URLS, "https://elsewhere.example/")
    monkeypatch.delattr(referral_queries, "_with_parts")
    [listed] = newest_referrals(desk.session, sender_id=sender, limit=1).referrals
    assert (listed.items, listed.status) == (2, ItemStatus.IN_REVIEW)


def test_updated_since_is_inclusive_and_chooses_the_start(desk: Desk) -> None:
    sender = make_sender()
    received = []
    with time_machine.travel(NOW, tick=False) as clock_hand:
        for _ in range(3):
            received.append(receive(sender_actor(sender), URLS[0]).referral_id)
            clock_hand.shift(timedelta(hours=1))
    assert _ids(desk, sender, updated_since=NOW + timedelta(hours=1)) == received[1:]
    assert _ids(desk, sender, updated_since=NOW + timedelta(hours=3)) == []


def test_a_clock_that_went_back_hides_no_change(desk: Desk) -> None:
    """Whatever moment is asked for, everything dated from then on is listed, and nothing before the first."""
    sender, dated = make_sender(), []
    with time_machine.travel(NOW, tick=False) as clock_hand:
        for minutes in (-20, 0, 4, 3, 1, 8, 5, 60, 58):
            clock_hand.move_to(NOW + timedelta(minutes=minutes))
            dated.append((minutes, receive(sender_actor(sender), URLS[0]).referral_id))
        clock_hand.move_to(NOW + timedelta(hours=2))
        for since in range(-21, 62):
            first = next((place for place, (at, _id) in enumerate(dated) if at >= since), len(dated))
            expected = [referral_id for _at, referral_id in dated[first:]]
            assert _ids(desk, sender, updated_since=NOW + timedelta(minutes=since)) == expected
    assert len(_ids(desk, sender, updated_since=datetime(1, 1, 1, tzinfo=UTC))) == len(dated)


def test_asking_for_what_is_new_reads_no_history(desk: Desk) -> None:
    """Every step that looks for the start walks the sender's own changes in their order, and stops."""
    sender = make_sender()
    with time_machine.travel(NOW, tick=False) as clock_hand:
        for _ in range(3):
            receive(sender_actor(sender), URLS[0])
            clock_hand.shift(timedelta(hours=1))
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    engine = db.extension.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        _ids(desk, sender, updated_since=NOW + timedelta(hours=2))
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    starts = [text for text in asked if "updated_at" in text and "received_at" not in text]
    assert len(starts) == 3
    assert all("ORDER BY referrals.change_position" in text and "LIMIT" in text for text in starts)
    assert "min(referrals" not in " ".join(asked)


def test_nothing_is_listed_above_a_change_that_may_still_appear(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = make_sender()
    first = receive(sender_actor(sender), URLS[0]).referral_id
    receive(sender_actor(sender), URLS[0])
    position = desk.session.get_one(Referral, first).change_position
    monkeypatch.setattr(db, "settled_position", lambda _reader: position + 1)
    assert _ids(desk, sender) == [first]


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        (("in_review", "decided"), ItemStatus.IN_REVIEW),
        (("decided", "withdrawn"), ItemStatus.DECIDED),
        (("withdrawn", "withdrawn"), ItemStatus.WITHDRAWN),
    ],
)
def test_the_status_filter_agrees_with_the_status_shown(
    desk: Desk, statuses: tuple[str, ...], status: ItemStatus
) -> None:
    sender = make_sender()
    referral_id = receive(sender_actor(sender), *URLS).referral_id
    with db.transaction() as writer:
        for position, written in enumerate(statuses):
            writer.execute(sa.update(Item).where(Item.position == position).values(status=written))
    found = {wanted for wanted in ItemStatus if _ids(desk, sender, status=wanted)}
    own = own_referral(desk.session, referral_id, sender_id=sender)
    assert own is not None
    assert found == {own.status} == {status}


def test_another_senders_things_are_not_there(desk: Desk) -> None:
    sender, stranger = make_sender(), make_sender()
    referral_id = receive(sender_actor(sender), *URLS).referral_id
    item_id = desk.session.scalars(sa.select(Item.id)).first()
    assert item_id is not None
    assert own_referral(desk.session, referral_id, sender_id=sender) is not None
    assert own_item(desk.session, item_id, sender_id=sender) is not None
    for other in (stranger, None):
        assert own_referral(desk.session, referral_id, sender_id=other) is None
        assert own_item(desk.session, item_id, sender_id=other) is None
