"""What does a review lead to that is not the decision? A second review, a third, or the start again.

Parts of `dispatching.dispatch_review`, all inside its transaction, which holds the case's row. Nothing here
touches an item or a referral: the senders' side stands still from the first review to the answer.
"""

from collections.abc import Sequence
from datetime import datetime
from random import SystemRandom
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import ledger
from review.domain.permissions import Actor
from review.domain.rounds import same_judgement
from review.domain.states import MOVES, Move, Round
from review.errors import NotDispatchable
from review.models import Case, Review
from review.prepared import Prepared
from review.queries import decisions
from review.queries.decisions import StoredReview

_CHANCE: Final = SystemRandom()
_LEAP: Final = 100_000_000
_HIGHEST: Final = 1_000_000_000
"""Beyond it numbers only count on, so that they stay what a column holds."""


def earlier_reviews(writer: Session, review: StoredReview) -> tuple[StoredReview, ...]:
    """The standing reviews of the rounds before; raises `NotDispatchable` where one of them is not there."""
    reviews = decisions.standing_reviews(writer, review.case_id)
    earlier = tuple(one for one in reviews if one.dispatched_at is not None and one.id != review.id)
    wanted = [Round.FIRST] if review.round is Round.SECOND else [Round.FIRST, Round.SECOND]
    if [one.round for one in earlier] != wanted:
        raise NotDispatchable()
    return earlier


def agrees(second: StoredReview, first: StoredReview) -> bool:
    """Whether the second review comes to the same as the first."""
    named = tuple([(clause.document, clause.number) for clause in one.clauses] for one in (first, second))
    return same_judgement(first.content, second.content, clauses=(named[0], named[1]))


_SENT = Prepared(
    lambda: (
        sa.update(Review)
        .where(
            Review.id == sa.bindparam("review_id"),
            Review.undone_at.is_(None),
            Review.dispatched_at.is_(None),
            Review.undo_until <= sa.bindparam("now"),
        )
        .values(dispatched_at=sa.bindparam("now"))
        .returning(Review.id)
    )
)


def mark_dispatched(writer: Session, review_id: str, now: datetime) -> bool:
    """Note that the service is done with a review whose undo window is over; False where it is not."""
    return _SENT.first(writer, review_id=review_id, now=now) is not None


def send_to_second_review(
    writer: Session, review: StoredReview, why: Sequence[str], *, share: float, actor: Actor, now: datetime
) -> None:
    """Put the case back into the queue for somebody else; only the trail knows why."""
    move = MOVES["send_to_second_review"]
    _next_round(writer, move, review, now)
    ledger.record(
        writer,
        move.event,
        review.case_id,
        actor=actor,
        at=now,
        fields={"review": review.id},
        meta={"why": ",".join(why), "share": f"{share:g}"},
    )


def differ(writer: Session, reviews: Sequence[StoredReview], *, actor: Actor, now: datetime) -> None:
    """Leave the case to a lead, who sees the two in an order that is drawn now and stays."""
    move, second = MOVES["differ"], reviews[-1]
    _next_round(writer, move, second, now)
    shown = _CHANCE.sample(reviews, k=2)
    for letter, review in zip("AB", shown, strict=True):
        writer.execute(
            sa.update(Review)
            .where(Review.id == review.id)
            .values(letter=letter)
            .execution_options(synchronize_session=False)
        )
    ledger.record(
        writer,
        move.event,
        second.case_id,
        actor=actor,
        at=now,
        fields={"review": second.id, "reviews": [review.id for review in reviews]},
        meta={"shown_first": shown[0].round.value},
    )


def _next_round(writer: Session, move: Move, review: StoredReview, now: datetime) -> None:
    """Let the case wait again, with numbers that tell nothing of how often it was claimed and changed.

    Whoever holds it next carries version and generation in forms: both leap by a number drawn here. They go
    on upwards, because an item is late or not by the version at which it joined.
    """
    moved = writer.scalar(
        sa.update(Case)
        .where(
            Case.id == review.case_id,
            Case.state.in_(move.sources),
            Case.pending_review_id == review.id,
        )
        .values(
            state=move.target,
            pending_review_id=None,
            version=Case.version + _leap(review.case_version),
            claim_generation=Case.claim_generation + _leap(review.case_version),
        )
        .returning(Case.id)
        .execution_options(synchronize_session=False)
    )
    if moved is None or not mark_dispatched(writer, review.id, now):
        raise NotDispatchable()


def _leap(number: int) -> int:
    return _LEAP + _CHANCE.randrange(_LEAP) if number < _HIGHEST else 1


def drop_reviews(writer: Session, reviews: Sequence[StoredReview], *, actor: Actor, now: datetime) -> None:
    """Nothing is left to answer by these: the case goes back to the queue for the items that joined later."""
    newest = reviews[-1]
    move = MOVES["drop_review"] if len(reviews) == 1 else MOVES["begin_again"]
    back: dict[str, Any] = {} if move.target is None else {"state": move.target}
    reopened = writer.scalar(
        sa.update(Case)
        .where(
            Case.id == newest.case_id,
            Case.state.in_(move.sources),
            Case.pending_review_id == newest.id,
        )
        .values(**back, pending_review_id=None, version=Case.version + 1)
        .returning(Case.id)
        .execution_options(synchronize_session=False)
    )
    dropped = writer.scalars(
        sa.update(Review)
        .where(
            Review.id.in_([review.id for review in reviews]),
            Review.undone_at.is_(None),
            Review.undo_until <= now,
            sa.or_(Review.dispatched_at.is_(None), Review.id != newest.id),
        )
        .values(undone_at=now)
        .returning(Review.id)
        .execution_options(synchronize_session=False)
    ).all()
    if reopened is None or len(dropped) != len(reviews):
        raise NotDispatchable()
    several = [review.id for review in reviews] if len(reviews) > 1 else None
    ledger.record(
        writer,
        move.event,
        newest.case_id,
        actor=actor,
        at=now,
        fields={"review": newest.id, "reviews": several},
    )
