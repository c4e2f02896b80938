"""Questions of moderators to the sender of one item, and the answers that came back."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.models.base import Base

_OPEN = sa.text("ended_at IS NULL")


class Question(Base):
    """One question about one item of a case; without ``answer`` it ended by itself, or with its item.

    ``question``: the words that the sender is asked in. ``ended_at`` is the time of the answer where there
    is one.
    """

    __tablename__ = "questions"
    __table_args__ = (
        sa.Index("uq_questions_open", "case_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        sa.Index("ix_questions_open", "asked_at", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        sa.Index("ix_questions_case_id", "case_id"),
        sa.Index("ix_questions_item_id", "item_id"),
        sa.Index("ix_questions_asked_by", "asked_by", "asked_at"),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answer"),
        sa.CheckConstraint("answered_at IS NULL OR ended_at IS NOT NULL", name="ended"),
    )

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("cases.id"))
    item_id: Mapped[str] = mapped_column(sa.ForeignKey("items.id"))
    asked_by: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"))
    question: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(Moment)
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
