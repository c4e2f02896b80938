"""What a person chose for the own wellbeing: how pictures appear, and lower limits than the desk's."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.domain.wellbeing import SIZES
from review.models.base import Base, one_of


class ChosenComfort(Base):
    """One person's choice; no row while nothing was chosen. For this person's eyes alone, and on no trail.

    The limits are None where the desk's own count.
    """

    __tablename__ = "chosen_comforts"
    __table_args__ = (one_of("size", SIZES, name="size"),)

    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"), primary_key=True)
    blur: Mapped[bool]
    grey: Mapped[bool]
    size: Mapped[str] = mapped_column(sa.String(10))
    break_minutes: Mapped[int | None]
    budget_high: Mapped[int | None]
    chosen_at: Mapped[datetime] = mapped_column(Moment)
