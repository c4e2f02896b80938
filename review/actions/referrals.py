"""Receive and refuse referrals: the original, its items, their cases and one event, in one commit."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.intake import (
    Arrival,
    Taken,
    as_received,
    kept_evidence,
    prepare_arrival,
    reference_conflict,
    take_in,
)
from review.config import Settings
from review.domain.permissions import Actor, Permission, check_permission, check_service
from review.domain.referrals import Intake
from review.domain.representation import OwnReferral, json_bytes
from review.errors import IdempotencyKeyReused
from review.models import StoredAnswer
from review.queries.referrals import own_referral

KEPT_ANSWER_DAYS = 30
FORGET_BATCH = 200


@dataclass(frozen=True)
class Received:
    """What the sender is answered: 201 (new) or 200 (sent before), the bytes, and where the referral is."""

    referral_id: str
    status: int
    body: bytes
    location: str | None
    replayed: bool = False


def receive_referral(
    intake: Intake,
    *,
    body: bytes,
    idempotency_key: str | None = None,
    actor: Actor,
    settings: Settings,
) -> Received:
    """Take a referral in: a new one, or today's answer to one that was sent before.

    ``body`` is the original that ``intake`` was read from. Raises `InvalidReferral` when evidence cannot be
    spliced out, `ReferenceConflict` for other content under a used reference, and for a used
    ``idempotency_key`` `IdempotencyKeyReused` or `IdempotencyInFlight`.
    """
    check_permission(actor, Permission.REFER)
    arrival = prepare_arrival(intake, body=body)
    kept = kept_evidence([arrival], data_dir=settings.data_dir)
    with _alone(actor, idempotency_key), kept, db.transaction() as writer:
        now = clock.now()
        stored = _stored_answer(writer, intake, idempotency_key, actor=actor, at=now)
        if stored is not None:
            return stored
        (taken,) = take_in(writer, [arrival], actor=actor, at=now, settings=settings)
        if not taken.same_content:
            raise reference_conflict(taken.referral_id)
        received = _answer(writer, arrival, taken, actor=actor, at=now)
        if idempotency_key is not None:
            _keep_answer(writer, intake, idempotency_key, received, actor=actor, at=now)
        return received


def refuse_referral(*, body: bytes, codes: Sequence[str], actor: Actor) -> None:
    """Put on the trail that a referral was refused: digest of the body and codes, nothing of its content."""
    check_permission(actor, Permission.REFER)
    digest, listed = sha256(body).hexdigest(), sorted(set(codes))
    with db.transaction() as writer:
        ledger.record(
            writer,
            "referral.refused",
            actor.sender_id or actor.id,
            actor=actor,
            at=clock.now(),
            fields={"body_sha256": digest, "codes": listed},
        )


def forget_answers(*, actor: Actor) -> int:
    """End up to 200 stored answers whose 30 days are over; how many. The loop calls it again."""
    check_service(actor)
    with db.transaction() as writer:
        over = StoredAnswer.created_at <= clock.now() - timedelta(days=KEPT_ANSWER_DAYS)
        key = sa.tuple_(StoredAnswer.sender_id, StoredAnswer.idempotency_key)
        ended = writer.execute(
            sa.select(StoredAnswer.sender_id, StoredAnswer.idempotency_key)
            .where(over)
            .order_by(StoredAnswer.created_at)
            .limit(FORGET_BATCH)
            .with_for_update(skip_locked=True)
        ).all()
        forgotten = writer.execute(
            sa.delete(StoredAnswer)
            .where(over, key.in_([tuple(row) for row in ended]))
            .returning(StoredAnswer.sender_id)
            .execution_options(synchronize_session=False)
        )
        return len(forgotten.all())


def _alone(actor: Actor, idempotency_key: str | None) -> AbstractContextManager[None]:
    """Keep a second request with the same key out until this one is answered."""
    if idempotency_key is None:
        return nullcontext()
    return db.in_flight(f"idempotency {actor.sender_id} {idempotency_key}")


def _stored_answer(
    writer: Session, intake: Intake, idempotency_key: str | None, *, actor: Actor, at: datetime
) -> Received | None:
    """The answer kept under this key, not older than 30 days; an older one is forgotten."""
    if idempotency_key is None:
        return None
    same_key = sa.and_(
        StoredAnswer.sender_id == actor.sender_id, StoredAnswer.idempotency_key == idempotency_key
    )
    writer.execute(
        sa.delete(StoredAnswer)
        .where(same_key, StoredAnswer.created_at <= at - timedelta(days=KEPT_ANSWER_DAYS))
        .execution_options(synchronize_session=False)
    )
    row = writer.execute(
        sa.select(
            StoredAnswer.content_digest, StoredAnswer.status, StoredAnswer.location, StoredAnswer.body
        ).where(same_key)
    ).one_or_none()
    if row is None:
        return None
    if row.content_digest != intake.content_digest:
        raise IdempotencyKeyReused("Send a new Idempotency-Key with new content, or the same content again.")
    referral_id = (row.location or "").rpartition("/")[2]
    return Received(referral_id, row.status, row.body, row.location, replayed=True)


def _keep_answer(
    writer: Session, intake: Intake, idempotency_key: str, received: Received, *, actor: Actor, at: datetime
) -> None:
    writer.execute(
        sa.insert(StoredAnswer),
        {
            "sender_id": actor.sender_id,
            "idempotency_key": idempotency_key,
            "content_digest": intake.content_digest,
            "status": received.status,
            "location": received.location,
            "body": received.body,
            "created_at": at,
        },
    )


def _answer(writer: Session, arrival: Arrival, taken: Taken, *, actor: Actor, at: datetime) -> Received:
    """What a new referral is now, from the values just written; what one sent before has become is read."""
    if taken.new:
        own: OwnReferral | None = as_received(arrival, at=at)
    else:
        own = own_referral(writer, taken.referral_id, sender_id=actor.sender_id)
    assert own is not None
    status = 201 if taken.new else 200
    return Received(own.id, status, json_bytes(own.as_dict()), f"/api/v1/referrals/{own.id}")
