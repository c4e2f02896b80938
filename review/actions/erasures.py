"""Erasures: asked for by one person, settled by another, and carried out anew after a backup came back."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.erasable import check_erasable
from review.actions.erasing import Wanted, empty_record
from review.domain.erasures import (
    EXECUTE,
    LOCK,
    MOST_AT_ONCE,
    REFUSE,
    ErasureState,
    Settling,
    check_request,
)
from review.domain.holds import RecordKind, SecondPersonNeeded, check_reason, is_second_person
from review.domain.ids import new_id
from review.domain.permissions import (
    OPERATOR,
    SERVICE,
    Actor,
    Permission,
    Role,
    check_operator,
    check_permission,
    check_service,
)
from review.errors import AlreadyClosed, AlreadyExists, InvalidInput, NotFound, NotPermitted, ReviewError
from review.models import Account, Erasure
from review.models.erasure_journal import JournalEntry
from review.models.rows import insert_rows
from review.queries.erasures import ErasureShown, erasure_shown
from review.queries.holds import is_record
from review.queries.stored_cases import in_sets


def request_erasures(
    kind: RecordKind,
    object_ids: Sequence[str],
    parts: Sequence[str],
    *,
    ground: str,
    reason: str,
    actor: Actor,
) -> list[str]:
    """Ask for the same parts of some records to be erased, all or none of them; the ids of the requests.

    Raises `InvalidInput` that names the fields to correct, `NotFound`, `RecordHeld`, `NotErasable` for a
    record that is still worked on, or is kept for longer where the ground is that its retention is over, and
    `AlreadyExists` where a request about one of them waits.
    """
    check_permission(actor, Permission.REQUEST_ERASURES)
    named = check_request(kind, parts, ground, reason)
    wanted = sorted(set(object_ids))
    if not 0 < len(wanted) <= MOST_AT_ONCE:
        raise InvalidInput(f"Tick 1 to {MOST_AT_ONCE} records.")
    now = clock.now()
    with db.transaction() as writer:
        db.wait_for_lock(writer, LOCK)
        for object_id in wanted:
            check_erasable(writer, kind, object_id, ground=ground, at=now)
        rows = [
            {
                "id": new_id("X"), "trail_version": 1, "object_kind": kind.value, "object_id": object_id,
                "parts": list(named), "ground": ground, "reason": reason.strip(), "requested_by": actor.id,
                "requested_at": now, "state": ErasureState.WAITING.value,
            }
            for object_id in wanted
        ]  # fmt: skip
        try:
            insert_rows(writer, Erasure, rows)
        except sa.exc.IntegrityError as error:
            raise AlreadyExists(
                "A request about this record waits already; settle that one first."
            ) from error
        told = [
            ledger.Record(
                str(row["id"]),
                {"record": str(row["object_id"]), "parts": list(named), "reason": reason.strip()},
                {"on": kind.value, "ground": ground},
            )
            for row in rows
        ]
        ledger.record_many(writer, "erasure.requested", told, actor=actor, at=now, created=True)
    return [str(row["id"]) for row in rows]


def refuse_erasure(erasure_id: str, reason: str, *, actor: Actor) -> None:
    """Let a request of somebody else come to nothing.

    Raises `InvalidInput` without a reason, `SecondPersonNeeded` for one's own request, `AlreadyClosed`,
    `NotFound`.
    """
    check_permission(actor, Permission.SETTLE_ERASURES)
    written = check_reason(reason, missing="Write why nothing is erased.")
    now = clock.now()
    with db.transaction() as writer:
        _settle(writer, erasure_id, REFUSE, written, actor=actor, at=now)
        found = _found(writer, erasure_id)
        ledger.record(
            writer,
            REFUSE.event,
            erasure_id,
            actor=actor,
            at=now,
            fields={"record": found.object_id, "reason": written},
            meta={"on": found.object_kind.value, "ground": found.ground},
        )


def execute_erasures(erasure_ids: Sequence[str], reason: str, *, actor: Actor) -> None:
    """Approve requests of somebody else and carry them out, all or none.

    Values, keys and what was derived from them are gone with this transaction; files follow
    (`finish_erasures`). Raises `InvalidInput`, `SecondPersonNeeded` for one's own request, `NotPermitted`
    for one of somebody who may not ask any more, `RecordHeld`, `NotErasable`, `AlreadyClosed`, `NotFound`.
    """
    check_permission(actor, Permission.SETTLE_ERASURES)
    written = check_reason(reason, missing="Write what you checked before you let it go.")
    if not 0 < len(set(erasure_ids)) <= MOST_AT_ONCE:
        raise InvalidInput(f"Tick 1 to {MOST_AT_ONCE} requests.")
    now = clock.now()
    with db.transaction() as writer:
        db.wait_for_lock(writer, LOCK)
        for erasure_id in sorted(set(erasure_ids)):
            asked = _found(writer, erasure_id)
            _check_asker(writer, asked)
            if asked.state is ErasureState.WAITING:
                check_erasable(writer, asked.object_kind, asked.object_id, ground=asked.ground, at=now)
            _settle(writer, erasure_id, EXECUTE, written, actor=actor, at=now)
            _carry_out(writer, asked, approved_by=actor.id, reason=written, actor=actor, at=now)


def replay_erasures(entries: Iterable[JournalEntry], *, actor: Actor) -> int:
    """Carry out again what the journal outside knows as erased and this database does not; how many.

    For a database that came back from an older backup. Records that the backup does not have are passed over.
    A hold of that time does not stand against it: the erasure was lawful when it was carried out.
    """
    if actor.kind == OPERATOR.kind:
        check_operator(actor)
    else:
        check_service(actor)
    done = 0
    for entry in entries:
        now = clock.now()
        with db.transaction() as writer:
            db.wait_for_lock(writer, LOCK)
            done += _replayed(writer, entry, actor=actor, at=now)
    return done


def _replayed(writer: Session, entry: JournalEntry, *, actor: Actor, at: datetime) -> bool:
    kind, known = RecordKind(entry.object_kind), erasure_shown(writer, entry.id)
    if not is_record(writer, kind, entry.object_id):
        return False
    if known is not None and known.state is ErasureState.EXECUTED:
        return False
    executed_at = datetime.fromisoformat(entry.executed_at)
    ended = {"ended_by": entry.approved_by, "ended_at": executed_at, "ended_reason": None}
    if known is None:
        row = {
            "id": entry.id, "trail_version": 0, "object_kind": entry.object_kind,
            "object_id": entry.object_id, "parts": list(entry.parts), "ground": entry.ground, "reason": "",
            "requested_by": entry.requested_by, "requested_at": datetime.fromisoformat(entry.requested_at),
            "state": ErasureState.EXECUTED.value,
        }  # fmt: skip
        insert_rows(writer, Erasure, [row | ended])
    else:
        change = sa.update(Erasure).where(Erasure.id == entry.id)
        writer.execute(change.values(state=EXECUTE.target, **ended))
    _carry_out(
        writer, _found(writer, entry.id), approved_by=entry.approved_by, reason=None, actor=actor, at=at
    )
    return True


def finish_erasures(erasure_ids: Sequence[str], *, actor: Actor) -> None:
    """Note that files, journal and left-over pages of these erasures are seen to."""
    check_service(actor)
    with db.transaction() as writer:
        for some in in_sets(erasure_ids):
            writer.execute(
                sa.update(Erasure)
                .where(Erasure.id.in_(some), Erasure.finished_at.is_(None))
                .values(finished_at=clock.now())
                .execution_options(synchronize_session=False)
            )


def _found(reader: Session, erasure_id: str) -> ErasureShown:
    found = erasure_shown(reader, erasure_id)
    if found is None:
        raise NotFound("There is no such request; open it from the list.")
    return found


def _check_asker(writer: Session, asked: ErasureShown) -> None:
    """Raise `NotPermitted` where whoever asked lost the role since: two people have to be responsible."""
    still = sa.select(Account.id).where(
        Account.trail_id == asked.requested_by_id,
        Account.role == Role.LEGAL.value,
        Account.closed_at.is_(None),
    )
    if writer.scalar(still) is None:
        raise NotPermitted(
            "Whoever asked for this is not legal staff any more; refuse it and have it asked anew."
        )


def _settle(
    writer: Session, erasure_id: str, way: Settling, reason: str, *, actor: Actor, at: datetime
) -> None:
    """Give a waiting request of somebody else its end, or raise what stands against it."""
    settled = writer.scalar(
        sa.update(Erasure)
        .where(
            Erasure.id == erasure_id,
            Erasure.state == ErasureState.WAITING.value,
            Erasure.requested_by != actor.id,
        )
        .values(state=way.target, ended_by=actor.id, ended_at=at, ended_reason=reason)
        .returning(Erasure.id)
        .execution_options(synchronize_session=False)
    )
    if settled is None:
        raise _refusal(writer, erasure_id, actor)


def _refusal(writer: Session, erasure_id: str, actor: Actor) -> ReviewError:
    """Which of the conditions did not hold."""
    found = _found(writer, erasure_id)
    if found.state is ErasureState.WAITING and not is_second_person(actor, first=found.requested_by_id):
        return SecondPersonNeeded(
            "You asked for this yourself; somebody else of legal, or an administrator, settles it."
        )
    return AlreadyClosed("The request was settled in the meantime; nothing was changed.")


def _carry_out(
    writer: Session,
    asked: ErasureShown,
    *,
    approved_by: str,
    reason: str | None,
    actor: Actor,
    at: datetime,
) -> None:
    wanted = Wanted(asked.id, asked.object_kind, asked.object_id, asked.parts, at, asked.ground)
    openings = empty_record(writer, wanted)
    ledger.record(
        writer,
        EXECUTE.event,
        asked.id,
        actor=actor,
        at=at,
        fields={
            "record": asked.object_id,
            "parts": list(asked.parts),
            "requested_by": asked.requested_by_id,
            "approved_by": approved_by,
            "reason": reason,
            "openings": openings,
        },
        meta={
            "on": asked.object_kind.value,
            "ground": asked.ground,
            "replayed": True if actor.kind in (OPERATOR.kind, SERVICE.kind) else None,
        },
    )
