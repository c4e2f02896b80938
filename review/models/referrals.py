"""What arrives: referrals exactly as received, their items, refused items, and stored answers to retries."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.models.base import Base, OnTrail, one_of

INTAKE_KINDS = ("referral", "notice", "removal_order")


class Referral(OnTrail, Base):
    """One message from one sender; ``received_body`` and ``splices`` rebuild the original byte for byte.

    ``removal_order``: what an order says of Annex I of Regulation (EU) 2021/784, as canonical JSON.
    """

    __tablename__ = "referrals"
    __table_args__ = (
        sa.UniqueConstraint("reference", "sender_id"),  # in this order legal staff find a reference by it too
        one_of("intake_kind", INTAKE_KINDS, name="intake_kind"),
        sa.Index("ix_referrals_poll", "sender_id", "change_position", "id"),
        sa.Index("ix_referrals_change_position", "change_position"),
    )

    sender_id: Mapped[str] = mapped_column(sa.ForeignKey("senders.id"))
    key_id: Mapped[str | None] = mapped_column(sa.ForeignKey("sender_keys.id"))
    reference: Mapped[str] = mapped_column(sa.String(200))
    intake_kind: Mapped[str] = mapped_column(sa.String(20))
    transmitted_via: Mapped[str] = mapped_column(sa.String(20))
    reason: Mapped[str]
    category: Mapped[str | None] = mapped_column(sa.String(100))
    keyword: Mapped[str | None] = mapped_column(sa.String(100))
    issuing_authority: Mapped[str | None] = mapped_column(sa.String(500))
    issuing_country: Mapped[str | None] = mapped_column(sa.String(2))
    legal_basis: Mapped[str | None] = mapped_column(sa.String(2000))
    requested_action: Mapped[str | None] = mapped_column(sa.String(200))
    urgency: Mapped[str] = mapped_column(sa.String(20))
    language: Mapped[str | None] = mapped_column(sa.String(40))
    contact_name: Mapped[str | None] = mapped_column(sa.String(200))
    contact_email: Mapped[str | None] = mapped_column(sa.String(254))
    good_faith: Mapped[bool | None]
    removal_order: Mapped[str | None]
    detected_at: Mapped[datetime | None] = mapped_column(Moment)
    earlier_received_at: Mapped[datetime | None] = mapped_column(Moment)
    content_digest: Mapped[str] = mapped_column(sa.String(64))
    body_sha256: Mapped[str] = mapped_column(sa.String(64))
    body_length: Mapped[int]
    received_body: Mapped[bytes]
    splices: Mapped[list[Any]] = mapped_column(sa.JSON)
    received_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)
    change_position: Mapped[int] = mapped_column(sa.BigInteger)


class Item(OnTrail, Base):
    """One exact location named in a referral: the unit of counting and of answering."""

    __tablename__ = "items"
    __table_args__ = (
        sa.UniqueConstraint("referral_id", "position"),
        one_of("status", ("in_review", "decided", "withdrawn"), name="status"),
        sa.Index("ix_items_case_id", "case_id"),
    )

    referral_id: Mapped[str] = mapped_column(sa.ForeignKey("referrals.id"))
    position: Mapped[int]
    url_as_sent: Mapped[str]
    defanged: Mapped[bool]
    canonical_url: Mapped[str]
    match_key: Mapped[str]
    content_type: Mapped[str | None] = mapped_column(sa.String(20))
    language: Mapped[str | None] = mapped_column(sa.String(40))
    published_at: Mapped[datetime | None] = mapped_column(Moment)
    sha256: Mapped[str | None] = mapped_column(sa.String(64))
    description: Mapped[str | None]
    status: Mapped[str] = mapped_column(sa.String(20))
    case_id: Mapped[str] = mapped_column(sa.ForeignKey("cases.id"))
    joined_version: Mapped[int]
    joined_at: Mapped[datetime] = mapped_column(Moment)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)


class RefusedItem(Base):
    """An item that was refused while its referral stands: kept, counted in nothing."""

    __tablename__ = "refused_items"

    referral_id: Mapped[str] = mapped_column(sa.ForeignKey("referrals.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    url_as_sent: Mapped[str]
    errors: Mapped[list[Any]] = mapped_column(sa.JSON)


class StoredAnswer(Base):
    """The 2xx answer to a request with an ``Idempotency-Key``, replayed byte for byte for 30 days."""

    __tablename__ = "stored_answers"
    __table_args__ = (sa.Index("ix_stored_answers_created_at", "created_at"),)

    sender_id: Mapped[str] = mapped_column(sa.ForeignKey("senders.id"), primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    content_digest: Mapped[str] = mapped_column(sa.String(64))
    status: Mapped[int]
    location: Mapped[str | None] = mapped_column(sa.String(200))
    body: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(Moment)
