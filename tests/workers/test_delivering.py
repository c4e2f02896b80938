"""Messages reach their endpoints: signed, with stable ids, again after failures, no longer than agreed."""

import base64
import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.exc import DBAPIError
from standardwebhooks import Webhook

from review import clock, db
from review.actions.cases import claim_case
from review.actions.endpoints import rotate_secret
from review.actions.posting import AT_FIRST, LEASE_SECONDS, Leased, Tried, return_leases
from review.actions.questions import ask_sender
from review.actions.trail import verify_trail
from review.domain.permissions import OPERATOR, SERVICE, Actor
from review.domain.webhooks import MOST_TRIES, OVERLAP, WAITS_SECONDS, Failure
from review.models import Delivery, DeliveryAttempt, Endpoint, Item, Opening
from review.queries.checkpoints import newest_checkpoint
from review.queries.referrals import own_item, own_referral
from review.webhooks import Outcome
from review.workers import delivering
from review.workers.tries import MOST_OF_ONE, MOST_PROMPT, MOST_RECORDED, Tries
from tests.conftest import Desk
from tests.endpoints import allow_loopback, deliver, lease, make_endpoint, managing
from tests.factories import make_account, make_sender, receive
from tests.journeys.server import until
from tests.judging import judge, settle_review
from tests.receivers import Heard, Receiver, Reply, receiving
from tests.trails import cosign_newest, settle


@pytest.fixture
def receiver(desk: Desk) -> Iterator[Receiver]:
    """A program of a sender that this desk may reach."""
    allow_loopback(desk)
    with receiving() as found:
        yield found


def _sender() -> Actor:
    return managing(make_sender())


def _case_of(referral_id: str) -> str:
    return str(db.session().scalar(sa.select(Item.case_id).where(Item.referral_id == referral_id)))


def _told(heard: Heard) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(heard.body)
    return found


def _events(desk: Desk) -> Counter[str]:
    wanted = sa.select(Opening.event_type).where(Opening.object_kind.in_(["endpoint", "delivery"]))
    return Counter(desk.session.scalars(wanted))


def test_a_sender_is_told_of_arrival_question_and_decision(desk: Desk, receiver: Receiver) -> None:
    actor, moderator = _sender(), make_account()
    shown = make_endpoint(actor, receiver.url())
    referral_id = receive(actor, reference="OWN-1").referral_id
    as_received = own_referral(desk.session, referral_id, sender_id=actor.sender_id)
    other = receive(actor, "https://video.example/asked").referral_id
    claim = claim_case(_case_of(other), actor=moderator)
    ask_sender(
        claim.case_id, "At which minute?",
        claim_generation=claim.claim_generation, version=claim.version, actor=moderator,
    )  # fmt: skip
    with time_machine.travel(clock.now(), tick=False) as hand:
        assert settle_review(judge(_case_of(referral_id), moderator), hand, lot=1.0) is not None
        deliver(desk)
        told = [Webhook(shown.secret).verify(heard.body, heard.headers) for heard in receiver.heard]
    told.sort(key=lambda message: message["seq"])
    assert [message["seq"] for message in told] == [1, 2, 3, 4]
    assert [message["type"] for message in told] == [
        "referral.received", "referral.received", "item.question", "item.decided",
    ]  # fmt: skip
    assert as_received is not None
    assert told[0]["data"] == as_received.as_dict()
    item = own_item(desk.session, told[3]["data"]["id"], sender_id=actor.sender_id)
    assert item is not None
    assert told[3]["data"] == item.as_dict() | {"referral": referral_id, "reference": "OWN-1"}
    assert told[2]["data"]["question"]["text"] == "At which minute?"
    assert _events(desk) == {"endpoint.added": 1, "delivery.arrived": 4}
    settle(desk.settings.data_dir)
    assert verify_trail(folder=desk.settings.data_dir, actor=OPERATOR).finding.intact


def test_only_the_topics_that_were_chosen_are_sent(desk: Desk, receiver: Receiver) -> None:
    actor = _sender()
    make_endpoint(actor, receiver.url("/decided"), ["item.decided"])
    make_endpoint(actor, receiver.url("/received"), ["referral.received"])
    make_endpoint(_sender(), receiver.url("/somebody-else"))
    receive(actor)
    deliver(desk)
    assert [heard.path for heard in receiver.heard] == ["/received"]


