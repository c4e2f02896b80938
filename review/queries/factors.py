"""Which second factors does a person have, and who is half signed in?"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.factors import Enrolled, Factor
from review.domain.permissions import Role
from review.models import Account, HalfSignIn, Passkey, RecoveryCode, SignIn, TotpFactor


@dataclass(frozen=True)
class HalfSignedIn:
    """Somebody whose password was right: who they are, and until when they may show a factor."""

    token_digest: str
    account_id: str
    trail_id: str
    email: str
    pseudonym: str
    role: Role
    password_mark: str
    shown: Factor | None
    expires_at: datetime


@dataclass(frozen=True)
class PasskeyListed:
    """One passkey as its owner sees it."""

    passkey_id: str
    label: str
    host: str
    enrolled_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class StoredPasskey:
    """What an answer of a passkey is verified with."""

    passkey_id: str
    public_key: bytes
    sign_count: int


@dataclass(frozen=True)
class StoredTotp:
    """The sealed secret of an authenticator app, the step used last, and since when it is enrolled."""

    sealed_secret: bytes
    last_step: int
    enrolled_at: datetime


@dataclass(frozen=True)
class SignInListed:
    """One living sign-in as its owner sees it."""

    token_digest: str
    created_at: datetime
    last_used_at: datetime
    factor: Factor | None


def password_mark(password_hash: str | None) -> str:
    """By what a half sign-in knows the password that was typed: it ends when there is another one."""
    return hashlib.sha256((password_hash or "").encode()).hexdigest()


def enrolled_of(reader: Session, account_id: str) -> Enrolled:
    """What a person has enrolled."""
    row = reader.execute(
        sa.select(
            _count(TotpFactor.account_id, TotpFactor.account_id == account_id),
            _count(Passkey.id, Passkey.account_id == account_id, Passkey.removed_at.is_(None)),
            _count(
                RecoveryCode.digest, RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None)
            ),
        )
    ).one()
    return Enrolled(totp=row[0] > 0, passkeys=row[1], recovery_codes=row[2])


def half_signed_in(reader: Session, token_digest: str, *, at: datetime) -> HalfSignedIn | None:
    """The half sign-in behind a token while it lives, else None.

    It dies when it becomes a sign-in, after its minutes, with the account, and with another password.
    """
    row = reader.execute(
        sa.select(HalfSignIn, Account)
        .join(Account, Account.id == HalfSignIn.account_id)
        .where(
            HalfSignIn.token_digest == token_digest,
            HalfSignIn.ended_at.is_(None),
            HalfSignIn.expires_at > at,
            Account.closed_at.is_(None),
        )
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    half, account = row
    if half.password_mark != password_mark(account.password_hash):
        return None
    return HalfSignedIn(
        token_digest=token_digest,
        account_id=account.id,
        trail_id=account.trail_id,
        email=account.email,
        pseudonym=account.pseudonym,
        role=Role(account.role),
        password_mark=half.password_mark,
        shown=None if half.shown is None else Factor(half.shown),
        expires_at=half.expires_at,
    )


def totp_of(reader: Session, account_id: str) -> StoredTotp | None:
    """The authenticator app of a person."""
    row = reader.execute(
        sa.select(TotpFactor.sealed_secret, TotpFactor.last_step, TotpFactor.enrolled_at).where(
            TotpFactor.account_id == account_id
        )
    ).one_or_none()
    return None if row is None else StoredTotp(*row)


def passkey_of(reader: Session, account_id: str, credential_id: bytes, *, host: str) -> StoredPasskey | None:
    """A passkey of this person and this site that has not been removed."""
    row = reader.execute(
        sa.select(Passkey.id, Passkey.public_key, Passkey.sign_count).where(
            Passkey.account_id == account_id,
            Passkey.credential_id == credential_id,
            Passkey.host == host,
            Passkey.removed_at.is_(None),
        )
    ).one_or_none()
    return None if row is None else StoredPasskey(*row)


def hosts_of_passkeys(reader: Session, account_id: str) -> tuple[str, ...]:
    """The hosts at which a person has added passkeys that still count."""
    living = (Passkey.account_id == account_id, Passkey.removed_at.is_(None))
    return tuple(reader.scalars(sa.select(Passkey.host).where(*living).distinct().order_by(Passkey.host)))


def credentials_of(reader: Session, account_id: str, *, host: str) -> list[bytes]:
    """The ids by which browsers know the passkeys that a person has at this site."""
    return list(
        reader.scalars(
            sa.select(Passkey.credential_id)
            .where(Passkey.account_id == account_id, Passkey.host == host, Passkey.removed_at.is_(None))
            .order_by(Passkey.enrolled_at, Passkey.id)
        )
    )


def passkeys_of(reader: Session, account_id: str) -> list[PasskeyListed]:
    """A person's passkeys, oldest first."""
    rows = reader.execute(
        sa.select(Passkey.id, Passkey.label, Passkey.host, Passkey.enrolled_at, Passkey.last_used_at)
        .where(Passkey.account_id == account_id, Passkey.removed_at.is_(None))
        .order_by(Passkey.enrolled_at, Passkey.id)
    )
    return [PasskeyListed(*row) for row in rows]


def sign_ins_of(reader: Session, account_id: str, *, at: datetime, idle_seconds: int) -> list[SignInListed]:
    """A person's living sign-ins, the one used last first."""
    rows = reader.execute(
        sa.select(SignIn.token_digest, SignIn.created_at, SignIn.last_used_at, SignIn.factor)
        .join(Account, Account.id == SignIn.account_id)
        .where(
            SignIn.account_id == account_id,
            SignIn.role == Account.role,
            SignIn.ended_at.is_(None),
            SignIn.expires_at > at,
            SignIn.last_used_at > at - timedelta(seconds=idle_seconds),
        )
        .order_by(SignIn.last_used_at.desc(), SignIn.token_digest)
    )
    return [
        SignInListed(digest, created_at, last_used_at, None if factor is None else Factor(factor))
        for digest, created_at, last_used_at, factor in rows
    ]


def _count(
    column: sa.orm.InstrumentedAttribute[str], *conditions: sa.ColumnElement[bool]
) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count(column)).where(*conditions).scalar_subquery()
