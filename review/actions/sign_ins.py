"""Signing in and out; every attempt is on the trail."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.domain.emails import email_key
from review.domain.keys import digest_of
from review.domain.passwords import password_matches
from review.domain.permissions import Actor, Permission, check_permission
from review.errors import SignInFailed, SignInRequired
from review.models import Account, OneTimeLink, SignIn
from review.queries import accounts as account_queries

UNKNOWN = "unknown"
"""The object of a failed sign-in with an address that nobody has."""

LINK_SECONDS = 3_600


@dataclass(frozen=True)
class Admitted:
    """The token of a new sign-in or, after a one-time password, of a link on which to set a lasting one."""

    token: str
    must_set_password: bool


def sign_in(
    email: str,
    password: str,
    *,
    address: str,
    lifetime_seconds: int,
    replaces: str | None = None,
    actor: Actor,
) -> Admitted:
    """Check the password and open a sign-in with a new random token of 256 bits.

    ``address`` is the caller's, for the trail; ``replaces`` the token digest of the sign-in that the same
    browser held before. Raises `SignInFailed`, the same after the same work whether the address is unknown,
    the account closed or the password wrong; the failure is on the trail.
    """
    credential = account_queries.credential_of(db.session(), email_key(email))
    matches = password_matches(credential.password_hash if credential else None, password)
    now = clock.now()
    token = secrets.token_urlsafe(32)
    with db.transaction() as writer:
        account = _still_open(writer, credential) if credential and matches else None
        if account is None:
            _record_failure(writer, credential, address=address, actor=actor, at=now)
        else:
            person = replace(actor, kind="account", id=account.trail_id, session_digest=digest_of(token)[:16])
            if replaces is not None:
                _end(writer, replaces, at=now)
            _open(writer, account, token, lifetime_seconds=lifetime_seconds, person=person, at=now)
            if not account.password_once:
                fields = {"address": address}
                ledger.record(writer, "account.signed_in", account.id, actor=person, at=now, fields=fields)
    if account is None:
        raise SignInFailed("E-mail or password is wrong; try again, or ask your administrator for a link.")
    return Admitted(token=token, must_set_password=account.password_once)


def sign_out(token_digest: str, *, actor: Actor) -> None:
    """End a sign-in; its token opens nothing any more. Raises `SignInRequired` where it has ended already."""
    check_permission(actor, Permission.SIGNED_IN)
    now = clock.now()
    with db.transaction() as writer:
        account_id = _end(writer, token_digest, at=now)
        if account_id is None or account_id != actor.account_id:
            raise SignInRequired("This sign-in has ended already.")
        ledger.record(writer, "account.signed_out", account_id, actor=actor, at=now)


def _still_open(writer: Session, credential: account_queries.Credential) -> Account | None:
    """The account, locked, if it is open and still has the password that was checked."""
    return writer.scalar(
        sa.select(Account)
        .where(
            Account.id == credential.account_id,
            Account.closed_at.is_(None),
            Account.password_hash == credential.password_hash,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _record_failure(
    writer: Session,
    credential: account_queries.Credential | None,
    *,
    address: str,
    actor: Actor,
    at: datetime,
) -> None:
    ledger.record(
        writer,
        "account.sign_in_failed",
        credential.account_id if credential else UNKNOWN,
        actor=actor,
        at=at,
        fields={"address": address},
    )


def _open(
    writer: Session, account: Account, token: str, *, lifetime_seconds: int, person: Actor, at: datetime
) -> None:
    """Store the sign-in; a one-time password buys a link instead, and earlier links die.

    It is used up only with the link, when the new password is set: a crash in between costs nothing.
    """
    if account.password_once:
        writer.execute(
            sa.update(OneTimeLink)
            .where(OneTimeLink.account_id == account.id, OneTimeLink.used_at.is_(None))
            .values(used_at=at)
            .execution_options(synchronize_session=False)
        )
        link = {"account_id": account.id, "expires_at": at + timedelta(seconds=LINK_SECONDS)}
        writer.execute(sa.insert(OneTimeLink), link | {"token_digest": digest_of(token)})
        ledger.record(writer, "account.reset_issued", account.id, actor=person, at=at)
        return
    writer.execute(
        sa.insert(SignIn),
        {
            "token_digest": digest_of(token),
            "account_id": account.id,
            "role": account.role,
            "created_at": at,
            "last_used_at": at,
            "expires_at": at + timedelta(seconds=lifetime_seconds),
        },
    )


def _end(writer: Session, token_digest: str, *, at: datetime) -> str | None:
    """End a living sign-in and name its account; None where it has ended."""
    return writer.scalar(
        sa.update(SignIn)
        .where(SignIn.token_digest == token_digest, SignIn.ended_at.is_(None))
        .values(ended_at=at)
        .returning(SignIn.account_id)
        .execution_options(synchronize_session=False)
    )
