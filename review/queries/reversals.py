"""Which earlier decisions beside a case were reversed, as far as whoever looks at the case may know?

Of a case that was complained of the decision that stands is told of, and that it superseded another one.

Nothing is told of a decision whose case this person alone has reviewed, nor of a later one of which that is
so: both stand there as that person's review until it may be known what others say.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from review.domain.complaints import ComplaintResult
from review.domain.decisions import OUTCOMES
from review.domain.numbers import share
from review.domain.precedents import FOUND_WRONG, KEPT_UP, Reversal, reversals_told
from review.domain.states import ROUND_IN, CaseState, Round
from review.models import Case, Complaint, Decision, QualityEntry, QualitySample, Review, ShownPrecedent
from review.prepared import Prepared
from review.queries.complaints import stands


@dataclass(frozen=True)
class JudgedAgain:
    """How many decisions of one outcome were judged again after complaints, and how many were reversed."""

    first_outcome: str
    judged: int
    reversed: int

    @property
    def share_reversed(self) -> float | None:
        """The share that did not stand; unknown where none was judged again."""
        return share(self.reversed, self.judged)


def judged_after_complaints(reader: Session, *, since: datetime, before: datetime) -> tuple[JudgedAgain, ...]:
    """What became of decisions that were judged again in some time, by the outcome they had."""
    earlier = (
        sa.select(Decision.outcome)
        .where(Decision.case_id == Complaint.case_id, Decision.decided_at < Complaint.ended_at)
        .order_by(Decision.decided_at.desc())
        .limit(1)
        .correlate(Complaint)
        .scalar_subquery()
    )
    judged = (
        sa.select(Complaint.review_id, Complaint.result, earlier.label("outcome"))
        .where(Complaint.ended_at >= since, Complaint.ended_at < before)
        .distinct()
        .subquery()
    )
    counted = sa.select(judged.c.outcome, judged.c.result, sa.func.count())
    found = {
        (outcome, result): count
        for outcome, result, count in reader.execute(counted.group_by(judged.c.outcome, judged.c.result))
    }
    return tuple(
        JudgedAgain(
            outcome,
            judged=sum(found.get((outcome, result), 0) for result in ComplaintResult),
            reversed=found.get((outcome, ComplaintResult.REVERSED), 0),
        )
        for outcome in OUTCOMES
    )


def reversals_beside(
    reader: Session, case_id: str, *, account_id: str | None
) -> dict[str, tuple[Reversal, ...]]:
    """The reversals of each earlier decision that this person is shown beside the case, by its case."""
    found: dict[str, tuple[Reversal, ...]] = {}
    for row in _REVERSALS.all(reader, case_id=case_id, account_id=account_id):
        reversals = [one for one in Reversal if getattr(row, one.value)]
        found[row.precedent_id] = reversals_told(reversals, of_round=ROUND_IN.get(CaseState(row.state)))
    return found


def _statement() -> Any:
    looked_at, earlier = aliased(Case), aliased(Case)
    return (
        sa.select(
            ShownPrecedent.precedent_id,
            looked_at.state,
            _resolved_otherwise().label(Reversal.RESOLVED.value),
            Decision.supersedes_id.is_not(None).label(Reversal.COMPLAINT.value),
            _found_wrong().label(Reversal.QUALITY.value),
            _judged_otherwise_later(earlier).label(Reversal.LATER.value),
        )
        .select_from(ShownPrecedent)
        .join(looked_at, looked_at.id == ShownPrecedent.case_id)
        .join(earlier, earlier.id == ShownPrecedent.precedent_id)
        .join(Decision, Decision.case_id == earlier.id)
        .join(Review, Review.id == Decision.review_id)
        .where(
            ShownPrecedent.case_id == sa.bindparam("case_id"),
            ShownPrecedent.account_id == sa.bindparam("account_id"),
            stands(),
            _reviewed_by_others(earlier.id),
        )
        .order_by(ShownPrecedent.place, Decision.decided_at)
    )


def _reviewed_by_others(case_id: Any) -> sa.ColumnElement[bool]:
    """Somebody else has a standing review of the case, so that its decision is not this person's alone."""
    other = aliased(Review)
    return (
        sa.select(other.id)
        .where(
            other.case_id == case_id,
            other.undone_at.is_(None),
            other.account_id != sa.bindparam("account_id"),
        )
        .exists()
    )


def _resolved_otherwise() -> sa.ColumnElement[bool]:
    first = aliased(Review)
    return (
        sa.select(first.id)
        .where(
            Review.round == sa.literal(Round.RESOLVING.value),
            first.case_id == Decision.case_id,
            first.round == sa.literal(Round.FIRST.value),
            first.undone_at.is_(None),
            first.outcome != Decision.outcome,
        )
        .exists()
    )


def _found_wrong() -> sa.ColumnElement[bool]:
    """By way of the samples, which are few: their entries are found by sample and decision alone."""
    return (
        sa.select(QualityEntry.decision_id)
        .where(
            QualityEntry.sample_id.in_(sa.select(QualitySample.id)),
            QualityEntry.decision_id == Decision.id,
            QualityEntry.finding.in_([sa.literal(finding.value) for finding in FOUND_WRONG]),
        )
        .exists()
    )


def _judged_otherwise_later(earlier: Any) -> sa.ColumnElement[bool]:
    later, decision, review = aliased(Case), aliased(Decision), aliased(Review)
    return (
        sa.select(decision.id)
        .join(later, later.id == decision.case_id)
        .join(review, review.id == decision.review_id)
        .where(
            later.match_digest == earlier.match_digest,
            later.intake_kind == earlier.intake_kind,
            stands(decision),
            decision.decided_at > Decision.decided_at,
            decision.outcome != Decision.outcome,
            _judges_content(review),
            _judges_content(Review),
            _reviewed_by_others(later.id),
        )
        .exists()
    )


def _judges_content(review: Any) -> sa.ColumnElement[bool]:
    return sa.or_(review.outcome == sa.literal("accepted"), review.decline_reason == sa.literal(KEPT_UP))


_REVERSALS = Prepared(_statement)
