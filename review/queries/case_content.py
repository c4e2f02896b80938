"""What was referred, as the holder of its case sees it; nothing here names a sender or a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.states import LIVE
from review.models import Case, Evidence, Item, Referral, Review
from review.prepared import Prepared

MOST_ITEMS_SHOWN = 100


@dataclass(frozen=True)
class EvidenceNamed:
    """A file that came along: named with its size in bytes, not shown."""

    name: str
    media_type: str
    length: int


@dataclass(frozen=True)
class ItemShown:
    """One item of a case as its holder sees it."""

    id: str
    url_as_sent: str
    canonical_url: str
    defanged: bool
    content_type: str | None
    language: str | None
    published_at: datetime | None
    description: str | None
    status: str
    evidence: tuple[EvidenceNamed, ...]


@dataclass(frozen=True)
class ReferralShown:
    """One referral of a case, without what may sway the first look: that is asked for apart, by its id."""

    id: str
    reason: str
    language: str | None
    legal_basis: str | None
    detected_at: datetime | None
    urgency: str
    items: tuple[ItemShown, ...]


@dataclass(frozen=True)
class CaseContent:
    """Everything that the holder reads before deciding; ``senders``: how many the statement goes to."""

    referrals: tuple[ReferralShown, ...]
    senders: int
    others: tuple[tuple[str, str], ...]


def case_content(
    reader: Session, case_id: str, *, account_id: str | None = None, others: bool = True
) -> CaseContent:
    """What was referred, and who else waits at the location; not in cases that this person has reviewed.

    ``others``: False where it is known that nobody does.
    """
    rows = _ITEMS.all(reader, case_id=case_id)
    return CaseContent(
        referrals=_grouped(reader, rows),
        senders=len({row.sender_id for row in rows})
        if len(rows) < MOST_ITEMS_SHOWN
        else count_senders(reader, case_id),
        others=live_cases_of_other_kinds(reader, case_id, account_id=account_id) if others else (),
    )


_ITEMS = Prepared(
    lambda: (
        sa.select(
            Item.id,
            Item.url_as_sent,
            Item.canonical_url,
            Item.defanged,
            Item.content_type,
            Item.language,
            Item.published_at,
            Item.description,
            Item.status,
            sa.select(Evidence.id).where(Evidence.item_id == Item.id).exists().label("has_evidence"),
            Referral.id.label("referral_id"),
            Referral.sender_id,
            Referral.reason,
            Referral.language.label("referral_language"),
            Referral.legal_basis,
            Referral.detected_at,
            Referral.urgency,
        )
        .join(Referral, Referral.id == Item.referral_id)
        .where(Item.case_id == sa.bindparam("case_id"), Item.status != sa.literal("withdrawn"))
        .order_by(Referral.received_at, Referral.id, Item.position)
        .limit(sa.literal(MOST_ITEMS_SHOWN))
    )
)


def referrals_of(reader: Session, case_id: str) -> tuple[ReferralShown, ...]:
    """What was referred, the first 100 items that are still asked about, by time of receipt."""
    return _grouped(reader, _ITEMS.all(reader, case_id=case_id))


def _grouped(reader: Session, rows: Sequence[Any]) -> tuple[ReferralShown, ...]:
    evidence = _evidence_of(reader, [row.id for row in rows if row.has_evidence])
    grouped: dict[str, tuple[Any, list[ItemShown]]] = {}
    for row in rows:
        shown = _item_shown(row, evidence.get(row.id, ()))
        grouped.setdefault(row.referral_id, (row, []))[1].append(shown)
    return tuple(
        ReferralShown(
            id=row.referral_id,
            reason=row.reason,
            language=row.referral_language,
            legal_basis=row.legal_basis,
            detected_at=row.detected_at,
            urgency=row.urgency,
            items=tuple(items),
        )
        for row, items in grouped.values()
    )


def item_of(reader: Session, case_id: str, item_id: str) -> ItemShown | None:
    """One item of the case that is still asked about, its evidence left out."""
    statement = sa.select(Item).where(Item.id == item_id, Item.case_id == case_id, Item.status != "withdrawn")
    item = reader.scalars(statement).one_or_none()
    return None if item is None else _item_shown(item, ())


def count_senders(reader: Session, case_id: str) -> int:
    """How many senders the statement goes to."""
    statement = (
        sa.select(sa.func.count(sa.distinct(Referral.sender_id)))
        .join(Item, Item.referral_id == Referral.id)
        .where(Item.case_id == case_id, Item.status != "withdrawn")
    )
    return int(reader.scalar(statement) or 0)


def _item_shown(row: Any, evidence: Sequence[EvidenceNamed]) -> ItemShown:
    return ItemShown(
        id=row.id,
        url_as_sent=row.url_as_sent,
        canonical_url=row.canonical_url,
        defanged=bool(row.defanged),
        content_type=row.content_type,
        language=row.language,
        published_at=row.published_at,
        description=row.description,
        status=row.status,
        evidence=tuple(evidence),
    )


def _evidence_of(reader: Session, item_ids: Sequence[str]) -> dict[str, list[EvidenceNamed]]:
    found: dict[str, list[EvidenceNamed]] = {}
    if not item_ids:
        return found
    rows = reader.execute(
        sa.select(Evidence.item_id, Evidence.name, Evidence.media_type, Evidence.length)
        .where(Evidence.item_id.in_(item_ids))
        .order_by(Evidence.item_id, Evidence.name, Evidence.id)
    )
    for item_id, name, media_type, length in rows:
        found.setdefault(item_id, []).append(EvidenceNamed(name, media_type, length))
    return found


def live_cases_of_other_kinds(
    reader: Session, case_id: str, *, account_id: str | None = None
) -> tuple[tuple[str, str], ...]:
    """Id and intake kind of the live cases at the same location that came in as another kind.

    Without those that this person has reviewed: that one of them still lives is nothing to know.
    """
    rows = _OTHERS.all(reader, case_id=case_id, account_id=account_id)
    return tuple((row.id, row.intake_kind) for row in rows)


def other_live_case(case_id: sa.BindParameter[Any]) -> sa.Select[str, str]:
    """Id and kind of the other live cases at the location of a case that ``account_id`` has not reviewed."""
    this, other = sa.orm.aliased(Case), sa.orm.aliased(Case)
    return (
        sa.select(other.id, other.intake_kind)
        .join(this, this.match_digest == other.match_digest)
        .where(
            this.id == case_id,
            other.id != this.id,
            # spelt as in the index of live cases: a location may have thousands of decided ones
            other.state.in_([sa.literal_column(f"'{state}'", sa.String()) for state in LIVE]),
            ~sa.select(Review.id)
            .where(
                Review.case_id == other.id,
                Review.account_id == sa.bindparam("account_id", type_=sa.String()),
                Review.undone_at.is_(None),
            )
            .exists(),
        )
        .order_by(other.opened_at, other.id)
    )


_OTHERS = Prepared(lambda: other_live_case(sa.bindparam("case_id")))
