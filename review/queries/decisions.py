"""What has been judged, what is due to go out, and which facts of a case do the rules of a review need?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.db import Moment
from review.domain.clause_text import natural_order
from review.domain.decisions import ReviewFacts, ReviewInput
from review.domain.outward import is_telling
from review.domain.removal_order import order_names
from review.domain.snippets import Snippet
from review.domain.states import CaseState, Round
from review.models import Case, Clause, ClauseVersion, Draft, Item, Referral, Review, ReviewClause, Sender
from review.prepared import Prepared
from review.queries.clauses import ClauseInForce, clauses_in_force
from review.queries.registered import registered_names
from review.queries.snippets import every_wording, snippets_named, snippets_of_review
from review.queries.staff import staff_named

MOST_SNIPPETS = 400
"""Two for each of the clauses that a review may name, and as many that were inserted before a change."""


@dataclass(frozen=True)
class StoredReview:
    """A review as it stands, and how long its author can undo it; ``letter`` is for whoever resolves."""

    id: str
    case_id: str
    round: Round
    account_id: str
    content: ReviewInput
    clauses: tuple[ClauseInForce, ...]
    case_version: int
    recorded_at: datetime
    undo_until: datetime
    dispatched_at: datetime | None
    letter: str | None


@dataclass(frozen=True)
class StoredDraft:
    """What somebody typed into the form of a case, by field name, and when it was saved."""

    fields: dict[str, Any]
    saved_at: datetime


_NAMES = Prepared(
    lambda: (
        sa.select(
            Case.intake_kind,
            Case.state,
            Sender.name,
            Referral.reference,
            Referral.issuing_authority,
            Referral.contact_name,
            Referral.contact_email,
            Referral.removal_order,
        )
        .distinct()
        .select_from(Case)
        .outerjoin(Item, Item.case_id == Case.id)
        .outerjoin(Referral, Referral.id == Item.referral_id)
        .outerjoin(Sender, Sender.id == Referral.sender_id)
        .where(Case.id == sa.bindparam("case_id"))
    )
)
_DRAFT = Prepared(
    lambda: sa.select(Draft.fields, Draft.saved_at).where(
        Draft.case_id == sa.bindparam("case_id"), Draft.account_id == sa.bindparam("account_id")
    )
)


def review_facts(
    reader: Session, case_id: str, review: ReviewInput, *, on: date, also: Sequence[str] = ()
) -> ReviewFacts | None:
    """What the rules of the form need to know of a case; None when there is no such case.

    The statement goes to the senders of the cases in ``also`` too.
    """
    rows = _NAMES.all(reader, case_id=case_id)
    if not rows:
        return None
    others = [row for other in also for row in _NAMES.all(reader, case_id=other)]
    names, references = sender_names([row for row in (*rows, *others) if row.name is not None])
    in_force = clauses_in_force(reader, on=on)
    return ReviewFacts(
        intake_kind=rows[0].intake_kind,
        clauses_in_force=frozenset(clause.version_id for clause in in_force),
        sender_names=names,
        sender_references=references,
        registered=registered_names(reader),
        snippets=_snippets_for(reader, review, in_force),
        ready_made=_ready_made(review, in_force) if review.outcome == "accepted" else (),
        colleague=staff_named(reader, review.statement),
        complained=rows[0].state == CaseState.COMPLAINT,
    )


def _snippets_for(
    reader: Session, review: ReviewInput, in_force: Sequence[ClauseInForce]
) -> tuple[Snippet, ...]:
    """What is ready-made for the clauses that a review names, and what it says was inserted before that.

    For an accept also what the texts said before they were changed: that is nobody's own sentence either.
    """
    now = {
        snippet.version_id: snippet
        for clause in in_force
        if clause.version_id in review.clauses
        for snippet in clause.snippets
    }
    earlier = sorted(set(review.snippets) - now.keys())[:MOST_SNIPPETS]
    found = now | ({one.version_id: one for one in snippets_named(reader, earlier)} if earlier else {})
    if review.outcome == "accepted" and any(one.version > 1 for one in now.values()):
        found |= {one.version_id: one for one in every_wording(reader, now.keys())}
    return tuple(found.values())


def _ready_made(review: ReviewInput, in_force: Sequence[ClauseInForce]) -> tuple[str, ...]:
    """Every ready-made text that stands now, and the wording of the clauses that a review names."""
    texts = [snippet.text for clause in in_force for snippet in clause.snippets]
    return (*texts, *(clause.text for clause in in_force if clause.version_id in review.clauses))


def sender_names(rows: Sequence[Any]) -> tuple[frozenset[str], frozenset[str]]:
    """The names, and the references, by which a sender of this case could be known.

    What a sender chose itself counts only where it is no ordinary word: with a reference ``the`` nobody
    could write a sentence.
    """
    chosen = {text for row in rows for text in (row.issuing_authority, row.contact_name) if text}
    references = {text for row in rows for text in (row.reference, row.contact_email) if text}
    for row in rows:
        names, numbers = order_names(row.removal_order)
        chosen, references = chosen | names, references | numbers
    return (
        frozenset(row.name for row in rows) | {text for text in chosen if is_telling(text)},
        frozenset(text for text in references if is_telling(text)),
    )


def draft_of(reader: Session, case_id: str, *, account_id: str | None) -> StoredDraft | None:
    """This person's own draft of a case, if there is one."""
    row = _DRAFT.first(reader, case_id=case_id, account_id=account_id)
    return None if row is None else StoredDraft(fields=dict(row.fields), saved_at=row.saved_at)


