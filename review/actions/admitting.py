"""What every way in shares: half sign-ins and sign-ins, how they begin and end; needs an open transaction."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import ledger
from review.domain.factors import Factor
from review.domain.keys import digest_of
from review.domain.permissions import Actor
from review.errors import NotPermitted, SignInRequired
from review.models import Account, HalfSignIn, SignIn
from review.queries import factors as factor_queries

HALF_SECONDS = 300
ENROLMENT_SECONDS = 900
"""Enough to install an app on a telephone first."""
TOO_LATE = "This sign-in took too long or has ended; sign in again."


def open_half(
    writer: Session, account: Account, token: str, *, seconds: int, person: Actor, at: datetime
) -> None:
    """Store that the password was right, for minutes and without any permission."""
    writer.execute(
        sa.insert(HalfSignIn),
        {
            "token_digest": digest_of(token),
            "account_id": account.id,
            "password_mark": factor_queries.password_mark(account.password_hash),
            "created_at": at,
            "expires_at": at + timedelta(seconds=seconds),
        },
    )
    ledger.record(writer, "account.half_signed_in", account.id, actor=person, at=at)


def note_shown(writer: Session, token_digest: str, *, factor: Factor, person: Actor, at: datetime) -> None:
    """Note that a factor was shown while another one has still to be added; raises `SignInRequired`."""
    account_id = _change_half(
        writer,
        token_digest,
        HalfSignIn.shown.is_(None),
        values={"shown": factor, "expires_at": at + timedelta(seconds=ENROLMENT_SECONDS)},
    )
    meta = {"factor": factor.value}
    ledger.record(writer, "account.half_signed_in", account_id, actor=person, at=at, meta=meta)


def end_half(writer: Session, token_digest: str, *, at: datetime) -> None:
    """End a half sign-in; raises `SignInRequired` where somebody else did, so that nothing is done twice."""
    _change_half(writer, token_digest, values={"ended_at": at})


def end_halves(writer: Session, account_id: str, *, at: datetime) -> None:
    """End all half sign-ins of an account: what they would show or add is no longer what is asked."""
    writer.execute(
        sa.update(HalfSignIn)
        .where(HalfSignIn.account_id == account_id, HalfSignIn.ended_at.is_(None))
        .values(ended_at=at)
        .execution_options(synchronize_session=False)
    )


def open_sign_in(
    writer: Session,
    account: Account,
    *,
    factor: Factor | None,
    address: str,
    lifetime_seconds: int,
    actor: Actor,
    at: datetime,
) -> str:
    """Begin a sign-in with a new random token of 256 bits, with its event; returns the token."""
    token = secrets.token_urlsafe(32)
    writer.execute(
        sa.insert(SignIn),
        {
            "token_digest": digest_of(token),
            "account_id": account.id,
            "role": account.role,
            "created_at": at,
            "last_used_at": at,
            "expires_at": at + timedelta(seconds=lifetime_seconds),
            "factor": factor,
            "confirmed_at": at,
        },
    )
    ledger.record(
        writer,
        "account.signed_in",
        account.id,
        actor=person_of(account, actor, session=token),
        at=at,
        fields={"address": address},
        meta={"factor": factor.value if factor else None},
    )
    return token


def person_of(account: Account, actor: Actor, *, session: str) -> Actor:
    """The person behind an account as the trail names them; ``session`` is the token of their sign-in."""
    return replace(actor, kind="account", id=account.trail_id, session_digest=digest_of(session)[:16])


def locked_account(writer: Session, account_id: str | None, *, mark: str | None = None) -> Account:
    """An open account, locked, so that changes of its factors go one by one.

    ``mark`` is that of the password it must still have. Raises `SignInRequired` where it has not.
    """
    account = writer.scalar(
        sa.select(Account)
        .where(Account.id == account_id, Account.closed_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if account is None or (mark is not None and factor_queries.password_mark(account.password_hash) != mark):
        raise SignInRequired(TOO_LATE)
    return account


def check_person(actor: Actor) -> str:
    """The account of a person who acts for themselves; raises `NotPermitted` for everybody else."""
    if actor.kind != "account" or actor.account_id is None:
        raise NotPermitted("Only the person themselves does this; sign in first.")
    return actor.account_id


def record_failure(
    writer: Session, account_id: str, *, factor: Factor | None, address: str, actor: Actor, at: datetime
) -> None:
    """Put a failed attempt on the trail; without a factor it failed at the password."""
    ledger.record(
        writer,
        "account.sign_in_failed",
        account_id,
        actor=actor,
        at=at,
        fields={"address": address},
        meta={"factor": factor.value if factor else None},
    )


def _change_half(
    writer: Session, token_digest: str, *conditions: sa.ColumnElement[bool], values: dict[str, object]
) -> str:
    account_id = writer.scalar(
        sa.update(HalfSignIn)
        .where(HalfSignIn.token_digest == token_digest, HalfSignIn.ended_at.is_(None), *conditions)
        .values(**values)
        .returning(HalfSignIn.account_id)
        .execution_options(synchronize_session=False)
    )
    if account_id is None:
        raise SignInRequired(TOO_LATE)
    return account_id
