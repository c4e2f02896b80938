"""What the trail told, counted day by day; derived, so that it may be thrown away and counted anew."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.models.base import Base


class DayCount(Base):
    """How many of a kind on one day in UTC; measures and their words stand in `review.domain.counting`."""

    __tablename__ = "day_counts"

    day: Mapped[date] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    word: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    count: Mapped[int] = mapped_column(sa.BigInteger)


class CountedPosition(Base):
    """The position of the first entry that is not counted yet; one row, which a migration made."""

    __tablename__ = "counted_positions"

    name: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    next_position: Mapped[int] = mapped_column(sa.BigInteger)
