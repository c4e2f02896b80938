"""Which cases wait? Said in the very words of the indexes that hold them, so that a database uses these."""

import sqlalchemy as sa

from review.domain.states import QUEUED, CaseState
from review.models import Case


def is_queued() -> sa.ColumnElement[bool]:
    """The case waits for anybody who reviews.

    In the very words of its partial index (`review.models.cases.IS_QUEUED`): with parameters neither
    database would see that the index holds all such cases in their order.
    """
    return sa.and_(
        Case.pending_review_id.is_(None),
        Case.state.in_([sa.literal_column(f"'{state}'", sa.String()) for state in QUEUED]),
    )


def is_undelayed() -> sa.ColumnElement[bool]:
    """No review waits for its undo window: in the very words of the indexes that begin with the state."""
    return sa.and_(
        Case.pending_review_id.is_(None),
        Case.state.in_([sa.literal_column(f"'{state}'", sa.String()) for state in CaseState]),
    )


def is_low() -> sa.ColumnElement[bool]:
    """The case is of low severity, in the very words of the index that holds these in their order."""
    return Case.severity == sa.literal_column("'low'", sa.String())


def is_in_dispute() -> sa.ColumnElement[bool]:
    """Two reviews differ, and a lead who wrote neither has to judge; in the very words of its index."""
    resolving = sa.literal_column(f"'{CaseState.RESOLVING}'", sa.String())
    return sa.and_(Case.pending_review_id.is_(None), Case.state == resolving)
