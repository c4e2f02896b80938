"""Verifications of the trail that were asked for on a page and run in the background."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.models.base import Base


class TrailRun(Base):
    """One verification: who asked, how far it is, and the event that tells its verdict.

    ``slot`` is 1 until it is finished and unique, so that one runs at a time. ``lease`` names the worker's
    take-up of it; a worker that was not ``seen_at`` for a while has lost it. ``failure`` says why it came to
    no verdict. It is no part of the trail: the verdict's event is.
    """

    __tablename__ = "trail_runs"
    __table_args__ = (sa.UniqueConstraint("slot"),)

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    slot: Mapped[int | None] = mapped_column(sa.SmallInteger)
    requested_by: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"))
    requested_at: Mapped[datetime] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    seen_at: Mapped[datetime | None] = mapped_column(Moment)
    lease: Mapped[str | None] = mapped_column(sa.String(40))
    tries: Mapped[int]
    entries: Mapped[int] = mapped_column(sa.BigInteger)
    total: Mapped[int] = mapped_column(sa.BigInteger)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    verdict: Mapped[str | None] = mapped_column(sa.String(32))
    failure: Mapped[str | None] = mapped_column(sa.String(500))
