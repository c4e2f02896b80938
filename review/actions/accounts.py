"""People: create, invite, close, change role and pseudonym, and the one-time link to a new password."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.changing import (
    change_open,
    end_all_sign_ins,
    lock_people,
    new_link,
    use_up_links,
    why_not,
)
from review.domain.emails import check_email
from review.domain.ids import new_id
from review.domain.keys import digest_of
from review.domain.passwords import check_password, hash_password, one_time_password
from review.domain.permissions import (
    Actor,
    Permission,
    Role,
    check_not_own_account,
    check_operator_or,
)
from review.domain.pseudonyms import new_pseudonym
from review.errors import AlreadyExists, DatabaseBusy, FieldError, InvalidInput, NotFound
from review.models import Account, OneTimeLink, Sender, SignIn
from review.queries import accounts as account_queries


@dataclass(frozen=True)
class AccountCreated:
    """What a new account is called; ``one_time_password`` is shown once, None where one was given."""

    account_id: str
    pseudonym: str
    one_time_password: str | None


@dataclass(frozen=True)
class AccountInvited:
    """What an invited account is called, and the token of its one-time link, which is shown once."""

    account_id: str
    pseudonym: str
    token: str


def create_account(
    email: str, *, role: Role, name: str, sender_id: str | None, password: str | None, actor: Actor
) -> AccountCreated:
    """Enter a person; without a password one is made up that must be replaced when first used.

    Raises `InvalidInput` for a bad address, name, password or sender, `AlreadyExists` for a known address.
    """
    check_operator_or(actor, Permission.MANAGE_ACCOUNTS)
    email, name = _check_person(email, name=name, role=role, sender_id=sender_id)
    if password is not None:
        check_password(password, email=email)
    once = one_time_password() if password is None else None
    password_hash = hash_password(password or once or "")
    now = clock.now()
    with db.transaction() as writer:
        lock_people(writer, None, actor=actor)
        account = _new_account(writer, email, name=name, role=role, sender_id=sender_id, at=now)
        account.password_hash, account.password_once = password_hash, once is not None
        _enter(writer, account, actor=actor, at=now)
    return AccountCreated(account.id, account.pseudonym, once)


def invite_account(
    email: str, *, role: Role, name: str, sender_id: str | None, actor: Actor
) -> AccountInvited:
    """Enter a person without a password and make the one-time link on which they set it, good for 24 hours.

    Raises `InvalidInput` for a bad address, name or sender, `AlreadyExists` for a known address.
    """
    check_operator_or(actor, Permission.MANAGE_ACCOUNTS)
    email, name = _check_person(email, name=name, role=role, sender_id=sender_id)
    now = clock.now()
    with db.transaction() as writer:
        lock_people(writer, None, actor=actor)
        account = _new_account(writer, email, name=name, role=role, sender_id=sender_id, at=now)
        _enter(writer, account, actor=actor, at=now)
        token = new_link(writer, account.id, at=now)
        ledger.record(writer, "account.invited", account.id, actor=actor, at=now)
    return AccountInvited(account.id, account.pseudonym, token)


def close_account(account_id: str, *, actor: Actor) -> None:
    """Close an account for good and end its sign-ins.

    Raises `InvalidInput` for the last administrator, `NotPermitted` for one's own account.
    """
    check_operator_or(actor, Permission.MANAGE_ACCOUNTS)
    check_not_own_account(actor, account_id)
    now = clock.now()
    with db.transaction() as writer:
        lock_people(writer, account_id, actor=actor, takes_administrator=True)
        closed = change_open(writer, account_id, values={"closed_at": now})
        if not closed:
            raise why_not(writer, account_id)
        end_all_sign_ins(writer, account_id, at=now)
        ledger.record(writer, "account.closed", account_id, actor=actor, at=now)


def set_role(account_id: str, role: Role, *, actor: Actor) -> None:
    """Give an open account another role and end its sign-ins.

    An account of a sender stays one and no other becomes one: raises `InvalidInput`, as for the last
    administrator and for the role that the account has already; `NotPermitted` for one's own account.
    """
    check_operator_or(actor, Permission.MANAGE_ACCOUNTS)
    check_not_own_account(actor, account_id)
    now = clock.now()
    with db.transaction() as writer:
        lock_people(writer, account_id, actor=actor, takes_administrator=role is not Role.ADMIN)
        previous = writer.scalar(sa.select(Account.role).where(Account.id == account_id))
        if previous is not None and Role.SENDER in (previous, role):
            raise InvalidInput("A sender's account stays one, and no other becomes one; create an account.")
        if not change_open(writer, account_id, Account.role == previous, values={"role": role}):
            raise why_not(writer, account_id)
        if previous == role:
            raise InvalidInput("The account has this role already; choose another one.")
        end_all_sign_ins(writer, account_id, at=now)
        ledger.record(
            writer,
            "account.role_changed",
            account_id,
            actor=actor,
            at=now,
            meta={"role": role, "previous_role": previous},
        )


def draw_pseudonym(account_id: str, *, actor: Actor) -> str:
    """Give an open account another pseudonym, drawn at random; returns it.

    For somebody whom colleagues or outsiders have recognised. Pages show the new one everywhere, the trail
    names neither: it knows a person by an id of its own.
    """
    check_operator_or(actor, Permission.MANAGE_ACCOUNTS)
    now = clock.now()
    with db.transaction() as writer:
        lock_people(writer, account_id, actor=actor)
        before = writer.execute(
            sa.select(Account.role, Account.pseudonym).where(Account.id == account_id)
        ).one_or_none()
        if before is None:
            raise why_not(writer, account_id)
        drawn = new_pseudonym(Role(before.role), taken=_pseudonyms(writer))
        same = Account.pseudonym == before.pseudonym
        with _one_at_a_time():
            changed = change_open(writer, account_id, same, values={"pseudonym": drawn})
        if not changed:
            raise why_not(writer, account_id)
        fields = {"pseudonym": drawn, "previous_pseudonym": before.pseudonym}
        ledger.record(writer, "account.renamed", account_id, actor=actor, at=now, fields=fields)
    return drawn


def end_sign_ins(account_id: str, *, actor: Actor) -> None:
    """End all sign-ins of an open account; the person may sign in again."""
    check_operator_or(actor, Permission.MANAGE_ACCOUNTS)
    now = clock.now()
    with db.transaction() as writer:
        lock_people(writer, account_id, actor=actor)
        # changes nothing, but only an open account passes
        if not change_open(writer, account_id, values={"closed_at": sa.null()}):
            raise why_not(writer, account_id)
        end_all_sign_ins(writer, account_id, at=now)
        ledger.record(writer, "account.sign_ins_ended", account_id, actor=actor, at=now)


def issue_reset(account_id: str, *, actor: Actor) -> str:
    """A one-time link's token to set a new password, good for 24 hours.

    Earlier links die, and so does a one-time password; a lasting password works until the link is used.
    Raises `NotPermitted` for one's own account: whoever sits at a strange desk would keep it.
    """
    check_operator_or(actor, Permission.MANAGE_ACCOUNTS)
    check_not_own_account(actor, account_id)
    now = clock.now()
    with db.transaction() as writer:
        lock_people(writer, account_id, actor=actor)
        kept = sa.case((Account.password_once, sa.null()), else_=Account.password_hash)
        if not change_open(writer, account_id, values={"password_hash": kept}):
            raise why_not(writer, account_id)
        use_up_links(writer, account_id, at=now)
        token = new_link(writer, account_id, at=now)
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
        if not change_open(
            writer, holder.account_id, values={"password_hash": password_hash, "password_once": False}
        ):
            raise why_not(writer, holder.account_id)
        _redeem(writer, digest_of(token), at=now)
        use_up_links(writer, holder.account_id, at=now)
        end_all_sign_ins(writer, holder.account_id, at=now)
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


def _check_person(email: str, *, name: str, role: Role, sender_id: str | None) -> tuple[str, str]:
    """E-mail and name as they are stored; raises `InvalidInput` that names the field."""
    email = check_email(email)
    name = " ".join(name.split())
    if not name or len(name) > 200 or not name.isprintable():
        raise _wrong("name", "Give the person's name in 1 to 200 printable characters.")
    if role is Role.SENDER and sender_id is None:
        raise _wrong("sender", "An account with the role sender needs its organisation (--sender).")
    if role is not Role.SENDER and sender_id is not None:
        raise _wrong("sender", "Only an account with the role sender belongs to an organisation.")
    return email, name


def _wrong(field: str, sentence: str) -> InvalidInput:
    return InvalidInput(sentence, errors=[FieldError(f"/{field}", "not_valid", sentence)])


def _new_account(
    writer: Session, email: str, *, name: str, role: Role, sender_id: str | None, at: datetime
) -> Account:
    """A person without a password, not yet stored; raises `InvalidInput` for a sender that is none."""
    if sender_id is not None and writer.get(Sender, sender_id) is None:
        raise _wrong("sender", f"There is no sender {sender_id}; see `flask senders list`.")
    return Account(
        id=new_id("A"),
        trail_id=new_id("P"),
        pseudonym=new_pseudonym(role, taken=_pseudonyms(writer)),
        email=email,
        name=name,
        role=role,
        sender_id=sender_id,
        created_at=at,
    )


def _pseudonyms(writer: Session) -> set[str]:
    return set(writer.scalars(sa.select(Account.pseudonym)))


def _enter(writer: Session, account: Account, *, actor: Actor, at: datetime) -> None:
    """Store a new account with its first event."""
    writer.add(account)
    with _one_at_a_time():
        writer.flush()
    ledger.record(
        writer,
        "account.created",
        account.id,
        actor=actor,
        at=at,
        fields={"email": account.email, "name": account.name, "sender": account.sender_id},
        meta={"role": account.role},
    )


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """A known address is the caller's affair, a pseudonym drawn twice at once passes."""
    try:
        yield
    except IntegrityError as error:
        if "email" in str(error.orig):
            raise AlreadyExists("There is an account with this e-mail address already.") from error
        raise DatabaseBusy("Somebody else was created at the same time; try again.") from error


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