def test_a_refused_action_leaves_no_message(desk: Desk, receiver: Receiver) -> None:
    actor = _sender()
    make_endpoint(actor, receiver.url())
    receive(actor, reference="TWICE")
    receive(actor, reference="TWICE")
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 1


def test_what_a_message_says_cannot_be_changed(desk: Desk, receiver: Receiver) -> None:
    actor = _sender()
    make_endpoint(actor, receiver.url())
    receive(actor)
    deliver(desk)
    for change in (
        sa.update(Delivery).values(body=b"{}"),
        sa.delete(Delivery),
        sa.update(DeliveryAttempt).values(status=500),
        sa.delete(DeliveryAttempt),
    ):
        with pytest.raises(DBAPIError), db.transaction() as writer:
            writer.execute(change)


def test_the_newest_checkpoint_travels_beside_the_frozen_body(desk: Desk, receiver: Receiver) -> None:
    actor = _sender()
    make_endpoint(actor, receiver.url())
    receive(actor)
    settle(desk.settings.data_dir)
    newest = newest_checkpoint(desk.session)
    assert newest is not None
    cosignature = cosign_newest(desk.session)
    deliver(desk)
    told = base64.b64decode(receiver.heard[0].headers["webhook-checkpoint"]).decode()
    assert told == newest.note + cosignature


def test_a_failure_is_tried_again_with_the_same_id_and_bytes(desk: Desk, receiver: Receiver) -> None:
    actor = _sender()
    shown = make_endpoint(actor, receiver.url())
    receiver.reply = lambda _heard: Reply(200 if len(receiver.heard) == 3 else 503, b"later")
    receive(actor)
    with time_machine.travel(clock.now(), tick=False) as hand:
        deliver(desk)
        deliver(desk)
        assert len(receiver.heard) == 1
        for wait in WAITS_SECONDS[:2]:
            hand.shift(timedelta(seconds=wait * 1.2))
            deliver(desk)
            Webhook(shown.secret).verify(receiver.heard[-1].body, receiver.heard[-1].headers)
    assert len({heard.body for heard in receiver.heard}) == 1
    assert len({heard.headers["webhook-id"] for heard in receiver.heard}) == 1
    assert len({heard.headers["webhook-timestamp"] for heard in receiver.heard}) == 3
    rows = desk.session.scalars(sa.select(DeliveryAttempt).order_by(DeliveryAttempt.id)).all()
    assert [(row.status, row.failure, row.excerpt) for row in rows] == [
        (503, "status", "later"), (503, "status", "later"), (200, None, ""),
    ]  # fmt: skip
    delivery = desk.session.scalars(sa.select(Delivery)).one()
    assert (delivery.standing, delivery.tries, delivery.next_at) == ("arrived", 3, None)


def test_after_ten_tries_it_is_a_dead_letter_on_the_trail(desk: Desk, receiver: Receiver) -> None:
    actor = _sender()
    make_endpoint(actor, receiver.url())
    receiver.reply = lambda _heard: Reply(500)
    receive(actor)
    began = clock.now()
    with time_machine.travel(began, tick=False) as hand:
        for wait in (*WAITS_SECONDS, 0):
            deliver(desk)
            hand.shift(timedelta(seconds=wait * 1.11))
        assert clock.now() - began < timedelta(days=3.6)
        hand.shift(timedelta(days=9))
        deliver(desk)
    assert len(receiver.heard) == MOST_TRIES == 10
    delivery = desk.session.scalars(sa.select(Delivery)).one()
    assert (delivery.standing, delivery.stopped, delivery.next_at) == ("dead", "tried_out", None)
    assert _events(desk)["delivery.given_up"] == 1


def test_a_receiver_that_is_gone_is_switched_off_with_all_that_waits(desk: Desk, receiver: Receiver) -> None:
    actor = _sender()
    shown = make_endpoint(actor, receiver.url())
    receiver.reply = lambda _heard: Reply(410)
    for _number in range(12):
        receive(actor)
    deliver(desk)
    assert len(receiver.heard) <= 4
    assert set(desk.session.scalars(sa.select(Delivery.standing))) == {"dead"}
    assert set(desk.session.scalars(sa.select(Delivery.stopped))) == {"gone"}
    endpoint = desk.session.get_one(Endpoint, shown.endpoint_id)
    assert endpoint.off_why == "gone"
    assert _events(desk)["endpoint.switched_off"] == 1
    assert _events(desk)["delivery.given_up"] == 12
    receive(actor)
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 12


