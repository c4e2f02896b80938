"""Quality reviews: samples of decided cases, drawn from a seed, and what was found of each."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.domain.sampling import Finding
from review.models.base import Base, OnTrail, one_of


class QualitySample(OnTrail, Base):
    """One draw: ``strata`` lists outcome, intake kind, decisions in the span, and how many were drawn.

    The first and the last day are days in UTC, both drawn from.
    """

    __tablename__ = "quality_samples"
    __table_args__ = (sa.UniqueConstraint("seed", "since", "until", "size"),)

    seed: Mapped[str] = mapped_column(sa.String(40))
    since: Mapped[date]
    until: Mapped[date]
    size: Mapped[int]
    strata: Mapped[list[Any]] = mapped_column(sa.JSON)
    drawn_by: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"))
    drawn_at: Mapped[datetime] = mapped_column(Moment)


class QualityEntry(Base):
    """One decision of a sample at its ``place`` there, and what was found, once somebody judged it."""

    __tablename__ = "quality_entries"
    __table_args__ = (
        one_of("finding", tuple(Finding), name="finding"),
        sa.CheckConstraint(
            "(finding IS NULL) = (judged_at IS NULL) AND (finding IS NULL) = (judged_by IS NULL)",
            name="judged",
        ),
        sa.Index("ix_quality_entries_sample_id_place", "sample_id", "place"),
    )

    sample_id: Mapped[str] = mapped_column(sa.ForeignKey("quality_samples.id"), primary_key=True)
    decision_id: Mapped[str] = mapped_column(sa.ForeignKey("decisions.id"), primary_key=True)
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("cases.id"))
    place: Mapped[int]
    outcome: Mapped[str] = mapped_column(sa.String(20))
    intake_kind: Mapped[str] = mapped_column(sa.String(20))
    finding: Mapped[str | None] = mapped_column(sa.String(20))
    remark: Mapped[str | None]
    judged_by: Mapped[str | None] = mapped_column(sa.ForeignKey("accounts.id"))
    judged_at: Mapped[datetime | None] = mapped_column(Moment)
