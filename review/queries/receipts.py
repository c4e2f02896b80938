"""What proof can the sender have that the trail holds the event of its referral?"""

import base64
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import ledger
from review.domain import merkle
from review.domain.events import EVENTS
from review.errors import NotFound
from review.formats.tlog_proof import opening_json, write_proof
from review.models import Batch, Item, Leaf, Opening, Referral
from review.queries.witnesses import covering_checkpoint


@dataclass(frozen=True)
class Receipt:
    """A `tlog-proof` document; ``text`` is None while no checkpoint covers the event."""

    text: str | None


def receipt_of(
    reader: Session, *, sender_id: str | None, referral_id: str, item_id: str | None = None
) -> Receipt:
    """The receipt of a referral's arrival, or with ``item_id`` of that item's answer.

    Raises `NotFound` for what is not this sender's, does not exist, or was not answered yet. The opening
    that goes with it holds only what this sender may see; withheld fields lack their key.
    """
    object_id = _own_object(reader, sender_id=sender_id, referral_id=referral_id, item_id=item_id)
    if item_id is None:
        return _receipt(reader, "referral.received", object_id)
    return _receipt(reader, "item.answered", object_id)


def batch_receipt_of(reader: Session, *, sender_id: str | None, batch_id: str) -> Receipt:
    """The receipt of a whole delivery: what came in, by its digest, and how many lines became what.

    Raises `NotFound` for what is not this sender's, does not exist, or is not complete.
    """
    own = sa.select(Batch.id).where(Batch.id == batch_id, Batch.sender_id == sender_id)
    found = reader.scalar(own)
    if found is None:
        raise NotFound()
    return _receipt(reader, "batch.completed", found)


def _receipt(reader: Session, event_type: str, object_id: str) -> Receipt:
    kind = EVENTS[event_type]
    row = reader.execute(
        sa.select(Opening.envelope, Opening.salt, Opening.fields, Leaf.position)
        .outerjoin(Leaf, Leaf.eid == Opening.eid)
        .where(
            Opening.object_kind == kind.object_kind,
            Opening.object_id == object_id,
            Opening.event_type == event_type,
        )
        .order_by(Opening.object_version.desc())
        .limit(1)
    ).one_or_none()
    if row is None or not kind.seen_by_sender:
        raise NotFound()
    covering = None if row.position is None else covering_checkpoint(reader, row.position)
    if covering is None:
        return Receipt(text=None)
    path = merkle.inclusion_path(row.position, covering.size, ledger.tree_reader(reader, covering.size))
    fields = {
        name: (base64.b64decode(key), base64.b64decode(value))
        for name, (key, value) in row.fields.items()
        if name not in kind.withheld
    }
    opening = opening_json(row.envelope, salt=row.salt, fields=fields)
    return Receipt(text=write_proof(row.position, path=path, checkpoint_text=covering.note, extra=opening))


def _own_object(reader: Session, *, sender_id: str | None, referral_id: str, item_id: str | None) -> str:
    own = sa.select(Referral.id).where(Referral.id == referral_id, Referral.sender_id == sender_id)
    if item_id is not None:
        own = (
            sa.select(Item.id)
            .join(Referral, Referral.id == Item.referral_id)
            .where(Item.id == item_id, Referral.id == referral_id, Referral.sender_id == sender_id)
        )
    found = reader.scalar(own)
    if found is None:
        raise NotFound()
    return found
