"""Leases of messages, lost ones, dead letters sent again, and whose endpoints these are."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
import time_machine

from review import clock
from review.actions import posting
from review.actions.deliveries import send_again, send_all_again
from review.actions.endpoints import remove_endpoint, rotate_secret, switch_off, switch_on, try_endpoint
from review.actions.posting import AT_FIRST, LEASE_SECONDS, Tried, record_attempts
from review.domain.endpoints import MOST_ENDPOINTS, AlreadyRotated
from review.domain.permissions import SERVICE, Actor, Scope
from review.domain.webhooks import OVERLAP, TOPICS, Failure
from review.errors import AlreadyClosed, AlreadyExists, NotFound, ReviewError, ScopeTooSmall
from review.models import Delivery, DeliveryAttempt, Endpoint, Opening
from review.queries.deliveries import recent_dead_letters
from review.queries.figures import figures
from review.queries.health import readiness
from review.webhooks import Outcome
from tests.conftest import Desk
from tests.endpoints import lease, make_endpoint, managing, record
from tests.factories import make_sender, receive, sender_actor
from tests.threads import together

URL = "https://hook.example/"
ARRIVED = Outcome(200, None, 5)
REFUSED = Outcome(500, Failure.STATUS, 5)
GONE = Outcome(410, Failure.GONE, 5)


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
    found = together(desk.app, [lease] * 6)
    assert [one for one in found if isinstance(one, Exception)] == []
    ids = [leased.id for one in found if not isinstance(one, Exception) for leased in one]
    assert len(ids) == len(set(ids)) == 18


def test_few_of_one_endpoint_are_under_way_at_a_time(desk: Desk) -> None:
    actor = managing(make_sender())
    busy = make_endpoint(actor, URL).endpoint_id
    for _referral in range(9):
        receive(actor)
    assert len(lease(**{busy: AT_FIRST - 1})) == 1
    assert len(lease(room=2)) == 2


def test_the_backlog_of_one_endpoint_hides_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "LOOKED_AT", 2)
    first, second = managing(make_sender()), managing(make_sender())
    busy, other = (make_endpoint(actor, URL).endpoint_id for actor in (first, second))
    for _referral in range(9):
        receive(first)
    receive(second)
    found = Counter(leased.endpoint_id for leased in lease())
    assert found == {busy: AT_FIRST, other: 1}


def test_what_a_person_asked_for_goes_before_the_backlog(desk: Desk) -> None:
    actor = managing(make_sender())
    shown = make_endpoint(actor, URL)
    dead = _dead(desk, actor)
    for _referral in range(6):
        receive(actor)
    test = try_endpoint(shown.endpoint_id, actor=actor)
    send_again(dead, actor=actor)
    assert [leased.id for leased in lease(room=2)] == [test, dead]


def test_what_persons_asked_for_takes_no_place_of_others(desk: Desk) -> None:
    first, second = managing(make_sender()), managing(make_sender())
    busy, other = (make_endpoint(actor, URL).endpoint_id for actor in (first, second))
    dead = [_dead(desk, first) for _referral in range(AT_FIRST + 2)]
    receive(second)
    for delivery_id in dead:
        send_again(delivery_id, actor=first)
    assert Counter(leased.endpoint_id for leased in lease(room=AT_FIRST + 1)) == {busy: AT_FIRST, other: 1}


def test_what_is_sent_again_in_one_step_waits_its_turn(desk: Desk) -> None:
    actor = managing(make_sender())
    shown = make_endpoint(actor, URL)
    dead = _dead(desk, actor)
    receive(actor)
    assert send_all_again(shown.endpoint_id, actor=actor) == 1
    first, second = lease()
    assert (first.id == dead, second.id) == (False, dead)


def test_the_figure_of_what_is_due_knows_since_when_somebody_waits(desk: Desk) -> None:
    actor = managing(make_sender())
    shown = make_endpoint(actor, URL)

    def waits(*, later: int) -> float:
        now = clock.now() + timedelta(seconds=later)
        (found,) = [
            one.value for one in figures(desk.session, now=now) if one.name == "oldest_due_delivery_seconds"
        ]
        desk.session.rollback()
        return found

    with time_machine.travel(clock.now(), tick=False) as hand:
        assert waits(later=5) == 0
        try_endpoint(shown.endpoint_id, actor=actor)
        assert waits(later=5) == 5
        hand.shift(timedelta(seconds=60))
        receive(actor)
        assert waits(later=5) == 65
        record(lease(room=1)[0], ARRIVED)
        assert waits(later=5) == 5


def test_tries_are_recorded_together_and_those_that_were_lost_left_out(desk: Desk) -> None:
    actor = managing(make_sender())
    shown = make_endpoint(actor, URL)
    for _referral in range(4):
        receive(actor)
    arrived, refused, tried_out, lost = lease()
    outcomes = [(arrived, ARRIVED), (refused, REFUSED), (replace(tried_out, tries=9), REFUSED)]
    outcomes += [(replace(lost, lease="Z-of another worker"), ARRIVED)]
    tried = [Tried(leased, outcome, clock.now()) for leased, outcome in outcomes]
    states = record_attempts(tried, lot=0.5, actor=SERVICE)
    assert states == {arrived.id: "arrived", refused.id: "waiting", tried_out.id: "dead"}
    rows = {row.id: row for row in desk.session.scalars(sa.select(Delivery))}
    assert {row.id: row.standing for row in rows.values()} == states | {lost.id: "waiting"}
    assert (rows[lost.id].tries, rows[lost.id].lease, rows[arrived.id].tries) == (0, lost.lease, 1)
    assert rows[refused.id].next_at is not None
    assert rows[refused.id].finished_at is None
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(DeliveryAttempt)) == 3
    assert (_count(desk, "delivery.arrived"), _count(desk, "delivery.given_up")) == (1, 1)
    assert desk.session.get_one(Endpoint, shown.endpoint_id).off_at is None


def test_a_late_leave_taking_switches_nothing_off(desk: Desk) -> None:
    actor = managing(make_sender())
    shown = make_endpoint(actor, URL)
    receive(actor)
    (leased,) = lease()
    assert record(replace(leased, lease="Z-of another worker"), GONE) is None
    assert desk.session.get_one(Endpoint, shown.endpoint_id).off_at is None
    assert record(leased, GONE) == "dead"
    desk.session.expire_all()
    assert desk.session.get_one(Endpoint, shown.endpoint_id).off_why == "gone"


def test_a_message_of_a_dead_worker_is_taken_over_and_the_late_outcome_is_lost(desk: Desk) -> None:
    actor = managing(make_sender())
    make_endpoint(actor, URL)
    receive(actor)
    with time_machine.travel(clock.now(), tick=False) as hand:
        (first,) = lease()
        assert lease() == []
        hand.shift(timedelta(seconds=LEASE_SECONDS))
        (second,) = lease()
        assert record(first, ARRIVED) is None
        assert desk.session.scalar(sa.select(sa.func.count()).select_from(DeliveryAttempt)) == 0
        record(second, ARRIVED)
        assert record(second, ARRIVED) is None
    assert _count(desk, "delivery.arrived") == 1


def test_what_came_of_a_message_of_an_endpoint_switched_off_meanwhile_is_lost(desk: Desk) -> None:
    actor = managing(make_sender())
    shown = make_endpoint(actor, URL)
    receive(actor)
    (leased,) = lease()
    switch_off(shown.endpoint_id, actor=actor)
    assert record(leased, ARRIVED) is None
    assert desk.session.scalars(sa.select(Delivery.stopped)).one() == "switched_off"


def _dead(desk: Desk, actor: Actor) -> str:
    """A dead letter of that sender."""
    receive(actor)
    (leased,) = lease()
    record(replace(leased, tries=9), REFUSED)
    return leased.id


def test_a_dead_letter_is_sent_again_with_all_its_tries(desk: Desk) -> None:
    actor = managing(make_sender())
    make_endpoint(actor, URL)
    delivery_id = _dead(desk, actor)
    assert lease() == []
    send_again(delivery_id, actor=actor)
    with pytest.raises(AlreadyClosed):
        send_again(delivery_id, actor=actor)
    (leased,) = lease()
    assert (leased.id, leased.tries) == (delivery_id, 0)
    assert record(leased, REFUSED) == "waiting"
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


def test_a_rotation_ends_no_earlier_secret_by_the_way(desk: Desk) -> None:
    actor, key = managing(make_sender()), desk.settings.secret_key
    endpoint_id = make_endpoint(actor, URL).endpoint_id

    def rotate(ending: datetime | None = None) -> str:
        return rotate_secret(endpoint_id, ending=ending, secret_key=key, actor=actor).secret

    def kept() -> tuple[bytes, bytes | None, datetime | None]:
        desk.session.rollback()
        row = desk.session.get_one(Endpoint, endpoint_id)
        return row.sealed_secret, row.sealed_previous, row.previous_until

    with time_machine.travel(clock.now(), tick=False) as hand:
        rotate()
        secret, previous, until = kept()
        assert until == clock.now() + OVERLAP
        hand.shift(OVERLAP - timedelta(seconds=1))
        for other in (None, until + timedelta(seconds=1)):
            with pytest.raises(AlreadyRotated) as refusal:
                rotate(other)
            assert refusal.value.values == {"previous_secret_until": clock.rfc3339(until)}
        assert kept() == (secret, previous, until)
        rotate(until)
        assert kept()[1:] == (secret, clock.now() + OVERLAP)
        with pytest.raises(AlreadyRotated):  # the same form sent twice
            rotate(until)
        hand.shift(OVERLAP)
        rotate()
    assert _count(desk, "endpoint.rotated") == 3


@pytest.mark.parametrize("seen", [False, True])
def test_of_rotations_at_once_one_counts(desk: Desk, seen: bool) -> None:
    actor, key = managing(make_sender()), desk.settings.secret_key
    endpoint_id = make_endpoint(actor, URL).endpoint_id
    if seen:
        rotate_secret(endpoint_id, secret_key=key, actor=actor)
    ending = desk.session.get_one(Endpoint, endpoint_id).previous_until
    desk.session.rollback()
    rotate = partial(rotate_secret, endpoint_id, ending=ending, secret_key=key, actor=actor)
    found = together(desk.app, [rotate] * 4)
    assert sum(isinstance(one, AlreadyRotated) for one in found) == 3
    assert _count(desk, "endpoint.rotated") == 1 + seen


def test_a_test_message_is_tried_once(desk: Desk) -> None:
    actor = managing(make_sender())
    shown = make_endpoint(actor, URL, ["item.decided"])
    found = together(desk.app, [lambda: try_endpoint(shown.endpoint_id, actor=actor)] * 3)
    (delivery_id,) = [one for one in found if isinstance(one, str)]
    assert sum(isinstance(one, AlreadyClosed) for one in found) == 2, "one at a time"
    (leased,) = lease()
    assert (leased.id, leased.topic) == (delivery_id, "endpoint.test")
    assert record(leased, REFUSED) == "dead"
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
    record(lease()[0], REFUSED)
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
