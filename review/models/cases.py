"""The unit of work: one location on our service, its claim, and its place in the queue."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.domain.states import LIVE, QUEUED, CaseState
from review.models.base import Base, OnTrail, one_of

IS_LIVE = sa.text("state IN ({})".format(", ".join(f"'{state}'" for state in LIVE)))
"""The condition of the unique index over live cases; conflicts are matched to it by this text."""

IS_UNDELAYED = sa.text(
    "pending_review_id IS NULL AND state IN ({})".format(", ".join(f"'{state}'" for state in CaseState))
)
"""Cases of which no review waits for its undo window; `queries.queued.is_undelayed` says the same.

Their indexes begin with the state, and name all states besides: SQLite without statistics would else take
one of them for the queue, and sort every case.
"""

IS_QUEUED = sa.text(
    "pending_review_id IS NULL AND state IN ({})".format(", ".join(f"'{state}'" for state in QUEUED))
)
"""What waits for anybody, in one order whatever its round; `queries.queued.is_queued` says the same.

Its index also holds what the queue may be narrowed to, so that other cases are passed over unread.
"""


IS_LOW = sa.text(f"{IS_QUEUED.text} AND severity = 'low'")
"""The same of low severity alone, for people who have seen enough of the other."""

IS_IN_DISPUTE = sa.text(f"pending_review_id IS NULL AND state = '{CaseState.RESOLVING}'")
"""What waits for leads, in the same order."""


class Case(OnTrail, Base):
    """One live case per match key and intake kind; ``version`` is what a form saw, the claim is a lease."""

    __tablename__ = "cases"
    __table_args__ = (
        one_of("state", tuple(CaseState), name="state"),
        sa.Index(
            "uq_cases_live",
            "match_digest",
            "intake_kind",
            unique=True,
            sqlite_where=IS_LIVE,
            postgresql_where=IS_LIVE,
        ),
        sa.Index("ix_cases_match_digest", "match_digest", "opened_at"),
        sa.Index(
            "ix_cases_queue",
            "state",
            "rank",
            "due_at",
            "opened_at",
            "id",
            sqlite_where=IS_UNDELAYED,
            postgresql_where=IS_UNDELAYED,
        ),
        sa.Index(
            "ix_cases_oldest", "state", "opened_at", sqlite_where=IS_UNDELAYED, postgresql_where=IS_UNDELAYED
        ),
        sa.Index("ix_cases_claimed_by", "claimed_by"),
        sa.Index(
            "ix_cases_next",
            "rank",
            "due_at",
            "opened_at",
            "id",
            "intake_kind",
            "severity",
            "content_type",
            "language",
            sqlite_where=IS_QUEUED,
            postgresql_where=IS_QUEUED,
        ),
        sa.Index(
            "ix_cases_low",
            "rank",
            "due_at",
            "opened_at",
            "id",
            sqlite_where=IS_LOW,
            postgresql_where=IS_LOW,
        ),
        sa.Index(
            "ix_cases_disputed",
            "rank",
            "due_at",
            "opened_at",
            "id",
            sqlite_where=IS_IN_DISPUTE,
            postgresql_where=IS_IN_DISPUTE,
        ),
        sa.CheckConstraint("(claimed_by IS NULL) = (claimed_until IS NULL)", name="claim"),
    )

    match_digest: Mapped[str] = mapped_column(sa.String(64))
    intake_kind: Mapped[str] = mapped_column(sa.String(20))
    state: Mapped[str] = mapped_column(sa.String(20))
    rank: Mapped[int] = mapped_column(sa.SmallInteger)
    severity: Mapped[str] = mapped_column(sa.String(10))
    content_type: Mapped[str | None] = mapped_column(sa.String(20))
    language: Mapped[str | None] = mapped_column(sa.String(40))
    items_live: Mapped[int]
    opened_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)
    version: Mapped[int]
    claimed_by: Mapped[str | None] = mapped_column(sa.ForeignKey("accounts.id"))
    claimed_until: Mapped[datetime | None] = mapped_column(Moment)
    claim_generation: Mapped[int]
    pending_review_id: Mapped[str | None] = mapped_column(sa.String(40))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
