"""Breaks: begun and ended by the person alone, and on no trail."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
import time_machine

from review.actions.breaks import FORGOTTEN_AFTER, end_break, start_break
from review.domain.permissions import Role
from review.domain.wellbeing import LEAST_BREAK
from review.errors import NotPermitted
from review.models import Break, Opening
from review.queries.own_breaks import OwnBreak, last_break
from tests.conftest import Desk
from tests.factories import make_account
from tests.threads import together

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_break_is_known_to_its_person_and_not_to_the_trail(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        person, other = make_account(), make_account(Role.LEAD)
        start_break(actor=person)
        account_id = person.account_id or ""
        assert last_break(desk.session, account_id=account_id) == OwnBreak(NOW, None)
        hand.shift(9 * MINUTE)
        end_break(actor=person)
        desk.session.rollback()
        assert last_break(desk.session, account_id=account_id) == OwnBreak(NOW, NOW + 9 * MINUTE)
        assert last_break(desk.session, account_id=other.account_id or "") is None
    assert desk.session.scalars(sa.select(Opening)).all() == []


def test_only_people_who_review_take_breaks_here(desk: Desk) -> None:
    for role in (Role.LEGAL, Role.ADMIN):
        for act in (start_break, end_break):
            with pytest.raises(NotPermitted):
                act(actor=make_account(role))


def test_ending_no_break_does_nothing(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        person = make_account()
        end_break(actor=person)
        assert last_break(desk.session, account_id=person.account_id or "") is None
        start_break(actor=person)
        hand.shift(LEAST_BREAK)
        end_break(actor=person)
        hand.shift(MINUTE)
        end_break(actor=person)
        desk.session.rollback()
        assert last_break(desk.session, account_id=person.account_id or "") == OwnBreak(
            NOW, NOW + LEAST_BREAK
        )


def test_a_break_that_ends_at_once_was_none(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        person = make_account()
        start_break(actor=person)
        hand.shift(LEAST_BREAK)
        end_break(actor=person)
        before = OwnBreak(NOW, NOW + LEAST_BREAK)
        hand.shift(40 * MINUTE)
        start_break(actor=person)
        hand.shift(LEAST_BREAK - timedelta(seconds=1))
        end_break(actor=person)
        desk.session.rollback()
        assert last_break(desk.session, account_id=person.account_id or "") == before


def test_of_many_clicks_one_begins_the_break(desk: Desk) -> None:
    person = make_account()
    assert together(desk.app, [partial(start_break, actor=person)] * 4) == []
    assert len(desk.session.scalars(sa.select(Break)).all()) == 1


def test_a_break_that_nobody_ended_is_forgotten_by_the_next(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        person = make_account()
        start_break(actor=person)
        hand.shift(FORGOTTEN_AFTER + MINUTE)
        start_break(actor=person)
        later = NOW + FORGOTTEN_AFTER + MINUTE
        assert desk.session.execute(sa.select(Break.started_at, Break.ended_at)).all() == [(later, None)]
