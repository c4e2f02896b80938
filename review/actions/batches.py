"""Take in a delivery of many referrals: open the batch, store its lines in chunks, complete it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.intake import Arrival, Taken, kept_evidence, reference_conflict, take_in
from review.config import Settings
from review.domain.ids import new_id
from review.domain.permissions import OPERATOR, SERVICE, Actor, Permission, check_permission
from review.errors import FieldError, NotFound
from review.models import Batch, BatchLine
from review.models.rows import insert_rows


@dataclass(frozen=True, slots=True)
class GoodLine:
    """A line that is a referral; it may still turn out repeated or in conflict with an earlier one.

    ``further``: the numbers of other rows of a file that belong to it.
    """

    number: int
    arrival: Arrival
    further: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that is none, and why; ``reference`` where one could be read."""

    number: int
    reference: str | None
    errors: tuple[FieldError, ...]


def open_batch(*, transmitted_via: str, header: bytes | None = None, actor: Actor) -> str:
    """Note that a delivery begins; returns the id of its batch. Its event follows with `complete_batch`."""
    _check_may_refer(actor)
    batch_id = new_id("B")
    row = batch_row(batch_id, transmitted_via=transmitted_via, header=header, actor=actor, at=clock.now())
    with db.transaction() as writer:
        insert_rows(writer, Batch, [row])
    return batch_id


def batch_row(
    batch_id: str, *, transmitted_via: str, header: bytes | None, actor: Actor, at: datetime
) -> dict[str, Any]:
    """The row of a delivery of the actor's sender that begins; part of an action."""
    return {
        "id": batch_id,
        "sender_id": actor.sender_id,
        "key_id": actor.key_id,
        "transmitted_via": transmitted_via,
        "header": header,
        "started_at": at,
        "completed_at": None,
        "last_line": 0,
        "lines": 0,
        "received": 0,
        "repeated": 0,
        "refused": 0,
    }


def receive_lines(
    batch_id: str,
    lines: Sequence[GoodLine | RefusedLine],
    *,
    last_line: int,
    actor: Actor,
    settings: Settings,
) -> None:
    """Store or refuse each of these lines, all in one commit; ``last_line`` is where the next chunk goes on.

    Raises `NotFound` unless the batch is open and these lines follow those that it has.
    """
    _check_may_refer(actor)
    good = [line for line in lines if isinstance(line, GoodLine)]
    arrivals = [line.arrival for line in good]
    with kept_evidence(arrivals, data_dir=settings.data_dir), db.transaction() as writer:
        taken = take_in(writer, arrivals, actor=actor, at=clock.now(), settings=settings) if good else []
        outcomes = dict(zip((line.number for line in good), taken, strict=True))
        rows = []
        for each in lines:
            if isinstance(each, RefusedLine):
                rows.append(_refused_row(batch_id, each))
            else:
                rows += _taken_rows(batch_id, each, outcomes[each.number])
        _count(writer, batch_id, rows, last_line=last_line, sender_id=actor.sender_id)
        insert_rows(writer, BatchLine, rows)


def complete_batch(batch_id: str, *, body_sha256: str, actor: Actor) -> None:
    """Close the batch with its one event; ``body_sha256`` is that of all bytes read, unpacked.

    Raises `NotFound` when the batch is not open any more.
    """
    _check_may_refer(actor)
    with db.transaction() as writer:
        now = clock.now()
        counts = writer.execute(
            sa.update(Batch)
            .where(Batch.id == batch_id, Batch.sender_id == actor.sender_id, Batch.completed_at.is_(None))
            .values(completed_at=now)
            .returning(Batch.lines, Batch.received, Batch.repeated, Batch.refused, Batch.transmitted_via)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if counts is None:
            raise NotFound()
        ledger.record(
            writer,
            "batch.completed",
            batch_id,
            actor=actor,
            at=now,
            fields={"body_sha256": body_sha256, "key": actor.key_id},
            meta=counts._asdict(),
        )


def _check_may_refer(actor: Actor) -> None:
    """A command and the loop bring in files of a sender; everybody else needs the permission."""
    if actor.kind not in (OPERATOR.kind, SERVICE.kind) or actor.sender_id is None:
        check_permission(actor, Permission.REFER)


def _count(
    writer: Session,
    batch_id: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    last_line: int,
    sender_id: str | None,
) -> None:
    results = [row["result"] for row in rows]
    counted = writer.execute(
        sa.update(Batch)
        .where(
            Batch.id == batch_id,
            Batch.sender_id == sender_id,
            Batch.completed_at.is_(None),
            Batch.last_line < last_line,
        )
        .values(
            last_line=last_line,
            lines=Batch.lines + len(rows),
            received=Batch.received + results.count("received"),
            repeated=Batch.repeated + results.count("repeated"),
            refused=Batch.refused + results.count("refused"),
        )
        .returning(Batch.id)
        .execution_options(synchronize_session=False)
    )
    if counted.one_or_none() is None:
        raise NotFound("This batch is not open for more lines.")


def _taken_rows(batch_id: str, line: GoodLine, taken: Taken) -> list[dict[str, Any]]:
    numbers = (line.number, *line.further)
    if taken.same_content:
        result = "received" if taken.new else "repeated"
        return [_row(batch_id, number, result, referral_id=taken.referral_id) for number in numbers]
    conflict = reference_conflict(taken.referral_id)
    errors = (FieldError("/reference", conflict.code, conflict.detail),)
    reference = line.arrival.intake.reference
    return [_refused_row(batch_id, RefusedLine(number, reference, errors)) for number in numbers]


def _refused_row(batch_id: str, line: RefusedLine) -> dict[str, Any]:
    errors = [error.as_dict() for error in line.errors]
    return _row(batch_id, line.number, "refused", reference=line.reference, errors=errors)


def _row(
    batch_id: str,
    number: int,
    result: str,
    *,
    referral_id: str | None = None,
    reference: str | None = None,
    errors: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    return {
        "batch_id": batch_id,
        "line": number,
        "result": result,
        "referral_id": referral_id,
        "reference": reference,
        "errors": errors,
    }
