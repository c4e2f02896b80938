"""What did others make of the same case? For those who judged it, and for whoever resolves a difference."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from review.domain.states import CaseState, Round
from review.models import Account, Case, Decision, Review
from review.queries.cases import CaseSummary
from review.queries.decisions import StoredReview, standing_reviews

OVER = (CaseState.DECIDED, CaseState.COMPLAINT)
"""Where a case is that was decided, whatever became of the decision."""
COMPARED_BACK = timedelta(days=7)
LISTED = 50


@dataclass(frozen=True)
class ComparedReview:
    """One of several reviews of a decided case: whose, and whether the decision follows it."""

    review: StoredReview
    pseudonym: str
    yours: bool
    decisive: bool


@dataclass(frozen=True)
class ComparedCase:
    """A case of one's own that a colleague judged as well and that is decided; ``alike``: to the same end."""

    case_id: str
    intake_kind: str
    decided_at: datetime
    alike: bool


def comparison_of(
    reader: Session, case: CaseSummary, *, account_id: str | None
) -> tuple[ComparedReview, ...]:
    """All reviews behind the first decision of a case in the order of the rounds, for an author of one.

    Nothing before the decision, and nothing where there was one review alone: there is nothing to compare.
    Whoever judged after a complaint knew the others, and is left out.
    """
    if case.state not in OVER:
        return ()
    reviews = [one for one in standing_reviews(reader, case.id) if one.round is not Round.COMPLAINT]
    if len(reviews) < 2 or all(review.account_id != account_id for review in reviews):
        return ()
    decisive = reader.scalar(
        sa.select(Decision.review_id).where(Decision.case_id == case.id, Decision.supersedes_id.is_(None))
    )
    people = sa.select(Account.id, Account.pseudonym).where(
        Account.id.in_([review.account_id for review in reviews])
    )
    named = {row.id: row.pseudonym for row in reader.execute(people)}
    return tuple(
        ComparedReview(
            review,
            pseudonym=named.get(review.account_id, ""),
            yours=review.account_id == account_id,
            decisive=review.id == decisive,
        )
        for review in reviews
    )


def opposed_reviews(reader: Session, case: CaseSummary) -> tuple[StoredReview, ...]:
    """The two reviews that differ, as A and B, for whoever resolves it; asked for in that round alone."""
    if case.state != CaseState.RESOLVING:
        return ()
    reviews = [review for review in standing_reviews(reader, case.id) if review.letter is not None]
    return tuple(sorted(reviews, key=lambda review: review.letter or ""))


def compared_cases(reader: Session, *, account_id: str, now: datetime) -> tuple[ComparedCase, ...]:
    """What the person reviewed in the last seven days and a colleague did too, decided; newest first."""
    own, other, resolving = aliased(Review), aliased(Review), aliased(Review)
    among = (
        other.case_id == own.case_id,
        other.id != own.id,
        other.undone_at.is_(None),
        other.round != Round.COMPLAINT,
    )
    third = (
        sa.select(resolving.id)
        .where(
            resolving.case_id == own.case_id,
            resolving.round == "resolving",
            resolving.undone_at.is_(None),
        )
        .exists()
    )
    rows = reader.execute(
        sa.select(own.case_id, Case.intake_kind, Case.decided_at, (~third).label("alike"))
        .join(Case, Case.id == own.case_id)
        .where(
            own.account_id == account_id,
            own.recorded_at > now - COMPARED_BACK,
            own.undone_at.is_(None),
            own.round != Round.COMPLAINT,
            Case.state.in_(OVER),
            sa.select(other.id).where(*among).exists(),
        )
        .order_by(own.recorded_at.desc())
        .limit(LISTED)
    )
    return tuple(ComparedCase(row.case_id, row.intake_kind, row.decided_at, bool(row.alike)) for row in rows)
