"""Verifying the trail in the background: asked for on a page, taken up by one worker, ended by a verdict."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import rfc8785
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.domain.ids import new_id
from review.domain.permissions import Actor, Permission, Role, check_permission, check_service
from review.errors import ClaimLost, DatabaseBusy
from review.models import Account, TrailRun
from review.queries.trail import Finding

LEASE_SECONDS = 30
"""A worker that has not told its progress for so long is taken for dead, and another one starts anew."""
MOST_TRIES = 3
TRIES_TO_ASK = 3
LONGEST_FAILURE = 500


@dataclass(frozen=True)
class Run:
    """A verification that this worker has taken up, for the person who asked."""

    id: str
    lease: str
    total: int


def request_verification(*, actor: Actor) -> str:
    """Ask for a verification; the id of it, or of the one that is under way."""
    check_permission(actor, Permission.VERIFY_TRAIL)
    with db.transaction() as writer:
        row = {
            "id": new_id("T"),
            "slot": 1,
            "requested_by": actor.account_id,
            "requested_at": clock.now(),
            "tries": 0,
            "entries": 0,
            "total": ledger.head_of(writer).size,
        }
        dialect: Any = sqlite if db.is_sqlite(writer) else postgresql
        insert = dialect.insert(TrailRun.__table__).values(row).on_conflict_do_nothing()
        for _attempt in range(TRIES_TO_ASK):  # the one under way may end between the two statements
            writer.execute(insert)
            under_way = writer.scalar(sa.select(TrailRun.id).where(TrailRun.slot.is_not(None)))
            if under_way is not None:
                return under_way
        raise DatabaseBusy("Verifications end faster than one can be asked for; try again.")


def take_verification(*, actor: Actor) -> Run | None:
    """Take up the verification that waits, or whose worker died; None where there is none.

    One that three workers died on is marked as failed.
    """
    check_service(actor)
    if db.session().scalar(sa.select(TrailRun.id).where(TrailRun.slot.is_not(None))) is None:
        return None  # asked twice a second, so that writers are not kept waiting for nothing
    with db.transaction() as writer:
        now = clock.now()
        silent = sa.or_(
            TrailRun.seen_at.is_(None), TrailRun.seen_at <= now - timedelta(seconds=LEASE_SECONDS)
        )
        waiting = (TrailRun.slot.is_not(None), silent)
        _end(writer, *waiting, TrailRun.tries >= MOST_TRIES, now=now, failure=_DIED)
        total = ledger.head_of(writer).size
        lease = new_id("T")
        taken = writer.execute(
            sa.update(TrailRun)
            .where(*waiting)
            .values(
                started_at=sa.func.coalesce(TrailRun.started_at, sa.literal(now, db.Moment())),
                seen_at=now,
                lease=lease,
                tries=TrailRun.tries + 1,
                entries=0,
                total=total,
            )
            .returning(TrailRun.id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        return None if taken is None else Run(taken.id, lease, total)


_DIED = "It was begun three times and its worker died each time. Run `flask trail verify` on the server."


def renew_verification(run: Run, *, entries: int, actor: Actor) -> None:
    """Tell how far it is and keep it; raises `ClaimLost` where another worker has taken it over."""
    check_service(actor)
    with db.transaction() as writer:
        kept = writer.scalar(
            sa.update(TrailRun)
            .where(*_ours(run))
            .values(seen_at=clock.now(), entries=entries)
            .returning(TrailRun.id)
            .execution_options(synchronize_session=False)
        )
        if kept is None:
            raise ClaimLost()


def finish_verification(run: Run, finding: Finding, *, actor: Actor) -> str:
    """End it with its verdict, in the name of the person who asked; the id of the event.

    Raises `ClaimLost`, and leaves no event, where another worker has taken it over.
    """
    check_service(actor)
    with db.transaction() as writer:
        now = clock.now()
        if not _end(writer, *_ours(run), now=now, entries=finding.entries):
            raise ClaimLost()
        present = {name: value for name, value in asdict(finding).items() if value is not None}
        eid = ledger.record(
            writer,
            "trail.verified",
            "trail",
            actor=_asker(writer, run),
            at=now,
            fields={"finding": rfc8785.dumps(present)},
            meta={"intact": finding.intact},
        )
        writer.execute(
            sa.update(TrailRun)
            .where(TrailRun.id == run.id)
            .values(verdict=eid)
            .execution_options(synchronize_session=False)
        )
        return eid


def fail_verification(run: Run, failure: str, *, actor: Actor) -> None:
    """End it without a verdict, which leaves no event: nothing was found out about the trail."""
    check_service(actor)
    with db.transaction() as writer:
        _end(writer, *_ours(run), now=clock.now(), failure=failure[:LONGEST_FAILURE])


def _ours(run: Run) -> tuple[sa.ColumnElement[bool], ...]:
    return TrailRun.id == run.id, TrailRun.lease == run.lease, TrailRun.slot.is_not(None)


def _end(writer: Session, *where: sa.ColumnElement[bool], now: datetime, **values: Any) -> bool:
    ended = writer.execute(
        sa.update(TrailRun)
        .where(*where)
        .values(slot=None, finished_at=now, **values)
        .returning(TrailRun.id)
        .execution_options(synchronize_session=False)
    )
    return ended.one_or_none() is not None


def _asker(writer: Session, run: Run) -> Actor:
    row = writer.execute(
        sa.select(Account.id, Account.trail_id, Account.role)
        .join(TrailRun, TrailRun.requested_by == Account.id)
        .where(TrailRun.id == run.id)
    ).one()
    return Actor(kind="account", id=row.trail_id, account_id=row.id, role=Role(row.role))
