"""Judging a case through its rounds, in few words: claim, record, and let the undo window end."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from review.actions.cases import claim_case
from review.actions.decisions import Recorded, record_review
from review.actions.dispatching import dispatch_review
from review.domain.decisions import ReviewInput
from review.domain.permissions import SERVICE, Actor
from tests.draws import DRAWN

WINDOW = timedelta(seconds=60)
DECLINE = ReviewInput(
    "declined", decline_reason="no_breach", rationale="It praises nobody.", statement="It breaks no rule."
)
OTHER_DECLINE = replace(DECLINE, decline_reason="not_found")


def accept(clause: str, **changes: Any) -> ReviewInput:
    """An accept on that clause."""
    review = ReviewInput(
        "accepted", ground="terms", clauses=(clause,), visibility="removed",
        rationale="The video praises a listed organisation.", statement="It breaks clause 4.2.",
    )  # fmt: skip
    return replace(review, **changes)


def judge(case_id: str, actor: Actor, review: ReviewInput = DECLINE) -> Recorded:
    """Claim the case and record this review of it."""
    claim = claim_case(case_id, actor=actor)
    return record_review(
        case_id, review, claim_generation=claim.claim_generation, version=claim.version, actor=actor
    )


def settle_review(recorded: Recorded, hand: Any, *, lot: float = DRAWN) -> str | None:
    """Let its undo window end and dispatch it; the decision if there is one."""
    hand.move_to(recorded.undo_until)
    return dispatch_review(recorded.review_id, actor=SERVICE, lot=lot)


def to_second_review(case_id: str, actor: Actor, hand: Any, review: ReviewInput = DECLINE) -> Recorded:
    """A first review that is drawn."""
    recorded = judge(case_id, actor, review)
    assert settle_review(recorded, hand) is None
    return recorded
