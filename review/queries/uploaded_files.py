"""How does a file of referrals stand? Own ones for people; for the loop, those that there is work on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.cursors import Cursor
from review.domain.uploaded_files import AT_WORK, DROPPABLE, KEPT_DAYS, FileState
from review.models import Batch, Referral, UploadedFile
from review.models.rows import CHUNK
from review.queries.positions import moment_at, position_of

MOST_SENDERS = 1_000
"""Senders among whom the loop chooses whose turn it is."""


@dataclass(frozen=True)
class OwnFile:
    """One file as its sender sees it; the four counts from ``taken`` on are of rows of its batch."""

    id: str
    name: str
    kind: str
    length: int
    sha256: str
    created_at: datetime
    state: str
    problem: str | None
    names: Sequence[str] | None
    header: bytes | None
    columns: Sequence[str | None] | None
    rows: int
    done: int
    ready: int
    bad: int
    sent_before: int
    checked_at: datetime | None
    batch_id: str | None
    sent_at: datetime | None
    dropped_at: datetime | None
    sender_id: str
    taken: int | None = None
    received: int | None = None
    repeated: int | None = None
    refused: int | None = None
    last_line: int | None = None
    batch_completed_at: datetime | None = None


@dataclass(frozen=True)
class FilePage:
    """Some files, newest first, and the cursor after which the next ones stand; None at the end."""

    files: tuple[OwnFile, ...]
    next: Cursor | None


def own_file(reader: Session, file_id: str, *, sender_id: str | None) -> OwnFile | None:
    """The file with the progress of its batch; None when there is none of this sender."""
    wanted = _files().where(UploadedFile.id == file_id, UploadedFile.sender_id == sender_id)
    row = reader.execute(wanted).one_or_none()
    return None if row is None else OwnFile(**row._asdict())


def same_file_sent(reader: Session, file: OwnFile) -> OwnFile | None:
    """The newest other file of this sender with the same bytes that was sent; None where there is none."""
    wanted = _files().where(
        UploadedFile.sender_id == file.sender_id,
        UploadedFile.sha256 == file.sha256,
        UploadedFile.state == FileState.SENT,
        UploadedFile.id != file.id,
    )
    row = reader.execute(wanted.order_by(UploadedFile.sent_at.desc()).limit(1)).one_or_none()
    return None if row is None else OwnFile(**row._asdict())


def newest_files(
    reader: Session, *, sender_id: str | None, limit: int, after: Cursor | None = None
) -> FilePage:
    """Own files, newest first."""
    wanted = _files().where(UploadedFile.sender_id == sender_id)
    if after is not None:
        place = sa.tuple_(moment_at(after.position), sa.literal(after.id))
        wanted = wanted.where(sa.tuple_(UploadedFile.created_at, UploadedFile.id) < place)
    newest = wanted.order_by(UploadedFile.created_at.desc(), UploadedFile.id.desc()).limit(limit + 1)
    found = [OwnFile(**row._asdict()) for row in reader.execute(newest)]
    shown = found[:limit]
    last = Cursor(position_of(shown[-1].created_at), shown[-1].id) if len(found) > limit else None
    return FilePage(tuple(shown), last)


def next_file(
    reader: Session,
    *,
    passed: Sequence[str] = (),
    busy: Sequence[str] = (),
    served: Mapping[str, int] | None = None,
) -> OwnFile | None:
    """The file for the loop to begin with; None where none waits.

    Not one of those passed over, nor of senders that are ``busy``; first of the sender whose turn was longest
    ago (``served``: when each had its last one), and the one that has waited longest.
    """
    turns = served or {}
    oldest = (
        sa.select(UploadedFile.sender_id, sa.func.min(UploadedFile.created_at).label("since"))
        .where(
            UploadedFile.state.in_(AT_WORK),
            UploadedFile.id.not_in(passed),
            UploadedFile.sender_id.not_in(busy),
        )
        .group_by(UploadedFile.sender_id)
        .order_by("since")
        .limit(MOST_SENDERS)
    )
    senders = [row.sender_id for row in reader.execute(oldest)]
    if not senders:
        return None
    chosen = min(senders, key=lambda sender_id: turns.get(sender_id, 0))
    wanted = _files().where(
        UploadedFile.state.in_(AT_WORK), UploadedFile.id.not_in(passed), UploadedFile.sender_id == chosen
    )
    row = reader.execute(wanted.order_by(UploadedFile.created_at, UploadedFile.id).limit(1)).one_or_none()
    return None if row is None else OwnFile(**row._asdict())


def is_waiting(reader: Session, file_id: str) -> bool:
    """Whether a file still waits to be checked."""
    wanted = sa.select(UploadedFile.id).where(
        UploadedFile.id == file_id, UploadedFile.state == FileState.WAITING
    )
    return reader.scalar(wanted) is not None


def old_files(reader: Session, *, now: datetime) -> list[str]:
    """Files of which something is left after a week, at most a hundred."""
    wanted = sa.select(UploadedFile.id).where(
        UploadedFile.created_at < now - timedelta(days=KEPT_DAYS),
        UploadedFile.dropped_at.is_(None),
        UploadedFile.state.in_((*DROPPABLE, FileState.SENT)),
    )
    return list(reader.scalars(wanted.limit(100)))


def wanted_files(reader: Session, file_ids: Sequence[str]) -> set[str]:
    """Those of these files whose bytes are still of use."""
    found: set[str] = set()
    for start in range(0, len(file_ids), CHUNK):
        wanted = sa.select(UploadedFile.id).where(
            UploadedFile.id.in_(file_ids[start : start + CHUNK]), UploadedFile.dropped_at.is_(None)
        )
        found |= set(reader.scalars(wanted))
    return found


def sent_before(reader: Session, references: Sequence[str], *, sender_id: str) -> dict[str, tuple[str, str]]:
    """By reference the id and the digest of the content of referrals that this sender has already."""
    found: dict[str, tuple[str, str]] = {}
    for start in range(0, len(references), CHUNK):
        rows = reader.execute(
            sa.select(Referral.reference, Referral.id, Referral.content_digest).where(
                Referral.sender_id == sender_id, Referral.reference.in_(references[start : start + CHUNK])
            )
        )
        found.update((reference, (referral_id, digest)) for reference, referral_id, digest in rows)
    return found


def _files() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        *(column for column in UploadedFile.__table__.c if column.name != "trail_version"),
        Batch.lines.label("taken"),
        Batch.received,
        Batch.repeated,
        Batch.refused,
        Batch.last_line,
        Batch.completed_at.label("batch_completed_at"),
    ).outerjoin(Batch, Batch.id == UploadedFile.batch_id)
