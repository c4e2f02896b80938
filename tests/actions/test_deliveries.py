"""Leases of messages, lost ones, dead letters sent again, and whose endpoints these are."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from review import clock
from review.actions.deliveries import (
    LEASE_SECONDS,
    MOST_AT_ONCE,
    Leased,
    lease_deliveries,
    record_attempt,
    send_again,
)
from review.actions.endpoints import remove_endpoint, rotate_secret, switch_off, switch_on, try_endpoint
from review.domain.endpoints import MOST_ENDPOINTS
from review.domain.permissions import SERVICE, Actor, Scope
from review.domain.webhooks import TOPICS, Failure
from review.errors import AlreadyClosed, AlreadyExists, ClaimLost, NotFound, ReviewError, ScopeTooSmall
from review.models import Delivery, DeliveryAttempt, Endpoint, Opening
from review.queries.deliveries import recent_dead_letters
from review.queries.health import readiness
from review.webhooks import Outcome
from tests.conftest import Desk
from tests.endpoints import make_endpoint, managing
from tests.factories import make_sender, receive, sender_actor
from tests.threads import together

URL = "https://hook.example/"
ARRIVED = Outcome(200, None, 5)
REFUSED = Outcome(500, Failure.STATUS, 5)


def _lease(room: int = 100, **under_way: int) -> list[Leased]:
    return lease_deliveries(room=room, under_way=under_way, actor=SERVICE)


def _record(leased: Leased, outcome: Outcome) -> str:
    return record_attempt(leased, outcome, began_at=clock.now(), lot=0.5, actor=SERVICE)


def _count(desk: Desk, event: str) -> int:
    wanted = sa.select(sa.func.count()).where(Opening.event_type == event)
    return desk.session.scalar(wanted) or 0


def test_workers_at_once_lease_each_message_once(desk: Desk) -> None:
    for _number in range(3):
        actor = managing(make_sender())
        for _endpoint in range(2):
            make_endpoint(actor, URL)
        for _referral in range(3):
            receive(actor)
    found = together(desk.app, [_lease] * 6)
    assert [one for one in found if isinstance(one, Exception)] == []
    ids = [leased.id for one in found if not isinstance(one, Exception) for leased in one]
    assert len(ids) == len(set(ids)) == 18


def test_few_of_one_endpoint_are_under_way_at_a_time(desk: Desk) -> None:
    actor = managing(make_sender())
    busy = make_endpoint(actor, URL).endpoint_id
    for _referral in range(9):
        receive(actor)
    assert len(_lease(**{busy: MOST_AT_ONCE - 1})) == 1
    assert len(_lease(room=2)) == 2


def test_a_message_of_a_dead_worker_is_taken_over_and_the_late_outcome_is_lost(desk: Desk) -> None:
    actor = managing(make_sender())
    make_endpoint(actor, URL)
    receive(actor)
    with time_machine.travel(clock.now(), tick=False) as hand:
        (first,) = _lease()
        assert _lease() == []
        hand.shift(timedelta(seconds=LEASE_SECONDS))
        (second,) = _lease()
        with pytest.raises(ClaimLost):
            _record(first, ARRIVED)
        assert desk.session.scalar(sa.select(sa.func.count()).select_from(DeliveryAttempt)) == 0
        _record(second, ARRIVED)
        with pytest.raises(ClaimLost):
            _record(second, ARRIVED)
    assert _count(desk, "delivery.arrived") == 1


def test_what_came_of_a_message_of_an_endpoint_switched_off_meanwhile_is_lost(desk: Desk) -> None:
    actor = managing(make_sender())
    shown = make_endpoint(actor, URL)
    receive(actor)
    (leased,) = _lease()
    switch_off(shown.endpoint_id, actor=actor)
    with pytest.raises(ClaimLost):
        _record(leased, ARRIVED)
    assert desk.session.scalars(sa.select(Delivery.stopped)).one() == "switched_off"


def _dead(desk: Desk, actor: Actor) -> str:
    """A dead letter of that sender."""
    receive(actor)
    (leased,) = _lease()
    record_attempt(replace(leased, tries=9), REFUSED, began_at=clock.now(), actor=SERVICE)
    return leased.id


def test_a_dead_letter_is_sent_again_with_all_its_tries(desk: Desk) -> None:
    actor = managing(make_sender())
    make_endpoint(actor, URL)
    delivery_id = _dead(desk, actor)
    assert _lease() == []
    send_again(delivery_id, actor=actor)
    with pytest.raises(AlreadyClosed):
        send_again(delivery_id, actor=actor)
    (leased,) = _lease()
    assert (leased.id, leased.tries) == (delivery_id, 0)
    assert _record(leased, REFUSED) == "waiting"
    assert _count(desk, "delivery.sent_again") == 1


def test_a_dead_letter_of_an_endpoint_that_is_off_is_not_sent_again(desk: Desk) -> None:
    actor = managing(make_sender())
    shown = make_endpoint(actor, URL)
    delivery_id = _dead(desk, actor)
    switch_off(shown.endpoint_id, actor=actor)
    with pytest.raises(AlreadyClosed):
        send_again(delivery_id, actor=actor)
    switch_on(shown.endpoint_id, actor=actor)
    send_again(delivery_id, actor=actor)
    remove_endpoint(shown.endpoint_id, actor=actor)
    assert desk.session.get_one(Delivery, delivery_id).stopped == "removed"


def test_switching_twice_is_told_and_leaves_one_event(desk: Desk) -> None:
    actor = managing(make_sender())
    shown = make_endpoint(actor, URL)
    with pytest.raises(AlreadyClosed):
        switch_on(shown.endpoint_id, actor=actor)
    found = together(desk.app, [lambda: switch_off(shown.endpoint_id, actor=actor)] * 4)
    assert sum(isinstance(one, AlreadyClosed) for one in found) == 3
    assert _count(desk, "endpoint.switched_off") == 1
    with pytest.raises(AlreadyClosed):
        try_endpoint(shown.endpoint_id, actor=actor)


def test_a_removed_endpoint_keeps_no_secret_and_is_missing(desk: Desk) -> None:
    actor = managing(make_sender())
    shown = make_endpoint(actor, URL)
    key = desk.settings.secret_key
    rotate_secret(shown.endpoint_id, secret_key=key, actor=actor)
    remove_endpoint(shown.endpoint_id, actor=actor)
    row = desk.session.get_one(Endpoint, shown.endpoint_id)
    assert (row.sealed_secret, row.sealed_previous) == (b"", None)
    with pytest.raises(NotFound):
        rotate_secret(shown.endpoint_id, secret_key=key, actor=actor)
    with pytest.raises(NotFound):
        remove_endpoint(shown.endpoint_id, actor=actor)


def test_a_test_message_is_tried_once(desk: Desk) -> None:
    actor = managing(make_sender())
    shown = make_endpoint(actor, URL, ["item.decided"])
    found = together(desk.app, [lambda: try_endpoint(shown.endpoint_id, actor=actor)] * 3)
    (delivery_id,) = [one for one in found if isinstance(one, str)]
    assert sum(isinstance(one, AlreadyClosed) for one in found) == 2, "one at a time"
    (leased,) = _lease()
    assert (leased.id, leased.topic) == (delivery_id, "endpoint.test")
    assert _record(leased, REFUSED) == "dead"
    try_endpoint(shown.endpoint_id, actor=actor)


def test_a_sender_has_so_many_endpoints_and_no_more(desk: Desk) -> None:
    actor = managing(make_sender())
    for _number in range(MOST_ENDPOINTS):
        shown = make_endpoint(actor, URL)
    with pytest.raises(AlreadyExists):
        make_endpoint(actor, URL)
    remove_endpoint(shown.endpoint_id, actor=actor)
    found = together(desk.app, [lambda: make_endpoint(actor, URL)] * 3)
    assert sum(isinstance(one, AlreadyExists) for one in found) == 2


def test_dead_letters_of_a_week_are_counted_for_whoever_looks_after_the_desk(desk: Desk) -> None:
    actor = managing(make_sender())
    shown = make_endpoint(actor, URL)
    assert recent_dead_letters(desk.session, now=clock.now()) == 0
    _dead(desk, actor)
    try_endpoint(shown.endpoint_id, actor=actor)
    _record(_lease()[0], REFUSED)
    now = clock.now()
    assert recent_dead_letters(desk.session, now=now) == 1, "what a test came to is no dead letter"
    (check,) = [one for one in readiness(desk.session, now=now, rooms=[]) if one.name == "deliveries"]
    assert (check.ok, check.warning) == (True, True)
    assert "7 days: 1." in check.sentence
    assert recent_dead_letters(desk.session, now=now + timedelta(days=7, seconds=1)) == 0


def _acts(desk: Desk, endpoint_id: str, delivery_id: str) -> dict[str, Callable[[Actor], object]]:
    key = desk.settings.secret_key
    return {
        "rotate": lambda actor: rotate_secret(endpoint_id, secret_key=key, actor=actor),
        "off": lambda actor: switch_off(endpoint_id, actor=actor),
        "on": lambda actor: switch_on(endpoint_id, actor=actor),
        "remove": lambda actor: remove_endpoint(endpoint_id, actor=actor),
        "test": lambda actor: try_endpoint(endpoint_id, actor=actor),
        "again": lambda actor: send_again(delivery_id, actor=actor),
    }


@pytest.mark.parametrize("act", ["rotate", "off", "on", "remove", "test", "again"])
def test_endpoints_of_others_are_missing_and_a_small_key_does_not_do(desk: Desk, act: str) -> None:
    actor = managing(make_sender())
    shown = make_endpoint(actor, URL)
    delivery_id = _dead(desk, actor)
    call = _acts(desk, shown.endpoint_id, delivery_id)[act]
    with pytest.raises(NotFound):
        call(managing(make_sender()))
    small: type[ReviewError] = ScopeTooSmall
    with pytest.raises(small):
        call(sender_actor(actor.sender_id or "", Scope.REFER, Scope.READ))
    assert _count(desk, "endpoint.added") == 1
    assert set(TOPICS) == set(shown.topics)
