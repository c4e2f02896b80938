"""A file of referrals on its way: stored, its columns chosen, checked, sent as a batch, dropped.

People reach the files of their own sender alone; those of others are missing for them. What the loop does to
a file is conditional on its state, so that two loops at once, or one that was killed, do nothing twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.batches import batch_row
from review.domain.permissions import Actor, Permission, check_permission, check_service
from review.domain.uploaded_files import DROPPABLE, KEPT_DAYS, MOST_KEPT, FileState
from review.errors import AlreadyClosed, AlreadyExists, NotFound
from review.formats.columns import Columns, check_columns
from review.models import Batch, Sender, UploadedFile
from review.models.rows import insert_rows


@dataclass(frozen=True)
class FileCounts:
    """What checking found, in rows: all, those to be sent, those that need fixing, those sent before."""

    rows: int
    ready: int
    bad: int
    sent_before: int


def store_file(file_id: str, *, name: str, kind: str, length: int, sha256: str, actor: Actor) -> None:
    """Note a file whose bytes are stored already; the loop looks into it.

    Raises `AlreadyExists` where the sender has too many that are neither sent nor dropped.
    """
    check_permission(actor, Permission.REFER)
    with db.transaction() as writer:
        now = clock.now()
        own = sa.select(Sender.id).where(Sender.id == actor.sender_id)
        if writer.scalar(own.with_for_update(key_share=True)) is None:
            raise NotFound("There is no such sender.")
        kept = sa.select(sa.func.count()).where(
            UploadedFile.sender_id == actor.sender_id,
            UploadedFile.state.in_((*DROPPABLE, FileState.SENDING)),
            UploadedFile.state != FileState.REFUSED,
        )
        if (writer.scalar(kept) or 0) >= MOST_KEPT:
            raise AlreadyExists(
                f"{MOST_KEPT} files of your organisation wait; send or drop one of them first."
            )
        row = {
            "id": file_id,
            "trail_version": 0,
            "sender_id": actor.sender_id,
            "name": name,
            "kind": kind,
            "length": length,
            "sha256": sha256,
            "created_at": now,
            "state": FileState.WAITING.value,
        }
        writer.execute(sa.insert(UploadedFile), row | dict.fromkeys(_COUNTS, 0))
        fields = {"sender": actor.sender_id, "name": name, "sha256": sha256}
        ledger.record(
            writer, "file.uploaded", file_id, actor=actor, at=now, fields=fields, meta={"bytes": length}
        )


_COUNTS = ("rows", "done", "ready", "bad", "sent_before")


def choose_columns(file_id: str, columns: Columns, *, actor: Actor) -> None:
    """Say what the headings of a file mean; it is checked with that, and what was found before is void.

    Raises `NotFound`, `AlreadyClosed` where nobody asks any more, and `InvalidInput` for a choice that
    leaves out what is needed.
    """
    check_permission(actor, Permission.REFER)
    with db.transaction() as writer:
        names = writer.scalar(sa.select(UploadedFile.names).where(*_own(file_id, actor)))
        if names is None:
            raise NotFound()
        check_columns(names, columns)
        values = {"state": FileState.WAITING.value, "columns": list(columns), **dict.fromkeys(_COUNTS, 0)}
        _move(
            writer,
            file_id,
            (FileState.UNMAPPED, FileState.CHECKED),
            values,
            UploadedFile.sender_id == actor.sender_id,
        )


def ask_columns(
    file_id: str, *, names: Sequence[str], header: bytes | None, suggested: Columns, actor: Actor
) -> None:
    """Note that the headings of a file leave a doubt, with what they likely mean. `AlreadyClosed`."""
    check_service(actor)
    with db.transaction() as writer:
        values = {
            "state": FileState.UNMAPPED.value,
            "names": list(names),
            "header": header,
            "columns": list(suggested),
        }
        _move(writer, file_id, (FileState.WAITING,), values)


def note_progress(file_id: str, *, rows: int, done: int, actor: Actor) -> None:
    """Note how far checking is; ``rows`` is 0 until all were read. `AlreadyClosed` where it is over."""
    check_service(actor)
    with db.transaction() as writer:
        _move(writer, file_id, (FileState.WAITING,), {"rows": rows, "done": done})


def keep_check(
    file_id: str,
    counts: FileCounts,
    *,
    names: Sequence[str],
    header: bytes | None,
    columns: Columns,
    actor: Actor,
) -> None:
    """Note what checking found; its two working files are stored already. `AlreadyClosed`."""
    check_service(actor)
    with db.transaction() as writer:
        values = {
            "state": FileState.CHECKED.value,
            "names": list(names),
            "header": header,
            "columns": list(columns),
            "checked_at": clock.now(),
            "rows": counts.rows,
            "done": counts.rows,
            "ready": counts.ready,
            "bad": counts.bad,
            "sent_before": counts.sent_before,
        }
        _move(writer, file_id, (FileState.WAITING,), values)


def refuse_file(file_id: str, problem: str, *, actor: Actor) -> None:
    """Say why a file cannot be read; nothing of it was stored as a referral. `AlreadyClosed`."""
    check_service(actor)
    with db.transaction() as writer:
        values = {"state": FileState.REFUSED.value, "problem": problem}
        _move(writer, file_id, (FileState.WAITING, FileState.SENDING), values)


def send_file(file_id: str, *, batch_id: str, actor: Actor) -> None:
    """Send the rows of a checked file that are ready; the loop takes them in, as the batch of that id.

    Raises `NotFound`, or `AlreadyClosed` where it is not checked, nothing is ready, or somebody was faster.
    """
    check_permission(actor, Permission.REFER)
    with db.transaction() as writer:
        now = clock.now()
        found = writer.execute(
            sa.select(UploadedFile.header, UploadedFile.ready).where(*_own(file_id, actor))
        ).one_or_none()
        if found is None:
            raise NotFound()
        if not found.ready:
            raise AlreadyClosed("No row of this file can be sent.")
        row = batch_row(batch_id, transmitted_via="file", header=found.header, actor=actor, at=now)
        insert_rows(writer, Batch, [row])
        values = {"state": FileState.SENDING.value, "batch_id": batch_id}
        own = UploadedFile.sender_id == actor.sender_id
        _move(writer, file_id, (FileState.CHECKED,), values, own)
        fields, meta = {"batch": batch_id}, {"rows": found.ready}
        ledger.record(writer, "file.sent", file_id, actor=actor, at=now, fields=fields, meta=meta)


def finish_file(file_id: str, *, actor: Actor) -> None:
    """Note that all rows were taken in; their batch has its event. `AlreadyClosed`."""
    check_service(actor)
    with db.transaction() as writer:
        values = {"state": FileState.SENT.value, "sent_at": clock.now()}
        _move(writer, file_id, (FileState.SENDING,), values)


def drop_file(file_id: str, *, actor: Actor) -> None:
    """Let go of a file that is not sent, by a person of its sender.

    Raises `NotFound`, or `AlreadyClosed` for one that is sent or dropped.
    """
    check_permission(actor, Permission.REFER)
    with db.transaction() as writer:
        now = clock.now()
        if writer.scalar(sa.select(UploadedFile.id).where(*_own(file_id, actor))) is None:
            raise NotFound()
        values = {"state": FileState.DROPPED.value, "dropped_at": now}
        _move(writer, file_id, DROPPABLE, values, UploadedFile.sender_id == actor.sender_id)
        ledger.record(writer, "file.dropped", file_id, actor=actor, at=now)


def drop_old_file(file_id: str, *, actor: Actor) -> None:
    """Let go of what is left of a file after a week. `AlreadyClosed` where it is not that old."""
    check_service(actor)
    with db.transaction() as writer:
        now = clock.now()
        old = (UploadedFile.created_at < now - timedelta(days=KEPT_DAYS), UploadedFile.dropped_at.is_(None))
        state = sa.case(
            (UploadedFile.state == FileState.SENT.value, FileState.SENT.value),
            else_=FileState.DROPPED.value,
        )
        _move(writer, file_id, (*DROPPABLE, FileState.SENT), {"state": state, "dropped_at": now}, *old)
        ledger.record(writer, "file.dropped", file_id, actor=actor, at=now)


def _own(file_id: str, actor: Actor) -> tuple[sa.ColumnElement[bool], ...]:
    return UploadedFile.id == file_id, UploadedFile.sender_id == actor.sender_id


def _move(
    writer: Session,
    file_id: str,
    sources: Sequence[FileState],
    values: dict[str, Any],
    *conditions: sa.ColumnElement[bool],
) -> None:
    moved = writer.scalar(
        sa.update(UploadedFile)
        .where(UploadedFile.id == file_id, UploadedFile.state.in_(sources), *conditions)
        .values(**values)
        .returning(UploadedFile.id)
        .execution_options(synchronize_session=False)
    )
    if moved is None:
        raise AlreadyClosed("This file has gone on meanwhile; open its page again.")
