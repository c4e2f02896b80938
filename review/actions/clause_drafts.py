"""Drafts of our terms: begin, save, discard, and publish what somebody else drafted."""

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.publishing import (
    LockedClause,
    add_clause,
    draft_fields,
    lock_clauses,
    newest_versions,
    publish_version,
    trail_id_of,
)
from review.domain.clause_drafts import Published, Wording, check_wording, may_publish
from review.domain.commitments import new_eid
from review.domain.holds import SecondPersonNeeded
from review.domain.permissions import Actor, Permission, check_permission
from review.errors import AlreadyExists, NotFound, StaleVersion
from review.models import Clause, ClauseDraft, ClauseVersion


def draft_new_clause(document: str, number: str, wording: Wording, *, actor: Actor) -> str:
    """Begin a clause that does not exist yet, as a draft; its id.

    Raises `AlreadyExists` where the document has the number, in force or as somebody's draft,
    `InvalidInput` for a wording that cannot be.
    """
    check_permission(actor, Permission.EDIT_CLAUSES)
    now = clock.now()
    check_wording(wording, None, today=now.date())
    taken = AlreadyExists(f"{document} has a clause {number} already; open it, or choose another number.")
    with db.transaction() as writer:
        try:
            bare = lock_clauses(
                writer,
                Clause.document == document,
                Clause.number == number,
                ~sa.exists().where(ClauseVersion.clause_id == Clause.id),
            )
            # one whose only draft was discarded takes up its own trail again
            clause_id = bare[0].id if bare else add_clause(writer, document, number, at=now)
            _insert_draft(writer, clause_id, wording, actor=actor, at=now)
        except IntegrityError as error:
            raise taken from error
        _record_draft(writer, clause_id, wording, document=document, number=number, actor=actor, at=now)
    return clause_id


def save_clause_draft(clause_id: str, wording: Wording, *, version: str, actor: Actor) -> None:
    """Begin or change the draft of a clause; who saves last is its author.

    ``version`` is what the form saw, blank where there was no draft. A wording that ends the clause repeats
    the words of the newest version. Raises `StaleVersion` where somebody saved, published or discarded
    meanwhile, `InvalidInput` for a wording that cannot follow the newest version, `NotFound`.
    """
    check_permission(actor, Permission.EDIT_CLAUSES)
    now = clock.now()
    with db.transaction() as writer:
        clause, newest = _lock_clause(writer, clause_id)
        if wording.ends and newest is not None:
            wording = replace(wording, title=newest.title, text=newest.text)
        if version:
            _change_draft(writer, clause_id, wording, version=version, actor=actor, at=now)
        else:
            try:
                _insert_draft(writer, clause_id, wording, actor=actor, at=now)
            except IntegrityError as error:
                raise StaleVersion("Somebody else has begun a draft of this clause meanwhile.") from error
        check_wording(wording, newest, today=now.date())
        _record_draft(
            writer, clause_id, wording, document=clause.document, number=clause.number, actor=actor, at=now
        )


def discard_clause_draft(clause_id: str, *, version: str, actor: Actor) -> None:
    """Take a draft out; the trail keeps that it was there and the digest of its text.

    Raises `StaleVersion` where the draft is not the one that the form saw, or gone.
    """
    check_permission(actor, Permission.EDIT_CLAUSES)
    now = clock.now()
    with db.transaction() as writer:
        _lock_clause(writer, clause_id)
        wording, drafted_by = _take_draft(writer, clause_id, version=version)
        ledger.record(
            writer,
            "clause.draft_discarded",
            clause_id,
            actor=actor,
            at=now,
            fields={"drafted_by": trail_id_of(writer, drafted_by)},
            meta={"ends": wording.ends or None},
        )


