"""Cases that a person left without judging them: set aside for a time, or passed on for good."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.domain.leaving import PASS_REASONS
from review.models.base import Base, one_of


class SetAside(Base):
    """The next case of this person is not this one before ``until``; for everybody else it waits as usual."""

    __tablename__ = "set_asides"
    __table_args__ = (sa.Index("ix_set_asides_account_id", "account_id", "until"),)

    case_id: Mapped[str] = mapped_column(sa.ForeignKey("cases.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"), primary_key=True)
    until: Mapped[datetime] = mapped_column(Moment)
    at: Mapped[datetime] = mapped_column(Moment)


class Pass(Base):
    """The next case of this person is never this one, and their queue leaves it out.

    The reason is told to nobody and counted nowhere.
    """

    __tablename__ = "passes"
    __table_args__ = (one_of("reason", PASS_REASONS, name="reason"),)

    case_id: Mapped[str] = mapped_column(sa.ForeignKey("cases.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(sa.String(40))
    at: Mapped[datetime] = mapped_column(Moment)
