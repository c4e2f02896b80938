"""C-02, C-14: a receiver that is down and then flaky, and a worker killed twice: every message arrives.

REVIEW_TEST_DECISIONS says how many decisions there are; 40 unless it does.
"""

import json
import os
from datetime import UTC, datetime
from hashlib import sha256

import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook

from review import clock, db
from review.actions.dispatching import dispatch_review
from review.actions.endpoints import SecretShown
from review.domain.permissions import SERVICE
from review.domain.webhooks import WAITS_SECONDS
from review.models import Base, Delivery, DeliveryAttempt, Item, Opening
from tests.endpoints import make_endpoint, managing
from tests.factories import make_account, make_sender, receive
from tests.faults import clocks
from tests.faults.conftest import MakeDesk
from tests.faults.faulted import FaultedDesk, until
from tests.journeys.server import free_port
from tests.judging import judge
from tests.receivers import Heard, Reply, receiving
from tests.trails import settle

pytestmark = pytest.mark.faults

DECISIONS = int(os.environ.get("REVIEW_TEST_DECISIONS", "40"))
SENDERS = 3
SETTINGS = {"REVIEW_WEBHOOK_NETWORKS": "127.0.0.0/8", "REVIEW_UNDO_SECONDS": "0"}


def _decide(desk: FaultedDesk, url: str) -> list[SecretShown]:
    """Decisions about referrals of three senders, each with an endpoint there; nothing is sent yet."""
    with desk.app.app_context():
        senders = [managing(make_sender()) for _number in range(SENDERS)]
        shown = [
            make_endpoint(actor, f"{url}/{place}", ["item.decided"]) for place, actor in enumerate(senders)
        ]
        moderator = make_account()
        for number in range(DECISIONS):
            received = receive(senders[number % SENDERS], f"https://video.example/told/{number}")
            case = sa.select(Item.case_id).where(Item.referral_id == received.referral_id)
            review = judge(str(db.session().scalar(case)), moderator)
            assert dispatch_review(review.review_id, actor=SERVICE, lot=1.0) is not None
        db.session().close()
        db.extension.engine.dispose()
    return shown


def _flaky(heard: Heard, tries: int) -> Reply:
    """About half of all tries fail, each message in its own way, none for ever."""
    number = int(sha256(heard.headers["webhook-id"].encode()).hexdigest(), 16)
    if tries > number % 3:
        return Reply()
    if number % 40 == 0:
        return Reply(way="drip")
    return Reply(500, b"out of order") if number % 2 else Reply(way="reset")


def _count(desk: FaultedDesk, table: type[Base], *where: sa.ColumnElement[bool]) -> int:
    with desk.reading() as reader:
        return reader.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0


class _Clock:
    """The clock of the worker; it is moved on where nothing is due, so that the next try comes now."""

    def __init__(self, desk: FaultedDesk) -> None:
        self._desk, self._ahead, self._path = desk, 0.0, desk.folder / "clock"
        clocks.step(self._path, 0)
        desk.clock = str(self._path)

    def go_on(self, seconds: float) -> None:
        """Move it on."""
        self._ahead += seconds
        clocks.step(self._path, self._ahead)

    def is_over(self) -> bool:
        """Whether nothing waits any more; moves on to when the next one is due."""
        with self._desk.reading() as reader:
            waits = Delivery.standing == "waiting"
            due_at = reader.scalar(sa.select(sa.func.min(Delivery.next_at)).where(waits))
            leased = reader.scalar(sa.select(sa.func.max(Delivery.leased_until)).where(waits))
        if due_at is None:
            return True
        ahead = (due_at - clock.now()).total_seconds() - self._ahead
        if leased is None and ahead > 0:
            self.go_on(ahead + 1)
        return False


def test_a_flaky_receiver_and_a_killed_worker_lose_no_message(make_desk: MakeDesk) -> None:
    desk, port = make_desk(settings=SETTINGS), free_port()
    shown = _decide(desk, f"http://127.0.0.1:{port}")
    hands = _Clock(desk)
    desk.start("deliver")
    until(lambda: _count(desk, DeliveryAttempt) >= DECISIONS // 2, seconds=60 + DECISIONS)
    desk.kill("deliver")
    hands.go_on(24 * 3600)  # it was down for a day
    with receiving(port=port) as receiver:
        tries: dict[str, int] = {}
        taken: list[Heard] = []

        def answer(heard: Heard) -> Reply:
            message = heard.headers["webhook-id"]
            tries[message] = tries.get(message, 0) + 1
            reply = _flaky(heard, tries[message])
            if reply.way == "whole" and reply.status == 200:
                taken.append(heard)
            return reply

        receiver.reply = answer
        desk.start("deliver")
        until(lambda: len(taken) >= DECISIONS // 4, seconds=60 + DECISIONS)
        desk.kill("deliver")
        hands.go_on(sum(WAITS_SECONDS[:2]))  # and the leases of the dead worker are over
        desk.start("deliver")
        until(hands.is_over, seconds=120 + DECISIONS)
    desk.kill("deliver")
    _check(desk, taken, shown)
    print(
        f"\n{DECISIONS} decisions, 2 kills, {len(receiver.heard)} tries heard, {len(taken)} taken, 0 missing"
    )


def _check(desk: FaultedDesk, taken: list[Heard], shown: list[SecretShown]) -> None:
    with desk.reading() as reader:
        bodies = {row.id: row.body for row in reader.execute(sa.select(Delivery.id, Delivery.body))}
    assert len(bodies) == DECISIONS
    assert {heard.headers["webhook-id"] for heard in taken} == bodies.keys(), "every one arrived"
    rows: dict[str, set[int]] = {}
    for heard in taken:
        assert heard.body == bodies[heard.headers["webhook-id"]], "the same id, the same bytes"
        secret = shown[int(heard.path[1:])].secret
        at = datetime.fromtimestamp(int(heard.headers["webhook-timestamp"]), UTC)
        signature = Webhook(secret).sign(heard.headers["webhook-id"], at, heard.body.decode())
        assert heard.headers["webhook-signature"] == signature
        rows.setdefault(heard.path, set()).add(json.loads(heard.body)["seq"])
    for seqs in rows.values():
        assert seqs == set(range(1, len(seqs) + 1)), "counted without a gap"
    assert _count(desk, Opening, Opening.event_type == "delivery.arrived") == DECISIONS
    with desk.app.app_context():
        settle(desk.app.config["REVIEW_SETTINGS"].data_dir)
    desk.check_trail()
