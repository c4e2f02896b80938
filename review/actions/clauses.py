"""Our own terms: bring in a document; each changed clause gets a new version that never changes."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.domain.clause_text import ClauseText
from review.domain.ids import new_id
from review.domain.permissions import Actor, check_operator
from review.errors import DatabaseBusy, InvalidInput
from review.models import Clause, ClauseVersion


@dataclass(frozen=True)
class ClausesImported:
    """What an import did, by clause number in the order of the file."""

    document: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]


@dataclass(frozen=True)
class _Newest:
    clause_id: str
    version: int
    title: str
    text: str
    valid_from: date


def import_clauses(
    document: str, clauses: Collection[ClauseText], *, valid_from: date, actor: Actor
) -> ClausesImported:
    """Publish the clauses of one document from a day on; all or none.

    A clause is known by document and number and gets a new version only where heading or text changed;
    clauses that the document no longer holds stay. Raises `InvalidInput` where a changed clause would be
    dated before its newest version, `DatabaseBusy` while another import runs.
    """
    check_operator(actor)
    if not clauses:
        raise InvalidInput("The document holds no clause; name a file with text.")
    now = clock.now()
    outcome: dict[str, list[str]] = {"added": [], "changed": [], "unchanged": []}
    with db.transaction() as writer:
        if not db.try_lock(writer, "clauses"):
            raise DatabaseBusy("Another import of clauses is running; try again.", retry_after_seconds=2)
        newest = _newest_of(writer, document)
        for clause in clauses:
            known = newest.get(clause.number)
            if known is None:
                clause_id = _add_clause(writer, document, clause.number, at=now)
                _publish(writer, clause_id, 1, document, clause, valid_from=valid_from, actor=actor, at=now)
                outcome["added"].append(clause.number)
            elif (known.title, known.text) == (clause.title, clause.text):
                outcome["unchanged"].append(clause.number)
            else:
                _check_day(known, clause, valid_from=valid_from)
                version = known.version + 1
                _publish(
                    writer,
                    known.clause_id,
                    version,
                    document,
                    clause,
                    valid_from=valid_from,
                    actor=actor,
                    at=now,
                )
                outcome["changed"].append(clause.number)
    return ClausesImported(document, **{name: tuple(numbers) for name, numbers in outcome.items()})


def _newest_of(writer: Session, document: str) -> dict[str, _Newest]:
    """The newest version of each clause of the document, by number."""
    rows = writer.execute(
        sa.select(
            Clause.number,
            Clause.id,
            ClauseVersion.version,
            ClauseVersion.title,
            ClauseVersion.text,
            ClauseVersion.valid_from,
        )
        .join(ClauseVersion, ClauseVersion.clause_id == Clause.id)
        .where(Clause.document == document)
        .order_by(ClauseVersion.version)
    )
    return {row.number: _Newest(row.id, row.version, row.title, row.text, row.valid_from) for row in rows}


def _check_day(known: _Newest, clause: ClauseText, *, valid_from: date) -> None:
    if valid_from < known.valid_from:
        raise InvalidInput(
            f"Clause {clause.number} has a newer wording from {known.valid_from.isoformat()}; "
            "give --from that day or a later one."
        )


def _add_clause(writer: Session, document: str, number: str, *, at: datetime) -> str:
    clause_id = new_id("L")
    writer.execute(
        sa.insert(Clause),
        {"id": clause_id, "document": document, "number": number, "created_at": at, "trail_version": 0},
    )
    return clause_id


def _publish(
    writer: Session,
    clause_id: str,
    version: int,
    document: str,
    clause: ClauseText,
    *,
    valid_from: date,
    actor: Actor,
    at: datetime,
) -> None:
    text_sha256 = hashlib.sha256(clause.text.encode()).hexdigest()
    writer.execute(
        sa.insert(ClauseVersion),
        {
            "id": new_id("W"),
            "clause_id": clause_id,
            "version": version,
            "title": clause.title,
            "text": clause.text,
            "text_sha256": text_sha256,
            "valid_from": valid_from,
            "created_at": at,
        },
    )
    ledger.record(
        writer,
        "clause.published",
        clause_id,
        actor=actor,
        at=at,
        fields={
            "document": document,
            "number": clause.number,
            "title": clause.title,
            "text_sha256": text_sha256,
            "valid_from": valid_from.isoformat(),
        },
        meta={"version": version},
    )
