"""Which erasures were asked for, and what became of each?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.erasures import ErasureState
from review.domain.holds import RecordKind
from review.models import Account, ErasedPart, Erasure, Evidence
from review.queries.erased import erased_part
from review.queries.stored_cases import in_sets

PAGE_ROWS = 200


@dataclass(frozen=True)
class ErasureShown:
    """One request; people by pseudonym, and by ``requested_by_id`` as the trail names them."""

    id: str
    object_kind: RecordKind
    object_id: str
    parts: tuple[str, ...]
    ground: str
    reason: str
    state: ErasureState
    requested_by: str
    requested_by_id: str
    requested_at: datetime
    ended_by: str | None
    ended_by_id: str | None
    ended_at: datetime | None
    ended_reason: str | None
    finished_at: datetime | None


def erasure_shown(reader: Session, erasure_id: str) -> ErasureShown | None:
    """One request; None where there is none."""
    row = reader.execute(_erasures().where(Erasure.id == erasure_id)).one_or_none()
    return None if row is None else _shown(row)


def erasures_listed(reader: Session, *, state: ErasureState | None = None) -> tuple[ErasureShown, ...]:
    """The newest 200 requests, or those in one state."""
    statement = _erasures().order_by(Erasure.requested_at.desc(), Erasure.id.desc()).limit(PAGE_ROWS)
    if state is not None:
        statement = statement.where(Erasure.state == state.value)
    return tuple(_shown(row) for row in reader.execute(statement))


def erasures_of(reader: Session, objects: Sequence[tuple[RecordKind, str]]) -> tuple[ErasureShown, ...]:
    """All requests about these records, the newest first."""
    found: list[ErasureShown] = []
    for kind in RecordKind:
        for some in in_sets(object_id for of, object_id in objects if of is kind):
            wanted = _erasures().where(Erasure.object_kind == kind.value, Erasure.object_id.in_(some))
            found += [_shown(row) for row in reader.execute(wanted)]
    return tuple(sorted(found, key=lambda one: (one.requested_at, one.id), reverse=True))


def unfinished(reader: Session, *, now: datetime) -> tuple[ErasureShown, ...]:
    """Erasures, ended by ``now``, whose files, journal and left-over pages are to be seen to, in order."""
    executed = Erasure.state == sa.literal_column(f"'{ErasureState.EXECUTED}'")
    # with the time the index of those unfinished is searched, not the table
    statement = _erasures().where(executed, Erasure.finished_at.is_(None), Erasure.ended_at <= now)
    return tuple(_shown(row) for row in reader.execute(statement.order_by(Erasure.ended_at).limit(PAGE_ROWS)))


def executed_ids(reader: Session) -> set[str]:
    """The ids of all erasures that were carried out."""
    return set(reader.scalars(sa.select(Erasure.id).where(Erasure.state == ErasureState.EXECUTED.value)))


def erased_digests(reader: Session, erasure_ids: Sequence[str] | None = None) -> list[str]:
    """SHA-256 of files that no record needs any more, of these erasures or of all."""
    gone, twin = erased_part("evidence", Evidence.id, "content"), sa.orm.aliased(Evidence)
    twin_gone = erased_part("evidence", twin.id, "content")
    needed = sa.exists().where(twin.sha256 == Evidence.sha256, ~twin_gone)
    statement = sa.select(Evidence.sha256).where(gone, ~needed).distinct()
    if erasure_ids is not None:
        of_these = sa.select(ErasedPart.row_id).where(
            ErasedPart.place == "evidence", ErasedPart.erasure_id.in_(list(erasure_ids))
        )
        statement = statement.where(Evidence.id.in_(of_these))
    return sorted(reader.scalars(statement))


def _erasures() -> sa.Select[*tuple[Any, ...]]:
    asker, settler = sa.orm.aliased(Account), sa.orm.aliased(Account)
    return (
        sa.select(Erasure.__table__, asker.pseudonym.label("asker"), settler.pseudonym.label("settler"))
        .outerjoin(asker, asker.trail_id == Erasure.requested_by)
        .outerjoin(settler, settler.trail_id == Erasure.ended_by)
    )


def _shown(row: Any) -> ErasureShown:
    return ErasureShown(
        id=row.id,
        object_kind=RecordKind(row.object_kind),
        object_id=row.object_id,
        parts=tuple(row.parts),
        ground=row.ground,
        reason=row.reason,
        state=ErasureState(row.state),
        requested_by=row.asker or "",
        requested_by_id=row.requested_by,
        requested_at=row.requested_at,
        ended_by=None if row.ended_by is None else row.settler or "",
        ended_by_id=row.ended_by,
        ended_at=row.ended_at,
        ended_reason=row.ended_reason,
        finished_at=row.finished_at,
    )
