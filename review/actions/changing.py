"""Parts of every change of a person's account: what is locked, what ends, and why a change was refused."""

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.keys import digest_of
from review.domain.permissions import Actor, Permission, Role, can
from review.errors import AlreadyClosed, DatabaseBusy, InvalidInput, NotFound, NotPermitted
from review.models import Account, OneTimeLink, SignIn

LINK_SECONDS = 24 * 60 * 60


def lock_people(
    writer: Session, account_id: str | None, *, actor: Actor, takes_administrator: bool = False
) -> None:
    """Lock the account, whoever changes it and, where an administrator may go, all open administrators.

    One statement in the order of their ids, so that two who change each other never wait in a circle, and
    the last two administrators cannot go at once. Raises `NotPermitted` where the actor has lost the role
    or was closed since the request began, `InvalidInput` for the last open administrator.
    """
    administers = sa.and_(Account.role == Role.ADMIN, Account.closed_at.is_(None))
    names = [name for name in (account_id, actor.account_id) if name]
    if not names:
        return
    concerned = Account.id.in_(names)
    rows = writer.execute(
        sa.select(Account.id, Account.role, Account.closed_at)
        .where(sa.or_(concerned, administers) if takes_administrator else concerned)
        .order_by(Account.id)
        .with_for_update()
    ).all()
    own = [row for row in rows if row.id == actor.account_id and row.closed_at is None]
    if actor.kind == "account" and not any(_may_still(row.role) for row in own):
        raise NotPermitted("Your own account was changed meanwhile; nothing was done.")
    administrators = [row.id for row in rows if row.role == Role.ADMIN and row.closed_at is None]
    if takes_administrator and administrators == [account_id]:
        raise InvalidInput("This is the last open administrator; create another one first.")


def _may_still(role: str) -> bool:
    """Whether an account of this role manages accounts."""
    return can(Actor(kind="account", id="", role=Role(role)), Permission.MANAGE_ACCOUNTS)


def change_open(
    writer: Session, account_id: str, *conditions: sa.ColumnElement[bool], values: dict[str, object]
) -> bool:
    """Change an open account; False when there is none or the conditions do not hold."""
    changed = writer.execute(
        sa.update(Account)
        .where(Account.id == account_id, Account.closed_at.is_(None), *conditions)
        .values(**values)
        .returning(Account.id)
        .execution_options(synchronize_session=False)
    )
    return changed.one_or_none() is not None


def why_not(writer: Session, account_id: str) -> NotFound | AlreadyClosed | DatabaseBusy:
    """The error behind a change that found no row to change."""
    row = writer.execute(sa.select(Account.closed_at).where(Account.id == account_id)).one_or_none()
    if row is None:
        return NotFound("There is no such account; look at the list of accounts.")
    if row.closed_at is not None:
        return AlreadyClosed("This account is closed; create another one.")
    return DatabaseBusy("The account was changed at the same time; try again.")


def new_link(writer: Session, account_id: str, *, at: datetime) -> str:
    """The token of a new one-time link, good for 24 hours; only its digest is stored."""
    token = secrets.token_urlsafe(32)
    writer.execute(
        sa.insert(OneTimeLink),
        {
            "token_digest": digest_of(token),
            "account_id": account_id,
            "expires_at": at + timedelta(seconds=LINK_SECONDS),
        },
    )
    return token


def use_up_links(writer: Session, account_id: str, *, at: datetime) -> None:
    """Let all earlier links of the account die."""
    writer.execute(
        sa.update(OneTimeLink)
        .where(OneTimeLink.account_id == account_id, OneTimeLink.used_at.is_(None))
        .values(used_at=at)
        .execution_options(synchronize_session=False)
    )


def end_all_sign_ins(writer: Session, account_id: str, *, at: datetime) -> None:
    """End every sign-in of the account that still lives."""
    writer.execute(
        sa.update(SignIn)
        .where(SignIn.account_id == account_id, SignIn.ended_at.is_(None))
        .values(ended_at=at)
        .execution_options(synchronize_session=False)
    )
