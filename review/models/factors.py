"""Second factors: authenticator apps, passkeys, recovery codes, and sign-ins that still lack one."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Moment
from review.models.base import Base


class TotpFactor(Base):
    """A person's authenticator app; the secret is sealed, ``last_step`` is the step of the code used last."""

    __tablename__ = "totp_factors"

    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"), primary_key=True)
    sealed_secret: Mapped[bytes]
    last_step: Mapped[int] = mapped_column(sa.BigInteger)
    enrolled_at: Mapped[datetime] = mapped_column(Moment)


class Passkey(Base):
    """A passkey of a person; one that is removed stays, and opens nothing any more."""

    __tablename__ = "passkeys"

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(sa.BigInteger)
    host: Mapped[str] = mapped_column(sa.String(253))
    label: Mapped[str] = mapped_column(sa.String(80))
    enrolled_at: Mapped[datetime] = mapped_column(Moment)
    last_used_at: Mapped[datetime | None] = mapped_column(Moment)
    removed_at: Mapped[datetime | None] = mapped_column(Moment)


class RecoveryCode(Base):
    """A recovery code, once; only a digest under the desk's secret key is kept."""

    __tablename__ = "recovery_codes"

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    issued_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class HalfSignIn(Base):
    """A sign-in after the password and before the factor: for minutes, and without any permission.

    ``password_mark`` is the SHA-256 of the password's hash, so that another password ends it; ``shown`` the
    factor that was shown already where another one has to be added.
    """

    __tablename__ = "half_sign_ins"

    token_digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    password_mark: Mapped[str] = mapped_column(sa.String(64))
    shown: Mapped[str | None] = mapped_column(sa.String(20))
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
