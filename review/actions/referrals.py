"""Receive and refuse referrals: the original, its items, their cases and one event, in one commit."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.joining import Place, insert_into, join_cases
from review.config import Settings
from review.domain.commitments import value_bytes
from review.domain.ids import new_id
from review.domain.permissions import Actor, Permission, check_permission, check_service
from review.domain.referrals import Evidence as SentEvidence
from review.domain.referrals import Intake, IntakeItem
from review.domain.representation import json_bytes
from review.domain.states import ItemStatus
from review.errors import FieldError, IdempotencyKeyReused, InvalidReferral, ReferenceConflict
from review.formats import original
from review.models import Evidence, Item, Referral, RefusedItem, StoredAnswer
from review.models.evidence_files import keep_evidence
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


@dataclass(frozen=True)
class _Sent:
    """The body and what is computed from it before the transaction; ``ids`` are those of items by index."""

    spliced: original.Spliced
    sha256: str
    length: int
    ids: dict[int, str]
    items_value: bytes
    refused_value: bytes


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
    evidence = tuple(intake.evidence)
    sent = _prepared(intake, body=body, evidence=evidence)
    with _alone(actor, idempotency_key):
        for piece in evidence:
            keep_evidence(settings.data_dir, piece.sha256, piece.content)
        with db.transaction() as writer:
            now = clock.now()
            stored = _stored_answer(writer, intake, idempotency_key, actor=actor, at=now)
            if stored is not None:
                return stored
            referral_id = _insert_referral(writer, intake, sent, actor=actor, at=now)
            status = 201
            if referral_id is None:
                referral_id, status = _sent_before(writer, intake, actor=actor), 200
            else:
                _take_in(writer, referral_id, intake, sent, actor=actor, at=now, settings=settings)
            received = _answer(writer, referral_id, status=status, actor=actor)
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


def _prepared(intake: Intake, *, body: bytes, evidence: Sequence[SentEvidence]) -> _Sent:
    """Everything slow that needs no database, so that no writer waits for it."""
    spliced = _split(body, evidence)
    ids = {item.index: new_id("I") for item in intake.items}
    items = [{"id": ids[item.index], "url": item.location.url} for item in intake.items]
    return _Sent(
        spliced=spliced,
        sha256=sha256(body).hexdigest(),
        length=len(body),
        ids=ids,
        items_value=value_bytes(items),
        refused_value=value_bytes([item.as_dict() for item in intake.refused]),
    )


def _split(body: bytes, evidence: Sequence[SentEvidence]) -> original.Spliced:
    try:
        return original.split(body, [piece.base64 for piece in evidence])
    except original.EvidenceNotCanonical as failure:
        detail = "Write one byte or more as padded standard base64 without JSON escapes."
        errors = [
            FieldError(evidence[position].pointer, "evidence_not_canonical", detail)
            for position in failure.positions
        ]
        raise InvalidReferral("Evidence is not canonical base64.", errors=errors) from failure


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


def _answer(writer: Session, referral_id: str, *, status: int, actor: Actor) -> Received:
    own = own_referral(writer, referral_id, sender_id=actor.sender_id)
    assert own is not None
    body = json_bytes(own.as_dict())
    return Received(referral_id, status, body, f"/api/v1/referrals/{referral_id}")


def _sent_before(writer: Session, intake: Intake, *, actor: Actor) -> str:
    """The id of the referral that holds this reference; raises `ReferenceConflict` for other content."""
    row = writer.execute(
        sa.select(Referral.id, Referral.content_digest).where(
            Referral.sender_id == actor.sender_id, Referral.reference == intake.reference
        )
    ).one()
    if row.content_digest != intake.content_digest:
        raise ReferenceConflict(
            f"{row.id} has this reference and other content; use a new reference for a new referral.",
            values={"id": row.id},
        )
    return str(row.id)


def _insert_referral(
    writer: Session, intake: Intake, sent: _Sent, *, actor: Actor, at: datetime
) -> str | None:
    """Insert the referral unless its reference is taken; the unique constraint decides the race."""
    contact = intake.contact
    copied = {name: getattr(intake, name) for name in _COPIED}
    row = copied | {
        "id": new_id("R"),
        "sender_id": actor.sender_id,
        "key_id": actor.key_id,
        "contact_name": contact.name if contact else None,
        "contact_email": contact.email if contact else None,
        "body_sha256": sent.sha256,
        "body_length": sent.length,
        "received_body": sent.spliced.body,
        "splices": [list(splice) for splice in sent.spliced.splices],
        "received_at": at,
        "updated_at": at,
        "change_position": db.next_change_position(writer, Referral.change_position),
    }
    insert = insert_into(writer, Referral).values(row)
    wanted = insert.on_conflict_do_nothing(index_elements=["sender_id", "reference"]).returning(Referral.id)
    inserted: str | None = writer.scalar(wanted)
    return inserted


_COPIED = (
    "reference",
    "intake_kind",
    "transmitted_via",
    "reason",
    "category",
    "keyword",
    "issuing_authority",
    "issuing_country",
    "legal_basis",
    "requested_action",
    "urgency",
    "language",
    "good_faith",
    "detected_at",
    "earlier_received_at",
    "content_digest",
)


def _take_in(
    writer: Session,
    referral_id: str,
    intake: Intake,
    sent: _Sent,
    *,
    actor: Actor,
    at: datetime,
    settings: Settings,
) -> None:
    """Items, refused items, evidence, cases and the one event of a referral that was just inserted."""
    places = join_cases(writer, intake, actor=actor, at=at, settings=settings)
    rows = [
        _item_row(item, sent.ids[item.index], referral_id, places[item.location.match_digest], at=at)
        for item in intake.items
    ]
    writer.execute(sa.insert(Item), rows)
    refused = [
        {"referral_id": referral_id, "position": item.index, "url_as_sent": item.url}
        | {"errors": item.as_dict()["errors"]}
        for item in intake.refused
    ]
    if refused:
        writer.execute(sa.insert(RefusedItem), refused)
    evidence = [
        _evidence_row(piece, sent.ids[item.index], at=at) for item in intake.items for piece in item.evidence
    ]
    if evidence:
        writer.execute(sa.insert(Evidence), evidence)
    ledger.record(
        writer,
        "referral.received",
        referral_id,
        actor=actor,
        at=at,
        fields={
            "reference": intake.reference,
            "body_sha256": sent.sha256,
            "items": sent.items_value,
            "refused_items": sent.refused_value,
            "cases": {row["id"]: row["case_id"] for row in rows},
            "key": actor.key_id,
        },
        meta={
            "intake_kind": intake.intake_kind,
            "transmitted_via": intake.transmitted_via,
            "urgency": intake.urgency,
        },
    )


def _item_row(
    item: IntakeItem, item_id: str, referral_id: str, place: Place, *, at: datetime
) -> dict[str, Any]:
    return {
        "id": item_id,
        "referral_id": referral_id,
        "position": item.index,
        "url_as_sent": item.location.url,
        "defanged": item.location.defanged,
        "canonical_url": item.location.canonical_url,
        "match_key": item.location.match_key,
        "content_type": item.content_type,
        "language": item.language,
        "published_at": item.published_at,
        "sha256": item.sha256,
        "description": item.description,
        "status": ItemStatus.IN_REVIEW.value,
        "case_id": place.case_id,
        "joined_version": place.version,
        "joined_at": at,
    }


def _evidence_row(piece: SentEvidence, item_id: str, *, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id("E"),
        "item_id": item_id,
        "name": piece.name,
        "media_type": piece.media_type,
        "sha256": piece.sha256,
        "length": len(piece.content),
        "received_at": at,
    }