def test_both_secrets_sign_for_a_day_after_a_rotation(desk: Desk, receiver: Receiver) -> None:
    actor = _sender()
    old = make_endpoint(actor, receiver.url())
    with time_machine.travel(clock.now(), tick=False) as hand:
        settings = desk.app.config["REVIEW_SETTINGS"]
        new = rotate_secret(old.endpoint_id, secret_key=settings.secret_key, actor=actor)
        receive(actor)
        deliver(desk)
        for secret in (old.secret, new.secret):
            Webhook(secret).verify(receiver.heard[-1].body, receiver.heard[-1].headers)
        hand.shift(OVERLAP)
        receive(actor)
        deliver(desk)
        heard = receiver.heard[-1]
        Webhook(new.secret).verify(heard.body, heard.headers)
        assert len(heard.headers["webhook-signature"].split()) == 1
    stored = repr(desk.session.execute(sa.text("SELECT * FROM endpoints")).all())
    for secret in (old.secret, new.secret):
        assert secret.removeprefix("whsec_") not in stored
        assert repr(base64.b64decode(secret.removeprefix("whsec_")))[2:-1] not in stored


def test_what_nobody_could_check_is_not_sent(desk: Desk, receiver: Receiver) -> None:
    """The secret was sealed under another secret key of the desk."""
    actor = _sender()
    make_endpoint(actor, receiver.url())
    receive(actor)
    settings = desk.app.config["REVIEW_SETTINGS"]
    desk.app.config["REVIEW_SETTINGS"] = replace(settings, secret_key="f" * 64)
    deliver(desk)
    assert receiver.heard == []
    desk.app.config["REVIEW_SETTINGS"] = settings
    with time_machine.travel(clock.now() + timedelta(seconds=LEASE_SECONDS + 1)):
        deliver(desk)
    assert len(receiver.heard) == 1, "the lease ends, and it is tried again"


def test_a_slow_receiver_holds_up_nobody_else(desk: Desk, receiver: Receiver) -> None:
    slow, quick = _sender(), _sender()
    make_endpoint(slow, receiver.url("/slow"))
    make_endpoint(quick, receiver.url("/quick"))
    receiver.reply = lambda heard: Reply(way="drip") if heard.path == "/slow" else Reply()
    for _number in range(8):
        receive(slow)
    for _number in range(20):
        receive(quick)
    while sum(heard.path == "/quick" for heard in receiver.heard) < 20:
        assert delivering.run_once(desk.app)
    assert sum(heard.path == "/slow" for heard in receiver.heard) <= 4
    receiver.closing.set()
    delivering.finish(desk.app)


def test_more_silent_receivers_than_places_hold_up_nobody_else(desk: Desk, receiver: Receiver) -> None:
    """What was sent to the others has arrived before the first of the silent ones is given up."""
    silent, quick = [_sender() for _number in range(12)], _sender()
    for actor in silent:
        make_endpoint(actor, receiver.url("/silent"))
        for _number in range(4):
            receive(actor)
    make_endpoint(quick, receiver.url("/quick"))
    for _number in range(20):
        receive(quick)
    receiver.reply = lambda heard: Reply(way="drip") if heard.path == "/silent" else Reply()
    arrived = sa.select(sa.func.count()).where(Delivery.standing == "arrived")
    while desk.session.scalar(arrived) != 20:
        assert delivering.run_once(desk.app)
        desk.session.rollback()
    assert set(desk.session.scalars(sa.select(DeliveryAttempt.failure))) == {None}
    assert sum(heard.path == "/silent" for heard in receiver.heard) > MOST_PROMPT
    receiver.closing.set()
    delivering.finish(desk.app)


