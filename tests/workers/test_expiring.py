"""The loop that ends what is over also forgets stored answers."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
import time_machine

from review.models import StoredAnswer
from review.workers import expiring
from tests.conftest import Desk
from tests.factories import make_sender, receive, sender_actor

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def test_the_loop_forgets_answers_whose_30_days_are_over(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock_hand:
        receive(sender_actor(make_sender()), "https://video.example/1", key="k")
        clock_hand.shift(timedelta(days=30))
        assert expiring.run_once(desk.app) is False
    assert desk.session.scalars(sa.select(StoredAnswer)).all() == []
