"""Organisations that refer, their keys, and dated evidence of trusted-flagger status."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.domain.senders import SenderKind
from review.models.base import Base, OnTrail, one_of

SENDER_KINDS = tuple(kind.value for kind in SenderKind)


class Sender(OnTrail, Base):
    """An organisation that refers content to us.

    ``country`` is that of its seat, ``further_countries`` are two letters each with blanks between. A limit
    of None leaves the sender at the setting; ``version`` is what a form about it saw.
    """

    __tablename__ = "senders"
    __table_args__ = (one_of("kind", SENDER_KINDS, name="kind"),)

    name: Mapped[str] = mapped_column(sa.String(200), unique=True)
    kind: Mapped[str] = mapped_column(sa.String(30))
    country: Mapped[str | None] = mapped_column(sa.String(2))
    created_at: Mapped[datetime] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(default=0, server_default="0")
    further_countries: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    contacts: Mapped[list[Any]] = mapped_column(sa.JSON, default=list, server_default="[]")
    identity_note: Mapped[str] = mapped_column(sa.String(2000), default="", server_default="")
    requests_per_minute: Mapped[int | None]
    batch_lines: Mapped[int | None]


class FlaggerStatus(Base):
    """Trusted-flagger status of a sender as awarded by a Digital Services Coordinator (DSA Art. 22).

    What was awarded is never overwritten; ``ended_on``, its last day, is set once where it ended early.
    """

    __tablename__ = "flagger_statuses"

    id: Mapped[int] = mapped_column(primary_key=True)
    sender_id: Mapped[str] = mapped_column(sa.ForeignKey("senders.id"), index=True)
    coordinator: Mapped[str] = mapped_column(sa.String(200))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    reference: Mapped[str | None] = mapped_column(sa.String(200))
    ended_on: Mapped[date | None]


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
    label: Mapped[str | None] = mapped_column(sa.String(100))
