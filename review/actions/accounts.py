"""People: create, close, change role, and the one-time link to a new password."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.domain.emails import check_email
from review.domain.ids import new_id
from review.domain.keys import digest_of
from review.domain.passwords import check_password, hash_password, one_time_password
from review.domain.permissions import Actor, Role, check_operator
from review.domain.pseudonyms import new_pseudonym
from review.errors import AlreadyClosed, AlreadyExists, DatabaseBusy, InvalidInput, NotFound
from review.models import Account, OneTimeLink, Sender, SignIn
from review.queries import accounts as account_queries

LINK_SECONDS = 24 * 60 * 60


@dataclass(frozen=True)
class AccountCreated:
    """What a new account is called; ``one_time_password`` is shown once, None where one was given."""

    account_id: str
    pseudonym: str
    one_time_password: str | None


def create_account(
    email: str, *, role: Role, name: str, sender_id: str | None, password: str | None, actor: Actor
) -> AccountCreated:
    """Enter a person; without a password one is made up that must be replaced when first used.

    Raises `InvalidInput` for a bad address, name, password or sender, `AlreadyExists` for a known address.
    """
    check_operator(actor)
    email = check_email(email)
    name = _check_name(name)
    _check_sender_of_role(role, sender_id)
    if password is not None:
        check_password(password, email=email)
    once = one_time_password() if password is None else None
    password_hash = hash_password(password or once or "")
    now = clock.now()
    with db.transaction() as writer:
        if sender_id is not None and writer.get(Sender, sender_id) is None:
            raise InvalidInput(f"There is no sender {sender_id}; see `flask senders list`.")
        account = Account(
            id=new_id("A"),
            trail_id=new_id("P"),
            pseudonym=new_pseudonym(role, taken=set(writer.scalars(sa.select(Account.pseudonym)))),
            email=email,
            name=name,
            role=role,
            sender_id=sender_id,
            password_hash=password_hash,
            password_once=once is not None,
            created_at=now,
        )
        _insert(writer, account)
        ledger.record(
            writer,
            "account.created",
            account.id,
            actor=actor,
            at=now,
            fields={"email": email, "name": name},
            meta={"role": role},
        )
    return AccountCreated(account.id, account.pseudonym, once)


def close_account(account_id: str, *, actor: Actor) -> None:
    """Close an account for good and end its sign-ins; raises `InvalidInput` for the last administrator."""
    check_operator(actor)
    now = clock.now()
    with db.transaction() as writer:
        _keep_an_administrator(writer, account_id)
        closed = _change_open(writer, account_id, values={"closed_at": now})
        if not closed:
            raise _why_not(writer, account_id)
        _end_sign_ins(writer, account_id, at=now)
        ledger.record(writer, "account.closed", account_id, actor=actor, at=now)


def set_role(account_id: str, role: Role, *, actor: Actor) -> None:
    """Give an open account another role and end its sign-ins.

    An account of a sender stays one and no other becomes one: raises `InvalidInput`, as for the last
    administrator and for the role that the account has already.
    """
    check_operator(actor)
    now = clock.now()
    with db.transaction() as writer:
        previous = writer.scalar(sa.select(Account.role).where(Account.id == account_id))
        if previous is not None and Role.SENDER in (previous, role):
            raise InvalidInput("A sender's account stays one, and no other becomes one; create an account.")
        if role is not Role.ADMIN:
            _keep_an_administrator(writer, account_id)
        if not _change_open(writer, account_id, Account.role == previous, values={"role": role}):
            raise _why_not(writer, account_id)
        if previous == role:
            raise InvalidInput(f"The account has the role {role} already.")
        _end_sign_ins(writer, account_id, at=now)
        ledger.record(
            writer,
            "account.role_changed",
            account_id,
            actor=actor,
            at=now,
            meta={"role": role, "previous_role": previous},
        )


def issue_reset(account_id: str, *, actor: Actor) -> str:
    """A one-time link's token to set a new password, good for 24 hours.

    Earlier links die, and so does a one-time password; a lasting password works until the link is used.
    """
    check_operator(actor)
    now = clock.now()
    token = secrets.token_urlsafe(32)
    with db.transaction() as writer:
        kept = sa.case((Account.password_once, sa.null()), else_=Account.password_hash)
        if not _change_open(writer, account_id, values={"password_hash": kept}):
            raise _why_not(writer, account_id)
        _use_up_links(writer, account_id, at=now)
        writer.execute(
            sa.insert(OneTimeLink),
            {
                "token_digest": digest_of(token),
                "account_id": account_id,
                "expires_at": now + timedelta(seconds=LINK_SECONDS),
            },
        )
        ledger.record(writer, "account.reset_issued", account_id, actor=actor, at=now)
    return token


def redeem_link(token: str, password: str, *, actor: Actor) -> None:
    """Set a new password by a one-time link and end the account's sign-ins.

    The link names the person, whoever asks. Raises `NotFound` for a link that is unknown, used or too old,
    `InvalidInput` for a password that may not be set.
    """
    now = clock.now()
    holder = account_queries.holder_of_link(db.session(), digest_of(token), at=now)
    if holder is None:
        raise NotFound("This link is unknown, used or too old; ask your administrator for a new one.")
    check_password(password, email=holder.email)
    password_hash = hash_password(password)
    person = replace(actor, kind="account", id=holder.trail_id, account_id=holder.account_id)
    with db.transaction() as writer:
        # the account before the link, as a reset locks them
        if not _change_open(
            writer, holder.account_id, values={"password_hash": password_hash, "password_once": False}
        ):
            raise _why_not(writer, holder.account_id)
        _redeem(writer, digest_of(token), at=now)
        _use_up_links(writer, holder.account_id, at=now)
        _end_sign_ins(writer, holder.account_id, at=now)
        ledger.record(writer, "account.password_set", holder.account_id, actor=person, at=now)


def touch_sign_in(token_digest: str, *, at: datetime) -> None:
    """Note the last use of a sign-in; the caller asks at most once a minute.

    One of the writes that a GET may make (architecture.md, rule 8 of the write path): no event.
    """
    with db.transaction() as writer:
        writer.execute(
            sa.update(SignIn)
            .where(SignIn.token_digest == token_digest, SignIn.ended_at.is_(None), SignIn.last_used_at < at)
            .values(last_used_at=at)
            .execution_options(synchronize_session=False)
        )


def _check_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 200 or not name.isprintable():
        raise InvalidInput("Give the person's name in 1 to 200 printable characters.")
    return name


def _check_sender_of_role(role: Role, sender_id: str | None) -> None:
    if role is Role.SENDER and sender_id is None:
        raise InvalidInput("An account with the role sender needs --sender with the id of its organisation.")
    if role is not Role.SENDER and sender_id is not None:
        raise InvalidInput("Only an account with the role sender belongs to a sender; leave --sender out.")


def _insert(writer: Session, account: Account) -> None:
    """Insert; a known address is the caller's affair, a pseudonym drawn twice at once passes."""
    writer.add(account)
    try:
        writer.flush()
    except IntegrityError as error:
        if "email" in str(error.orig):
            raise AlreadyExists("There is an account with this e-mail address already.") from error
        raise DatabaseBusy("Somebody else was created at the same time; try again.") from error


