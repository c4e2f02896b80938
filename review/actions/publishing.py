"""How does a version of a clause come to stand? Parts of the import and of the pages: lock, add, publish."""

import hashlib
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import ledger
from review.domain.clause_drafts import Published, Wording
from review.domain.ids import new_id
from review.domain.permissions import Actor
from review.models import Account, Clause, ClauseVersion


def digest_of_text(text: str) -> str:
    """SHA-256 of the text in UTF-8, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


class LockedClause(NamedTuple):
    """A clause whose versions stay as they are until the transaction ends."""

    id: str
    document: str
    number: str


def lock_clauses(writer: Session, *conditions: sa.ColumnElement[bool]) -> list[LockedClause]:
    """The clauses that meet the conditions, locked until the end: no version comes to one meanwhile.

    What is read of their versions afterwards is the newest; SQLite has one writer anyway.
    """
    rows = writer.execute(
        sa.select(Clause.id, Clause.document, Clause.number)
        .where(*conditions)
        .order_by(Clause.id)
        .with_for_update()
    )
    return [LockedClause(*row) for row in rows]


def newest_versions(writer: Session, *conditions: sa.ColumnElement[bool]) -> dict[str, Published]:
    """The newest version of each clause that meets the conditions and has one, by the clause's id."""
    rows = writer.execute(
        sa.select(
            ClauseVersion.clause_id,
            ClauseVersion.version,
            ClauseVersion.title,
            ClauseVersion.text,
            ClauseVersion.valid_from,
            ClauseVersion.ends,
        )
        .join(Clause, Clause.id == ClauseVersion.clause_id)
        .where(*conditions)
        .order_by(ClauseVersion.version)
    )
    return {
        row.clause_id: Published(row.version, row.title, row.text, row.valid_from, row.ends) for row in rows
    }


def add_clause(writer: Session, document: str, number: str, *, at: datetime) -> str:
    """A clause without any version yet; its id. The database refuses a number that the document has."""
    clause_id = new_id("L")
    writer.execute(
        sa.insert(Clause),
        {"id": clause_id, "document": document, "number": number, "created_at": at, "trail_version": 0},
    )
    return clause_id


def publish_version(
    writer: Session,
    clause_id: str,
    version: int,
    wording: Wording,
    *,
    document: str,
    number: str,
    drafted_by: str | None,
    actor: Actor,
    at: datetime,
) -> None:
    """Add the version with its event, which names who drafted (as the trail does) beside who publishes.

    ``drafted_by`` is the account that saved the draft, None for a command.
    """
    writer.execute(
        sa.insert(ClauseVersion),
        {
            "id": new_id("W"),
            "clause_id": clause_id,
            "version": version,
            "title": wording.title,
            "text": wording.text,
            "text_sha256": digest_of_text(wording.text),
            "valid_from": wording.valid_from,
            "created_at": at,
            "ends": wording.ends,
            "reason": wording.reason or None,
            "drafted_by": drafted_by,
            "published_by": actor.account_id if drafted_by else None,
        },
    )
    ledger.record(
        writer,
        "clause.published",
        clause_id,
        actor=actor,
        at=at,
        fields=draft_fields(wording, document=document, number=number)
        | {"drafted_by": trail_id_of(writer, drafted_by)},
        meta={"version": version, "ends": wording.ends or None},
    )


def draft_fields(wording: Wording, *, document: str, number: str) -> dict[str, ledger.Value | None]:
    """What an event commits to of a wording: the text by its digest, since the text itself may be long."""
    return {
        "document": document,
        "number": number,
        "title": wording.title,
        "text_sha256": digest_of_text(wording.text),
        "valid_from": wording.valid_from.isoformat(),
        "reason": wording.reason or None,
    }


def trail_id_of(writer: Session, account_id: str | None) -> str | None:
    """The id by which the trail names a person."""
    if account_id is None:
        return None
    found: str = writer.execute(sa.select(Account.trail_id).where(Account.id == account_id)).scalar_one()
    return found