def test_an_endpoint_is_given_as_many_tries_at_a_time_as_it_answers_promptly(desk: Desk) -> None:
    actor = _sender()
    endpoint_id = make_endpoint(actor, "https://hook.example/").endpoint_id
    receive(actor)
    (leased,) = lease()
    tries = Tries()

    def after(milliseconds: int, failure: Failure | None = None) -> int | None:
        tries.learn(Tried(leased, Outcome(None if failure else 200, failure, milliseconds), clock.now()))
        return tries.most.get(endpoint_id)

    assert [after(20) for _number in range(MOST_OF_ONE)][-6:] == [MOST_OF_ONE - 1, *[MOST_OF_ONE] * 5]
    assert after(20, Failure.STATUS) == MOST_OF_ONE
    assert after(600) == AT_FIRST
    assert after(10_000, Failure.TIMEOUT) == 1
    assert after(20) == 2


def test_what_was_taken_for_a_receiver_that_falls_silent_is_free_again(
    desk: Desk, receiver: Receiver
) -> None:
    actor = _sender()
    endpoint_id = make_endpoint(actor, receiver.url()).endpoint_id
    for _number in range(3):
        receive(actor)
    first, *rest = lease()
    tries = Tries()
    tries.take(rest, lambda _leased: (Outcome(200, None, 1), clock.now()))
    assert tries.taken() == {endpoint_id: 2}
    left = tries.learn(Tried(first, Outcome(None, Failure.TIMEOUT, 10_000), clock.now()))
    assert left == rest
    assert tries.taken() == {}
    assert lease() == []
    return_leases(left, actor=SERVICE)
    assert [leased.id for leased in lease()] == [leased.id for leased in rest]
    return_leases(left, actor=SERVICE)  # somebody else has them now
    assert lease() == []


def test_an_endpoint_that_gets_slow_keeps_no_more_than_it_can_be_sent_in_time(desk: Desk) -> None:
    endpoint_id = make_endpoint(actor := _sender(), "https://hook.example/").endpoint_id
    receive(actor)
    (one,) = lease()
    taken = [replace(one, id=f"Z-{number}") for number in range(100)]
    tries = Tries()
    tries.take(taken, lambda _leased: (Outcome(200, None, 1), clock.now()))
    left = tries.learn(Tried(one, Outcome(200, None, 9_000), clock.now()))
    assert left == taken[AT_FIRST:]
    assert tries.taken() == {endpoint_id: AT_FIRST}
    assert tries.learn(Tried(one, Outcome(200, None, 9_000), clock.now())) == []


def test_tries_go_on_while_those_that_ended_are_recorded(desk: Desk) -> None:
    make_endpoint(actor := _sender(), "https://hook.example/")
    receive(actor)
    (one,) = lease()
    taken = [replace(one, id=f"Z-{number}", endpoint_id=f"J-{number % 8}") for number in range(200)]
    last, tries, recording = {one.id for one in taken[150:]}, Tries(), threading.Event()

    def attempt(leased: Leased) -> tuple[Outcome, datetime]:
        assert leased.id not in last or recording.wait(60)
        return Outcome(200, None, 1), clock.now()

    tries.take(taken, attempt)
    while len(tries.ended()) < MOST_RECORDED:  # in one turn, unless the machine is slow
        tries.turn()
    first = tries.ended()
    assert len(first) < len(taken)
    recording.set()
    until(lambda: len(tries.ended()) == len(taken))  # nobody asked them to
    tries.forget(first)
    assert sorted(tried.leased.id for tried in (*first, *tries.ended())) == sorted(one.id for one in taken)
    tries.forget(tries.ended())
    assert not tries
    assert tries.wait_for_all() == []


def test_what_was_taken_and_not_begun_is_due_at_once_when_the_loop_ends(
    desk: Desk, receiver: Receiver
) -> None:
    actor = _sender()
    make_endpoint(actor, receiver.url())
    receiver.reply = lambda _heard: Reply(way="drip")
    for _number in range(2 * AT_FIRST):
        receive(actor)
    desk.session.rollback()
    assert delivering.run_once(desk.app)
    tries = delivering._tries[id(desk.app)]
    tries.take(lease(), lambda _leased: (Outcome(200, None, 1), clock.now()))
    waiting = sum(tries.taken().values()) - AT_FIRST
    assert waiting == AT_FIRST
    receiver.closing.set()
    delivering.finish(desk.app)
    assert len(lease()) == waiting
