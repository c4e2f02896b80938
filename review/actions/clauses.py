"""Our own terms: bring in a document; each changed clause gets a new version that never changes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from review import clock, db
from review.actions.publishing import add_clause, lock_clauses, newest_versions, publish_version
from review.domain.clause_drafts import Published, Wording
from review.domain.clause_text import ClauseText
from review.domain.permissions import Actor, check_operator
from review.errors import DatabaseBusy, InvalidInput
from review.models import Clause


@dataclass(frozen=True)
class ClausesImported:
    """What an import did, by clause number in the order of the file."""

    document: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]


def import_clauses(
    document: str, clauses: Collection[ClauseText], *, valid_from: date, actor: Actor
) -> ClausesImported:
    """Publish the clauses of one document from a day on; all or none.

    A clause is known by document and number and gets a new version only where heading or text changed;
    clauses that the document no longer holds stay, and one that has ended by that day comes back. A draft
    that waits is left alone: whoever publishes it sees it beside the new version. Raises `InvalidInput` where
    a changed clause would be dated before its newest version, `DatabaseBusy` while another import runs.
    """
    check_operator(actor)
    if not clauses:
        raise InvalidInput("The document holds no clause; name a file with text.")
    now = clock.now()
    outcome: dict[str, list[str]] = {"added": [], "changed": [], "unchanged": []}
    with db.transaction() as writer:
        if not db.try_lock(writer, "clauses"):
            raise DatabaseBusy("Another import of clauses is running; try again.", retry_after_seconds=2)
        known = {clause.number: clause.id for clause in lock_clauses(writer, Clause.document == document)}
        newest = newest_versions(writer, Clause.document == document)
        for clause in clauses:
            clause_id = known.get(clause.number) or _add(writer, document, clause.number, at=now)
            before = newest.get(clause_id)
            if before is not None and before.says(clause.title, clause.text, on=valid_from):
                outcome["unchanged"].append(clause.number)
                continue
            _check_day(before, clause, valid_from=valid_from)
            publish_version(
                writer,
                clause_id,
                before.version + 1 if before else 1,
                Wording(clause.title, clause.text, valid_from, reason=""),
                document=document,
                number=clause.number,
                drafted_by=None,
                actor=actor,
                at=now,
            )
            outcome["changed" if before else "added"].append(clause.number)
    return ClausesImported(document, **{name: tuple(numbers) for name, numbers in outcome.items()})


def _add(writer: Session, document: str, number: str, *, at: datetime) -> str:
    try:
        return add_clause(writer, document, number, at=at)
    except IntegrityError as error:
        detail = f"Somebody began a draft of clause {number} at the same time; try again."
        raise DatabaseBusy(detail, retry_after_seconds=2) from error


def _check_day(before: Published | None, clause: ClauseText, *, valid_from: date) -> None:
    if before is not None and valid_from < before.valid_from:
        raise InvalidInput(
            f"Clause {clause.number} has a newer wording from {before.valid_from.isoformat()}; "
            "give --from that day or a later one."
        )
