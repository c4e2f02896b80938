"""What is stored of referrals that arrive together: originals, items, cases, events; part of an action."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db, ledger
from review.actions.joining import Places, join_cases
from review.actions.telling import tell_received
from review.config import Settings
from review.domain.canonical import plain_json
from review.domain.ids import new_id
from review.domain.permissions import Actor
from review.domain.referrals import Evidence as SentEvidence
from review.domain.referrals import Intake, IntakeItem
from review.domain.representation import OwnItem, OwnReferral
from review.domain.states import ItemStatus
from review.errors import FieldError, InvalidReferral, ReferenceConflict
from review.formats import original
from review.models import Evidence, Item, Referral, RefusedItem
from review.models.evidence_files import keep_evidence, keeping
from review.models.rows import CHUNK, insert_new, insert_rows


@dataclass(frozen=True, slots=True)
class Arrival:
    """A referral with all that is computed from it before the transaction.

    ``referral_id`` and ``item_ids`` (by index in the referral) are those it gets if it is new. ``refused``:
    the refused items as they are kept and answered.
    """

    intake: Intake
    referral_id: str
    item_ids: Mapping[int, str]
    spliced: original.Spliced
    sha256: str
    length: int
    evidence: tuple[SentEvidence, ...]
    refused: tuple[dict[str, Any], ...]
    items_value: bytes
    refused_value: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an arrival: it is new, or this referral has its reference (same content or not)."""

    referral_id: str
    new: bool
    same_content: bool = True


@contextmanager
def kept_evidence(arrivals: Sequence[Arrival], *, data_dir: Path) -> Iterator[None]:
    """Store the evidence of these; what is committed inside may name it, for nothing is dropped meanwhile."""
    pieces = [piece for arrival in arrivals for piece in arrival.evidence]
    if not pieces:
        yield
        return
    with keeping(data_dir):
        for piece in pieces:
            keep_evidence(data_dir, piece.sha256, piece.content)
        yield


