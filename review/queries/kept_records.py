"""Which cases keep a record, because their retention is not over or a legal hold stands on them?

A referral may have items in several cases: it is due when the last of them is.
"""

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
from review.queries.holds import holding
from review.queries.stored_cases import in_sets


@dataclass(frozen=True)
class Keeper:
    """A case that keeps a referral, or itself: ``until`` then, or None where it has not ended."""

    referral_id: str
    case_id: str
    until: datetime | None
    held: bool


def ended_at(case: Any) -> sa.ColumnElement[Any]:
    """When a case ended: its last decision, or the withdrawal of its last item; NULL while it goes on."""
    decided = sa.select(sa.func.max(Decision.decided_at, type_=Decision.decided_at.type))
    withdrawn = sa.select(sa.func.max(Item.withdrawn_at, type_=Item.withdrawn_at.type))
    ends = {
        CaseState.DECIDED: decided.where(Decision.case_id == case.id).correlate(case).scalar_subquery(),
        CaseState.WITHDRAWN: withdrawn.where(Item.case_id == case.id).correlate(case).scalar_subquery(),
    }
    by_state = [(sa.and_(case.state == state.value, ~_pending(case)), end) for state, end in ends.items()]
    return sa.case(*by_state)


def is_over(case: Any, ended: sa.ColumnElement[Any], before: Mapping[str, datetime]) -> Any:
    """The condition that the retention of a case, which ended then, is over."""
    kinds = [sa.and_(case.intake_kind == kind, ended < moment) for kind, moment in before.items()]
    return sa.and_(~_pending(case), sa.or_(*kinds))


def is_kept(referral_id: Any, before: Mapping[str, datetime]) -> sa.ColumnElement[bool]:
    """The condition that a case keeps the referral with this id, a column of the statement around it."""
    item, case = sa.orm.aliased(Item), sa.orm.aliased(Case)
    keeps = sa.exists().where(item.case_id == case.id, _keeps(case, before))
    return keeps.where(item.referral_id == referral_id)


def is_settled(kind: RecordKind, object_id: Any) -> sa.ColumnElement[bool]:
    """The condition that the record with this id was erased or is asked for."""
    known = (ErasureState.EXECUTED.value, ErasureState.WAITING.value)
    return sa.exists().where(
        Erasure.object_kind == kind.value, Erasure.object_id == object_id, Erasure.state.in_(known)
    )


def keepers_of(
    reader: Session, kind: RecordKind, object_id: str, *, now: datetime, days: Mapping[str, int]
) -> list[Keeper]:
    """The cases that keep a case, i.e. itself, or a referral; senders have no retention of their own."""
    if kind is RecordKind.SENDER:
        return []
    case = sa.orm.aliased(Case)
    theirs = sa.select(Item.case_id).where(Item.referral_id == object_id)
    named = case.id == object_id if kind is RecordKind.CASE else case.id.in_(theirs)
    rows = _keepers(case, now, days).where(named)
    return [_keeper(object_id, row, days) for row in reader.execute(rows.order_by(case.id))]


def referrals_in(
    reader: Session, case_ids: Sequence[str], *, now: datetime, days: Mapping[str, int]
) -> tuple[list[str], list[Keeper]]:
    """The referrals with items in these cases that can be asked for, and those that a case keeps, one each.

    Left out are those that were erased or are asked for already.
    """
    own, item, case = sa.orm.aliased(Item), sa.orm.aliased(Item), sa.orm.aliased(Case)
    pairs = (
        sa.select(own.referral_id, item.case_id).join(item, item.referral_id == own.referral_id).distinct()
    )
    pairs = pairs.where(~is_settled(RecordKind.REFERRAL, own.referral_id))
    found = {
        (row.referral_id, row.case_id)
        for some in in_sets(case_ids)
        for row in reader.execute(pairs.where(own.case_id.in_(some)))
    }
    keepers = {
        row.id: row
        for some in in_sets(sorted({case_id for _referral_id, case_id in found}))
        for row in reader.execute(_keepers(case, now, days).where(case.id.in_(some)))
    }
    kept: dict[str, Keeper] = {}
    for referral_id, case_id in sorted(found):
        if case_id in keepers:
            kept.setdefault(referral_id, _keeper(referral_id, keepers[case_id], days))
    return sorted({referral_id for referral_id, _case_id in found} - kept.keys()), list(kept.values())


def _pending(case: Any) -> sa.ColumnElement[bool]:
    """A review of it waits to be dispatched, as after a complaint."""
    pending: sa.ColumnElement[bool] = case.pending_review_id.is_not(None)
    return pending


def _keeps(case: Any, before: Mapping[str, datetime]) -> sa.ColumnElement[bool]:
    over = is_over(case, ended_at(case), before)
    return sa.or_(over.is_not(sa.true()), holding(case.id))


def _keepers(case: Any, now: datetime, days: Mapping[str, int]) -> sa.Select[*tuple[Any, ...]]:
    """Cases that keep what is in them."""
    columns = (case.id, case.intake_kind, ended_at(case).label("ended_at"), holding(case.id).label("held"))
    return sa.select(*columns).where(_keeps(case, ended_before(now, days=days)))


def _keeper(referral_id: str, row: Any, days: Mapping[str, int]) -> Keeper:
    until = row.ended_at and kept_until(row.ended_at, intake_kind=row.intake_kind, days=days)
    return Keeper(referral_id, row.id, until, bool(row.held))
