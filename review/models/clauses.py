"""Our own terms: numbered clauses and their immutable, dated versions."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.models.base import Base, OnTrail


class Clause(OnTrail, Base):
    """One rule of one document of our terms; identity is document and number."""

    __tablename__ = "clauses"
    __table_args__ = (sa.UniqueConstraint("document", "number"),)

    document: Mapped[str] = mapped_column(sa.String(200))
    number: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[datetime] = mapped_column(Moment)


class ClauseVersion(Base):
    """The wording of a clause from a day on, until the next version's day; never changed (trigger)."""

    __tablename__ = "clause_versions"
    __table_args__ = (sa.UniqueConstraint("clause_id", "version"),)

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    clause_id: Mapped[str] = mapped_column(sa.ForeignKey("clauses.id"))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(500))
    text: Mapped[str]
    text_sha256: Mapped[str] = mapped_column(sa.String(64))
    valid_from: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(Moment)
