"""Which further cases of the same referral can be recorded together with a case, each ticked by itself?

Only cases of the first round and of the same kind: a second review is each time a look of its own.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from review.domain.states import CaseState
from review.models import Case, Item, Referral, ReviewCompanion
from review.prepared import Prepared
from review.queries.cases import is_free, is_held_by, not_confirmed_by, not_reviewed_by

MOST_COMPANIONS = 20
"""Tickable at once: more would be a list to work off rather than cases looked at."""


@dataclass(frozen=True)
class Companion:
    """A further case of the same referral: the version to bring back, and its location."""

    case_id: str
    version: int
    canonical_url: str
    content_type: str | None
    held: bool


def can_go_along(
    account_id: sa.BindParameter[Any] | str | None, now: sa.BindParameter[Any] | datetime
) -> sa.ColumnElement[bool]:
    """The case waits for its first review and this person holds it or may claim it."""
    return sa.and_(
        Case.state == sa.literal(CaseState.OPEN.value),
        Case.pending_review_id.is_(None),
        sa.or_(
            is_held_by(account_id, now),
            sa.and_(is_free(now), not_reviewed_by(account_id), not_confirmed_by(account_id)),
        ),
    )


def shares_referral(main_id: sa.BindParameter[Any] | str) -> sa.ColumnElement[bool]:
    """The case is another one of the same kind in which an item of a referral of that case is asked about."""
    main, own, theirs = aliased(Case), aliased(Item), aliased(Item)
    return sa.and_(
        Case.id != main_id,
        sa.select(theirs.id)
        .join(own, own.referral_id == theirs.referral_id)
        .join(main, main.id == own.case_id)
        .where(
            theirs.case_id == Case.id,
            theirs.status == sa.literal("in_review"),
            own.case_id == main_id,
            own.status == sa.literal("in_review"),
            main.intake_kind == Case.intake_kind,
            main.state == sa.literal(CaseState.OPEN.value),
        )
        .exists(),
    )


def _listed() -> Any:
    main_id: sa.BindParameter[Any] = sa.bindparam("case_id")
    now: sa.BindParameter[Any] = sa.bindparam("now")
    account_id: sa.BindParameter[Any] = sa.bindparam("account_id")
    own, main = aliased(Item), aliased(Case)
    return (
        sa.select(
            Case.id,
            Case.version,
            Item.canonical_url,
            Case.content_type,
            is_held_by(account_id, now).label("held"),
        )
        .select_from(own)
        .join(main, main.id == own.case_id)
        .join(Item, sa.and_(Item.referral_id == own.referral_id, Item.case_id != own.case_id))
        .join(Case, sa.and_(Case.id == Item.case_id, Case.intake_kind == main.intake_kind))
        .where(
            own.case_id == main_id,
            own.status == sa.literal("in_review"),
            main.state == sa.literal(CaseState.OPEN.value),
            Item.status == sa.literal("in_review"),
            can_go_along(account_id, now),
        )
        .order_by(Item.referral_id, Item.position)
        .limit(sa.literal(4 * MOST_COMPANIONS))
    )


_LISTED = Prepared(_listed)


def companions_of(
    reader: Session, case_id: str, *, account_id: str | None, now: datetime
) -> tuple[Companion, ...]:
    """Further cases of the referrals of this case that this person could record too, 20 at most."""
    found: dict[str, Companion] = {}
    for row in _LISTED.all(reader, case_id=case_id, account_id=account_id, now=now):
        if len(found) >= MOST_COMPANIONS and row.id not in found:
            break
        found.setdefault(
            row.id, Companion(row.id, row.version, row.canonical_url, row.content_type, bool(row.held))
        )
    return tuple(found.values())


def senders_of(reader: Session, case_ids: Collection[str]) -> int:
    """To how many senders a statement goes that answers all these cases."""
    statement = (
        sa.select(sa.func.count(sa.distinct(Referral.sender_id)))
        .join(Item, Item.referral_id == Referral.id)
        .where(Item.case_id.in_(sorted(case_ids)), Item.status != "withdrawn")
    )
    return int(reader.scalar(statement) or 0)


def ticked_again(reader: Session, case_ids: Collection[str]) -> dict[str, list[str]]:
    """The field of a form in which these cases are ticked as they stand; nothing without any."""
    if not case_ids:
        return {}
    rows = reader.execute(sa.select(Case.id, Case.version).where(Case.id.in_(case_ids)).order_by(Case.id))
    return {"also": [f"{row.id}:{row.version}" for row in rows]}


def recorded_with(reader: Session, review_id: str) -> Sequence[str]:
    """The reviews that were recorded in the same step as this one."""
    rows = reader.scalars(
        sa.select(ReviewCompanion.review_id)
        .where(ReviewCompanion.main_review_id == review_id)
        .order_by(ReviewCompanion.review_id)
    )
    return list(rows)
