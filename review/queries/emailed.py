"""Which messages came by e-mail, what do they say, and what became of each?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.emailed import EmailedState
from review.formats.emailed import EmailFacts
from review.models import Account, EmailedReferral, Item, Sender
from review.queries.stored_cases import in_sets

MOST_WAITING = 200
MOST_ENDED = 50
MOST_CONTACTS = 500


@dataclass(frozen=True)
class EmailedListed:
    """One message in the list."""

    id: str
    from_header: str
    subject: str
    arrived_at: datetime
    state: str
    referral_id: str | None


@dataclass(frozen=True)
class EmailedList:
    """Those that wait, the longest waiting first, and those that were ended last; 200 and 50 at most."""

    waiting: tuple[EmailedListed, ...]
    ended: tuple[EmailedListed, ...]
    waiting_in_all: int


@dataclass(frozen=True)
class EmailedShown:
    """One message with its facts; ``ended_by`` is a pseudonym."""

    id: str
    facts: EmailFacts
    sha256: str
    length: int
    arrived_at: datetime
    state: str
    referral_id: str | None = None
    identity_way: str | None = None
    identity_words: str | None = None
    refusal: str | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True)
class RegisteredContact:
    """Somebody whom a sender named as its contact: how to verify that a message is from it."""

    sender: str
    name: str
    email: str
    telephone: str


def emailed_list(reader: Session) -> EmailedList:
    """All that waits, and what was ended last."""
    table = EmailedReferral
    columns = sa.select(
        table.id, table.from_header, table.subject, table.arrived_at, table.state, table.referral_id
    )
    waiting = columns.where(table.state == EmailedState.WAITING).order_by(table.arrived_at, table.id)
    ended = columns.where(table.state != EmailedState.WAITING).order_by(table.ended_at.desc(), table.id)
    in_all = sa.select(sa.func.count()).where(table.state == EmailedState.WAITING)
    return EmailedList(
        waiting=tuple(EmailedListed(*row) for row in reader.execute(waiting.limit(MOST_WAITING))),
        ended=tuple(EmailedListed(*row) for row in reader.execute(ended.limit(MOST_ENDED))),
        waiting_in_all=reader.scalar(in_all) or 0,
    )


def emailed_shown(reader: Session, email_id: str) -> EmailedShown | None:
    """One message; None when there is no such one."""
    found = _shown(reader, EmailedReferral.id == email_id)
    return found[0] if found else None


def emailed_of(reader: Session, referral_ids: Sequence[str]) -> dict[str, EmailedShown]:
    """The messages that became these referrals, by the referral."""
    return {
        one.referral_id or "": one
        for some in in_sets(referral_ids)
        for one in _shown(reader, EmailedReferral.referral_id.in_(some))
    }


def _shown(reader: Session, which: sa.ColumnElement[bool]) -> list[EmailedShown]:
    columns = [column for column in EmailedReferral.__table__.columns if column.name != "message"]
    statement = (
        sa.select(*columns, Account.pseudonym)
        .outerjoin(Account, Account.id == EmailedReferral.ended_by)
        .where(which)
    )
    return [_one(row._mapping) for row in reader.execute(statement)]


def _one(row: Mapping[Any, Any]) -> EmailedShown:
    return EmailedShown(
        id=row["id"],
        facts=facts_in(row),
        sha256=row["sha256"],
        length=row["length"],
        arrived_at=row["arrived_at"],
        state=row["state"],
        referral_id=row["referral_id"],
        identity_way=row["identity_way"],
        identity_words=row["identity_words"],
        refusal=row["refusal"],
        ended_by=row["pseudonym"],
        ended_at=row["ended_at"],
    )


def facts_in(row: Mapping[Any, Any]) -> EmailFacts:
    """The facts in a row of messages, its columns by name."""
    return EmailFacts(
        from_header=row["from_header"],
        subject=row["subject"],
        date_header=row["date_header"],
        message_id=row["message_id"],
        authentication_results=row["authentication_results"],
        text=row["text"],
        cut=bool(row["cut"]),
    )


def message_of(reader: Session, email_id: str) -> bytes | None:
    """The message byte for byte; None when there is no such one."""
    return reader.scalar(sa.select(EmailedReferral.message).where(EmailedReferral.id == email_id))


def state_of(reader: Session, email_id: str) -> str | None:
    """What became of it by now; None when there is no such message."""
    return reader.scalar(sa.select(EmailedReferral.state).where(EmailedReferral.id == email_id))


def cases_of(referral_id: str) -> sa.Select[Any]:
    """The ids of the cases that the items of a referral are in, as a part of a statement."""
    return sa.select(Item.case_id).where(Item.referral_id == referral_id)


def registered_contacts(reader: Session) -> tuple[RegisteredContact, ...]:
    """The contacts of all senders by the senders' names, 500 at most."""
    named = sa.select(Sender.name, Sender.contacts).order_by(Sender.name, Sender.id)
    found: list[RegisteredContact] = []
    for row in reader.execute(named):
        found += [
            RegisteredContact(row.name, *(str(one.get(part, "")) for part in ("name", "email", "telephone")))
            for one in row.contacts
        ]
        if len(found) >= MOST_CONTACTS:
            break
    return tuple(found[:MOST_CONTACTS])
