"""Referrals are read into the search after they settled, each once, by one process at a time."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions.indexing import BATCH, index_referrals
from review.domain.permissions import OPERATOR, SERVICE, Role
from review.errors import NotPermitted
from review.models import Referral, SearchEntry
from review.queries.search_entries import mark_of
from tests.conftest import Desk
from tests.factories import make_account, make_sender, receive, sender_actor
from tests.threads import together

LATER = timedelta(minutes=1)
DIGEST = "ab" * 32


def index_all() -> int:
    with time_machine.travel(clock.now() + LATER, tick=False):
        return index_referrals(actor=SERVICE)


def entries(desk: Desk) -> list[tuple[str, str]]:
    rows = desk.session.execute(sa.select(SearchEntry.kind, SearchEntry.term))
    return sorted((row.kind, row.term) for row in rows)


def test_hosts_and_digests_are_read_in_once_they_have_settled(desk: Desk) -> None:
    sender = sender_actor(make_sender())
    item = {"url": "https://video.example:8443/a", "sha256": DIGEST.upper()}
    receive(sender, items=[item, {"url": "https://video.example/b"}])
    assert index_referrals(actor=SERVICE) == 0
    assert index_all() == 1
    body = desk.session.scalar(sa.select(Referral.body_sha256)) or ""
    found = [("body", body), ("content", DIGEST), ("host", "video.example"), ("host", "video.example")]
    assert entries(desk) == found
    assert index_all() == 0


def test_a_referral_that_changes_again_is_not_read_in_twice(desk: Desk) -> None:
    sender = sender_actor(make_sender())
    received = receive(sender)
    assert index_all() == 1
    before = entries(desk)
    with db.transaction() as writer:
        position = db.next_change_position(writer, Referral.change_position)
        changed = sa.update(Referral).where(Referral.id == received.referral_id)
        writer.execute(changed.values(change_position=position))
    assert index_all() == 1
    assert entries(desk) == before


def test_readers_take_up_where_the_last_one_stopped(desk: Desk) -> None:
    sender = sender_actor(make_sender())
    for number in range(5):
        receive(sender, f"https://video.example/{number}")
    with time_machine.travel(clock.now() + LATER, tick=False):
        assert [index_referrals(actor=SERVICE, limit=2) for _turn in range(4)] == [2, 2, 1, 0]
    assert len(entries(desk)) == 10
    assert mark_of(desk.session) is not None
    assert BATCH >= 5


@pytest.mark.parametrize("role", Role)
def test_only_a_loop_reads_in(desk: Desk, role: Role) -> None:
    for actor in (make_account(role, sender_id=make_sender() if role is Role.SENDER else None), OPERATOR):
        with pytest.raises(NotPermitted):
            index_referrals(actor=actor)


def test_loops_at_once_read_each_referral_in_once(desk: Desk) -> None:
    sender = sender_actor(make_sender())
    for number in range(6):
        receive(sender, f"https://video.example/{number}")
    with time_machine.travel(clock.now() + LATER, tick=False):
        results = together(desk.app, [lambda: index_referrals(actor=SERVICE)] * 4)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert sum(int(str(result)) for result in results) == 6
    assert len(entries(desk)) == 12