def prepare_arrival(intake: Intake, *, body: bytes) -> Arrival:
    """Everything slow that needs no database, so that no writer waits for it.

    Raises `InvalidReferral` when evidence cannot be spliced out of ``body``, the original.
    """
    evidence = tuple(intake.evidence)
    ids = {item.index: new_id("I") for item in intake.items}
    refused = tuple(item.as_dict() for item in intake.refused)
    return Arrival(
        intake=intake,
        referral_id=new_id("R"),
        item_ids=ids,
        spliced=_split(body, evidence),
        sha256=sha256(body).hexdigest(),
        length=len(body),
        evidence=evidence,
        refused=refused,
        items_value=plain_json([{"id": ids[item.index], "url": item.location.url} for item in intake.items]),
        refused_value=plain_json(refused),
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


def as_received(arrival: Arrival, *, at: datetime) -> OwnReferral:
    """What `own_referral` would read of a referral that was stored a moment ago, at ``at``."""
    intake = arrival.intake
    items = (
        OwnItem(
            id=arrival.item_ids[item.index],
            referral_id=arrival.referral_id,
            url=item.location.url,
            canonical_url=item.location.canonical_url,
            status=ItemStatus.IN_REVIEW,
            defanged=item.location.defanged,
            content_type=item.content_type,
        )
        for item in intake.items
    )
    return OwnReferral(
        id=arrival.referral_id,
        reference=intake.reference,
        intake_kind=intake.intake_kind,
        reason=intake.reason,
        received_at=at,
        updated_at=at,
        items=tuple(items),
        refused=arrival.refused,
    )


def reference_conflict(referral_id: str) -> ReferenceConflict:
    """The error for other content under a reference that this referral has."""
    return ReferenceConflict(
        f"{referral_id} has this reference and other content; use a new reference for a new referral.",
        values={"id": referral_id},
    )


def take_in(
    writer: Session, arrivals: Sequence[Arrival], *, actor: Actor, at: datetime, settings: Settings
) -> list[Taken]:
    """Store the arrivals whose reference is free, each with its event; what became of each, in this order.

    The unique constraint on sender and reference decides races, also between arrivals of one call: the
    earlier one is stored.
    """
    position = db.next_change_position(writer, Referral.change_position)
    ordered = sorted(arrivals, key=lambda arrival: arrival.intake.reference)
    rows = [_referral_row(arrival, actor=actor, at=at, position=position) for arrival in ordered]
    stored = insert_new(writer, Referral, rows, unique=("sender_id", "reference"))
    fresh = [arrival for arrival in arrivals if arrival.referral_id in stored]
    if fresh:
        _store(writer, fresh, actor=actor, at=at, settings=settings)
    others = [arrival.intake.reference for arrival in arrivals if arrival.referral_id not in stored]
    earlier = _earlier(writer, others, sender_id=actor.sender_id)
    return [
        Taken(arrival.referral_id, new=True)
        if arrival.referral_id in stored
        else _repeated(arrival, *earlier[arrival.intake.reference])
        for arrival in arrivals
    ]


def _repeated(arrival: Arrival, referral_id: str, content_digest: str) -> Taken:
    return Taken(referral_id, new=False, same_content=content_digest == arrival.intake.content_digest)


def _earlier(
    writer: Session, references: Sequence[str], *, sender_id: str | None
) -> dict[str, tuple[str, str]]:
    """Id and content digest of the referrals that hold these references."""
    found: dict[str, tuple[str, str]] = {}
    for start in range(0, len(references), CHUNK):
        rows = writer.execute(
            sa.select(Referral.reference, Referral.id, Referral.content_digest).where(
                Referral.sender_id == sender_id, Referral.reference.in_(references[start : start + CHUNK])
            )
        )
        found.update((reference, (referral_id, digest)) for reference, referral_id, digest in rows)
    return found


def _store(
    writer: Session, arrivals: Sequence[Arrival], *, actor: Actor, at: datetime, settings: Settings
) -> None:
    """Items, refused items, evidence, cases and the one event of each referral that was just inserted."""
    intakes = [arrival.intake for arrival in arrivals]
    places = join_cases(writer, intakes, actor=actor, at=at, settings=settings)
    items = [_item_row(item, arrival, places, at=at) for arrival in arrivals for item in arrival.intake.items]
    insert_rows(writer, Item, items)
    for arrival in arrivals:
        db.count_on_commit(writer, "items", arrival.intake.intake_kind, len(arrival.item_ids))
    insert_rows(
        writer,
        RefusedItem,
        [
            {
                "referral_id": arrival.referral_id,
                "position": entry["index"],
                "url_as_sent": entry["url"],
                "errors": entry["errors"],
            }
            for arrival in arrivals
            for entry in arrival.refused
        ],
    )
    insert_rows(
        writer,
        Evidence,
        [
            _evidence_row(piece, arrival.item_ids[item.index], at=at)
            for arrival in arrivals
            for item in arrival.intake.items
            for piece in item.evidence
        ],
    )
    case_of = {row["id"]: row["case_id"] for row in items}
    records = [_record(arrival, case_of, key_id=actor.key_id) for arrival in arrivals]
    ledger.record_many(writer, "referral.received", records, actor=actor, at=at, created=True)
    tell_received(
        writer, actor.sender_id or "", lambda: (as_received(arrival, at=at) for arrival in arrivals), at=at
    )


def _record(arrival: Arrival, case_of: Mapping[str, str], *, key_id: str | None) -> ledger.Record:
    intake = arrival.intake
    return ledger.Record(
        arrival.referral_id,
        fields={
            "reference": intake.reference,
            "body_sha256": arrival.sha256,
            "items": arrival.items_value,
            "refused_items": arrival.refused_value,
            "cases": {item_id: case_of[item_id] for item_id in arrival.item_ids.values()},
            "key": key_id,
        },
        meta={
            "intake_kind": intake.intake_kind,
            "transmitted_via": intake.transmitted_via,
            "urgency": intake.urgency,
        },
    )


def _referral_row(arrival: Arrival, *, actor: Actor, at: datetime, position: int) -> dict[str, Any]:
    intake = arrival.intake
    contact = intake.contact
    return {name: getattr(intake, name) for name in _COPIED} | {
        "id": arrival.referral_id,
        "sender_id": actor.sender_id,
        "key_id": actor.key_id,
        "contact_name": contact.name if contact else None,
        "contact_email": contact.email if contact else None,
        "removal_order": intake.order,
        "body_sha256": arrival.sha256,
        "body_length": arrival.length,
        "received_body": arrival.spliced.body,
        "splices": [list(splice) for splice in arrival.spliced.splices],
        "received_at": at,
        "updated_at": at,
        "change_position": position,
        "trail_version": 1,
    }


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


def _item_row(item: IntakeItem, arrival: Arrival, places: Places, *, at: datetime) -> dict[str, Any]:
    place = places[item.location.match_digest, arrival.intake.intake_kind]
    return {
        "id": arrival.item_ids[item.index],
        "referral_id": arrival.referral_id,
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
