"""Do the tables and the events tell the same story, change by change? The parts of I4."""

from collections import Counter
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.states import LIVE, CaseState, ItemStatus
from review.models import Case, Decision, Item, Referral, Review
from tests.faults.trail_events import Events, once_each


def mismatches(reader: Session, events: Events) -> list[str]:
    """Changes without their event, events without their change, and rows that stand half."""
    return [
        sentence
        for check in (_referrals_match, _items_match, _reviews_match, _cases_match)
        for sentence in check(reader, events)
    ]


def _referrals_match(reader: Session, events: Events) -> list[str]:
    wrong = once_each(
        events.objects("referral.received"), reader.scalars(sa.select(Referral.id)), what="received"
    )
    items: dict[str, set[str]] = {}
    for row in reader.execute(sa.select(Item.id, Item.referral_id)):
        items.setdefault(row.referral_id, set()).add(row.id)
    for event in events.of("referral.received"):
        told = {item["id"] for item in event.json("items")}
        if told != items.get(event.object_id, set()):
            wrong.append(
                f"items of {event.object_id}: {told} on the trail, {items.get(event.object_id)} stored"
            )
    return wrong


def _items_match(reader: Session, events: Events) -> list[str]:
    def of_status(status: ItemStatus) -> Iterable[str]:
        return reader.scalars(sa.select(Item.id).where(Item.status == status))

    withdrawn = events.objects("item.withdrawn")
    for event in events.of("referral.withdrawn"):
        withdrawn.update(event.json("items"))
    wrong = once_each(withdrawn, of_status(ItemStatus.WITHDRAWN), what="withdrawn")
    wrong += once_each(events.objects("item.answered"), of_status(ItemStatus.DECIDED), what="answered")
    live = sa.select(Case.id, Case.items_live, sa.func.count(Item.id).label("found")).where(
        Case.state.in_(LIVE)
    )
    counted = live.outerjoin(Item, sa.and_(Item.case_id == Case.id, Item.status == ItemStatus.IN_REVIEW))
    for row in reader.execute(counted.group_by(Case.id)):
        if row.items_live != row.found or row.found == 0:
            wrong.append(f"{row.id} says {row.items_live} live items and has {row.found}")
    stray = sa.select(Item.id).join(Case).where(Item.status == ItemStatus.IN_REVIEW, Case.state.not_in(LIVE))
    return wrong + [f"{item} is in review in a closed case" for item in reader.scalars(stray)]


def _reviews_match(reader: Session, events: Events) -> list[str]:
    rows = reader.execute(sa.select(Review.id, Review.undone_at, Review.dispatched_at)).all()
    undone = [row.id for row in rows if row.undone_at is not None]
    sent = [row.id for row in rows if row.dispatched_at is not None]
    wrong = once_each(
        events.named("review", "case.review_recorded"), [row.id for row in rows], what="recorded"
    )
    wrong += once_each(
        events.named("review", "case.review_undone", "case.review_dropped"), undone, what="undone"
    )
    wrong += once_each(events.named("review", "case.decided"), sent, what="dispatched")
    decided = reader.execute(sa.select(Decision.id, Decision.review_id)).all()
    wrong += once_each(Counter(row.review_id for row in decided), sent, what="decided review")
    return wrong + once_each(
        events.named("decision", "case.decided"), [row.id for row in decided], what="decision"
    )


def _cases_match(reader: Session, events: Events) -> list[str]:
    def in_state(state: CaseState) -> Iterable[str]:
        return reader.scalars(sa.select(Case.id).where(Case.state == state))

    wrong = once_each(events.objects("case.withdrawn"), in_state(CaseState.WITHDRAWN), what="withdrawn case")
    wrong += once_each(events.objects("case.decided"), in_state(CaseState.DECIDED), what="decided case")
    known = set(events.objects("case.opened"))
    for event in events.of("referral.received"):
        known.update(event.json("cases").values())
    cases = set(reader.scalars(sa.select(Case.id)))
    wrong += [f"{case} is a case of no event" for case in cases - known]
    wrong += [f"{case} is on the trail and no case" for case in known - cases]
    pending = sa.select(Case.id, Review.id.label("review"), Review.undone_at, Review.dispatched_at).outerjoin(
        Review, Review.id == Case.pending_review_id
    )
    for row in reader.execute(pending.where(Case.pending_review_id.is_not(None))):
        if row.review is None or row.undone_at is not None or row.dispatched_at is not None:
            wrong.append(f"{row.id} waits for a review that is not waiting")
    return wrong