def standing_review(reader: Session, case_id: str, *, account_id: str | None) -> StoredReview | None:
    """This person's own review of a case that was not undone."""
    review = reader.scalars(
        sa.select(Review)
        .where(Review.case_id == case_id, Review.account_id == account_id, Review.undone_at.is_(None))
        .order_by(Review.recorded_at.desc())
        .limit(1)
    ).one_or_none()
    return None if review is None else _stored(reader, review)


def standing_reviews(reader: Session, case_id: str) -> tuple[StoredReview, ...]:
    """Every review of a case that was not undone, in the order of the rounds."""
    found = [_stored(reader, review) for review in _STANDING.all(reader, case_id=case_id)]
    return tuple(sorted(found, key=lambda review: (list(Round).index(review.round), review.recorded_at)))


_STANDING = Prepared(
    lambda: sa.select(Review).where(Review.case_id == sa.bindparam("case_id"), Review.undone_at.is_(None))
)
_REVIEW = Prepared(lambda: sa.select(Review).where(Review.id == sa.bindparam("review_id")))


def review_by_id(reader: Session, review_id: str) -> StoredReview | None:
    """A review whose id is known, undone or not; None when there is none."""
    review = _REVIEW.first(reader, review_id=review_id)
    return None if review is None else _stored(reader, review)


def _stored(reader: Session, review: Any) -> StoredReview:
    clauses = _clauses_of(reader, review.id) if review.ground == "terms" else ()
    snippets = snippets_of_review(reader, review.id) if clauses else ()
    content = ReviewInput(
        outcome=review.outcome,
        ground=review.ground,
        decline_reason=review.decline_reason,
        clauses=tuple(clause.version_id for clause in clauses),
        law=review.law,
        rationale=review.rationale,
        statement=review.statement,
        visibility=review.visibility,
        account=review.account_measure,
        territory=review.territory,
        context=review.context,
        over_broad=bool(review.over_broad),
        snippets=tuple(snippet.version_id for snippet in snippets),
    )
    return StoredReview(
        id=review.id,
        case_id=review.case_id,
        round=Round(review.round),
        account_id=review.account_id,
        content=content,
        clauses=clauses,
        case_version=review.case_version,
        recorded_at=review.recorded_at,
        undo_until=review.undo_until,
        dispatched_at=review.dispatched_at,
        letter=review.letter,
    )


_CLAUSES = Prepared(
    lambda: (
        sa.select(
            ClauseVersion.id,
            Clause.document,
            Clause.number,
            ClauseVersion.version,
            ClauseVersion.title,
            ClauseVersion.text,
        )
        .join(Clause, Clause.id == ClauseVersion.clause_id)
        .join(ReviewClause, ReviewClause.clause_version_id == ClauseVersion.id)
        .where(ReviewClause.review_id == sa.bindparam("review_id"))
    )
)


def _clauses_of(reader: Session, review_id: str) -> tuple[ClauseInForce, ...]:
    """The clauses that a review names, as worded in the versions that it names."""
    rows = _CLAUSES.all(reader, review_id=review_id)
    found = (ClauseInForce(*row) for row in rows)
    return tuple(sorted(found, key=lambda clause: (clause.document, natural_order(clause.number))))


class Due(NamedTuple):
    """A review that is due, and its place among these: the end of its undo window, then its id."""

    undo_until: datetime
    id: str


def reviews_due(reader: Session, *, now: datetime, limit: int, after: Due | None = None) -> tuple[Due, ...]:
    """Reviews whose undo window is over and that their case still waits for, the oldest first.

    A case that was withdrawn meanwhile waits for none, so its review does not come up again. ``after`` is
    the last one of the page before.
    """
    statement = (
        sa.select(Review.undo_until, Review.id)
        .join(Case, sa.and_(Case.id == Review.case_id, Case.pending_review_id == Review.id))
        .where(Review.undone_at.is_(None), Review.dispatched_at.is_(None), Review.undo_until <= now)
        .order_by(Review.undo_until, Review.id)
        .limit(limit)
    )
    if after is not None:
        place = sa.tuple_(sa.literal(after.undo_until, Moment()), sa.literal(after.id))
        statement = statement.where(sa.tuple_(Review.undo_until, Review.id) > place)
    return tuple(Due(row.undo_until, row.id) for row in reader.execute(statement))
