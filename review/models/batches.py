"""Deliveries of many referrals: one row for each, and one for each of its lines."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.models.base import Base, OnTrail, one_of


class Batch(OnTrail, Base):
    """One delivery of many referrals; the counts are of lines and grow with each stored chunk.

    ``last_line`` is the number of the last line that is stored, blank ones counted. ``completed_at`` stays
    empty when the delivery was cut off. ``header`` is the first line of a table, which its rows need.
    """

    __tablename__ = "batches"
    __table_args__ = (sa.Index("ix_batches_sender_id_started_at", "sender_id", "started_at", "id"),)

    sender_id: Mapped[str] = mapped_column(sa.ForeignKey("senders.id"))
    key_id: Mapped[str | None] = mapped_column(sa.ForeignKey("sender_keys.id"))
    transmitted_via: Mapped[str] = mapped_column(sa.String(20))
    header: Mapped[bytes | None]
    started_at: Mapped[datetime] = mapped_column(Moment)
    completed_at: Mapped[datetime | None] = mapped_column(Moment)
    last_line: Mapped[int]
    lines: Mapped[int]
    received: Mapped[int]
    repeated: Mapped[int]
    refused: Mapped[int]


class BatchLine(Base):
    """What became of one line: the referral that it is, or why it was refused."""

    __tablename__ = "batch_lines"
    __table_args__ = (
        one_of("result", ("received", "repeated", "refused"), name="result"),
        sa.Index("ix_batch_lines_referral_id", "referral_id"),
    )

    batch_id: Mapped[str] = mapped_column(sa.ForeignKey("batches.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    result: Mapped[str] = mapped_column(sa.String(10))
    referral_id: Mapped[str | None] = mapped_column(sa.ForeignKey("referrals.id"))
    reference: Mapped[str | None] = mapped_column(sa.String(200))
    errors: Mapped[list[Any] | None] = mapped_column(sa.JSON(none_as_null=True))
