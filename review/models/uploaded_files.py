"""Files of referrals that a sender's people bring; their bytes lie below the data folder."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.domain.uploaded_files import FileState
from review.models.base import Base, OnTrail, one_of


class UploadedFile(OnTrail, Base):
    """One file; ``names`` are its headings, ``header`` their bytes, ``columns`` what they mean.

    ``rows`` are all that it has (0 until all were read), ``done`` those that were read or checked so far; the
    three counts are of rows. ``problem`` says why it was refused.
    """

    __tablename__ = "uploaded_files"
    __table_args__ = (
        one_of("state", tuple(FileState), name="state"),
        sa.Index("ix_uploaded_files_sender", "sender_id", "created_at", "id"),
        sa.Index("ix_uploaded_files_state", "state", "created_at"),
    )

    sender_id: Mapped[str] = mapped_column(sa.ForeignKey("senders.id"))
    name: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[str] = mapped_column(sa.String(20))
    length: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(sa.String(20))
    problem: Mapped[str | None]
    names: Mapped[list[Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    header: Mapped[bytes | None]
    columns: Mapped[list[Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    rows: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    ready: Mapped[int] = mapped_column(default=0)
    bad: Mapped[int] = mapped_column(default=0)
    sent_before: Mapped[int] = mapped_column(default=0)
    checked_at: Mapped[datetime | None] = mapped_column(Moment)
    batch_id: Mapped[str | None] = mapped_column(sa.ForeignKey("batches.id"))
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    dropped_at: Mapped[datetime | None] = mapped_column(Moment)