def publish_clause(clause_id: str, *, version: str, replaces: int, actor: Actor) -> int:
    """Publish the draft that somebody else saved, as the version that the number returned names.

    ``version`` and ``replaces`` are what the page of confirmation showed: the draft, and the number of the
    published version it was compared with (0 for none). Raises `StaleVersion` where either is another
    now, `SecondPersonNeeded` for one's own draft, `InvalidInput` where its day has passed.
    """
    check_permission(actor, Permission.PUBLISH_CLAUSES)
    now = clock.now()
    with db.transaction() as writer:
        clause, newest = _lock_clause(writer, clause_id)
        wording, drafted_by = _take_draft(writer, clause_id, version=version)
        if not may_publish(actor, drafted_by=drafted_by):
            raise SecondPersonNeeded(
                "You drafted this yourself; another administrator or legal publishes it."
            )
        if replaces != (newest.version if newest else 0):
            raise StaleVersion("Another version was published meanwhile; read the difference again.")
        check_wording(wording, newest, today=now.date())
        publish_version(
            writer,
            clause_id,
            replaces + 1,
            wording,
            document=clause.document,
            number=clause.number,
            drafted_by=drafted_by,
            actor=actor,
            at=now,
        )
    return replaces + 1


def _lock_clause(writer: Session, clause_id: str) -> tuple[LockedClause, Published | None]:
    found = lock_clauses(writer, Clause.id == clause_id)
    if not found:
        raise NotFound("There is no such clause; open it from the list.")
    return found[0], newest_versions(writer, Clause.id == clause_id).get(clause_id)


def _draft_values(wording: Wording, *, actor: Actor, at: datetime) -> dict[str, object]:
    return {
        "version": new_eid(),
        "ends": wording.ends,
        "title": wording.title,
        "text": wording.text,
        "valid_from": wording.valid_from,
        "reason": wording.reason,
        "drafted_by": actor.account_id,
        "saved_at": at,
    }


def _insert_draft(writer: Session, clause_id: str, wording: Wording, *, actor: Actor, at: datetime) -> None:
    writer.execute(
        sa.insert(ClauseDraft), {"clause_id": clause_id} | _draft_values(wording, actor=actor, at=at)
    )


def _change_draft(
    writer: Session, clause_id: str, wording: Wording, *, version: str, actor: Actor, at: datetime
) -> None:
    changed = writer.execute(
        sa.update(ClauseDraft)
        .where(ClauseDraft.clause_id == clause_id, ClauseDraft.version == version)
        .values(_draft_values(wording, actor=actor, at=at))
        .returning(ClauseDraft.clause_id)
        .execution_options(synchronize_session=False)
    )
    if changed.one_or_none() is None:
        raise StaleVersion("Somebody else has saved, published or discarded this draft meanwhile.")


def _take_draft(writer: Session, clause_id: str, *, version: str) -> tuple[Wording, str]:
    """Delete the draft if it is still the one that the form saw; what it said, and who saved it."""
    taken = writer.execute(
        sa.delete(ClauseDraft)
        .where(ClauseDraft.clause_id == clause_id, ClauseDraft.version == version)
        .returning(
            ClauseDraft.title,
            ClauseDraft.text,
            ClauseDraft.valid_from,
            ClauseDraft.reason,
            ClauseDraft.ends,
            ClauseDraft.drafted_by,
        )
        .execution_options(synchronize_session=False)
    )
    draft = taken.one_or_none()
    if draft is None:
        raise StaleVersion("Somebody else has saved, published or discarded this draft meanwhile.")
    return Wording(draft.title, draft.text, draft.valid_from, draft.reason, draft.ends), draft.drafted_by


def _record_draft(
    writer: Session,
    clause_id: str,
    wording: Wording,
    *,
    document: str,
    number: str,
    actor: Actor,
    at: datetime,
) -> None:
    ledger.record(
        writer,
        "clause.drafted",
        clause_id,
        actor=actor,
        at=at,
        fields=draft_fields(wording, document=document, number=number),
        meta={"ends": wording.ends or None},
    )
