"""Who reviews here, and what does the team do as a whole? Pseudonyms to choose from, and counts of many."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.permissions import REVIEWERS
from review.models import Account

MOST_LISTED = 500


def reviews_here() -> sa.ColumnElement[bool]:
    """The account is open and of somebody who reviews cases."""
    return sa.and_(Account.closed_at.is_(None), Account.role.in_(sorted(REVIEWERS)))


def colleagues(reader: Session, *, account_id: str | None) -> tuple[str, ...]:
    """The pseudonyms of everybody else who reviews, 500 at most; nothing about any of them."""
    rows = reader.scalars(
        sa.select(Account.pseudonym)
        .where(reviews_here(), Account.id != account_id)
        .order_by(Account.pseudonym)
        .limit(MOST_LISTED)
    )
    return tuple(rows)
