"""The figures of the desk for monitors: bounded counts and ages, read at the moment they are asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.priority import Rank
from review.domain.states import LIVE
from review.domain.webhooks import HEAD_START, DeliveryState
from review.models import Case, Delivery, Leaf, Opening, PendingEvent, Review, StoredCheckpoint
from review.queries.deliveries import recent_dead_letters
from review.queries.heartbeats import loop_states
from review.queries.queued import is_undelayed

MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Figure:
    """One gauge: name without prefix, sentence, value, and its labels."""

    name: str
    sentence: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


def figures(reader: Session, *, now: datetime) -> Iterator[Figure]:
    """Queue, trail, dispatch and loops; a count ends at 10 000, because the rest changes nothing to do."""
    yield from _queue(reader)
    yield from _trail(reader, now=now)
    yield from _deliveries(reader, now=now)
    due = sa.and_(Review.undone_at.is_(None), Review.dispatched_at.is_(None), Review.undo_until <= now)
    oldest_due = reader.scalar(
        sa.select(sa.func.min(Review.undo_until))
        .join(Case, sa.and_(Case.id == Review.case_id, Case.pending_review_id == Review.id))
        .where(due)
    )
    yield Figure(
        "oldest_due_seconds", "Age of the oldest review that waits for dispatch.", _age(oldest_due, now)
    )
    for state in loop_states(reader, now=now):
        if state.succeeded_at is not None:
            yield Figure(
                "loop_last_success_timestamp_seconds",
                "When a background loop last made a turn without a fault, over all processes.",
                state.succeeded_at.timestamp(),
                (("loop", state.name),),
            )


def _queue(reader: Session) -> Iterator[Figure]:
    sentence = f"Cases that wait, by state and rank, counted up to {MOST_COUNTED}."
    for state in LIVE:
        for rank in Rank:
            waiting = (Case.state == state, Case.rank == rank, is_undelayed())
            some = sa.select(Case.id).where(*waiting).limit(MOST_COUNTED)
            count = reader.scalar(sa.select(sa.func.count()).select_from(some.subquery())) or 0
            yield Figure("queue_cases", sentence, count, (("state", state), ("rank", rank.name.lower())))


def _deliveries(reader: Session, *, now: datetime) -> Iterator[Figure]:
    waiting = Delivery.standing == sa.literal_column(f"'{DeliveryState.WAITING}'")
    due = sa.select(Delivery.next_at).where(waiting, Delivery.next_at <= now)
    some = due.limit(MOST_COUNTED).subquery()
    count = reader.scalar(sa.select(sa.func.count()).select_from(some)) or 0
    yield Figure("deliveries_due", f"Messages to senders that are due, counted up to {MOST_COUNTED}.", count)
    by_hand = Delivery.next_at <= now - HEAD_START
    oldest = reader.scalar(due.where(~by_hand).order_by(Delivery.next_at).limit(1))
    asked = reader.scalar(due.where(by_hand).order_by(Delivery.next_at).limit(1))
    waits = max(_age(oldest, now), _age(asked and asked + HEAD_START, now))
    yield Figure("oldest_due_delivery_seconds", "How long the longest due message waits.", waits)
    dead = recent_dead_letters(reader, now=now)
    yield Figure("dead_letters", "Dead letters of the last 7 days, counted up to 1 000.", dead)


def _trail(reader: Session, *, now: datetime) -> Iterator[Figure]:
    some = sa.select(PendingEvent.eid).limit(MOST_COUNTED)
    pending = reader.scalar(sa.select(sa.func.count()).select_from(some.subquery())) or 0
    yield Figure("pending_events", f"Events without a position, counted up to {MOST_COUNTED}.", pending)
    oldest = reader.scalar(
        sa.select(sa.func.min(Opening.recorded_at)).join(PendingEvent, PendingEvent.eid == Opening.eid)
    )
    yield Figure(
        "oldest_pending_event_seconds", "Age of the oldest event without a position.", _age(oldest, now)
    )
    covered = reader.scalar(sa.select(sa.func.max(StoredCheckpoint.size))) or 0
    yield Figure("checkpoint_size", "Entries that the newest checkpoint covers.", covered)
    uncovered = reader.scalar(
        sa.select(Opening.recorded_at).join(Leaf, Leaf.eid == Opening.eid).where(Leaf.position == covered)
    )
    yield Figure(
        "oldest_uncovered_entry_seconds",
        "Age of the oldest entry without a checkpoint.",
        _age(uncovered, now),
    )
    size = reader.scalar(sa.select(sa.func.max(Leaf.position)))
    yield Figure("trail_entries", "Entries of the trail.", 0 if size is None else size + 1)


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
