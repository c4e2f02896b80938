"""Which case may this person claim, and which one does "next" offer? One statement each, along an index."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from review.domain.narrowing import EVERYTHING, Narrowed
from review.domain.permissions import RESOLVERS, Actor
from review.domain.priority import is_pressing
from review.models import Case
from review.prepared import Prepared
from review.queries import cases, queued
from review.queries.exposure import wants_low


class Free(NamedTuple):
    """A case that may be claimed, and the claim on it that has ended, if there was one."""

    id: str
    claimed_by: str | None
    claim_generation: int
    state: str
    severity: str
    place: cases.Place


def _may_judge() -> sa.ColumnElement[bool]:
    """This person has no review of the case and no knowledge of its sender."""
    account_id: sa.BindParameter[Any] = sa.bindparam("account_id")
    return sa.and_(cases.not_reviewed_by(account_id), cases.not_confirmed_by(account_id))


def may_be_taken() -> sa.ColumnElement[bool]:
    """This person may claim the case now."""
    return sa.and_(
        cases.is_free(sa.bindparam("now")),
        cases.is_for(sa.bindparam("resolves", type_=sa.Boolean())),
        _may_judge(),
        cases.not_registered_by(sa.bindparam("account_id")),
    )


def _may_be_offered() -> sa.ColumnElement[bool]:
    """What "next" takes; on purpose a person may still claim a case set aside or passed on."""
    account_id: sa.BindParameter[Any] = sa.bindparam("account_id")
    return sa.and_(cases.not_set_aside_by(account_id, sa.bindparam("now")), cases.not_passed_by(account_id))


def _candidates(*conditions: sa.ColumnElement[bool]) -> Any:
    place = (Case.rank, Case.due_at, Case.opened_at)
    facts = (Case.id, Case.claimed_by, Case.claim_generation, Case.state, Case.severity)
    return sa.select(*facts, *place).where(*conditions)


def _first_of(waiting: sa.ColumnElement[bool], *chosen: sa.ColumnElement[bool]) -> Any:
    """The first of one part of the queue, along the index that holds it in its order.

    What it is ``chosen`` by comes before the rest, so that rows of others are passed over in the index.
    """
    return (
        _candidates(
            waiting, *chosen, cases.is_unclaimed(sa.bindparam("now")), _may_judge(), _may_be_offered()
        )
        .order_by(Case.rank, Case.due_at, Case.opened_at, Case.id)
        .limit(sa.literal(1))
        .with_for_update(skip_locked=True, of=Case)
    )


_FREE = Prepared(
    lambda: _candidates(may_be_taken(), Case.id == sa.bindparam("case_id")).with_for_update(of=Case)
)


def resolves(actor: Actor) -> bool:
    """Whether this person judges cases on which two reviews differ, or that were complained of."""
    return actor.role in RESOLVERS


@lru_cache(256)
def _first_parts(columns: tuple[str, ...]) -> tuple[Prepared, Prepared, Prepared]:
    """What waits for everybody, of low severity, and for leads, narrowed by these columns of a case."""

    def part(waiting: Callable[[], sa.ColumnElement[bool]]) -> Prepared:
        chosen = [getattr(Case, column) == sa.bindparam(column) for column in columns]
        return Prepared(lambda: _first_of(waiting(), *chosen))

    return part(queued.is_queued), part(_is_low), part(queued.is_in_dispute)


def _is_low() -> sa.ColumnElement[bool]:
    return sa.and_(queued.is_queued(), queued.is_low())


def first_offered(
    writer: Session,
    actor: Actor,
    now: datetime,
    *,
    narrowed: Narrowed = EVERYTHING,
    severe: bool = False,
) -> Free | None:
    """The first of the queue as it is narrowed, rows that others are taking at this moment left out.

    Low severity goes first for a person who had enough high ones in a row, unless the deadline presses; and
    who has used the day's budget is offered nothing else, except with ``severe``, the person's own wish.
    """
    chosen = narrowed.conditions
    everybody, low, disputed = _first_parts(tuple(chosen))
    parts = (everybody, disputed) if resolves(actor) else (everybody,)
    given = {"account_id": actor.account_id, "now": now} | chosen
    rows = [part.first(writer, **given) for part in parts]
    found = min((_free(row) for row in rows if row is not None), key=lambda free: free.place, default=None)
    if found is None or found.severity != "high" or severe:
        return found
    settings = current_app.config["REVIEW_SETTINGS"]
    why = wants_low(writer, actor.account_id or "", settings=settings, now=now)
    if not why or (why == "row" and is_pressing(rank=found.place.rank, due_at=found.place.due_at, now=now)):
        return found
    row = low.first(writer, **given)
    if row is not None:
        return _free(row)
    return found if why == "row" else None


def _free(row: Any) -> Free:
    place = cases.Place(row.rank, row.due_at, row.opened_at, row.id)
    return Free(row.id, row.claimed_by, row.claim_generation, row.state, row.severity, place)


def free_case(writer: Session, case_id: str, actor: Actor, now: datetime) -> Free | None:
    """This case if the person may claim it; None otherwise."""
    row = _FREE.first(writer, case_id=case_id, account_id=actor.account_id, now=now, resolves=resolves(actor))
    return None if row is None else _free(row)
