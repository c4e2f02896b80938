"""What records are found by that no table of theirs has an index for, written after they were received."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.models.base import Base, one_of

LONGEST_TERM = 255


class SearchEntry(Base):
    """A host or digest and the object that bears it: an item, or for ``body`` a referral.

    Derived from the rows of referrals and items by a loop, because an index there would slow intake down.
    """

    __tablename__ = "search_entries"
    __table_args__ = (
        one_of("kind", ("body", "content", "host"), name="kind"),
        sa.Index("ix_search_entries_object_id", "object_id"),
        {"sqlite_with_rowid": False},
    )

    kind: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    term: Mapped[str] = mapped_column(sa.String(LONGEST_TERM), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    object_id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)


class SearchMark(Base):
    """How far the referrals are read into the entries, in the order of their changes; one row at most."""

    __tablename__ = "search_marks"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    change_position: Mapped[int] = mapped_column(sa.BigInteger)
    referral_id: Mapped[str] = mapped_column(sa.String(40))
