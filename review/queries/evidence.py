"""What evidence does a case have, what is known of it, and what was shown of it to whom?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.media import SHOWN_IN_RECORD, Kind, Look, Refusal, Stage
from review.models import Case, Evidence, EvidenceLook, Item, Reveal
from review.prepared import Prepared
from review.queries.cases import is_held_by


@dataclass(frozen=True)
class Piece:
    """One piece of evidence of an item, named; ``look`` is what decoding found, None before it was asked.

    ``media_type`` is what the sender says. ``captured``: a moderator added it.
    """

    id: str
    item_id: str
    name: str
    media_type: str
    sha256: str
    length: int
    captured: bool
    look: Look | None


@dataclass(frozen=True)
class Shown:
    """What one person sees of a piece of evidence, or of an item's text (no ``evidence_id``), at present."""

    id: str
    item_id: str
    evidence_id: str | None
    stage: Stage
    width: int | None
    height: int | None


@dataclass(frozen=True)
class Medium:
    """What stands behind the address of a reveal."""

    sha256: str
    stage: Stage


@dataclass(frozen=True)
class RevealListed:
    """One reveal of a person: of which case and item, what stage, how large, from when until when."""

    id: str
    case_id: str
    item_id: str
    evidence_id: str | None
    stage: Stage
    width: int | None
    height: int | None
    bytes: int
    revealed_at: datetime
    hidden_at: datetime | None
    severity: str


_LOOK = ("media_type", "width", "height", "frames", "pages", "characters", "perceptual_hash", "refused")


def _pieces() -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            Evidence.id, Evidence.item_id, Evidence.name, Evidence.media_type, Evidence.sha256,
            Evidence.length, Evidence.account_id, EvidenceLook.looked_at,
            *(getattr(EvidenceLook, name).label(f"found_{name}") for name in _LOOK),
        )
        .outerjoin(EvidenceLook, EvidenceLook.sha256 == Evidence.sha256)
    )  # fmt: skip


def pieces_of(reader: Session, item_ids: Sequence[str]) -> list[Piece]:
    """The evidence of these items, in the order of the items' ids; that of each by name."""
    statement = _pieces().where(Evidence.item_id.in_(item_ids))
    ordered = statement.order_by(
        Evidence.item_id, Evidence.account_id.is_not(None), Evidence.name, Evidence.id
    )
    return [_piece(row) for row in reader.execute(ordered)]


def piece(reader: Session, case_id: str, evidence_id: str, *, withdrawn: bool = False) -> Piece | None:
    """One piece of evidence of an item of the case that is still asked about, or of a withdrawn one too."""
    asked_about = [] if withdrawn else [Item.status != "withdrawn"]
    row = reader.execute(
        _pieces()
        .join(Item, Item.id == Evidence.item_id)
        .where(Evidence.id == evidence_id, Item.case_id == case_id, *asked_about)
    ).one_or_none()
    return None if row is None else _piece(row)


def _piece(row: Any) -> Piece:
    look = None
    if row.looked_at is not None:
        look = Look(
            kind=None if row.found_media_type is None else Kind(row.found_media_type),
            width=row.found_width,
            height=row.found_height,
            frames=row.found_frames,
            pages=row.found_pages,
            characters=row.found_characters,
            perceptual_hash=row.found_perceptual_hash,
            refused=None if row.found_refused is None else Refusal(row.found_refused),
        )
    return Piece(
        id=row.id,
        item_id=row.item_id,
        name=row.name,
        media_type=row.media_type,
        sha256=row.sha256,
        length=row.length,
        captured=row.account_id is not None,
        look=look,
    )


def shown_to(
    reader: Session, case_id: str, *, account_id: str | None, claim_generation: int | None, since: str
) -> list[Shown]:
    """What this person was shown from the reveal ``since`` on, and did not hide, under this claim."""
    first = sa.select(Reveal.revealed_at).where(
        Reveal.id == since, Reveal.case_id == case_id, Reveal.account_id == account_id
    )
    return _shown(
        reader,
        case_id,
        account_id,
        Reveal.claim_generation == claim_generation,
        Reveal.revealed_at >= first.scalar_subquery(),
    )


def shown_in_record(reader: Session, case_id: str, *, account_id: str | None, now: datetime) -> list[Shown]:
    """What this reader of the record sees at present; nothing of anybody else, nothing under a claim."""
    return _shown(reader, case_id, account_id, *_in_record(now))


