"""Judging: reviews, drafts, the decision they amount to, the answers frozen from it, the restriction."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.domain.states import Round
from review.models.base import Base, OnTrail, one_of

_STANDING = sa.text("undone_at IS NULL AND round <> 'complaint'")
_SECOND = sa.text("round = 'second'")


class Review(Base):
    """One person's evaluation of one case in one round; withdrawn by undo, never erased.

    Each round comes once, but for those of complaints, which somebody may have again after the next decision.
    ``letter``: A or B, as whoever resolves a difference sees it; the order was drawn when they differed.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        one_of("round", tuple(Round), name="round"),
        sa.Index(
            "uq_reviews_standing",
            "case_id",
            "round",
            unique=True,
            sqlite_where=_STANDING,
            postgresql_where=_STANDING,
        ),
        sa.Index("ix_reviews_case_id", "case_id"),
        sa.Index("ix_reviews_account_id", "account_id", "recorded_at"),
        sa.Index("ix_reviews_second", "recorded_at", sqlite_where=_SECOND, postgresql_where=_SECOND),
        sa.Index(
            "ix_reviews_undone_at",
            "undone_at",
            sqlite_where=sa.text("undone_at IS NOT NULL"),
            postgresql_where=sa.text("undone_at IS NOT NULL"),
        ),
        sa.Index(
            "ix_reviews_waiting",
            "undo_until",
            sqlite_where=sa.text("undone_at IS NULL AND dispatched_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL AND dispatched_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("cases.id"))
    round: Mapped[str] = mapped_column(sa.String(20))
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"))
    outcome: Mapped[str] = mapped_column(sa.String(20))
    ground: Mapped[str | None] = mapped_column(sa.String(20))
    decline_reason: Mapped[str | None] = mapped_column(sa.String(40))
    law: Mapped[str | None] = mapped_column(sa.String(500))
    rationale: Mapped[str]
    statement: Mapped[str]
    visibility: Mapped[str | None] = mapped_column(sa.String(40))
    account_measure: Mapped[str] = mapped_column(sa.String(20))
    territory: Mapped[str] = mapped_column(sa.String(200))
    context: Mapped[str] = mapped_column(sa.String(30))
    over_broad: Mapped[bool]
    case_version: Mapped[int]
    claim_generation: Mapped[int]
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    undo_until: Mapped[datetime] = mapped_column(Moment)
    undone_at: Mapped[datetime | None] = mapped_column(Moment)
    dispatched_at: Mapped[datetime | None] = mapped_column(Moment)
    letter: Mapped[str | None] = mapped_column(sa.String(1))


class ReviewClause(Base):
    """A clause version that a review names."""

    __tablename__ = "review_clauses"
    __table_args__ = (sa.Index("ix_review_clauses_version", "clause_version_id", "review_id"),)

    review_id: Mapped[str] = mapped_column(sa.ForeignKey("reviews.id"), primary_key=True)
    clause_version_id: Mapped[str] = mapped_column(sa.ForeignKey("clause_versions.id"), primary_key=True)


class Draft(Base):
    """What somebody has typed into the review form of a case, in which claim of it; private to its author."""

    __tablename__ = "drafts"
    __table_args__ = (sa.Index("ix_drafts_account_id", "account_id", "saved_at"),)

    case_id: Mapped[str] = mapped_column(sa.ForeignKey("cases.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"), primary_key=True)
    fields: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    saved_at: Mapped[datetime] = mapped_column(Moment)
    claim_generation: Mapped[int | None]


class Decision(Base):
    """What the reviews of a case amount to; answers every item of the case that they covered.

    ``supersedes_id``: the earlier decision of the case that it reverses after a complaint.
    """

    __tablename__ = "decisions"
    __table_args__ = (sa.Index("uq_decisions_supersedes_id", "supersedes_id", unique=True),)

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("cases.id"), index=True)
    review_id: Mapped[str] = mapped_column(sa.ForeignKey("reviews.id"), unique=True)
    outcome: Mapped[str] = mapped_column(sa.String(20))
    decided_at: Mapped[datetime] = mapped_column(Moment, index=True)
    supersedes_id: Mapped[str | None] = mapped_column(sa.ForeignKey("decisions.id"))


class Answer(Base):
    """What the sender of one item is told, frozen as the JSON bytes of that moment."""

    __tablename__ = "answers"

    item_id: Mapped[str] = mapped_column(sa.ForeignKey("items.id"), primary_key=True)
    decision_id: Mapped[str] = mapped_column(sa.ForeignKey("decisions.id"), primary_key=True)
    body: Mapped[bytes]
    answered_at: Mapped[datetime] = mapped_column(Moment)


_TO_DO = sa.text("implemented_at IS NULL AND failed_at IS NULL AND ends_at IS NULL")
_FAILED = sa.text("implemented_at IS NULL AND failed_at IS NOT NULL AND ends_at IS NULL")


class Restriction(OnTrail, Base):
    """The measure that an accepted decision asks the platform for; begins at dispatch.

    ``ends_at``: when it was lifted, because another decision superseded that one; nothing else ends it yet.

    ``implemented_at``: since when it is in place, as whoever carried it out says. ``failed_at`` and
    ``failure``: when and why it was told that it cannot be; a person may put it in place afterwards.
    """

    __tablename__ = "restrictions"
    __table_args__ = (
        sa.Index("ix_restrictions_waiting", "starts_at", "id", sqlite_where=_TO_DO, postgresql_where=_TO_DO),
        sa.Index("ix_restrictions_failed", "starts_at", "id", sqlite_where=_FAILED, postgresql_where=_FAILED),
    )

    trail_version: Mapped[int] = mapped_column(default=0, server_default="0")
    decision_id: Mapped[str] = mapped_column(sa.ForeignKey("decisions.id"), unique=True)
    visibility: Mapped[str | None] = mapped_column(sa.String(40))
    account_measure: Mapped[str] = mapped_column(sa.String(20))
    territory: Mapped[str] = mapped_column(sa.String(200))
    starts_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime | None] = mapped_column(Moment)
    implemented_at: Mapped[datetime | None] = mapped_column(Moment)
    failed_at: Mapped[datetime | None] = mapped_column(Moment)
    failure: Mapped[str | None] = mapped_column(sa.String(1000))
