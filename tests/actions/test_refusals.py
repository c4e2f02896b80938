"""Who is known and refused leaves an event, at most once a minute for each permission."""

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa
import time_machine

from review import clock
from review.actions.refusals import Refused, record_refusal
from review.domain.permissions import Role
from review.models import Opening, RefusalMark
from tests.conftest import Desk
from tests.factories import make_account, make_sender, sender_actor
from tests.stored import opened_fields
from tests.threads import together

CLAIM = Refused("claim", "moderator_cases.claim", "C-0000-0000-0000")


def refusals(desk: Desk) -> list[dict[str, str]]:
    """What the events say, in no order."""
    found: list[dict[str, str]] = opened_fields(desk, "authorisation.refused")
    return found


def test_a_refusal_says_what_was_refused_and_to_whom(desk: Desk) -> None:
    actor = make_account(Role.ADMIN)
    assert record_refusal(CLAIM, actor=actor)
    assert refusals(desk) == [
        {"permission": "claim", "route": "moderator_cases.claim", "object": "C-0000-0000-0000"}
    ]
    envelope = desk.session.scalar(
        sa.select(Opening.envelope).where(Opening.event_type == "authorisation.refused")
    )
    assert actor.id.encode() in (envelope or b"")


def test_once_a_minute_for_each_actor_and_permission(desk: Desk) -> None:
    first, second = make_account(Role.ADMIN), make_account(Role.ADMIN)
    other = Refused("record_review", "moderator_reviews.record")
    now = clock.now()
    with time_machine.travel(now, tick=False):
        told = [record_refusal(what, actor=who) for who in (first, second) for what in (CLAIM, other)]
        assert told == [True] * 4
    for seconds, again in ((0, False), (59, False), (61, True), (100, False), (122, True)):
        with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
            assert record_refusal(CLAIM, actor=first) is again, seconds
    assert len(refusals(desk)) == 6
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(RefusalMark)) == 4


def test_a_thousand_at_once_leave_one(desk: Desk) -> None:
    actor = make_account(Role.ADMIN)
    told = together(desk.app, [lambda: record_refusal(CLAIM, actor=actor)] * 12)
    assert sorted(map(str, told)) == ["False"] * 11 + ["True"]
    assert len(refusals(desk)) == 1


def test_a_key_is_named(desk: Desk) -> None:
    actor = replace(sender_actor(make_sender()), key_id="K-0000-0000-0000")
    assert record_refusal(Refused("read_own", "api_referrals.one"), actor=actor)
    (told,) = refusals(desk)
    assert told["key"] == actor.key_id