def _in_record(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """The reveal was a reader's, and not too long ago."""
    return Reveal.claim_generation.is_(None), Reveal.revealed_at > now - SHOWN_IN_RECORD


def _shown(
    reader: Session, case_id: str, account_id: str | None, *conditions: sa.ColumnElement[bool]
) -> list[Shown]:
    rows = reader.execute(
        sa.select(
            Reveal.id, Reveal.item_id, Reveal.evidence_id, Reveal.stage, Reveal.width, Reveal.height
        )
        .where(
            Reveal.case_id == case_id,
            Reveal.account_id == account_id,
            Reveal.hidden_at.is_(None),
            *conditions,
        )
        .order_by(Reveal.revealed_at, Reveal.id)
    )  # fmt: skip
    return [Shown(row[0], row[1], row[2], Stage(row[3]), row[4], row[5]) for row in rows]


_MEDIUM = Prepared(
    lambda: (
        sa.select(Evidence.sha256, Reveal.stage)
        .join(Evidence, Evidence.id == Reveal.evidence_id)
        .join(Case, Case.id == Reveal.case_id)
        .where(
            Reveal.id == sa.bindparam("reveal_id"),
            Reveal.account_id == sa.bindparam("account_id"),
            Reveal.hidden_at.is_(None),
            Reveal.claim_generation == Case.claim_generation,
            is_held_by(sa.bindparam("account_id"), sa.bindparam("now")),
        )
    )
)


def medium_of(reader: Session, reveal_id: str, *, account_id: str | None, now: datetime) -> Medium | None:
    """What this person may load for a reveal: not hidden, and the case still held by the same claim."""
    row = _MEDIUM.first(reader, reveal_id=reveal_id, account_id=account_id, now=now)
    return None if row is None else Medium(row.sha256, Stage(row.stage))


def medium_in_record(
    reader: Session, reveal_id: str, *, account_id: str | None, now: datetime
) -> Medium | None:
    """What this reader of the record may load for a reveal: not hidden, and not too long ago."""
    row = reader.execute(
        sa.select(Evidence.sha256, Reveal.stage)
        .join(Evidence, Evidence.id == Reveal.evidence_id)
        .where(
            Reveal.id == reveal_id,
            Reveal.account_id == account_id,
            Reveal.hidden_at.is_(None),
            *_in_record(now),
        )
    ).one_or_none()
    return None if row is None else Medium(row.sha256, Stage(row.stage))


def has_looked(reader: Session, case_id: str, account_id: str | None, *, since_generation: int = 0) -> bool:
    """Whether this person was shown something of the case while holding it, from that claim on."""
    statement = sa.select(Reveal.id).where(
        Reveal.case_id == case_id,
        Reveal.account_id == account_id,
        Reveal.claim_generation >= since_generation,  # none for what a reader of the record was shown
    )
    return reader.execute(statement.limit(1)).first() is not None


def reveals_of(reader: Session, account_id: str, since: datetime) -> tuple[RevealListed, ...]:
    """Everything that this person was shown since then, newest first: the exposure, for that person alone."""
    rows = reader.execute(
        sa.select(
            Reveal.id, Reveal.case_id, Reveal.item_id, Reveal.evidence_id, Reveal.stage, Reveal.width,
            Reveal.height, Reveal.bytes, Reveal.revealed_at, Reveal.hidden_at, Case.severity,
        )
        .join(Case, Case.id == Reveal.case_id)
        .where(Reveal.account_id == account_id, Reveal.revealed_at >= since)
        .order_by(Reveal.revealed_at.desc(), Reveal.id)
    )  # fmt: skip
    return tuple(RevealListed(**(row._asdict() | {"stage": Stage(row.stage)})) for row in rows)


def digests_to_look_at(reader: Session, *, now: datetime, most: int) -> tuple[str, ...]:
    """Digests of evidence in cases that somebody holds, which nothing has looked into yet."""
    # asked for by itself: SQLite would begin with all evidence that there is
    held = reader.scalars(
        # more than nothing, which is "not null" in words that lead SQLite to the index of claims
        sa.select(Case.id).where(Case.claimed_by > "", Case.claimed_until > now)
    ).all()
    if not held:
        return ()
    rows = reader.scalars(
        sa.select(Evidence.sha256)
        .select_from(Item)
        .join(Evidence, Evidence.item_id == Item.id)
        .outerjoin(EvidenceLook, EvidenceLook.sha256 == Evidence.sha256)
        .where(Item.case_id.in_(held), EvidenceLook.sha256.is_(None))
        # in no order: for one by digest SQLite would read all evidence that there is
        .limit(most)
    )
    return tuple(dict.fromkeys(rows))
