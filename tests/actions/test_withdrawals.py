"""Withdrawing: own things until they are answered; the last item takes its case along."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
import time_machine

from review import db
from review.actions.cases import claim_case
from review.actions.withdrawals import withdraw_item, withdraw_referral
from review.domain.permissions import Role, Scope
from review.errors import NotFound, NotPermitted, NotWithdrawable, ScopeTooSmall
from review.models import Case, Item, Opening, Referral
from tests.conftest import Desk
from tests.factories import make_account, make_sender, receive, sender_actor
from tests.threads import together
from tests.trails import decide_all

URLS = ("https://video.example/1", "https://video.example/2")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def _items(desk: Desk, referral_id: str) -> list[Item]:
    rows = sa.select(Item).where(Item.referral_id == referral_id).order_by(Item.position)
    return list(desk.session.scalars(rows))


def _events(desk: Desk) -> list[str]:
    wanted = Opening.event_type.not_in(["referral.received"])
    return sorted(desk.session.scalars(sa.select(Opening.event_type).where(wanted)))


def test_a_withdrawn_referral_ends_its_cases_and_is_on_the_trail(desk: Desk) -> None:
    actor = sender_actor(make_sender())
    with time_machine.travel(NOW, tick=False) as clock_hand:
        referral_id = receive(actor, *URLS).referral_id
        before = desk.session.get_one(Referral, referral_id).change_position
        clock_hand.shift(timedelta(minutes=5))
        withdraw_referral(referral_id, actor=actor)
    assert [item.status for item in _items(desk, referral_id)] == ["withdrawn"] * 2
    referral = desk.session.get_one(Referral, referral_id)
    assert referral.updated_at == NOW + timedelta(minutes=5)
    assert referral.change_position > before
    assert {(case.state, case.items_live) for case in desk.session.scalars(sa.select(Case))} == {
        ("withdrawn", 0)
    }
    assert _events(desk) == ["case.withdrawn", "case.withdrawn", "referral.withdrawn"]


def test_a_withdrawn_item_leaves_the_others_alone(desk: Desk) -> None:
    actor, other = sender_actor(make_sender()), sender_actor(make_sender())
    referral_id = receive(actor, *URLS).referral_id
    receive(other, URLS[0])
    first = _items(desk, referral_id)[0]
    withdraw_item(first.id, actor=actor)
    assert [item.status for item in _items(desk, referral_id)] == ["withdrawn", "in_review"]
    case = desk.session.get_one(Case, first.case_id)
    assert (case.state, case.items_live, case.version) == ("open", 1, 3)
    assert _events(desk) == ["item.withdrawn"]


def test_withdrawing_again_changes_nothing(desk: Desk) -> None:
    actor = sender_actor(make_sender())
    referral_id = receive(actor, URLS[0]).referral_id
    withdraw_referral(referral_id, actor=actor)
    position = desk.session.get_one(Referral, referral_id).change_position
    events = _events(desk)
    withdraw_referral(referral_id, actor=actor)
    withdraw_item(_items(desk, referral_id)[0].id, actor=actor)
    assert desk.session.get_one(Referral, referral_id).change_position == position
    assert _events(desk) == events


def test_the_holder_loses_a_case_whose_last_item_goes(desk: Desk) -> None:
    actor = sender_actor(make_sender())
    referral_id = receive(actor, URLS[0]).referral_id
    case_id = _items(desk, referral_id)[0].case_id
    generation = claim_case(case_id, actor=make_account(Role.MODERATOR)).claim_generation
    with db.transaction() as writer:
        writer.execute(sa.update(Case).values(pending_review_id="V-1"))
    withdraw_referral(referral_id, actor=actor)
    case = desk.session.get_one(Case, case_id)
    assert (case.state, case.claimed_by, case.claimed_until) == ("withdrawn", None, None)
    assert case.pending_review_id is None
    assert case.claim_generation == generation + 1


def test_what_is_answered_cannot_be_withdrawn(desk: Desk) -> None:
    actor = sender_actor(make_sender())
    referral_id = receive(actor, *URLS).referral_id
    first, second = _items(desk, referral_id)
    withdraw_item(second.id, actor=actor)
    decide_all()
    with pytest.raises(NotWithdrawable):
        withdraw_item(first.id, actor=actor)
    with pytest.raises(NotWithdrawable):
        withdraw_referral(referral_id, actor=actor)
    assert [item.status for item in _items(desk, referral_id)] == ["decided", "withdrawn"]


def test_a_partly_answered_referral_loses_only_what_is_left(desk: Desk) -> None:
    actor = sender_actor(make_sender())
    receive(actor, URLS[0])
    decide_all()
    referral_id = receive(actor, *URLS).referral_id
    with db.transaction() as writer:
        writer.execute(
            sa.update(Item)
            .where(Item.referral_id == referral_id, Item.position == 0)
            .values(status="decided")
        )
    withdraw_referral(referral_id, actor=actor)
    assert [item.status for item in _items(desk, referral_id)] == ["decided", "withdrawn"]


def test_a_large_referral_is_withdrawn_in_a_few_statements(desk: Desk) -> None:
    actor = sender_actor(make_sender())
    urls = [f"https://video.example/{number}" for number in range(600)]
    referral_id = receive(actor, *urls).referral_id
    receive(sender_actor(make_sender()), urls[0])
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    sa.event.listen(db.extension.engine, "before_cursor_execute", count)
    withdraw_referral(referral_id, actor=actor)
    sa.event.remove(db.extension.engine, "before_cursor_execute", count)
    assert len(statements) < 40
    states = [(case.state, case.items_live) for case in desk.session.scalars(sa.select(Case))]
    assert sorted(states) == [("open", 1), *[("withdrawn", 0)] * 599]
    assert _events(desk) == ["case.withdrawn"] * 599 + ["referral.withdrawn"]


def test_only_ones_own_and_only_with_the_right_key(desk: Desk) -> None:
    owner = make_sender()
    referral_id = receive(sender_actor(owner), URLS[0]).referral_id
    item_id = _items(desk, referral_id)[0].id
    stranger = sender_actor(make_sender())
    with pytest.raises(NotFound):
        withdraw_referral(referral_id, actor=stranger)
    with pytest.raises(NotFound):
        withdraw_item(item_id, actor=stranger)
    with pytest.raises(ScopeTooSmall):
        withdraw_item(item_id, actor=sender_actor(owner, Scope.READ))
    with pytest.raises(NotPermitted):
        withdraw_referral(referral_id, actor=make_account(Role.MODERATOR))
    assert _items(desk, referral_id)[0].status == "in_review"
    withdraw_referral(referral_id, actor=make_account(Role.SENDER, sender_id=owner))
    assert _items(desk, referral_id)[0].status == "withdrawn"


def test_eight_withdrawals_at_once_leave_one_event(desk: Desk) -> None:
    actor = sender_actor(make_sender())
    referral_id = receive(actor, *URLS).referral_id
    item_id = _items(desk, referral_id)[0].id
    calls = [
        partial(withdraw_item, item_id, actor=actor)
        if place % 2
        else partial(withdraw_referral, referral_id, actor=actor)
        for place in range(8)
    ]
    results = together(desk.app, calls)
    assert not [result for result in results if isinstance(result, Exception)], results
    assert {case.items_live for case in desk.session.scalars(sa.select(Case))} == {0}
    events = _events(desk)
    assert events.count("case.withdrawn") == 2
    assert events.count("referral.withdrawn") == 1
    assert events.count("item.withdrawn") <= 1


def test_joining_and_leaving_at_once_keep_the_count_right(desk: Desk) -> None:
    actors = [sender_actor(make_sender()) for _ in range(8)]
    kept = [receive(actor, *URLS).referral_id for actor in actors[:4]]
    calls = [
        partial(withdraw_referral, referral, actor=actor)
        for referral, actor in zip(kept, actors, strict=False)
    ]
    joins = [partial(receive, actor, *reversed(URLS)) for actor in actors[4:]]
    both: list[Callable[[], object]] = [*calls, *joins]
    results = together(desk.app, both)
    assert not [result for result in results if isinstance(result, Exception)], results
    live = sa.select(Item.case_id, sa.func.count()).where(Item.status == "in_review").group_by(Item.case_id)
    counted = {row.case_id: row[1] for row in desk.session.execute(live)}
    stored = {
        case.id: case.items_live for case in desk.session.scalars(sa.select(Case)) if case.state == "open"
    }
    assert counted == stored
    assert sum(counted.values()) == 8
