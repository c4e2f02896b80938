"""What is on one person's plate: cases held, reviews just recorded, drafts left behind, questions to legal.

Each list is found by an index over the person and ends at `LISTED`; none counts what somebody has done.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.commitments import parse_envelope
from review.domain.states import LIVE, MOVES, CaseState
from review.errors import TrailBroken
from review.models import Case, Draft, Escalation, Opening, Review, ReviewCompanion
from review.queries.cases import (
    CaseSummary,
    held_cases,
    not_passed_by,
    not_reviewed_by,
    not_set_aside_by,
    shown_state,
    summaries_of,
)
from review.queries.own_left import WOKEN_BACK

Row = TypeVar("Row")

LISTED = 50
REVIEWS_BACK = timedelta(hours=24)
QUESTIONS_BACK = timedelta(days=14)

_REVIEW_STATES = ("undoable", "recorded", "withdrawn")
"""Of a review, in the order in which they are listed; what the service made of it is not to be seen here."""


@dataclass(frozen=True)
class HeldCase:
    """A case that the person holds: whether a lead gave it, and when its draft was saved, if there is one."""

    case: CaseSummary
    assigned: bool
    drafted_at: datetime | None


@dataclass(frozen=True)
class OwnReview:
    """A review that the person recorded: ``state`` is undoable, recorded or withdrawn.

    ``recorded_with`` is the case in whose step it was recorded, where it was ticked there.
    """

    case_id: str
    intake_kind: str
    outcome: str
    recorded_at: datetime
    undo_until: datetime
    state: str
    recorded_with: str | None = None


@dataclass(frozen=True)
class LeftDraft:
    """A draft of a live case that the person does not hold now."""

    case: CaseSummary
    saved_at: datetime


@dataclass(frozen=True)
class OwnQuestion:
    """A question to legal: ``state`` is waiting, advised, ended or withdrawn; where its case stands now."""

    case_id: str
    asked_at: datetime
    ended_at: datetime | None
    state: str
    case_state: str


@dataclass(frozen=True)
class Listed(Generic[Row]):
    """Rows of one list, and whether there are more than it shows."""

    rows: tuple[Row, ...]
    more: bool


def held_now(reader: Session, *, account_id: str, now: datetime) -> tuple[HeldCase, ...]:
    """The cases that the person holds, in queue order."""
    held = held_cases(reader, account_id=account_id, now=now)
    given = _assigned(reader, {case.id: case.claim_generation for case in held})
    drafts = sa.select(Draft.case_id, Draft.saved_at).where(
        Draft.account_id == account_id, Draft.case_id.in_([case.id for case in held])
    )
    saved = {row.case_id: row.saved_at for row in reader.execute(drafts)} if held else {}
    return tuple(HeldCase(case, case.id in given, saved.get(case.id)) for case in held)


def _assigned(reader: Session, generations: dict[str, int]) -> set[str]:
    """Those whose running claim a lead made, as the event of that claim says."""
    if not generations:
        return set()
    events = sa.select(Opening.object_id, Opening.envelope).where(
        Opening.object_kind == "case",
        Opening.object_id.in_(generations),
        Opening.event_type == MOVES["assign"].event,
    )
    return {
        row.object_id
        for row in reader.execute(events)
        if _generation_in(row.envelope) == generations[row.object_id]
    }


def _generation_in(envelope: bytes) -> object:
    """The generation of the claim; None where the envelope was changed, which verify says."""
    try:
        return parse_envelope(envelope).get("meta", {}).get("generation")
    except TrailBroken:
        return None


def own_reviews(reader: Session, *, account_id: str, now: datetime) -> Listed[OwnReview]:
    """What the person recorded in the last 24 hours and did not undo: first what can be undone."""
    dropped, main = Review.undone_at >= Review.undo_until, sa.orm.aliased(Review)
    rows = reader.execute(
        sa.select(
            Review.id,
            Review.case_id,
            Case.intake_kind,
            Review.outcome,
            Review.recorded_at,
            Review.undo_until,
            Review.dispatched_at,
            Case.pending_review_id,
            main.case_id.label("recorded_with"),
        )
        .join(Case, Case.id == Review.case_id)
        .where(
            Review.account_id == account_id,
            Review.recorded_at > now - REVIEWS_BACK,
            sa.or_(Review.undone_at.is_(None), dropped),
        )
        .outerjoin(ReviewCompanion, ReviewCompanion.review_id == Review.id)
        .outerjoin(main, main.id == ReviewCompanion.main_review_id)
        .order_by(Review.recorded_at.desc())
        .limit(LISTED + 1)
    ).all()
    found = [
        OwnReview(
            row.case_id,
            row.intake_kind,
            row.outcome,
            row.recorded_at,
            row.undo_until,
            _review_state(
                waits=row.pending_review_id == row.id,
                sent=row.dispatched_at is not None,
                undoable=row.undo_until > now,
            ),
            row.recorded_with,
        )
        for row in rows[:LISTED]
    ]
    # of one step the case whose form it was comes first: its undo takes all back
    found.sort(key=lambda review: review.recorded_with is not None)
    found.sort(key=lambda review: review.recorded_at, reverse=True)
    found.sort(key=lambda review: _REVIEW_STATES.index(review.state))
    return Listed(tuple(found), len(rows) > LISTED)


def _review_state(*, waits: bool, sent: bool, undoable: bool) -> str:
    if not waits and not sent:
        return "withdrawn"
    return "undoable" if waits and undoable else "recorded"


def left_drafts(
    reader: Session, *, account_id: str, now: datetime, resolves: bool = False
) -> Listed[LeftDraft]:
    """Drafts of live cases that one does not hold, the last saved first.

    Left out are cases passed on, and those that are listed as set aside.
    """
    held = sa.and_(Case.claimed_by == account_id, Case.claimed_until > now)
    rows = reader.execute(
        sa.select(Draft.case_id, Draft.saved_at)
        .join(Case, Case.id == Draft.case_id)
        .where(
            Draft.account_id == account_id,
            Case.state.in_(LIVE),
            ~sa.func.coalesce(held, sa.false()),
            not_set_aside_by(account_id, now - WOKEN_BACK),
            not_passed_by(account_id),
        )
        .order_by(Draft.saved_at.desc())
        .limit(LISTED + 1)
    ).all()
    shown = rows[:LISTED]
    ids = [row.case_id for row in shown]
    cases = summaries_of(reader, ids, account_id=account_id, now=now, resolves=resolves)
    return Listed(
        tuple(LeftDraft(cases[row.case_id], row.saved_at) for row in shown if row.case_id in cases),
        len(rows) > LISTED,
    )


def own_questions(reader: Session, *, account_id: str, now: datetime) -> Listed[OwnQuestion]:
    """What the person asked legal in the last 14 days, the newest first."""
    rows = reader.execute(
        sa.select(
            Escalation.case_id,
            Escalation.asked_at,
            Escalation.ended_at,
            Escalation.advised_by,
            Case.state,
            (~not_reviewed_by(account_id)).label("recorded"),
        )
        .join(Case, Case.id == Escalation.case_id)
        .where(Escalation.asked_by == account_id, Escalation.asked_at > now - QUESTIONS_BACK)
        .order_by(Escalation.asked_at.desc())
        .limit(LISTED + 1)
    ).all()
    found = tuple(
        OwnQuestion(
            row.case_id,
            row.asked_at,
            row.ended_at,
            _question_state(
                ended=row.ended_at is not None,
                advised=row.advised_by is not None,
                waits=row.state == CaseState.ESCALATED,
            ),
            shown_state(row.state, recorded=row.recorded),
        )
        for row in rows[:LISTED]
    )
    return Listed(found, len(rows) > LISTED)


def _question_state(*, ended: bool, advised: bool, waits: bool) -> str:
    if ended:
        return "advised" if advised else "ended"
    return "waiting" if waits else "withdrawn"
