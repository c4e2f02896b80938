"""People: accounts, their sign-ins, one-time links, and the counter of attempts."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.domain.permissions import Role
from review.models.base import Base, OnTrail, one_of


class Account(OnTrail, Base):
    """A person who signs in; colleagues see only the pseudonym, the trail only ``trail_id``.

    ``single_keys`` is whether letters act by themselves, None while that person has not chosen.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        one_of("role", tuple(Role), name="role"),
        sa.CheckConstraint("(role = 'sender') = (sender_id IS NOT NULL)", name="sender_role"),
    )

    trail_id: Mapped[str] = mapped_column(sa.String(40), unique=True)
    pseudonym: Mapped[str] = mapped_column(sa.String(40), unique=True)
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    role: Mapped[str] = mapped_column(sa.String(20))
    sender_id: Mapped[str | None] = mapped_column(sa.ForeignKey("senders.id"), index=True)
    password_hash: Mapped[str | None] = mapped_column(sa.String(200))
    password_once: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    single_keys: Mapped[str | None] = mapped_column(sa.String(3))


class SignIn(Base):
    """One signed-in session; the cookie holds a random token, this row only its SHA-256.

    ``factor`` is what was shown beside the password, ``confirmed_at`` when the person last proved who
    they are.
    """

    __tablename__ = "sign_ins"
    __table_args__ = (sa.Index("ix_sign_ins_account_id_created_at", "account_id", "created_at"),)

    token_digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"))
    role: Mapped[str] = mapped_column(sa.String(20))
    created_at: Mapped[datetime] = mapped_column(Moment)
    last_used_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    factor: Mapped[str | None] = mapped_column(sa.String(20))
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)


class OneTimeLink(Base):
    """A link to set a new password: once, and for a limited time; only its SHA-256 is kept."""

    __tablename__ = "one_time_links"

    token_digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class RateCount(Base):
    """Attempts per name and window, shared by all processes on PostgreSQL; unused on SQLite."""

    __tablename__ = "rate_counts"

    name: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    window_start: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    attempts: Mapped[int]
