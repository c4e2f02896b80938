"""Judging a case: draft, record, undo within the window, dispatch as the decision that answers its items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.claiming import Claim, claim_length, lock_account, take_next
from review.actions.companions import LeftOut, Ticked, Undone, check_ticked, take_ticked
from review.actions.drafting import forget_draft, hold_own, refusal, store_draft, unwritten
from review.domain.decisions import ReviewInput, check_review, form_fields, inserted_snippets
from review.domain.drafts import SeenDraft
from review.domain.ids import new_id
from review.domain.narrowing import EVERYTHING, Narrowed
from review.domain.permissions import Actor, Permission, check_permission
from review.domain.states import MOVES, ROUND_IN, CaseState, Round
from review.errors import (
    InvalidInput,
    NotFound,
    NothingToUndo,
    NotPermitted,
    ReviewError,
    UndoWindowOver,
)
from review.models import Case, Review, ReviewClause, ReviewCompanion, ReviewSnippet
from review.models.rows import insert_rows
from review.prepared import Prepared
from review.queries import companions, decisions
from review.queries.cases import is_held_by
from review.queries.decisions import StoredReview
from review.queries.looks import look_behind

ORDER_UNDO_SECONDS = 10
LONGEST_DRAFT = 200_000
_TOO_LATE = "The time to undo this review is over; it stands as recorded."


@dataclass(frozen=True)
class Recorded:
    """The review recorded, until when its author can undo it, and the next case if one was claimed.

    ``also``: further cases recorded in the same step; ``left_out``: those that could not be.
    """

    review_id: str
    undo_until: datetime
    next_claim: Claim | None = None
    also: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True)
class _Seen:
    """Which state of which case the reviewer judged, and beside which other review of the same step."""

    case_id: str
    version: int
    claim_generation: int
    main_review_id: str | None = None


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
    also: Sequence[Ticked] = (),
    narrowed: Narrowed = EVERYTHING,
) -> Recorded:
    """Record one's review of the case one holds; it waits for the undo window, then it is dispatched.

    ``also`` are further cases of the same referral, each with a review of its own in the same step; one that
    somebody else holds or that has changed is left out. With ``then_next`` the next case of the queue is
    claimed in the same step, if there is one. Raises `InvalidReview`, `AlreadyRecorded`, `ClaimLost` or
    `StaleVersion`; nothing is stored then.
    """
    check_permission(actor, Permission.REVIEW_CASE)
    check_ticked(also)
    with db.transaction() as writer:
        now = clock.now()
        if then_next:
            lock_account(writer, actor)
        facts = decisions.review_facts(
            writer, case_id, review, on=now.date(), also=[one.case_id for one in also]
        )
        if facts is None:
            raise NotFound()
        seen = _Seen(case_id, version, claim_generation)
        ended = _end_claim(writer, seen, actor=actor, now=now)
        if ended is None:
            raise refusal(writer, case_id, claim_generation, actor, now, version=version)
        check_review(review, facts=facts)
        review = replace(review, snippets=inserted_snippets(review, facts.snippets))
        undo_until = now + timedelta(seconds=_undo_seconds(facts.intake_kind))
        _insert_review(writer, ended, review, seen, actor=actor, now=now, undo_until=undo_until)
        claims, left_out = take_ticked(writer, case_id, also, actor=actor, now=now) if also else ([], [])
        for one in claims:
            other = _Seen(one.case_id, one.version, one.claim_generation, main_review_id=ended.review_id)
            too = _end_claim(writer, other, actor=actor, now=now)
            if too is None:  # its row is locked since it was claimed, so nobody came between
                raise refusal(writer, one.case_id, one.claim_generation, actor, now, version=one.version)
            _insert_review(writer, too, review, other, actor=actor, now=now, undo_until=undo_until)
        claim = take_next(writer, actor=actor, now=now, narrowed=narrowed) if then_next else None
        recorded_too = tuple(one.case_id for one in claims)
        return Recorded(ended.review_id, undo_until, claim, also=recorded_too, left_out=tuple(left_out))


@dataclass(frozen=True)
class _Place:
    """Where a new review goes: its id, and the round that its case was in."""

    review_id: str
    round: Round


def _end_claim(writer: Session, seen: _Seen, *, actor: Actor, now: datetime) -> _Place | None:
    """Let the case wait for a new review instead of its holder; None where it cannot be."""
    review_id = new_id("V")
    state = _RECORD.scalar(
        writer,
        case_id=seen.case_id,
        claim_generation=seen.claim_generation,
        seen_version=seen.version,
        account_id=actor.account_id,
        now=now,
        review_id=review_id,
    )
    return None if state is None else _Place(review_id, ROUND_IN[CaseState(state)])


def _undo_seconds(intake_kind: str) -> int:
    seconds = int(current_app.config["REVIEW_SETTINGS"].undo_seconds)
    return min(seconds, ORDER_UNDO_SECONDS) if intake_kind == "removal_order" else seconds


def _insert_review(
    writer: Session,
    place: _Place,
    review: ReviewInput,
    seen: _Seen,
    *,
    actor: Actor,
    now: datetime,
    undo_until: datetime,
) -> None:
    review_id = place.review_id
    row = {
        "id": review_id,
        "case_id": seen.case_id,
        "round": place.round,
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
    snippets = [{"review_id": review_id, "snippet_version_id": one} for one in review.snippets]
    insert_rows(writer, ReviewSnippet, snippets)
    if seen.main_review_id is not None:
        companion = {"review_id": review_id, "main_review_id": seen.main_review_id}
        insert_rows(writer, ReviewCompanion, [companion])
    forget_draft(writer, seen.case_id, actor)
    _record_review_event(writer, place, review, seen, actor=actor, now=now)


def _record_review_event(
    writer: Session,
    place: _Place,
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
            "review": place.review_id,
            "rationale": review.rationale,
            "statement": review.statement or None,
            "clauses": list(review.clauses) or None,
            "law": review.law,
            "territory": review.territory,
            "snippets": list(review.snippets) or None,
            "recorded_with": seen.main_review_id,
            "precedents": list(behind.precedents) or None,
        },
        meta={
            "round": place.round.value,
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


def save_draft(
    case_id: str,
    fields: Mapping[str, Any],
    *,
    claim_generation: int,
    actor: Actor,
    unasked: bool = False,
    seen: SeenDraft | None = None,
) -> datetime:
    """Keep what one has typed so far, by field name, while one holds the case; when it was saved.

    ``unasked``, as at every pause while somebody types, leaves one event a claim: the text of a draft is not
    on the trail, so that a second one would only say again that there is a draft. ``seen``: what the form
    knows of the draft, None to replace it whatever it is. Raises `ClaimLost`, `AlreadyRecorded`,
    `DraftChanged` where another window saved since, or `InvalidInput` above 200 000 characters in all.
    """
    check_permission(actor, Permission.REVIEW_CASE)
    if len(str(dict(fields))) > LONGEST_DRAFT:
        raise InvalidInput(f"The draft is longer than {LONGEST_DRAFT} characters; shorten it, then save.")
    with db.transaction() as writer:
        now = clock.now()
        hold_own(writer, case_id, claim_generation, actor, now)
        kept = unwritten(writer, case_id, fields, actor)
        first = store_draft(
            writer, case_id, kept, claim_generation=claim_generation, actor=actor, at=now, seen=seen
        )
        if first or not unasked:
            meta = {"generation": claim_generation}
            ledger.record(writer, MOVES["save_draft"].event, case_id, actor=actor, at=now, meta=meta)
        return now


def undo_review(case_id: str, *, actor: Actor) -> Undone:
    """Take one's own pending review back while its window runs.

    The text comes back as draft and the case is claimed anew, even at five claims. What was recorded in the
    same step is taken back with it, free again and ticked in the draft; of such a case the review can be
    undone alone too. Raises `NotFound`, `NotPermitted` for somebody else's review, `UndoWindowOver`, or
    `NothingToUndo`.
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
        if not _reopen(writer, review, generation, actor, now, keep=True):
            raise UndoWindowOver(_TOO_LATE)
        _record_undo(writer, review, actor, now)
        ledger.record(
            writer,
            MOVES["claim"].event,
            case_id,
            actor=actor,
            at=now,
            meta={"generation": generation, "way": "undo"},
        )
        also = []
        for companion_id in companions.recorded_with(writer, review.id):
            companion = decisions.review_by_id(writer, companion_id)
            if companion is not None and _reopen(writer, companion, 0, actor, now, keep=False):
                _record_undo(writer, companion, actor, now)
                also.append(companion.case_id)
        fields = form_fields(review.content) | companions.ticked_again(writer, also)
        store_draft(writer, case_id, fields, claim_generation=generation, actor=actor, at=now)
        return Undone(generation, tuple(also))


def _record_undo(writer: Session, review: StoredReview, actor: Actor, now: datetime) -> None:
    ledger.record(
        writer,
        MOVES["undo_review"].event,
        review.case_id,
        actor=actor,
        at=now,
        fields={"review": review.id},
        meta={"round": review.round.value},
    )


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


def _reopen(
    writer: Session, review: StoredReview, generation: int, actor: Actor, now: datetime, *, keep: bool
) -> bool:
    """Take a pending review back, whose author keeps the case or gives it to the queue; False when too late.

    Case first, then review: the order in which every write takes the two rows.
    """
    held = {
        "claimed_by": actor.account_id,
        "claimed_until": now + claim_length(),
        "claim_generation": generation,
    }
    reopened = writer.scalar(
        sa.update(Case)
        .where(
            Case.id == review.case_id,
            Case.state.in_(MOVES["undo_review"].sources),
            Case.pending_review_id == review.id,
        )
        .values(pending_review_id=None, version=Case.version + 1, **(held if keep else {}))
        .returning(Case.id)
        .execution_options(synchronize_session=False)
    )
    if reopened is None:
        return False
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
    if undone is None:
        raise UndoWindowOver(_TOO_LATE)
    return True
