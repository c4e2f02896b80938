"""Send a recorded review on its way when its undo window is over: decision, answers, events in one commit."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from random import SystemRandom
from typing import Any, Final

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.answering import answer_items, insert_decision, move_late_items, touch_referrals
from review.actions.complaint_rounds import settle_complaints
from review.actions.rounds import (
    agrees,
    differ,
    drop_reviews,
    earlier_reviews,
    mark_dispatched,
    send_to_second_review,
)
from review.actions.telling import ask_platform, tell_items
from review.config import Settings
from review.domain.permissions import Actor, check_service
from review.domain.rounds import WHOLE_SOURCES, Place, why_second
from review.domain.states import MOVES, ItemStatus, Round
from review.errors import NotDispatchable, NotFound
from review.models import Case, Item
from review.prepared import Prepared
from review.queries import decisions
from review.queries.decisions import StoredReview

_CHANCE: Final = SystemRandom()


def dispatch_review(review_id: str, *, actor: Actor, lot: float | None = None) -> str | None:
    """Move a review whose undo window is over on, once; the id of the decision if it comes to one.

    A first review is decided by, or, where a rule or the draw asks for it, waits for a second one; that
    agrees, or a third one resolves the difference. The decision answers every item that is still asked about
    and joined before the first review; items that joined later go to a new open case. Where all covered items
    were withdrawn nothing is decided, and the case is open again for those that joined later. A review after
    complaints upholds the decision, or comes to another one that supersedes it.

    ``lot`` takes the place of the number that is drawn, for stories that are told the same way each time.
    Raises `NotFound`, or `NotDispatchable` (too early, undone, done, or withdrawn).
    """
    check_service(actor)
    with db.transaction() as writer:
        now = clock.now()
        review = decisions.review_by_id(writer, review_id)
        if review is None:
            raise NotFound()
        if not db.is_sqlite(writer):
            _LOCK.all(writer, case_id=review.case_id)
        if review.round is Round.COMPLAINT:
            told = bool(_settings().platform_url)
            return settle_complaints(writer, review, told_platform=told, actor=actor, now=now)
        return _go_on(writer, review, lot=lot, actor=actor, now=now)


def _go_on(
    writer: Session, review: StoredReview, *, lot: float | None, actor: Actor, now: datetime
) -> str | None:
    """What a review of a case that is not decided yet leads to; the decision if it comes to one."""
    earlier = () if review.round is Round.FIRST else earlier_reviews(writer, review)
    reviews = (*earlier, review)
    covered = _COVERED.first(writer, case_id=review.case_id, seen=reviews[0].case_version)
    if covered is None:
        drop_reviews(writer, reviews, actor=actor, now=now)
        return None
    if review.round is Round.FIRST:
        why = _why_second(review, covered, lot)
        if why:
            share = _settings().second_review_share
            send_to_second_review(writer, review, why, share=share, actor=actor, now=now)
            return None
        return _decide(writer, "decide", review, reviews, actor=actor, now=now)
    if review.round is Round.SECOND:
        if agrees(review, earlier[0]):
            return _decide(writer, "agree", earlier[0], reviews, actor=actor, now=now)
        differ(writer, reviews, actor=actor, now=now)
        return None
    # the third review answers what the first one saw
    decisive = replace(review, case_version=earlier[0].case_version)
    return _decide(writer, "resolve", decisive, reviews, actor=actor, now=now)


def _settings() -> Settings:
    settings: Settings = current_app.config["REVIEW_SETTINGS"]
    return settings


def _why_second(review: StoredReview, covered: Any, lot: float | None) -> tuple[str, ...]:
    settings = _settings()
    return why_second(
        review.content,
        intake_kind=covered.intake_kind,
        place=Place(covered.match_key, covered.content_type),
        patterns=settings.over_broad_paths,
        lot=_CHANCE.random() if lot is None else lot,
        share=settings.second_review_share,
    )


_LOCK = Prepared(lambda: sa.select(Case.id).where(Case.id == sa.bindparam("case_id")).with_for_update())


def _covered() -> Any:
    """One item that the first review covers, the broadest if there is any, and the kind of its case."""
    whole = Item.content_type.in_([sa.literal(kind) for kind in WHOLE_SOURCES])
    return (
        sa.select(Item.match_key, Item.content_type, Case.intake_kind)
        .join(Case, Case.id == Item.case_id)
        .where(
            Item.case_id == sa.bindparam("case_id"),
            Item.status == sa.literal(ItemStatus.IN_REVIEW.value),
            Item.joined_version <= sa.bindparam("seen"),
        )
        .order_by(sa.case((whole, sa.literal(0)), else_=sa.literal(1)))
        .limit(sa.literal(1))
    )


_COVERED = Prepared(_covered)


def _deciding(name: str) -> Prepared:
    move = MOVES[name]
    return Prepared(
        lambda: (
            sa.update(Case)
            .where(
                Case.id == sa.bindparam("case_id"),
                Case.state.in_([sa.literal(state) for state in move.sources]),
                Case.pending_review_id == sa.bindparam("review_id"),
            )
            .values(state=move.target, decided_at=sa.bindparam("now"), pending_review_id=sa.null())
            .returning(Case.id)
        )
    )


_DECIDING = {move.name: _deciding(move.name) for move in (MOVES["decide"], MOVES["agree"], MOVES["resolve"])}


def _decide(
    writer: Session,
    name: str,
    decisive: StoredReview,
    reviews: Sequence[StoredReview],
    *,
    actor: Actor,
    now: datetime,
) -> str:
    """Decide the case by one of its reviews and answer what that covers; the newest is dispatched with it."""
    case_id, newest = decisive.case_id, reviews[-1]
    decided = _DECIDING[name].scalar(writer, case_id=case_id, review_id=newest.id, now=now)
    if decided is None or not mark_dispatched(writer, newest.id, now):
        raise NotDispatchable()
    decision_id = insert_decision(writer, decisive, now=now)
    answered = answer_items(writer, decisive, decision_id, actor=actor, now=now)
    touch_referrals(writer, [referral_id for _item, referral_id in answered], now=now)
    ledger.record(
        writer,
        MOVES[name].event,
        case_id,
        actor=actor,
        at=now,
        fields={
            "decision": decision_id,
            "review": decisive.id,
            "reviews": [review.id for review in reviews] if len(reviews) > 1 else None,
            "items": [item_id for item_id, _referral in answered],
        },
        meta={"outcome": decisive.content.outcome},
    )
    move_late_items(writer, decisive, actor=actor, now=now)
    topic = MOVES[name].topic
    assert topic is not None
    tell_items(writer, topic, [item_id for item_id, _referral in answered], at=now)
    if _settings().platform_url:
        ask_platform(writer, decision_id, at=now)
    return decision_id
