"""Record and open next is one step: both or neither, and never more claims than a person may hold."""

import pytest
import sqlalchemy as sa

from review.actions.cases import claim_case
from review.actions.claiming import MOST_CLAIMS, Claim
from review.actions.decisions import Recorded, record_review, undo_review
from review.domain.decisions import ReviewInput
from review.domain.permissions import Actor
from review.errors import InvalidReview
from review.models import Case, Opening
from tests.actions.test_cases import DECLINE
from tests.conftest import Desk
from tests.factories import make_account, make_case


def _go_on(claim: Claim, actor: Actor, review: ReviewInput = DECLINE) -> Recorded:
    return record_review(
        claim.case_id,
        review,
        claim_generation=claim.claim_generation,
        version=claim.version,
        actor=actor,
        then_next=True,
    )


def test_the_next_case_comes_with_the_record(desk: Desk) -> None:
    person, first, second = make_account(), make_case(), make_case()
    recorded = _go_on(claim_case(first, actor=person), person)
    assert recorded.next_claim is not None
    assert recorded.next_claim.case_id == second
    held = desk.session.scalars(sa.select(Case.id).where(Case.claimed_by == person.account_id)).all()
    assert held == [second]
    kinds = desk.session.scalars(
        sa.select(Opening.event_type)
        .where(Opening.object_id.in_([first, second]))
        .order_by(Opening.recorded_at)
    ).all()
    assert sorted(kinds) == ["case.claimed", "case.claimed", "case.review_recorded"]


def test_with_nothing_left_the_record_stands_alone(desk: Desk) -> None:
    person, only = make_account(), make_case()
    assert _go_on(claim_case(only, actor=person), person).next_claim is None
    assert desk.session.scalar(sa.select(Case.pending_review_id).where(Case.id == only)) is not None


def test_a_refused_record_claims_nothing(desk: Desk) -> None:
    person, first, second = make_account(), make_case(), make_case()
    claim = claim_case(first, actor=person)
    with pytest.raises(InvalidReview):
        _go_on(claim, person, ReviewInput(outcome="declined", decline_reason="no_breach", rationale=""))
    assert desk.session.scalar(sa.select(Case.claimed_by).where(Case.id == second)) is None


def test_an_undone_case_beside_five_claims_leaves_no_room_for_another(desk: Desk) -> None:
    person, ids = make_account(), [make_case() for _number in range(MOST_CLAIMS + 3)]
    undone = claim_case(ids[0], actor=person)
    record_review(
        undone.case_id,
        DECLINE,
        claim_generation=undone.claim_generation,
        version=undone.version,
        actor=person,
    )
    claims = [claim_case(case_id, actor=person) for case_id in ids[1 : MOST_CLAIMS + 1]]
    undo_review(undone.case_id, actor=person)
    assert _go_on(claims[0], person).next_claim is None
