"""Judging a case: draft, record, undo within the window, dispatch as the decision that answers its items."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.claiming import Claim, lock_account, take_next
from review.domain.decisions import ReviewInput, check_review, form_fields
from review.domain.ids import new_id
from review.domain.narrowing import EVERYTHING, Narrowed
from review.domain.permissions import Actor, Permission, check_permission
from review.domain.states import MOVES, ROUND_IN, CaseState, Round
from review.errors import (
    AlreadyRecorded,
    ClaimLost,
    InvalidInput,
    NotFound,
    NothingToUndo,
    NotPermitted,
    ReviewError,
    StaleVersion,
    UndoWindowOver,
)
from review.models import Case, Draft, Review, ReviewClause
from review.models.rows import insert_rows
from review.prepared import Prepared
from review.queries import decisions
from review.queries.cases import is_held_by
from review.queries.decisions import StoredReview
from review.queries.looks import look_behind

ORDER_UNDO_SECONDS = 10
LONGEST_DRAFT = 200_000
_TOO_LATE = "The time to undo this review is over; it stands as recorded."


@dataclass(frozen=True)
class Recorded:
    """The review recorded, until when its author can undo it, and the next case if one was claimed."""

    review_id: str
    undo_until: datetime
    next_claim: Claim | None = None


@dataclass(frozen=True)
class _Seen:
    """Which state of which case the reviewer judged, and in which round."""

    case_id: str
    round: Round
    version: int
    claim_generation: int


_RECORD = Prepared(
    lambda: (
        sa.update(Case)
        .where(
            Case.id == sa.bindparam("case_id"),
            Case.state.in_([sa.literal(state) for state in MOVES["record_review"].sources]),
            Case.pending_review_id.is_(None),
            Case.claim_generation == sa.bindparam("claim_generation"),
            Case.version == sa.bindparam("seen_version"),
            is_held_by(sa.bindparam("account_id"), sa.bindparam("now")),
        )
        .values(
            pending_review_id=sa.bindparam("review_id"),
            claimed_by=sa.null(),
            claimed_until=sa.null(),
            version=Case.version + sa.literal(1),
        )
        .returning(Case.state)
    )
)


def record_review(
    case_id: str,
    review: ReviewInput,
    *,
    claim_generation: int,
    version: int,
    actor: Actor,
    then_next: bool = False,
    narrowed: Narrowed = EVERYTHING,
) -> Recorded:
    """Record one's review of the case one holds; it waits for the undo window, then it is dispatched.

    With ``then_next`` the next case of the queue is claimed in the same step, if there is one. Raises
    `InvalidReview`, `AlreadyRecorded`, `ClaimLost` or `StaleVersion`; nothing is stored then.
    """
    check_permission(actor, Permission.REVIEW_CASE)
    with db.transaction() as writer:
        now = clock.now()
        if then_next:
            lock_account(writer, actor)
        facts = decisions.review_facts(writer, case_id, on=now.date())
        if facts is None:
            raise NotFound()
        review_id = new_id("V")
        state = _RECORD.scalar(
            writer,
            case_id=case_id,
            claim_generation=claim_generation,
            seen_version=version,
            account_id=actor.account_id,
            now=now,
            review_id=review_id,
        )
        if state is None:
            raise _refusal(writer, case_id, claim_generation, actor, now, version=version)
        check_review(review, facts=facts)
        undo_until = now + timedelta(seconds=_undo_seconds(facts.intake_kind))
        seen = _Seen(case_id, ROUND_IN[CaseState(state)], version, claim_generation)
        _insert_review(writer, review_id, review, seen, actor=actor, now=now, undo_until=undo_until)
        _delete_draft(writer, case_id, actor)
        _record_review_event(writer, review_id, review, seen, actor=actor, now=now)
        claim = take_next(writer, actor=actor, now=now, narrowed=narrowed) if then_next else None
        return Recorded(review_id=review_id, undo_until=undo_until, next_claim=claim)


def _undo_seconds(intake_kind: str) -> int:
    seconds = int(current_app.config["REVIEW_SETTINGS"].undo_seconds)
    return min(seconds, ORDER_UNDO_SECONDS) if intake_kind == "removal_order" else seconds


def _refusal(
    writer: Session,
    case_id: str,
    claim_generation: int,
    actor: Actor,
    now: datetime,
    *,
    version: int | None = None,
) -> ReviewError:
    """Which of the conditions of a write to one's own claimed case did not hold.

    Where all of them hold by now, the claim came after the write: it was not held then.
    """
    if decisions.standing_review(writer, case_id, account_id=actor.account_id) is not None:
        return AlreadyRecorded(
            "Your review of this case is recorded already; this one was not stored. See what is stored below."
        )
    case = writer.get(Case, case_id, populate_existing=True)
    if case is None:
        return NotFound()
    if case.state == CaseState.WITHDRAWN:
        return ClaimLost("Everything in this case was withdrawn; nothing is left to decide.")
    held = case.claimed_by == actor.account_id and case.claimed_until is not None and case.claimed_until > now
    if held and case.claim_generation == claim_generation and version not in (None, case.version):
        return StaleVersion(
            "An item joined or left this case since you opened the form; look at the items again, "
            "then record. Your text is kept."
        )
    return ClaimLost(
        "Your claim on this case has ended, so nothing was recorded. Your text is kept; claim the case again "
        "if it is free."
    )


def _insert_review(
    writer: Session,
    review_id: str,
    review: ReviewInput,
    seen: _Seen,
    *,
    actor: Actor,
    now: datetime,
    undo_until: datetime,
) -> None:
    row = {
        "id": review_id,
        "case_id": seen.case_id,
        "round": seen.round,
        "account_id": actor.account_id,
        "outcome": review.outcome,
        "ground": review.ground,
        "decline_reason": review.decline_reason,
        "law": review.law,
        "rationale": review.rationale,
        "statement": review.statement,
        "visibility": review.visibility,
        "account_measure": review.account,
        "territory": review.territory,
        "context": review.context,
        "over_broad": review.over_broad,
        "case_version": seen.version,
        "claim_generation": seen.claim_generation,
        "recorded_at": now,
        "undo_until": undo_until,
    }
    insert_rows(writer, Review, [row])
    clauses = [{"review_id": review_id, "clause_version_id": clause} for clause in review.clauses]
    insert_rows(writer, ReviewClause, clauses)


def _record_review_event(
    writer: Session,
    review_id: str,
    review: ReviewInput,
    seen: _Seen,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    behind = look_behind(writer, seen.case_id, account_id=actor.account_id)
    ledger.record(
        writer,
        MOVES["record_review"].event,
        seen.case_id,
        actor=actor,
        at=now,
        fields={
            "review": review_id,
            "rationale": review.rationale,
            "statement": review.statement or None,
            "clauses": list(review.clauses) or None,
            "law": review.law,
            "territory": review.territory,
            "precedents": list(behind.precedents) or None,
        },
        meta={
            "round": seen.round.value,
            "outcome": review.outcome,
            "ground": review.ground,
            "decline_reason": review.decline_reason,
            "visibility": review.visibility,
            "account": review.account,
            "context": review.context,
            "over_broad": review.over_broad,
            "version": seen.version,
            "generation": seen.claim_generation,
            "look": behind.look,
        },
    )


_FORGET_DRAFT = Prepared(
    lambda: sa.delete(Draft).where(
        Draft.case_id == sa.bindparam("case_id"), Draft.account_id == sa.bindparam("account_id")
    )
)


def _delete_draft(writer: Session, case_id: str, actor: Actor) -> None:
    _FORGET_DRAFT.all(writer, case_id=case_id, account_id=actor.account_id)


def _store_draft(
    writer: Session, case_id: str, fields: Mapping[str, Any], actor: Actor, now: datetime
) -> None:
    """Replace the author's draft; the caller holds the case's row, so two tabs come one after the other."""
    _delete_draft(writer, case_id, actor)
    writer.execute(
        sa.insert(Draft),
        {"case_id": case_id, "account_id": actor.account_id, "fields": dict(fields), "saved_at": now},
    )


def save_draft(case_id: str, fields: Mapping[str, Any], *, claim_generation: int, actor: Actor) -> datetime:
    """Keep what one has typed so far, by field name, while one holds the case; when it was saved.

    Raises `ClaimLost`, `AlreadyRecorded`, or `InvalidInput` above 200 000 characters in all.
    """
    check_permission(actor, Permission.REVIEW_CASE)
    if len(str(dict(fields))) > LONGEST_DRAFT:
        raise InvalidInput(f"The draft is longer than {LONGEST_DRAFT} characters; shorten it, then save.")
    with db.transaction() as writer:
        now = clock.now()
        held = writer.scalar(
            sa.select(Case.id)
            .where(
                Case.id == case_id,
                Case.claim_generation == claim_generation,
                is_held_by(actor.account_id, now),
            )
            .with_for_update()
        )
        if held is None:
            raise _refusal(writer, case_id, claim_generation, actor, now)
        _store_draft(writer, case_id, fields, actor, now)
        meta = {"generation": claim_generation}
        ledger.record(writer, MOVES["save_draft"].event, case_id, actor=actor, at=now, meta=meta)
        return now


def undo_review(case_id: str, *, actor: Actor) -> int:
    """Take one's own pending review back while its window runs; the generation of the new claim.

    The text comes back as draft and the case is claimed anew, even at five claims. Raises `NotFound`,
    `NotPermitted` for somebody else's review, `UndoWindowOver`, or `NothingToUndo`.
    """
    check_permission(actor, Permission.REVIEW_CASE)
    with db.transaction() as writer:
        now = clock.now()
        # locked first, so that the second half of a double click sees what the first did
        case = writer.get(Case, case_id, populate_existing=True, with_for_update={"key_share": True})
        if case is None:
            raise NotFound()
        review = decisions.review_by_id(writer, case.pending_review_id or "")
        if review is None or review.account_id != actor.account_id:
            raise _nothing_to_undo(writer, case, actor, others=review is not None)
        generation = case.claim_generation + 1
        _reopen(writer, review, generation, actor, now)
        _store_draft(writer, case_id, form_fields(review.content), actor, now)
        ledger.record(
            writer,
            MOVES["undo_review"].event,
            case_id,
            actor=actor,
            at=now,
            fields={"review": review.id},
            meta={"round": review.round.value},
        )
        ledger.record(
            writer,
            MOVES["claim"].event,
            case_id,
            actor=actor,
            at=now,
            meta={"generation": generation, "way": "undo"},
        )
        return generation


def _nothing_to_undo(writer: Session, case: Case, actor: Actor, *, others: bool) -> ReviewError:
    """What happened to a case that waits for no review of this person any more.

    The same whatever became of a review that stands, and whether a colleague's waits now (``others``).
    """
    own = decisions.standing_review(writer, case.id, account_id=actor.account_id)
    if own is not None and own.dispatched_at is not None:
        return UndoWindowOver(_TOO_LATE)
    if case.state == CaseState.WITHDRAWN:
        return NothingToUndo(
            "Everything in this case was withdrawn meanwhile: your review answers nobody, nothing is to undo."
        )
    if others:
        return NotPermitted("Only the author of a review can undo it.")
    return NothingToUndo("There is no review of this case that waits to go out.")


def _reopen(writer: Session, review: StoredReview, generation: int, actor: Actor, now: datetime) -> None:
    """Case first, then review: the order in which every write takes the two rows."""
    claim_seconds = current_app.config["REVIEW_SETTINGS"].claim_seconds
    reopened = writer.scalar(
        sa.update(Case)
        .where(
            Case.id == review.case_id,
            Case.state.in_(MOVES["undo_review"].sources),
            Case.pending_review_id == review.id,
        )
        .values(
            pending_review_id=None,
            claimed_by=actor.account_id,
            claimed_until=now + timedelta(seconds=claim_seconds),
            claim_generation=generation,
            version=Case.version + 1,
        )
        .returning(Case.id)
        .execution_options(synchronize_session=False)
    )
    undone = writer.scalar(
        sa.update(Review)
        .where(
            Review.id == review.id,
            Review.account_id == actor.account_id,
            Review.undone_at.is_(None),
            Review.dispatched_at.is_(None),
            Review.undo_until > now,
        )
        .values(undone_at=now)
        .returning(Review.id)
        .execution_options(synchronize_session=False)
    )
    if reopened is None or undone is None:
        raise UndoWindowOver(_TOO_LATE)
