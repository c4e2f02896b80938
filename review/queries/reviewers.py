"""Does a case have a certain review? Nothing of whoever recorded it."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Review


def has_review(reader: Session, case_id: str, review_id: str) -> bool:
    """Whether this review, standing, undone or dropped, is one of the case."""
    return bool(
        reader.scalar(sa.select(sa.exists().where(Review.id == review_id, Review.case_id == case_id)))
    )
