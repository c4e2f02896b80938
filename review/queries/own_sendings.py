"""What has a sender sent before, and what do we hold of it? For its form and its acknowledgements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Case, Evidence, Item, Referral

MOST_EARLIER = 100
"""Earlier items that are looked at for one form, the newest first."""
SHORT_CHUNK = 400


@dataclass(frozen=True)
class SentBefore:
    """An own item for a location: its referral, when that came, and of what kind it is."""

    referral_id: str
    reference: str
    intake_kind: str
    received_at: datetime


@dataclass(frozen=True)
class Held:
    """What is kept of a referral: the original by its SHA-256 in hex and its bytes, and files by name."""

    sha256: str
    length: int
    files: tuple[tuple[str, int], ...]


def sent_before(
    reader: Session, match_digests: Sequence[str], *, sender_id: str | None
) -> Mapping[str, SentBefore]:
    """The newest own item for each of these locations that has one, by the location's digest."""
    found: dict[str, SentBefore] = {}
    for start in range(0, len(match_digests), SHORT_CHUNK):
        rows = reader.execute(
            sa.select(
                Case.match_digest, Referral.id, Referral.reference, Referral.intake_kind, Referral.received_at
            )
            .join(Item, Item.case_id == Case.id)
            .join(Referral, Referral.id == Item.referral_id)
            .where(
                Case.match_digest.in_(match_digests[start : start + SHORT_CHUNK]),
                Referral.sender_id == sender_id,
            )
            .order_by(Referral.received_at.desc())
            .limit(MOST_EARLIER)
        )
        for row in rows:
            found.setdefault(
                row.match_digest, SentBefore(row.id, row.reference, row.intake_kind, row.received_at)
            )
    return found


def held_of(reader: Session, referral_id: str) -> Held:
    """What is kept of this referral, which exists."""
    row = reader.execute(
        sa.select(Referral.body_sha256, Referral.body_length).where(Referral.id == referral_id)
    ).one()
    files = reader.execute(
        sa.select(Evidence.name, Evidence.length)
        .join(Item, Item.id == Evidence.item_id)
        .where(Item.referral_id == referral_id, Evidence.account_id.is_(None))
        .order_by(Item.position, Evidence.name)
    )
    return Held(row.body_sha256, row.body_length, tuple((name, length) for name, length in files))
