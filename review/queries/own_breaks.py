"""When did a person last rest? For this person's own pages; no other page reads it."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Break


@dataclass(frozen=True)
class OwnBreak:
    """One break; without ``ended_at`` it goes on."""

    started_at: datetime
    ended_at: datetime | None


def last_break(reader: Session, *, account_id: str) -> OwnBreak | None:
    """The break that began last, if there was one."""
    row = reader.execute(
        sa.select(Break.started_at, Break.ended_at)
        .where(Break.account_id == account_id)
        .order_by(Break.started_at.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else OwnBreak(*row)
