"""Exports as jobs: asked for with a reason, on the trail before they start, worked on by one loop at a time.

Each case gets its event in the transaction that asks for the export; the digest of the file is on the trail
before anybody may fetch it, and each fetching before a byte leaves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.domain.erasures import LOCK
from review.domain.exports import (
    CANCEL,
    EXPIRE,
    FAIL,
    FINISH,
    KEPT_DAYS,
    MOST_CASES,
    MOST_WAITING,
    Ending,
    ExportForm,
    ExportState,
    Selection,
    check_cases,
    checked_reason,
)
from review.domain.ids import new_id
from review.domain.permissions import Actor, Permission, check_permission, check_service
from review.errors import AlreadyClosed, AlreadyExists, ClaimLost, NotFound
from review.models import Account, Export
from review.queries.exports import selected_cases

LEASE_SECONDS = 60
"""A worker that has not told its progress for so long is taken for dead, and another one begins anew."""
MOST_TRIES = 3
LONGEST_FAILURE = 500
FIRST_DIFFERING = 20
"""Cases that the page of an export leads to; the file names all."""
DIED = "It was begun three times and its worker died each time. Ask for fewer cases."


@dataclass(frozen=True)
class Job:
    """An export that this worker has taken up."""

    id: str
    lease: str
    form: ExportForm
    case_ids: tuple[str, ...]
    selection: dict[str, Any]
    reason: str


def request_export(form: ExportForm, selection: Selection, *, reason: str, actor: Actor) -> str:
    """Ask for an export of the cases that this selection finds now; its id.

    Raises `InvalidInput` for a reason that says nothing, for no case and for too many, and `AlreadyExists`
    where this person has too many that wait.
    """
    check_permission(actor, Permission.EXPORT_RECORDS)
    why = checked_reason(reason)
    found = selected_cases(db.session(), selection, most=MOST_CASES + 1)
    check_cases(form, len(found))
    with db.transaction() as writer:
        own = sa.select(Account.id).where(Account.id == actor.account_id)
        writer.execute(own.with_for_update(key_share=True))  # one after the other, or two count the same
        now, export_id = clock.now(), new_id("O")
        waiting = sa.select(sa.func.count()).where(
            Export.requested_by == actor.account_id, Export.state == ExportState.WAITING
        )
        if (writer.scalar(waiting) or 0) >= MOST_WAITING:
            raise AlreadyExists(f"{MOST_WAITING} of your exports wait; let them end, or cancel one.")
        row = {
            "id": export_id,
            "form": form.value,
            "selection": selection.told(),
            "case_ids": found,
            "cases": len(found),
            "reason": why,
            "requested_by": actor.account_id,
            "requested_at": now,
            "state": ExportState.WAITING.value,
            "done": 0,
            "tries": 0,
        }
        writer.execute(sa.insert(Export), row)
        told: dict[str, ledger.Value | None] = {
            "export": export_id,
            "reason": why,
            "selection": selection.told(),
        }
        records = [ledger.Record(case_id, told, {"form": form.value}) for case_id in found]
        ledger.record_many(writer, "export.made", records, actor=actor, at=now)
        return export_id


def take_export(*, actor: Actor) -> Job | None:
    """Take up the export that has waited longest, or whose worker died; None where there is none."""
    check_service(actor)
    if db.session().scalar(sa.select(Export.id).where(*_free(clock.now())).limit(1)) is None:
        return None  # asked every second, so that writers are not kept waiting for nothing
    with db.transaction() as writer:
        db.wait_for_lock(writer, LOCK)  # an erasure that is carried out sees it, or its rows are empty
        now = clock.now()
        _end(writer, *_free(now), Export.tries >= MOST_TRIES, way=FAIL, now=now, failure=DIED)
        oldest = sa.select(Export.id).where(*_free(now)).order_by(Export.requested_at, Export.id).limit(1)
        lease = new_id("O")
        taken = writer.execute(
            sa.update(Export)
            .where(Export.id == oldest.scalar_subquery(), *_free(now))
            .values(lease=lease, seen_at=now, tries=Export.tries + 1, done=0)
            .returning(Export.id, Export.form, Export.case_ids, Export.selection, Export.reason)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if taken is None:
            return None
        form = ExportForm(taken.form)
        return Job(taken.id, lease, form, tuple(taken.case_ids), taken.selection, taken.reason)


def renew_export(job: Job, *, done: int, actor: Actor) -> None:
    """Tell how many cases are written; `ClaimLost` where it was cancelled or another worker has it."""
    check_service(actor)
    with db.transaction() as writer:
        kept = writer.scalar(
            sa.update(Export)
            .where(*_ours(job))
            .values(seen_at=clock.now(), done=done)
            .returning(Export.id)
            .execution_options(synchronize_session=False)
        )
        if kept is None:
            raise ClaimLost()


def give_back_export(job: Job, *, actor: Actor) -> None:
    """Let another worker begin it at once: this one is asked to stop, which is no failed try."""
    check_service(actor)
    with db.transaction() as writer:
        writer.execute(
            sa.update(Export)
            .where(*_ours(job))
            .values(lease=None, seen_at=None, done=0, tries=Export.tries - 1)
            .execution_options(synchronize_session=False)
        )


def finish_export(
    job: Job, *, rows: int, length: int, sha256: str, differing: Sequence[str], actor: Actor
) -> None:
    """End it: its file, which is whole already, may be fetched from now on. Raises `ClaimLost`.

    ``differing`` are the cases whose stored rows are not what the trail tells.
    """
    check_service(actor)
    with db.transaction() as writer:
        now = clock.now()
        values = {"rows": rows, "length": length, "sha256": sha256, "done": Export.cases}
        expires = {"expires_at": now + timedelta(days=KEPT_DAYS)}
        differs = {"differing": {"cases": len(differing), "first": list(differing[:FIRST_DIFFERING])}}
        if not _end(writer, *_ours(job), way=FINISH, now=now, **values, **expires, **differs):
            raise ClaimLost()
        fields: dict[str, ledger.Value | None] = {"export": job.id, "sha256": sha256}
        meta = {"bytes": length, "rows": rows}
        ledger.record(writer, "export.finished", "trail", actor=actor, at=now, fields=fields, meta=meta)


def fail_export(job: Job, failure: str, *, actor: Actor) -> None:
    """End it without a file, for the reason that its page shows."""
    check_service(actor)
    with db.transaction() as writer:
        failed = failure[:LONGEST_FAILURE]
        _end(writer, *_ours(job), way=FAIL, now=clock.now(), failure=failed)


def cancel_export(export_id: str, *, actor: Actor) -> None:
    """Stop an export that is not ended; its worker lets go of what it has. `NotFound`, `AlreadyClosed`."""
    check_permission(actor, Permission.EXPORT_RECORDS)
    with db.transaction() as writer:
        if writer.scalar(sa.select(Export.id).where(Export.id == export_id)) is None:
            raise NotFound("There is no such export.")
        if not _end(writer, Export.id == export_id, way=CANCEL, now=clock.now()):
            raise AlreadyClosed("This export has ended meanwhile; open its page again.")


def fetch_export(export_id: str, *, actor: Actor) -> str:
    """Record that somebody gets the file, before any of it leaves; its SHA-256.

    Raises `NotFound`, or `AlreadyClosed` where there is no file, or none any more.
    """
    check_permission(actor, Permission.EXPORT_RECORDS)
    with db.transaction() as writer:
        now = clock.now()
        columns = sa.select(Export.state, Export.expires_at, Export.sha256)
        row = writer.execute(columns.where(Export.id == export_id)).one_or_none()
        if row is None:
            raise NotFound("There is no such export.")
        if row.state != ExportState.DONE or row.expires_at is None or row.expires_at <= now:
            raise AlreadyClosed("This export has no file, or none any more; ask for it again.")
        fields = {"export": export_id, "sha256": row.sha256}
        ledger.record(writer, "export.fetched", "trail", actor=actor, at=now, fields=fields)
        return str(row.sha256)


def expire_export(export_id: str, *, actor: Actor) -> None:
    """Note that a file is deleted because its time is over."""
    check_service(actor)
    with db.transaction() as writer:
        over = (Export.id == export_id, Export.state == EXPIRE.source, Export.expires_at <= clock.now())
        writer.execute(
            sa.update(Export)
            .where(*over)
            .values(state=EXPIRE.target)
            .execution_options(synchronize_session=False)
        )


def _free(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    silent = sa.or_(Export.seen_at.is_(None), Export.seen_at <= now - timedelta(seconds=LEASE_SECONDS))
    return Export.state == ExportState.WAITING, silent


def _ours(job: Job) -> tuple[sa.ColumnElement[bool], ...]:
    return Export.id == job.id, Export.lease == job.lease, Export.state == ExportState.WAITING


def _end(writer: Session, *where: sa.ColumnElement[bool], way: Ending, now: datetime, **values: Any) -> bool:
    ended = writer.execute(
        sa.update(Export)
        .where(Export.state == way.source, *where)
        .values(state=way.target, ended_at=now, **values)
        .returning(Export.id)
        .execution_options(synchronize_session=False)
    )
    return ended.first() is not None
