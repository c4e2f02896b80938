"""Which cases has a person set aside, and until when?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.states import LIVE
from review.models import Case, Draft, SetAside
from review.queries.cases import CaseSummary, is_held_by, not_reviewed_by, summaries_of

LISTED = 50
WOKEN_BACK = timedelta(hours=24)
"""How long a case is still listed after its time has come."""


@dataclass(frozen=True)
class CaseSetAside:
    """A case set aside and not taken again: ``woken``: its time has come; ``drafted_at``: of one's draft."""

    case: CaseSummary
    until: datetime
    woken: bool
    drafted_at: datetime | None


def set_aside_by(reader: Session, *, account_id: str, now: datetime) -> tuple[tuple[CaseSetAside, ...], bool]:
    """The cases that this person set aside, first those whose time comes first; and whether there are more.

    Left out is what is over, what the person reviewed or holds again, and what woke more than a day ago.
    """
    own_draft = sa.and_(Draft.case_id == SetAside.case_id, Draft.account_id == SetAside.account_id)
    rows = reader.execute(
        sa.select(SetAside.case_id, SetAside.until, Draft.saved_at)
        .join(Case, Case.id == SetAside.case_id)
        .outerjoin(Draft, own_draft)
        .where(
            SetAside.account_id == account_id,
            SetAside.until > now - WOKEN_BACK,
            Case.state.in_(LIVE),
            not_reviewed_by(account_id),
            ~sa.func.coalesce(is_held_by(account_id, now), sa.false()),
        )
        .order_by(SetAside.until)
        .limit(LISTED + 1)
    ).all()
    shown = rows[:LISTED]
    found = summaries_of(reader, [row.case_id for row in shown], account_id=account_id, now=now)
    listed = (
        CaseSetAside(found[row.case_id], row.until, row.until <= now, row.saved_at)
        for row in shown
        if row.case_id in found
    )
    return tuple(listed), len(rows) > LISTED
