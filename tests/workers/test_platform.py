"""The platform is told of what it has to carry out, and what it answers reaches the senders."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from standardwebhooks import Webhook

from review import clock, db
from review.actions.deliveries import send_all_to_platform_again, send_to_platform_again
from review.actions.restrictions import report_implemented
from review.actions.trail import verify_trail
from review.domain.permissions import OPERATOR, Role
from review.domain.webhooks import MOST_TRIES, WAITS_SECONDS
from review.models import Delivery, DeliveryAttempt, Endpoint, Opening, Restriction
from review.queries.referrals import own_item
from review.queries.restrictions import restrictions_to_follow
from tests.conftest import Desk
from tests.endpoints import HERE, deliver, make_endpoint, managing
from tests.factories import make_account, make_sender
from tests.judging import DECLINE
from tests.platforms import OLDER, PLATFORM, SECRET, decide, tell_platform, written
from tests.receivers import Receiver, Reply, receiving
from tests.trails import settle


@pytest.fixture
def platform(desk: Desk) -> Iterator[Receiver]:
    """The platform's program; the desk knows where it is and what signs."""
    with receiving() as found:
        tell_platform(desk, found.url("/told"))
        yield found


def _one(desk: Desk) -> Restriction:
    return desk.session.scalars(sa.select(Restriction)).one()


def test_the_platform_is_told_of_an_accepted_decision_and_of_nobody(desk: Desk, platform: Receiver) -> None:
    decide(desk, managing(make_sender("Harbour Watch")), "https://video.example/1?utm_source=a")
    deliver(desk)
    (heard,) = platform.heard
    for secret in (SECRET, OLDER):
        told = Webhook(written(secret)).verify(heard.body, heard.headers)
    restriction = _one(desk)
    assert heard.path == "/told"
    assert (told["type"], told["seq"]) == ("restriction.requested", 1)
    assert told["data"]["id"] == restriction.id
    assert told["data"]["locations"] == ["https://video.example/1?utm_source=a"]
    assert (told["data"]["visibility"], told["data"]["ground"]) == ("removed", "terms")
    assert told["data"]["clauses"][0]["number"].startswith("8.")
    assert told["data"]["links"]["implemented"] == f"/api/v1/restrictions/{restriction.id}/implemented"
    text = heard.body.decode()
    assert "Harbour Watch" not in text
    assert "REF-" not in text


def test_a_declined_decision_asks_for_nothing(desk: Desk, platform: Receiver) -> None:
    decide(desk, managing(make_sender()), review=DECLINE)
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 0


def test_without_an_address_nothing_is_written(desk: Desk) -> None:
    decide(desk, managing(make_sender()))
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 0
    assert restrictions_to_follow(desk.session).waiting_count == 1


def test_what_the_platform_reports_reaches_the_sender(desk: Desk, platform: Receiver) -> None:
    known = desk.app.config["REVIEW_SETTINGS"]
    desk.app.config["REVIEW_SETTINGS"] = replace(known, webhook_networks=HERE)
    sender = managing(make_sender())
    shown = make_endpoint(sender, platform.url("/sender"), ["item.implemented"])
    item_id = decide(desk, sender)
    at = clock.now()
    report_implemented(_one(desk).id, at, actor=PLATFORM)
    deliver(desk)
    heard = next(one for one in platform.heard if one.path == "/sender")
    told = Webhook(shown.secret).verify(heard.body, heard.headers)
    assert told["type"] == "item.implemented"
    assert datetime.fromisoformat(told["data"]["implemented_at"]) == at
    item = own_item(desk.session, item_id, sender_id=sender.sender_id)
    assert item is not None
    assert item.as_dict()["implemented_at"] == told["data"]["implemented_at"]
    settle(desk.settings.data_dir)
    assert verify_trail(folder=desk.settings.data_dir, actor=OPERATOR).finding.intact


def test_a_platform_that_is_down_leaves_a_dead_letter_that_a_person_sends_again(
    desk: Desk, platform: Receiver
) -> None:
    platform.reply = lambda _heard: Reply(410 if len(platform.heard) == 1 else 503, b"down <b>for</b> work")
    decide(desk, managing(make_sender()))
    with time_machine.travel(clock.now(), tick=False) as hand:
        for wait in (0, *WAITS_SECONDS):
            hand.shift(timedelta(seconds=wait * 1.2))
            deliver(desk)
    assert len(platform.heard) == MOST_TRIES
    (dead,) = restrictions_to_follow(desk.session).dead
    assert (dead.status, dead.restriction_id) == (503, _one(desk).id)
    platform.reply = lambda _heard: Reply()
    legal = make_account(Role.LEGAL)
    send_to_platform_again(dead.id, actor=legal)
    deliver(desk)
    assert platform.heard[-1].body == platform.heard[0].body
    assert platform.heard[-1].headers["webhook-id"] == platform.heard[0].headers["webhook-id"]
    assert restrictions_to_follow(desk.session).dead_count == 0
    names = list(desk.session.scalars(sa.select(Opening.event_type).where(Opening.object_kind == "delivery")))
    assert sorted(names) == ["delivery.arrived", "delivery.given_up", "delivery.sent_again"]


def test_all_dead_letters_of_the_platform_go_again_in_one_step(desk: Desk, platform: Receiver) -> None:
    for number in range(3):
        decide(desk, managing(make_sender()), f"https://video.example/{number}")
    with db.transaction() as writer:
        writer.execute(sa.update(Delivery).values(standing="dead", next_at=None, finished_at=clock.now()))
    assert send_all_to_platform_again(actor=make_account(Role.LEAD)) == 3
    deliver(desk)
    assert sorted(json.loads(one.body)["seq"] for one in platform.heard) == [1, 2, 3]


def test_an_address_that_was_taken_away_is_a_failed_try_and_no_loss(desk: Desk, platform: Receiver) -> None:
    decide(desk, managing(make_sender()))
    known = desk.app.config["REVIEW_SETTINGS"]
    desk.app.config["REVIEW_SETTINGS"] = replace(known, platform_url="")
    with time_machine.travel(clock.now(), tick=False) as hand:
        deliver(desk)
        assert desk.session.scalars(sa.select(DeliveryAttempt.failure)).one() == "not_set"
        desk.app.config["REVIEW_SETTINGS"] = known
        hand.shift(timedelta(seconds=WAITS_SECONDS[0] * 1.2))
        deliver(desk)
    assert len(platform.heard) == 1
    assert desk.session.scalars(sa.select(Endpoint.kind)).all() == ["platform"]
