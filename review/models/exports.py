"""Exports: files that legal staff ask for; their bytes lie below the data folder until they expire."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.domain.exports import ExportForm, ExportState
from review.models.base import Base, one_of


class Export(Base):
    """One export: of which cases, why, for whom, how far it is, and what came of it.

    ``case_ids`` are those that the selection found when it was asked for; each has its event since then.
    ``done`` of ``cases`` are written. Whoever holds ``lease`` works on it; a worker that was not ``seen_at``
    for a while has lost it. ``rows``, ``length`` and ``sha256`` are of the finished file;
    ``differing``: of how many ``cases`` the stored rows were not what the trail tells, and their ``first``.
    """

    __tablename__ = "exports"
    __table_args__ = (
        one_of("form", tuple(ExportForm), name="form"),
        one_of("state", tuple(ExportState), name="state"),
        sa.Index("ix_exports_requested", "requested_at", "id"),
        sa.Index("ix_exports_state", "state", "requested_at"),
    )

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    form: Mapped[str] = mapped_column(sa.String(20))
    selection: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    case_ids: Mapped[list[str]] = mapped_column(sa.JSON)
    cases: Mapped[int]
    reason: Mapped[str] = mapped_column(sa.String(500))
    requested_by: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"))
    requested_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(sa.String(20))
    done: Mapped[int]
    tries: Mapped[int]
    lease: Mapped[str | None] = mapped_column(sa.String(40))
    seen_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    rows: Mapped[int | None]
    length: Mapped[int | None] = mapped_column(sa.BigInteger)
    sha256: Mapped[str | None] = mapped_column(sa.String(64))
    differing: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    failure: Mapped[str | None] = mapped_column(sa.String(500))
