"""Writing an internal note on a case: appended for good, with the people that it mentions."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.drafting import forget_note
from review.domain.ids import new_id
from review.domain.notes import mentioned, names_in, note_text
from review.domain.permissions import Actor, Permission, Role, check_permission
from review.domain.states import MOVES
from review.errors import AlreadyClosed, ClaimLost, NotFound
from review.models import Case, Note, NoteMention
from review.queries.notes import readers_named

ANY_CASE = frozenset({Role.LEAD, Role.LEGAL})
"""Who writes notes on cases that they do not hold."""


def write_note(
    case_id: str, text: str, *, pinned: bool = False, claim_generation: int | None = None, actor: Actor
) -> str:
    """Append a note to the case that one holds, or, for leads and legal, to any; its id.

    ``claim_generation`` is that of the form. Raises `InvalidInput` for what cannot be a note, `NotFound`,
    `ClaimLost`, or `AlreadyClosed` where everything in the case was withdrawn.
    """
    move = MOVES["write_note"]
    permission = Permission.READ_RECORDS if actor.role is Role.LEGAL else Permission.REVIEW_CASE
    check_permission(actor, permission)
    kept = note_text(text)
    names = names_in(kept)
    with db.transaction() as writer:
        now = clock.now()
        people = readers_named(writer, names)
        mentions = [people[name] for name in mentioned(names, {name.lower(): name for name in people})]
        generation = _locked(writer, case_id, claim_generation, actor=actor, now=now)
        note_id = new_id("N")
        row = {
            "id": note_id,
            "case_id": case_id,
            "account_id": actor.account_id,
            "text": kept,
            "claim_generation": generation,
            "written_at": now,
            "pinned": pinned,
        }
        writer.execute(sa.insert(Note), row)
        forget_note(writer, case_id, kept, actor)
        _mention(writer, note_id, [person.id for person in mentions if person.id != actor.account_id], now)
        ledger.record(
            writer,
            move.event,
            case_id,
            actor=actor,
            at=now,
            fields={
                "note": note_id,
                "text": kept,
                "mentions": [person.trail_id for person in mentions] or None,
            },
            meta={"generation": generation, "pinned": pinned},
        )
        return note_id


def _locked(
    writer: Session, case_id: str, claim_generation: int | None, *, actor: Actor, now: datetime
) -> int:
    """The claim generation of the case, which nobody claims or ends before this transaction does."""
    case = writer.get(Case, case_id, populate_existing=True, with_for_update={"key_share": True})
    if case is None:
        raise NotFound()
    if case.state not in MOVES["write_note"].sources:
        raise AlreadyClosed("Everything in this case was withdrawn; your note was not stored.")
    holds = (
        case.claimed_by == actor.account_id
        and case.claimed_until is not None
        and case.claimed_until > now
        and case.claim_generation == claim_generation
    )
    if not holds and actor.role not in ANY_CASE:
        raise ClaimLost(
            "Your claim on this case has ended, so the note was not stored. Your text is kept; claim the "
            "case again if it is free."
        )
    return case.claim_generation


def _mention(writer: Session, note_id: str, account_ids: Sequence[str], now: datetime) -> None:
    rows = [{"note_id": note_id, "account_id": account_id, "at": now} for account_id in account_ids]
    if rows:
        writer.execute(sa.insert(NoteMention), rows)
