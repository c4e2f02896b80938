"""Which records are due for review, because their retention is over?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.erasures import ErasureState
from review.domain.holds import RecordKind
from review.domain.retention import ended_before, kept_until
from review.domain.states import CaseState
from review.models import Case, Decision, Erasure, Item
from review.queries.erasures import ErasureShown, erasures_of
from review.queries.holds import Hold, held_cases, holds_on
from review.queries.stored_cases import in_sets

PAGE_ROWS = 50


@dataclass(frozen=True)
class DueCase:
    """One ended case whose retention is over; what of it and its referrals was erased or is asked for."""

    id: str
    intake_kind: str
    state: str
    ended_at: datetime
    due_at: datetime
    held: bool
    case_erased: bool
    referrals_erased: bool
    asked: bool


def due_cases(reader: Session, *, now: datetime, days: Mapping[str, int]) -> tuple[DueCase, ...]:
    """The 50 cases that ended first among those due; none that was emptied with all its referrals."""
    before = ended_before(now, days=days)
    rows = [
        *reader.execute(_decided(before)),
        *(row for row in reader.execute(_withdrawn(before)) if row.ended_at < before[row.intake_kind]),
    ]
    rows.sort(key=lambda row: (row.ended_at, row.id))
    shown = rows[:PAGE_ROWS]
    held = held_cases(reader, [row.id for row in shown])
    return tuple(
        DueCase(
            id=row.id,
            intake_kind=row.intake_kind,
            state=row.state,
            ended_at=row.ended_at,
            due_at=kept_until(row.ended_at, intake_kind=row.intake_kind, days=days),
            held=row.id in held,
            case_erased=bool(row.case_erased),
            referrals_erased=not row.referrals_left,
            asked=bool(row.asked),
        )
        for row in shown
    )


@dataclass(frozen=True)
class RecordRetention:
    """What the record of a case says of holds and erasures; ``kept_until`` None while the case goes on."""

    kept_until: datetime | None
    holds: tuple[Hold, ...]
    erasures: tuple[ErasureShown, ...]


def retention_of(
    reader: Session,
    case_id: str,
    *,
    intake_kind: str,
    decided_at: datetime | None,
    referral_ids: Sequence[str],
    days: Mapping[str, int],
) -> RecordRetention:
    """Of a case and its referrals; holds that were released are in the list of holds alone."""
    over = None if decided_at is None else kept_until(decided_at, intake_kind=intake_kind, days=days)
    objects = [(RecordKind.CASE, case_id), *((RecordKind.REFERRAL, one) for one in referral_ids)]
    return RecordRetention(over, holds_on(reader, RecordKind.CASE, case_id), erasures_of(reader, objects))


def referrals_of(reader: Session, case_ids: Sequence[str]) -> list[str]:
    """The referrals with items in these cases that were not erased and are not asked for yet."""
    known = (ErasureState.EXECUTED.value, ErasureState.WAITING.value)
    settled = sa.exists().where(
        Erasure.object_kind == RecordKind.REFERRAL.value,
        Erasure.object_id == Item.referral_id,
        Erasure.state.in_(known),
    )
    found: set[str] = set()
    for some in in_sets(case_ids):
        found |= set(reader.scalars(sa.select(Item.referral_id).where(Item.case_id.in_(some), ~settled)))
    return sorted(found)


def _of(kind: RecordKind, object_id: Any, state: ErasureState) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        Erasure.object_kind == kind.value, Erasure.object_id == object_id, Erasure.state == state.value
    )


def _columns(ended_at: sa.ColumnElement[Any]) -> sa.Select[*tuple[Any, ...]]:
    left = sa.exists().where(
        Item.case_id == Case.id, ~_of(RecordKind.REFERRAL, Item.referral_id, ErasureState.EXECUTED)
    )
    erased = _of(RecordKind.CASE, Case.id, ErasureState.EXECUTED)
    return sa.select(
        Case.id,
        Case.intake_kind,
        Case.state,
        ended_at.label("ended_at"),
        erased.label("case_erased"),
        left.label("referrals_left"),
        _of(RecordKind.CASE, Case.id, ErasureState.WAITING).label("asked"),
    ).where(sa.or_(~erased, left))


def _decided(before: Mapping[str, datetime]) -> sa.Select[*tuple[Any, ...]]:
    over = [
        sa.and_(Case.intake_kind == kind, Decision.decided_at < moment) for kind, moment in before.items()
    ]
    newer = sa.orm.aliased(Decision)
    later = sa.exists().where(newer.case_id == Case.id, newer.decided_at > Decision.decided_at)
    return (
        _columns(sa.type_coerce(Decision.decided_at, Decision.decided_at.type))
        .join(Decision, Decision.case_id == Case.id)
        .where(Case.state == CaseState.DECIDED.value, sa.or_(*over), ~later)
        .where(Decision.decided_at < max(before.values()))
        .order_by(Decision.decided_at, Case.id)
        .limit(PAGE_ROWS)
    )


def _withdrawn(before: Mapping[str, datetime]) -> sa.Select[*tuple[Any, ...]]:
    """Withdrawn cases opened so long ago; their end is the withdrawal of the last item."""
    last = (
        sa.select(sa.func.max(Item.withdrawn_at, type_=Item.withdrawn_at.type))
        .where(Item.case_id == Case.id)
        .scalar_subquery()
    )
    return (
        _columns(last)
        .where(Case.state == CaseState.WITHDRAWN.value, Case.opened_at < max(before.values()))
        .where(last.is_not(None))
        .order_by(Case.opened_at, Case.id)
        .limit(PAGE_ROWS)
    )
