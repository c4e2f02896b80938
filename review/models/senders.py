"""Organisations that refer, their keys, and dated evidence of trusted-flagger status."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.models.base import Base, OnTrail, one_of

SENDER_KINDS = ("iru", "competent_authority", "trusted_flagger", "civil_society", "other")


class Sender(OnTrail, Base):
    """An organisation that refers content to us."""

    __tablename__ = "senders"
    __table_args__ = (one_of("kind", SENDER_KINDS, name="kind"),)

    name: Mapped[str] = mapped_column(sa.String(200), unique=True)
    kind: Mapped[str] = mapped_column(sa.String(30))
    country: Mapped[str | None] = mapped_column(sa.String(2))
    created_at: Mapped[datetime] = mapped_column(Moment)


class FlaggerStatus(Base):
    """Trusted-flagger status of a sender as awarded by a Digital Services Coordinator (DSA Art. 22)."""

    __tablename__ = "flagger_statuses"

    id: Mapped[int] = mapped_column(primary_key=True)
    sender_id: Mapped[str] = mapped_column(sa.ForeignKey("senders.id"), index=True)
    coordinator: Mapped[str] = mapped_column(sa.String(200))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]


class SenderKey(OnTrail, Base):
    """API credential: shown once, only its SHA-256 is stored; no sender means the platform's key."""

    __tablename__ = "sender_keys"

    sender_id: Mapped[str | None] = mapped_column(sa.ForeignKey("senders.id"), index=True)
    prefix: Mapped[str] = mapped_column(sa.String(20))
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    scopes: Mapped[str] = mapped_column(sa.String(60))
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    last_used_at: Mapped[datetime | None] = mapped_column(Moment)
