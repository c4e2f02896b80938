"""Questions of moderators to legal staff about one case, and the advice that answered them."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.models.base import Base

_OPEN = sa.text("ended_at IS NULL")


class Escalation(Base):
    """One question about one case: ``note`` is what was asked; without ``advice`` it ended by itself."""

    __tablename__ = "escalations"
    __table_args__ = (
        sa.Index("uq_escalations_open", "case_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        sa.Index("ix_escalations_case_id", "case_id"),
        sa.Index("ix_escalations_asked_by", "asked_by", "asked_at"),
        sa.Index("ix_escalations_open", "asked_at", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        sa.CheckConstraint("(advice IS NULL) = (advised_by IS NULL)", name="advice"),
    )

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("cases.id"))
    asked_by: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"))
    asked_at: Mapped[datetime] = mapped_column(Moment)
    note: Mapped[str]
    advised_by: Mapped[str | None] = mapped_column(sa.ForeignKey("accounts.id"))
    advice: Mapped[str | None]
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
