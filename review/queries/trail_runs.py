"""How far are the verifications that people asked for, and what did they find?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Account, TrailRun
from review.queries.verdicts import ToldVerdict, verdict_of


@dataclass(frozen=True)
class RunShown:
    """One verification as a page shows it; ``verdict`` is None until there is one."""

    id: str
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    entries: int
    total: int
    finished_at: datetime | None
    failure: str | None
    verdict: ToldVerdict | None


def run_of(reader: Session, run_id: str) -> RunShown | None:
    """A verification by its id."""
    row = reader.execute(_runs().where(TrailRun.id == run_id)).one_or_none()
    return None if row is None else _shown(reader, row)


def unfinished_run(reader: Session) -> RunShown | None:
    """The verification that runs or waits to, of which there is one at most."""
    row = reader.execute(_runs().where(TrailRun.slot.is_not(None))).one_or_none()
    return None if row is None else _shown(reader, row)


def _runs() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        TrailRun.id,
        Account.pseudonym,
        TrailRun.requested_at,
        TrailRun.started_at,
        TrailRun.entries,
        TrailRun.total,
        TrailRun.finished_at,
        TrailRun.failure,
        TrailRun.verdict,
    ).join(Account, Account.id == TrailRun.requested_by)


def _shown(reader: Session, row: Any) -> RunShown:
    verdict = None if row.verdict is None else verdict_of(reader, row.verdict)
    return RunShown(
        id=row.id,
        requested_by=row.pseudonym,
        requested_at=row.requested_at,
        started_at=row.started_at,
        entries=row.entries,
        total=row.total,
        finished_at=row.finished_at,
        failure=row.failure,
        verdict=verdict,
    )
