"""Escalation: ends the claim, is no review, comes back with advice or after three days, each on the trail."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review import clock
from review.actions import escalations
from review.actions.cases import claim_case
from review.actions.withdrawals import withdraw_item
from review.domain.escalations import WAITS
from review.domain.permissions import OPERATOR, SERVICE, Actor, Role
from review.errors import (
    AlreadyClosed,
    ClaimLost,
    InvalidInput,
    InvalidReview,
    NotFound,
    NotPermitted,
    StaleVersion,
)
from review.models import Case, Draft, Escalation, Item, Opening, Review
from review.queries.escalations import advice_on, escalations_listed, escalations_told
from tests.conftest import Desk
from tests.factories import join_case, make_account, make_case, make_sender, sender_actor
from tests.threads import together

NOTE = "Is this satire under our law?"
ADVICE = "It is; see clause 4.2."


def state(desk: Desk, case_id: str) -> str:
    return str(desk.session.scalar(sa.select(Case.state).where(Case.id == case_id)))


def told(desk: Desk, case_id: str) -> list[str]:
    ordered = sa.select(Opening.event_type).where(Opening.object_id == case_id)
    return list(desk.session.scalars(ordered.order_by(Opening.object_version)))


def escalate(case_id: str, actor: Actor, **changes: Any) -> Any:
    claim = claim_case(case_id, actor=actor)
    given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version} | changes
    return escalations.escalate_case(case_id, NOTE, actor=actor, **given)


def test_a_question_takes_the_case_out_of_the_queue_and_is_no_review(desk: Desk) -> None:
    moderator, case_id = make_account(), make_case()
    escalate(case_id, moderator)
    assert state(desk, case_id) == "escalated"
    case = desk.session.get_one(Case, case_id)
    assert (case.claimed_by, case.pending_review_id) == (None, None)
    assert told(desk, case_id)[-1] == "case.escalated"
    assert desk.session.scalars(sa.select(Review)).all() == []
    assert desk.session.scalars(sa.select(Draft)).all() == []
    (listed,) = escalations_listed(desk.session)
    assert listed.case_id == case_id


def test_the_next_case_is_claimed_in_the_same_step(desk: Desk) -> None:
    first, second = make_case(), make_case()
    claim = escalate(first, make_account(), then_next=True)
    assert claim.case_id == second


def test_advice_brings_the_case_back_for_anybody_its_asker_included(desk: Desk) -> None:
    moderator, case_id, legal = make_account(), make_case(), make_account(Role.LEGAL)
    escalate(case_id, moderator)
    escalations.advise_case(case_id, ADVICE, actor=legal)
    assert state(desk, case_id) == "open"
    assert told(desk, case_id)[-1] == "case.advised"
    (advice,) = advice_on(desk.session, case_id)
    assert (advice.note, advice.advice) == (NOTE, ADVICE)
    (question,) = escalations_told(desk.session, case_id)
    assert (question.note, question.advice) == (NOTE, ADVICE)
    assert question.asked_by.startswith("Reviewer")
    escalate(case_id, moderator)
    assert len(escalations_told(desk.session, case_id)) == 2
    assert len(advice_on(desk.session, case_id)) == 1


def test_without_advice_it_comes_back_after_three_days(desk: Desk) -> None:
    case_id = make_case(due_in=timedelta(days=9))
    escalate(case_id, make_account())
    with time_machine.travel(clock.now() + WAITS - timedelta(minutes=1), tick=False):
        assert escalations.end_escalations(actor=SERVICE) == 0
    with time_machine.travel(clock.now() + WAITS + timedelta(minutes=1), tick=False):
        assert escalations.end_escalations(actor=SERVICE) == 1
        assert escalations.end_escalations(actor=SERVICE) == 0
    assert state(desk, case_id) == "open"
    assert told(desk, case_id)[-1] == "case.escalation_ended"
    (advice,) = advice_on(desk.session, case_id)
    assert advice.advice is None


def test_a_withdrawn_case_waits_for_no_advice(desk: Desk) -> None:
    sender_id = make_sender()
    case_id = make_case(sender_id=sender_id)
    escalate(case_id, make_account())
    item_id = desk.session.scalars(sa.select(Item.id).where(Item.case_id == case_id)).one()
    withdraw_item(item_id, actor=sender_actor(sender_id))
    assert state(desk, case_id) == "withdrawn"
    assert escalations_listed(desk.session) == ()
    with pytest.raises(AlreadyClosed):
        escalations.advise_case(case_id, ADVICE, actor=make_account(Role.LEGAL))
    with time_machine.travel(clock.now() + WAITS + timedelta(minutes=1), tick=False):
        assert escalations.end_escalations(actor=SERVICE) == 0


def test_only_the_holder_asks_with_the_form_of_this_claim(desk: Desk) -> None:
    moderator, other, case_id = make_account(), make_account(), make_case()
    claim = claim_case(case_id, actor=moderator)
    given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
    refusals: list[tuple[type[Exception], Callable[[], object]]] = [
        (InvalidReview, lambda: escalations.escalate_case(case_id, " ", actor=moderator, **given)),
        (ClaimLost, lambda: escalations.escalate_case(case_id, NOTE, actor=other, **given)),
        (NotFound, lambda: escalations.escalate_case("C-1", NOTE, actor=moderator, **given)),
        (
            ClaimLost,
            lambda: escalations.escalate_case(
                case_id, NOTE, actor=moderator, claim_generation=99, version=claim.version
            ),
        ),
    ]
    for kind, attempt in refusals:
        with pytest.raises(kind):
            attempt()
    join_case(case_id)
    with pytest.raises(StaleVersion):
        escalations.escalate_case(case_id, NOTE, actor=moderator, **given)
    assert state(desk, case_id) == "open"
    assert desk.session.scalars(sa.select(Escalation)).all() == []


def test_who_may_not_ask_or_advise_is_refused(desk: Desk) -> None:
    case_id = make_case()
    for role in (Role.LEGAL, Role.ADMIN):
        with pytest.raises(NotPermitted):
            escalations.escalate_case(case_id, NOTE, actor=make_account(role), claim_generation=1, version=1)
    escalate(case_id, make_account())
    for role in (Role.MODERATOR, Role.LEAD, Role.ADMIN):
        with pytest.raises(NotPermitted):
            escalations.advise_case(case_id, ADVICE, actor=make_account(role))
    for actor in (make_account(Role.LEGAL), OPERATOR):
        with pytest.raises(NotPermitted):
            escalations.end_escalations(actor=actor)
    with pytest.raises(InvalidInput):
        escalations.advise_case(case_id, "", actor=make_account(Role.LEGAL))
    with pytest.raises(NotFound):
        escalations.advise_case("C-1", ADVICE, actor=make_account(Role.LEGAL))


def test_of_two_who_advise_at_once_one_is_refused(desk: Desk) -> None:
    case_id, legal = make_case(), make_account(Role.LEGAL)
    escalate(case_id, make_account())
    attempts = [lambda: escalations.advise_case(case_id, ADVICE, actor=legal)] * 4
    results = together(desk.app, attempts)
    assert len([result for result in results if isinstance(result, AlreadyClosed)]) == 3, results
    assert told(desk, case_id).count("case.advised") == 1


def test_of_two_tabs_that_ask_at_once_one_is_refused(desk: Desk) -> None:
    moderator, case_id = make_account(), make_case()
    claim = claim_case(case_id, actor=moderator)
    given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
    attempts = [lambda: escalations.escalate_case(case_id, NOTE, actor=moderator, **given)] * 4
    results = together(desk.app, attempts)
    assert len([result for result in results if isinstance(result, ClaimLost)]) == 3, results
    assert told(desk, case_id).count("case.escalated") == 1
