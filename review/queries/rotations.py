"""Which keys followed which? The events of the signer's keys, and the proof of each under the key before."""

import base64
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import ledger
from review.domain import merkle
from review.formats.tlog_proof import opening_json, write_proof
from review.models import Leaf, Opening, StoredCheckpoint

ROTATED = "trail.key_rotated"
RETIRED = "trail.key_retired"
ORIGIN_BEGUN = "trail.origin_begun"


@dataclass(frozen=True)
class KeyEvent:
    """That a key came or went: its public form, that of the key before it (of a new one), place and time."""

    eid: str
    vkey: str
    before: str
    position: int | None
    recorded_at: datetime


def key_events(reader: Session, event_type: str) -> list[KeyEvent]:
    """The events of one kind about the keys of the trail, in their order."""
    rows = reader.execute(
        sa.select(Opening.eid, Opening.fields, Opening.recorded_at, Leaf.position)
        .outerjoin(Leaf, Leaf.eid == Opening.eid)
        .where(Opening.event_type == event_type)
        .order_by(Opening.recorded_at, Opening.eid)
    )
    return [
        KeyEvent(
            row.eid, _text(row.fields, "vkey"), _text(row.fields, "before"), row.position, row.recorded_at
        )
        for row in rows
    ]


def rotation_proof(reader: Session, event: KeyEvent) -> str | None:
    """The `tlog-proof` document of a new key, by the first checkpoint that covers it; None before that.

    Both keys sign that checkpoint, so that whoever knows the key before learns the new one from it.
    """
    if event.position is None:
        return None
    covering = reader.execute(
        sa.select(StoredCheckpoint.size, StoredCheckpoint.note)
        .where(StoredCheckpoint.size > event.position)
        .order_by(StoredCheckpoint.size)
        .limit(1)
    ).one_or_none()
    if covering is None:
        return None
    row = reader.execute(
        sa.select(Opening.envelope, Opening.salt, Opening.fields).where(Opening.eid == event.eid)
    ).one()
    fields = {
        name: (base64.b64decode(key), base64.b64decode(value)) for name, (key, value) in row.fields.items()
    }
    path = merkle.inclusion_path(event.position, covering.size, ledger.tree_reader(reader, covering.size))
    opening = opening_json(row.envelope, salt=row.salt, fields=fields)
    return write_proof(event.position, path=path, checkpoint_text=covering.note, extra=opening)


def position_of(reader: Session, eid: str) -> int | None:
    """The position of an event; None while it waits for one."""
    found: int | None = reader.scalar(sa.select(Leaf.position).where(Leaf.eid == eid))
    return found


def _text(fields: dict[str, list[str]], name: str) -> str:
    return base64.b64decode(fields[name][1]).decode() if name in fields else ""
