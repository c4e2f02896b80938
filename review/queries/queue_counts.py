"""How much waits, is due and is held? One statement, because every page of the queue asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.db import Moment
from review.domain.priority import Rank
from review.domain.states import QUEUED, CaseState
from review.models import Case
from review.prepared import Prepared
from review.queries.cases import Bound, Person, Time, is_held_by, is_listed_to, is_unclaimed, waiting_parts
from review.queries.queued import is_undelayed

MOST_COUNTED = 999


@dataclass(frozen=True)
class QueueCounts:
    """Capped at 1 000 each, so that a page can say 999+."""

    waiting: int
    due_soon: int
    overdue: int
    held_by_you: int
    oldest_at: datetime | None


def queue_counts(
    reader: Session, *, account_id: str | None, now: datetime, resolves: bool = False
) -> QueueCounts:
    """How much waits for this person, what is due within the hour or overdue, and what this person holds."""
    found = _counted(resolves).first(
        reader, account_id=account_id, now=now, within_the_hour=now + timedelta(hours=1)
    )
    return QueueCounts(*found)


@cache
def _counted(resolves: bool) -> Prepared:
    """All counts in one statement, because every page of the queue asks for them."""
    return Prepared(lambda: _counts(resolves))


def _counts(resolves: bool) -> sa.Select[*tuple[Any, ...]]:
    me: Bound = sa.bindparam("account_id")
    now: Bound = sa.bindparam("now")
    hour: Bound = sa.bindparam("within_the_hour")
    parts = [sa.and_(part, is_unclaimed(now)) for part in waiting_parts(me, resolves=resolves)]
    # naming all ranks lets the index of the queue find due times without reading every waiting case
    ranked = Case.rank.in_([sa.literal_column(str(int(rank))) for rank in Rank])
    soon = sa.and_(Case.due_at > now, Case.due_at <= hour)
    return sa.select(
        _count(parts).label("waiting"),
        _count([sa.and_(part, ranked, soon) for part in parts]).label("due_soon"),
        _count([sa.and_(part, ranked, Case.due_at <= now) for part in parts]).label("overdue"),
        _count([is_held_by(me, now)]).label("held_by_you"),
        _oldest_at(me, now, resolves=resolves).label("oldest_at"),
    )


def _count(parts: Sequence[sa.ColumnElement[bool]]) -> sa.ScalarSelect[int]:
    """How many cases the parts hold together, each counted to one beyond the cap and no further."""
    # as a value it would hide from the planner how few are read
    most: sa.ColumnElement[int] = sa.literal_column(str(MOST_COUNTED + 1))
    some = [sa.select(sa.select(Case.id).where(part).limit(most).subquery()) for part in parts]
    capped = sa.select(sa.union_all(*some).subquery()).limit(most).subquery()
    return sa.select(sa.func.count()).select_from(capped).scalar_subquery()


def _oldest_at(me: Person, now: Time, *, resolves: bool) -> sa.ScalarSelect[datetime]:
    """When the oldest that waits for this person came: state by state, because its index begins with that."""
    states = (*QUEUED, CaseState.RESOLVING) if resolves else QUEUED
    oldest = [
        sa.select(Case.opened_at)
        .where(Case.state == _literal(state), is_undelayed(), is_unclaimed(now), is_listed_to(me))
        .order_by(Case.opened_at)
        .limit(sa.literal_column("1"))
        .subquery()
        for state in states
    ]
    every = sa.union_all(*[sa.select(one.c.opened_at) for one in oldest]).subquery()
    return sa.select(sa.func.min(every.c.opened_at, type_=Moment())).scalar_subquery()


def _literal(word: str) -> sa.ColumnElement[str]:
    """One of our words, written into the statement so that a planner sees which partial index holds it."""
    return sa.literal_column(f"'{word}'", sa.String())
