"""Signing in and out; every attempt is on the trail."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.admitting import (
    ENROLMENT_SECONDS,
    HALF_SECONDS,
    end_halves,
    open_half,
    open_sign_in,
    person_of,
    record_failure,
)
from review.domain.emails import email_key
from review.domain.factors import FactorPolicy, Step
from review.domain.keys import digest_of
from review.domain.passwords import password_matches
from review.domain.permissions import Actor, Permission, Role, check_permission
from review.errors import SignInFailed, SignInRequired
from review.models import Account, OneTimeLink, SignIn
from review.queries import accounts as account_queries
from review.queries.factors import enrolled_of

UNKNOWN = "unknown"
"""The object of a failed sign-in with an address that nobody has."""

LINK_SECONDS = 3_600


@dataclass(frozen=True)
class Admitted:
    """The token of a new sign-in, or what comes before one.

    That is a link on which to set a lasting password after a one-time one, or a half sign-in that lacks
    the factor (``step``).
    """

    token: str
    must_set_password: bool
    step: Step = Step.DONE


def sign_in(
    email: str,
    password: str,
    *,
    address: str,
    lifetime_seconds: int,
    policy: FactorPolicy,
    replaces: str | None = None,
    actor: Actor,
) -> Admitted:
    """Check the password and open a sign-in, or a half one where ``policy`` asks for a second factor.

    ``address`` is the caller's, for the trail; ``replaces`` the token digest of the sign-in that the same
    browser held before. Raises `SignInFailed`, the same after the same work whether the address is unknown,
    the account closed or the password wrong; the failure is on the trail.
    """
    credential = account_queries.credential_of(db.session(), email_key(email))
    matches = password_matches(credential.password_hash if credential else None, password)
    now = clock.now()
    admitted = None
    with db.transaction() as writer:
        account = _still_open(writer, credential) if credential and matches else None
        if account is None:
            known = credential.account_id if credential else UNKNOWN
            record_failure(writer, known, factor=None, address=address, actor=actor, at=now)
        else:
            if replaces is not None:
                _end(writer, replaces, at=now)
            admitted = _admit(
                writer,
                account,
                policy=policy,
                address=address,
                lifetime_seconds=lifetime_seconds,
                actor=actor,
                at=now,
            )
    if admitted is None:
        raise SignInFailed("E-mail or password is wrong; try again, or ask your administrator for a link.")
    return admitted


def sign_out(token_digest: str, *, actor: Actor) -> None:
    """End a sign-in; its token opens nothing any more. Raises `SignInRequired` where it has ended already."""
    check_permission(actor, Permission.SIGNED_IN)
    now = clock.now()
    with db.transaction() as writer:
        account_id = _end(writer, token_digest, at=now)
        if account_id is None or account_id != actor.account_id:
            raise SignInRequired("This sign-in has ended already.")
        ledger.record(writer, "account.signed_out", account_id, actor=actor, at=now)


def end_other_sign_ins(token_digest: str, *, actor: Actor) -> int:
    """End all sign-ins of the person but this one; how many there were.

    Raises `SignInRequired` where this one has ended itself, so that nobody ends others with a dead cookie.
    """
    check_permission(actor, Permission.SIGNED_IN)
    now = clock.now()
    with db.transaction() as writer:
        own = (SignIn.account_id == actor.account_id, SignIn.ended_at.is_(None))
        mine = sa.select(SignIn.token_digest).where(SignIn.token_digest == token_digest, *own)
        if actor.account_id is None or writer.scalar(mine.with_for_update()) is None:
            raise SignInRequired("This sign-in has ended already.")
        ended = writer.execute(
            sa.update(SignIn)
            .where(SignIn.token_digest != token_digest, *own)
            .values(ended_at=now)
            .returning(SignIn.token_digest)
            .execution_options(synchronize_session=False)
        ).all()
        end_halves(writer, actor.account_id, at=now)
        meta = {"others": len(ended)}
        ledger.record(writer, "account.signed_out", actor.account_id, actor=actor, at=now, meta=meta)
    return len(ended)


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


def _admit(
    writer: Session,
    account: Account,
    *,
    policy: FactorPolicy,
    address: str,
    lifetime_seconds: int,
    actor: Actor,
    at: datetime,
) -> Admitted:
    """Store what a right password opens: a link, a half sign-in or a whole one."""
    if account.password_once:
        return Admitted(_open_link(writer, account, actor=actor, at=at), must_set_password=True)
    step = policy.next_step(Role(account.role), enrolled_of(writer, account.id), shown=None)
    if step is Step.DONE:
        token = open_sign_in(
            writer,
            account,
            factor=None,
            address=address,
            lifetime_seconds=lifetime_seconds,
            actor=actor,
            at=at,
        )
    else:
        token = secrets.token_urlsafe(32)
        seconds = HALF_SECONDS if step is Step.SHOW else ENROLMENT_SECONDS
        person = person_of(account, actor, session=token)
        open_half(writer, account, token, seconds=seconds, person=person, at=at)
    return Admitted(token, must_set_password=False, step=step)


def _open_link(writer: Session, account: Account, *, actor: Actor, at: datetime) -> str:
    """The token of a link that a one-time password buys; earlier links die.

    The password is used up only with the link, when the new one is set: a crash in between costs nothing.
    """
    token = secrets.token_urlsafe(32)
    writer.execute(
        sa.update(OneTimeLink)
        .where(OneTimeLink.account_id == account.id, OneTimeLink.used_at.is_(None))
        .values(used_at=at)
        .execution_options(synchronize_session=False)
    )
    link = {"account_id": account.id, "expires_at": at + timedelta(seconds=LINK_SECONDS)}
    writer.execute(sa.insert(OneTimeLink), link | {"token_digest": digest_of(token)})
    person = person_of(account, actor, session=token)
    ledger.record(writer, "account.reset_issued", account.id, actor=person, at=at)
    return token


def _end(writer: Session, token_digest: str, *, at: datetime) -> str | None:
    """End a living sign-in and name its account; None where it has ended."""
    return writer.scalar(
        sa.update(SignIn)
        .where(SignIn.token_digest == token_digest, SignIn.ended_at.is_(None))
        .values(ended_at=at)
        .returning(SignIn.account_id)
        .execution_options(synchronize_session=False)
    )
