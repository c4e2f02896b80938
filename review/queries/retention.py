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
from review.queries.holds import Hold, holding, holds_on
from review.queries.kept_records import Keeper, ended_at, is_kept, is_over, is_settled, referrals_in

PAGE_ROWS = 50


@dataclass(frozen=True)
class DueCase:
    """One ended case whose retention is over; what of it and its referrals was erased or is asked for.

    ``kept``: its referrals that stay, because they have items in another case as well.
    """

    id: str
    intake_kind: str
    state: str
    ended_at: datetime
    due_at: datetime
    held: bool
    case_erased: bool
    referrals_erased: bool
    asked: bool
    kept: tuple[Keeper, ...]


def due_cases(reader: Session, *, now: datetime, days: Mapping[str, int]) -> tuple[DueCase, ...]:
    """The first 50 due cases of which something can be asked for, then the first 50 under a legal hold.

    Those that were emptied, or are asked for with all their referrals, take nobody's place.
    """
    before = ended_before(now, days=days)
    free = _first(reader, before, _workable(before))
    held = _first(reader, before, sa.and_(holding(Case.id), _left()))
    kept: dict[str, tuple[Keeper, ...]] = {
        row.id: tuple(referrals_in(reader, [row.id], now=now, days=days)[1]) for row in free
    }
    return tuple(
        DueCase(
            id=row.id,
            intake_kind=row.intake_kind,
            state=row.state,
            ended_at=row.ended_at,
            due_at=kept_until(row.ended_at, intake_kind=row.intake_kind, days=days),
            held=row.id not in kept,
            case_erased=bool(row.case_erased),
            referrals_erased=not row.referrals_left,
            asked=bool(row.asked),
            kept=kept.get(row.id, ()),
        )
        for row in (*free, *held)
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


def _first(reader: Session, before: Mapping[str, datetime], wanted: sa.ColumnElement[bool]) -> list[Any]:
    """The first rows of those wanted among the cases that are due."""
    ways = (_decided(before).where(wanted), _withdrawn(before).where(wanted))
    rows = [row for way in ways for row in reader.execute(way.limit(PAGE_ROWS))]
    return sorted(rows, key=lambda row: (row.ended_at, row.id))[:PAGE_ROWS]


def _workable(before: Mapping[str, datetime]) -> sa.ColumnElement[bool]:
    """No hold stands, and the case or one of its referrals can be asked for."""
    referral = sa.exists().where(
        Item.case_id == Case.id,
        ~is_settled(RecordKind.REFERRAL, Item.referral_id),
        ~is_kept(Item.referral_id, before),
    )
    return sa.and_(~holding(Case.id), sa.or_(~is_settled(RecordKind.CASE, Case.id), referral))


def _left() -> sa.ColumnElement[bool]:
    """Something of the case or its referrals was not erased."""
    return sa.or_(~_of(RecordKind.CASE, Case.id, ErasureState.EXECUTED), _referrals_left())


def _referrals_left() -> sa.ColumnElement[bool]:
    erased = _of(RecordKind.REFERRAL, Item.referral_id, ErasureState.EXECUTED)
    return sa.exists().where(Item.case_id == Case.id, ~erased)


def _of(kind: RecordKind, object_id: Any, state: ErasureState) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        Erasure.object_kind == kind.value, Erasure.object_id == object_id, Erasure.state == state.value
    )


def _columns(ended: sa.ColumnElement[Any]) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        Case.id,
        Case.intake_kind,
        Case.state,
        ended.label("ended_at"),
        _of(RecordKind.CASE, Case.id, ErasureState.EXECUTED).label("case_erased"),
        _referrals_left().label("referrals_left"),
        _of(RecordKind.CASE, Case.id, ErasureState.WAITING).label("asked"),
    )


def _decided(before: Mapping[str, datetime]) -> sa.Select[*tuple[Any, ...]]:
    newer = sa.orm.aliased(Decision)
    later = sa.exists().where(newer.case_id == Case.id, newer.decided_at > Decision.decided_at)
    ended = sa.type_coerce(Decision.decided_at, Decision.decided_at.type)
    return (
        _columns(ended)
        .join(Decision, Decision.case_id == Case.id)
        .where(Case.state == CaseState.DECIDED.value, is_over(Case, ended, before), ~later)
        .where(Decision.decided_at < max(before.values()))
        .order_by(Decision.decided_at, Case.id)
    )


def _withdrawn(before: Mapping[str, datetime]) -> sa.Select[*tuple[Any, ...]]:
    """Withdrawn cases, those opened first; their end is the withdrawal of the last item."""
    ended = ended_at(Case)
    return (
        _columns(ended)
        .where(Case.state == CaseState.WITHDRAWN.value, Case.opened_at < max(before.values()))
        .where(is_over(Case, ended, before))
        .order_by(Case.opened_at, Case.id)
    )
