"""The team as it is read: who counts as one of it, what is undone, and where open cases stand."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
import time_machine

from review import db
from review.actions.accounts import close_account
from review.actions.cases import claim_case
from review.actions.decisions import record_review, undo_review
from review.actions.dispatching import dispatch_review
from review.actions.escalations import escalate_case
from review.actions.withdrawals import withdraw_item
from review.domain.permissions import OPERATOR, SERVICE, Actor, Role
from review.domain.team import LEAST_PEOPLE
from review.models import Account, Case, Item
from review.queries import team
from review.queries.numbers import counted_so_far
from tests.actions.test_cases import DECLINE, NOW
from tests.conftest import Desk
from tests.factories import (
    join_case,
    make_account,
    make_accounts,
    make_case,
    make_cases,
    make_sender,
    sender_actor,
)


def _record(case_id: str, actor: Actor) -> str:
    claim = claim_case(case_id, actor=actor)
    given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
    return record_review(case_id, DECLINE, actor=actor, **given).review_id


def _read(desk: Desk, now: Any) -> team.Team:
    reader = desk.session
    return team.team_now(reader, now=now, counted=counted_so_far(reader))


def test_a_team_is_five_open_accounts_of_people_who_review(desk: Desk) -> None:
    for role in (Role.LEGAL, Role.ADMIN):
        make_accounts(3, role)
    people = [*make_accounts(LEAST_PEOPLE - 1), make_account(Role.LEAD)]
    assert team.is_shown(desk.session)
    close_account(people[0].account_id or "", actor=OPERATOR)
    assert not team.is_shown(desk.session)


def test_colleagues_are_everybody_else_who_reviews_by_pseudonym(desk: Desk) -> None:
    lead, person, closed = make_account(Role.LEAD), make_account(), make_account()
    make_account(Role.LEGAL)
    close_account(closed.account_id or "", actor=OPERATOR)
    names = team.colleagues(desk.session, account_id=lead.account_id)
    assert names == (desk.session.get_one(Account, person.account_id).pseudonym,)


def test_what_few_people_did_is_withheld_until_a_fifth_takes_part(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        people = make_accounts(LEAST_PEOPLE)
        for person in people[:-1]:
            _record(make_case(), person)
        assert [one.withheld for one in _read(desk, NOW).figures] == [True, True]
        with time_machine.travel(NOW - timedelta(days=8), tick=False):
            _record(make_case(), people[-1])
        assert [(one.days, one.withheld) for one in _read(desk, NOW).figures] == [(7, True), (30, False)]


def test_undone_are_those_that_people_took_back(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        people, sender_id = make_accounts(LEAST_PEOPLE), make_sender()
        for person in people:
            _record(make_case(), person)
        undone, dropped = make_case(), make_case(sender_id=sender_id)
        _record(undone, people[0])
        undo_review(undone, actor=people[0])
        review = _record(dropped, people[1])
        item_id = desk.session.scalars(sa.select(Item.id).where(Item.case_id == dropped)).one()
        join_case(dropped)
        withdraw_item(item_id, actor=sender_actor(sender_id))
        hand.shift(timedelta(seconds=61))
        assert dispatch_review(review, actor=SERVICE) is None
        assert [one.undone for one in _read(desk, NOW).figures] == [1, 1]
        later = NOW + timedelta(days=8)
        assert [one.undone for one in _read(desk, later).figures] == [None, 1]


AWAY = {"escalated": 1, "waiting_sender": 0}


def test_open_cases_stand_in_one_place_each(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        person = make_account()
        make_cases(3)
        claim_case(make_case(), actor=person)
        _record(make_case(), person)
        asked = make_case()
        claim = claim_case(asked, actor=person)
        escalate_case(
            asked, "Satire?", claim_generation=claim.claim_generation, version=claim.version, actor=person
        )
        gone = make_case()
        with db.transaction() as writer:
            writer.execute(sa.update(Case).where(Case.id == gone).values(state="withdrawn"))
        assert _read(desk, NOW).standing == {"waiting": 3, "held": 1, "recorded": 1} | AWAY
        over = NOW + timedelta(minutes=16)
        assert _read(desk, over).standing == {"waiting": 4, "held": 0, "recorded": 1} | AWAY
