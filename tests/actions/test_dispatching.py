"""Dispatch when something came between: nothing is decided for nobody, nobody waits for a broken one."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from review import db
from review.actions.cases import claim_next
from review.actions.dispatching import dispatch_review
from review.actions.withdrawals import withdraw_item
from review.domain.permissions import SERVICE
from review.errors import NotDispatchable
from review.models import Answer, Case, Decision, Item, Restriction
from review.queries.health import readiness
from review.workers import dispatching
from tests.actions.test_cases import NOW
from tests.actions.test_decisions import WINDOW, _count, _recorded
from tests.conftest import Desk
from tests.factories import join_case, make_account, make_sender, sender_actor


def test_a_review_whose_items_were_all_withdrawn_decides_nothing(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        sender_id = make_sender()
        case_id, recorded = _recorded(make_account(), sender_id=sender_id)
        covered = desk.session.scalars(sa.select(Item.id).where(Item.case_id == case_id)).one()
        late = join_case(case_id)
        withdraw_item(covered, actor=sender_actor(sender_id))
        clock.move_to(NOW + WINDOW)
        assert dispatch_review(recorded.review_id, actor=SERVICE) is None
        assert _count(desk, Answer) == _count(desk, Decision) == _count(desk, Restriction) == 0
        case = desk.session.get_one(Case, case_id)
        assert (case.state, case.pending_review_id) == ("open", None)
        assert desk.session.get_one(Item, late).case_id == case_id
        with pytest.raises(NotDispatchable):
            dispatch_review(recorded.review_id, actor=SERVICE)
        claim = claim_next(actor=make_account())
        assert claim is not None
        assert claim.case_id == case_id


def test_bad_reviews_on_every_page_stop_none_of_the_good(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        recorded = [_recorded(make_account()) for _number in range(9)]
        bad = {recorded[place][0] for place in (0, 1, 2, 5, 8)}
        with db.transaction() as writer:
            writer.execute(sa.update(Case).where(Case.id.in_(bad)).values(trail_version=99))
        clock.move_to(NOW + WINDOW)
        turns = [dispatching.dispatch_due(limit=3) for _turn in range(3)]
        assert (sum(turns), turns[-1]) == (4, 0)
        open_cases = set(desk.session.scalars(sa.select(Case.id).where(Case.state == "open")))
        assert open_cases == bad


def test_a_review_that_comes_to_nothing_counts_as_done(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        sender_id = make_sender()
        case_id, _review = _recorded(make_account(), sender_id=sender_id)
        covered = desk.session.scalars(sa.select(Item.id).where(Item.case_id == case_id)).one()
        join_case(case_id)
        withdraw_item(covered, actor=sender_actor(sender_id))
        clock.move_to(NOW + WINDOW)
        assert dispatching.dispatch_due(limit=1) == 1
        assert dispatching.dispatch_due(limit=1) == 0


def test_one_bad_review_does_not_stop_the_others(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        bad, _recorded_first = _recorded(make_account())
        good, _recorded_second = _recorded(make_account())
        with db.transaction() as writer:
            writer.execute(sa.update(Case).where(Case.id == bad).values(trail_version=99))
        clock.move_to(NOW + WINDOW)
        assert dispatching.dispatch_due(limit=1) == 1
        assert desk.session.get_one(Case, bad).state == "open"
        assert desk.session.get_one(Case, good).state == "decided"
        late = NOW + WINDOW + timedelta(minutes=2)
        checks = {check.name: check for check in readiness(desk.session, now=late, rooms=())}
        assert not checks["dispatch"].ok
