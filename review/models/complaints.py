"""Complaints against decisions: who complains, why, and what came of it."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.domain.complaints import ComplaintResult
from review.models.base import Base, one_of

_OF_SENDER = sa.text("ended_at IS NULL AND sender_id IS NOT NULL")
_OF_PROVIDER = sa.text("ended_at IS NULL AND sender_id IS NULL")
_OPEN = sa.text("ended_at IS NULL")


class Complaint(Base):
    """One complaint against a decision: by the sender of one of its items, or by the content provider.

    Without ``sender_id`` it is the content provider's, registered on their behalf; ``contact`` is where they
    are answered, empty once it was erased. ``joined_version``: the version of the case from which on whoever
    judges has read it. ``statement``: what the party was told of the result.
    """

    __tablename__ = "complaints"
    __table_args__ = (
        one_of("result", tuple(ComplaintResult), name="result"),
        sa.CheckConstraint("(sender_id IS NULL) = (item_id IS NULL)", name="item"),
        sa.CheckConstraint("(sender_id IS NULL) = (registered_by IS NOT NULL)", name="party"),
        sa.CheckConstraint("(ended_at IS NULL) = (result IS NULL)", name="ended"),
        sa.CheckConstraint("(ended_at IS NULL) = (review_id IS NULL)", name="review"),
        sa.Index(
            "uq_complaints_open_sender",
            "case_id",
            "sender_id",
            unique=True,
            sqlite_where=_OF_SENDER,
            postgresql_where=_OF_SENDER,
        ),
        sa.Index(
            "uq_complaints_open_provider",
            "case_id",
            unique=True,
            sqlite_where=_OF_PROVIDER,
            postgresql_where=_OF_PROVIDER,
        ),
        sa.Index("ix_complaints_open", "complained_at", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        sa.Index("ix_complaints_case_id", "case_id"),
        sa.Index("ix_complaints_item_id", "item_id"),
        sa.Index("ix_complaints_ended_at", "ended_at"),
    )

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("cases.id"))
    decision_id: Mapped[str] = mapped_column(sa.ForeignKey("decisions.id"))
    item_id: Mapped[str | None] = mapped_column(sa.ForeignKey("items.id"))
    sender_id: Mapped[str | None] = mapped_column(sa.ForeignKey("senders.id"))
    registered_by: Mapped[str | None] = mapped_column(sa.ForeignKey("accounts.id"))
    reasons: Mapped[str]
    contact: Mapped[str | None] = mapped_column(sa.String(500))
    complained_at: Mapped[datetime] = mapped_column(Moment)
    joined_version: Mapped[int]
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    result: Mapped[str | None] = mapped_column(sa.String(20))
    review_id: Mapped[str | None] = mapped_column(sa.ForeignKey("reviews.id"))
    statement: Mapped[str | None]
