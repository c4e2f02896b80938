"""What did a sender say in one of its referrals? All of it, for its own page; of the items those named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Evidence, Item, Referral

SHORT_CHUNK = 400


@dataclass(frozen=True)
class SentItem:
    """What was said of one item; ``files``: names and bytes of what came along with it."""

    url_as_sent: str
    defanged: bool
    content_type: str | None
    language: str | None
    published_at: datetime | None
    sha256: str | None
    description: str | None
    files: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class SentReferral:
    """What was said of a referral as a whole, and of some of its items by their ids."""

    reason: str
    urgency: str
    category: str | None
    keyword: str | None
    issuing_authority: str | None
    issuing_country: str | None
    legal_basis: str | None
    requested_action: str | None
    language: str | None
    contact_name: str | None
    contact_email: str | None
    good_faith: bool | None
    detected_at: datetime | None
    earlier_received_at: datetime | None
    items: Mapping[str, SentItem]


def sent_of(
    reader: Session, referral_id: str, item_ids: Sequence[str], *, sender_id: str | None
) -> SentReferral | None:
    """What this sender said of its referral and of these items in it; None when there is none of it."""
    row = reader.execute(
        sa.select(
            Referral.reason,
            Referral.urgency,
            Referral.category,
            Referral.keyword,
            Referral.issuing_authority,
            Referral.issuing_country,
            Referral.legal_basis,
            Referral.requested_action,
            Referral.language,
            Referral.contact_name,
            Referral.contact_email,
            Referral.good_faith,
            Referral.detected_at,
            Referral.earlier_received_at,
        ).where(Referral.id == referral_id, Referral.sender_id == sender_id)
    ).one_or_none()
    if row is None:
        return None
    return SentReferral(**row._asdict(), items=_items(reader, referral_id, item_ids))


def _items(reader: Session, referral_id: str, item_ids: Sequence[str]) -> dict[str, SentItem]:
    found: dict[str, SentItem] = {}
    for start in range(0, len(item_ids), SHORT_CHUNK):
        chunk = item_ids[start : start + SHORT_CHUNK]
        files = files_sent(reader, chunk)
        rows = reader.execute(
            sa.select(
                Item.id,
                Item.url_as_sent,
                Item.defanged,
                Item.content_type,
                Item.language,
                Item.published_at,
                Item.sha256,
                Item.description,
            ).where(Item.id.in_(chunk), Item.referral_id == referral_id)
        )
        for row in rows:
            found[row.id] = SentItem(
                url_as_sent=row.url_as_sent,
                defanged=row.defanged,
                content_type=row.content_type,
                language=row.language,
                published_at=row.published_at,
                sha256=row.sha256,
                description=row.description,
                files=tuple(files.get(row.id, ())),
            )
    return found


def files_sent(reader: Session, item_ids: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """Names and bytes of what came along with these few items; captures of a moderator are not of them."""
    found: dict[str, list[tuple[str, int]]] = {}
    rows = reader.execute(
        sa.select(Evidence.item_id, Evidence.name, Evidence.length)
        .where(Evidence.item_id.in_(item_ids), Evidence.account_id.is_(None))
        .order_by(Evidence.item_id, Evidence.name)
    )
    for item_id, name, length in rows:
        found.setdefault(item_id, []).append((name, length))
    return found
