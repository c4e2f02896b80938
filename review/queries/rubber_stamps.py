"""How long after a case was taken was its review recorded, and in which words? Of the newest ten thousand."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.permissions import Role
from review.domain.rubber_stamps import Recorded, digest_of_words
from review.domain.states import MOVES
from review.models import Account, Opening, Review

MOST_READ = 10_000
"""Reviews that are looked at: more would not change the picture."""
_TAKEN = sorted(MOVES[name].event for name in ("claim", "assign"))


def recorded_reviews(reader: Session, *, since: datetime) -> tuple[Recorded, ...]:
    """The newest reviews since then that were not undone.

    A case was taken when it was claimed or assigned last before the review, as the trail tells; undoing a
    review and recording it anew counts from there.
    """
    taken = (
        sa.select(sa.func.max(Opening.recorded_at))
        .where(
            Opening.object_kind == "case",
            Opening.object_id == Review.case_id,
            Opening.event_type.in_(_TAKEN),
            Opening.recorded_at <= Review.recorded_at,
        )
        .scalar_subquery()
    )
    rows = reader.execute(
        # by person first, so that an index leads to the time
        sa.select(Review.recorded_at, Review.account_id, taken.label("taken_at"), Review.rationale)
        .select_from(Account)
        .join(Review, Review.account_id == Account.id)
        .where(Account.role != Role.SENDER, Review.recorded_at >= since, Review.undone_at.is_(None))
        .order_by(Review.recorded_at.desc())
        .limit(MOST_READ)
    )
    return tuple(
        Recorded(
            row.recorded_at.date(),
            row.account_id,
            None if row.taken_at is None else (row.recorded_at - row.taken_at).total_seconds(),
            digest_of_words(row.rationale),
        )
        for row in rows
    )
