"""What has come since a page of the queue was drawn?"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.narrowing import EVERYTHING, Narrowed
from review.domain.states import QUEUED, CaseState
from review.models import Case
from review.queries.cases import is_listed_to, is_unclaimed
from review.queries.queued import is_undelayed

MOST_NEW = 99


def arrived_since(
    reader: Session,
    since: datetime,
    *,
    account_id: str | None,
    now: datetime,
    resolves: bool = False,
    narrowed: Narrowed = EVERYTHING,
) -> int:
    """How many cases that wait for this person were opened after ``since``, to one beyond `MOST_NEW`."""
    states = (*QUEUED, CaseState.RESOLVING) if resolves else QUEUED
    chosen = [getattr(Case, column) == value for column, value in narrowed.conditions.items()]
    waits = (is_undelayed(), is_unclaimed(now), is_listed_to(account_id), *chosen)
    # state by state, because the index of arrival begins with that
    some = [
        sa.select(
            sa.select(Case.id)
            .where(Case.state == sa.literal_column(f"'{state}'", sa.String()), Case.opened_at > since, *waits)
            .limit(MOST_NEW + 1)
            .subquery()
        )
        for state in states
    ]
    found = reader.scalar(sa.select(sa.func.count()).select_from(sa.union_all(*some).subquery())) or 0
    return min(found, MOST_NEW + 1)