def _keep_an_administrator(writer: Session, account_id: str) -> None:
    """Refuse to take the last open administrator; locks all of them, so that two cannot go at once."""
    admins = writer.scalars(
        sa.select(Account.id)
        .where(Account.role == Role.ADMIN, Account.closed_at.is_(None))
        .order_by(Account.id)
        .with_for_update()
    ).all()
    if list(admins) == [account_id]:
        raise InvalidInput("This is the last open administrator; create another one first.")


def _change_open(
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


def _why_not(writer: Session, account_id: str) -> NotFound | AlreadyClosed | DatabaseBusy:
    row = writer.execute(sa.select(Account.closed_at).where(Account.id == account_id)).one_or_none()
    if row is None:
        return NotFound("There is no such account; see `flask accounts list`.")
    if row.closed_at is not None:
        return AlreadyClosed("This account is closed; create another one.")
    return DatabaseBusy("The account was changed at the same time; try again.")


def _redeem(writer: Session, token_digest: str, *, at: datetime) -> None:
    used = writer.execute(
        sa.update(OneTimeLink)
        .where(
            OneTimeLink.token_digest == token_digest,
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > at,
        )
        .values(used_at=at)
        .returning(OneTimeLink.token_digest)
        .execution_options(synchronize_session=False)
    )
    if used.one_or_none() is None:
        raise NotFound("This link has just been used; sign in with the new password.")


def _use_up_links(writer: Session, account_id: str, *, at: datetime) -> None:
    writer.execute(
        sa.update(OneTimeLink)
        .where(OneTimeLink.account_id == account_id, OneTimeLink.used_at.is_(None))
        .values(used_at=at)
        .execution_options(synchronize_session=False)
    )


def _end_sign_ins(writer: Session, account_id: str, *, at: datetime) -> None:
    writer.execute(
        sa.update(SignIn)
        .where(SignIn.account_id == account_id, SignIn.ended_at.is_(None))
        .values(ended_at=at)
        .execution_options(synchronize_session=False)
    )
