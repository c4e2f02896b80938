"""Legal holds: which record stays as it is, why, until it is looked at again, and who released it."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.domain.holds import RecordKind
from review.models.base import Base, OnTrail, one_of

_STANDING = sa.text("released_at IS NULL")


class LegalHold(OnTrail, Base):
    """One hold on one record; it stands until a second person releases it.

    People are named as the trail names them, so that a hold outlives every account.
    """

    __tablename__ = "legal_holds"
    __table_args__ = (
        one_of("object_kind", tuple(RecordKind), name="object_kind"),
        sa.CheckConstraint("(released_by IS NULL) = (released_at IS NULL)", name="released"),
        sa.CheckConstraint("released_by IS NULL OR released_by <> placed_by", name="two_people"),
        sa.Index(
            "ix_legal_holds_standing",
            "object_kind",
            "object_id",
            sqlite_where=_STANDING,
            postgresql_where=_STANDING,
        ),
        sa.Index("ix_legal_holds_object", "object_kind", "object_id"),
        sa.Index("ix_legal_holds_placed_at", "placed_at", "id"),
    )

    object_kind: Mapped[str] = mapped_column(sa.String(20))
    object_id: Mapped[str] = mapped_column(sa.String(40))
    reason: Mapped[str] = mapped_column(sa.String(2000))
    review_on: Mapped[date]
    placed_by: Mapped[str] = mapped_column(sa.String(40))
    placed_at: Mapped[datetime] = mapped_column(Moment)
    released_by: Mapped[str | None] = mapped_column(sa.String(40))
    released_at: Mapped[datetime | None] = mapped_column(Moment)
    release_reason: Mapped[str | None] = mapped_column(sa.String(2000))
