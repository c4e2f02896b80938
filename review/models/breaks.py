"""When a person rested: on no trail, and for nobody else but as a number of five people a day and more."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.models.base import Base

_OPEN = sa.text("ended_at IS NULL")


class Break(Base):
    """One break; without ``ended_at`` it goes on."""

    __tablename__ = "breaks"
    __table_args__ = (
        sa.Index("uq_breaks_open", "account_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
