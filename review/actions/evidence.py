"""Showing and adding evidence: every stage that somebody is shown is an event before it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.claiming import lock_held
from review.actions.looking import keep_picture, note_first_look
from review.domain.ids import new_id
from review.domain.looks import Way
from review.domain.media import Look, Stage
from review.domain.permissions import Actor, Permission, check_permission
from review.domain.precedents import Candidate
from review.errors import NotFound
from review.models import Case, Evidence, EvidenceLook, Item, Reveal
from review.models.rows import insert_rows
from review.queries.looks import has_evidence_of_sender


@dataclass(frozen=True)
class Size:
    """How large what is shown is: pixels, None for text, and bytes."""

    bytes: int
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True)
class Captured:
    """A file that a moderator adds for an item; its bytes are stored already."""

    name: str
    media_type: str
    sha256: str
    length: int


def _check_item(writer: Session, case_id: str, item_id: str) -> None:
    """Raise `NotFound` unless this is an item of the case that is still asked about."""
    statement = sa.select(Item.id).where(
        Item.id == item_id, Item.case_id == case_id, Item.status != "withdrawn"
    )
    if writer.execute(statement).first() is None:
        raise NotFound("The case has no such item any more; open it again.")


def reveal_evidence(
    case_id: str,
    evidence_id: str,
    *,
    stage: Stage,
    size: Size,
    actor: Actor,
    precedents: Sequence[Candidate] | None = None,
) -> str:
    """Put on the trail that the holder is shown a piece of evidence; the reveal's id, then its address works.

    The stage before ends with it. ``precedents``: what the person's first look at the case brings, None for
    a later one; beside evidence of a sender a capture is no look. Raises `NotFound` or `ClaimLost`.
    """
    check_permission(actor, Permission.REVEAL_EVIDENCE)
    with db.transaction() as writer:
        now = clock.now()
        generation = lock_held(writer, case_id, actor, now)
        found = writer.execute(
            sa.select(Evidence.item_id, Evidence.sha256, Evidence.account_id).where(
                Evidence.id == evidence_id
            )
        ).one_or_none()
        if found is None:
            raise NotFound("The case has no such evidence; open it again.")
        _check_item(writer, case_id, found.item_id)
        if found.account_id is not None and has_evidence_of_sender(writer, case_id):
            precedents = None  # a capture is the content only where nothing else is
        row = reveal_row(case_id, found.item_id, evidence_id, stage=stage, size=size)
        return _reveal(
            writer, row, generation, sha256=found.sha256, precedents=precedents, actor=actor, now=now
        )


def reveal_text(
    case_id: str,
    item_id: str,
    *,
    size: Size,
    actor: Actor,
    precedents: Sequence[Candidate] | None = None,
) -> str:
    """The same for what the sender quotes or describes of an item, unfolded to its end."""
    check_permission(actor, Permission.REVEAL_EVIDENCE)
    with db.transaction() as writer:
        now = clock.now()
        generation = lock_held(writer, case_id, actor, now)
        _check_item(writer, case_id, item_id)
        row = reveal_row(case_id, item_id, None, stage=Stage.TEXT, size=size)
        return _reveal(writer, row, generation, sha256=None, precedents=precedents, actor=actor, now=now)


def reveal_row(
    case_id: str, item_id: str, evidence_id: str | None, *, stage: Stage, size: Size
) -> dict[str, str | int | None]:
    """What was shown, under a new id: the columns of a reveal but for whom, when and by which claim."""
    return {
        "id": new_id("W"),
        "case_id": case_id,
        "item_id": item_id,
        "evidence_id": evidence_id,
        "stage": stage.value,
        "width": size.width,
        "height": size.height,
        "bytes": size.bytes,
    }


def _reveal(
    writer: Session,
    row: dict[str, str | int | None],
    generation: int,
    *,
    sha256: str | None,
    precedents: Sequence[Candidate] | None,
    actor: Actor,
    now: datetime,
) -> str:
    note_first_look(
        writer,
        str(row["case_id"]),
        way=Way.REVEALED,
        claim_generation=generation,
        precedents=precedents,
        actor=actor,
        now=now,
    )
    end_reveals(
        writer, actor, now, Reveal.item_id == row["item_id"], Reveal.evidence_id == row["evidence_id"]
    )
    stored = row | {
        "account_id": actor.account_id,
        "claim_generation": generation,
        "revealed_at": now,
        "hidden_at": None,
    }
    insert_rows(writer, Reveal, [stored])
    ledger.record(
        writer,
        "evidence.revealed",
        str(row["case_id"]),
        actor=actor,
        at=now,
        fields={
            "reveal": row["id"],
            "item": row["item_id"],
            "evidence": row["evidence_id"],
            "sha256": sha256,
        },
        meta={name: row[name] for name in ("stage", "width", "height", "bytes")} | {"generation": generation},
    )
    return str(row["id"])


def end_reveals(
    writer: Session, actor: Actor, now: datetime, *conditions: sa.ColumnElement[bool]
) -> list[str]:
    """Drop what this person is shown now, where the conditions hold; the ids of these reveals."""
    ended = writer.scalars(
        sa.update(Reveal)
        .where(Reveal.account_id == actor.account_id, Reveal.hidden_at.is_(None), *conditions)
        .values(hidden_at=now)
        .returning(Reveal.id)
        .execution_options(synchronize_session=False)
    )
    return sorted(ended)


def hide_evidence(case_id: str, reveal_id: str | None, *, actor: Actor) -> None:
    """Drop one thing that one is shown of the case, or all of it; what is hidden already stays so.

    Possible whoever holds the case by now. Raises `NotFound` where there is no such case.
    """
    check_permission(actor, Permission.REVEAL_EVIDENCE)
    with db.transaction() as writer:
        now = clock.now()
        if writer.get(Case, case_id) is None:
            raise NotFound()
        chosen = [] if reveal_id is None else [Reveal.id == reveal_id]
        ended = end_reveals(writer, actor, now, Reveal.case_id == case_id, *chosen)
        if ended:
            fields: dict[str, ledger.Value | None] = {"reveals": list(ended)}
            ledger.record(writer, "evidence.hidden", case_id, actor=actor, at=now, fields=fields)


def capture_evidence(case_id: str, item_id: str, captured: Captured, *, actor: Actor) -> str:
    """Add a copy that the holder made of an item; its id. Raises `NotFound` or `ClaimLost`."""
    check_permission(actor, Permission.REVIEW_CASE)
    with db.transaction() as writer:
        now = clock.now()
        generation = lock_held(writer, case_id, actor, now)
        _check_item(writer, case_id, item_id)
        evidence_id = new_id("E")
        row = {
            "id": evidence_id,
            "item_id": item_id,
            "name": captured.name,
            "media_type": captured.media_type,
            "sha256": captured.sha256,
            "length": captured.length,
            "received_at": now,
            "account_id": actor.account_id,
            "captured_at": now,
        }
        insert_rows(writer, Evidence, [row])
        ledger.record(
            writer,
            "evidence.captured",
            case_id,
            actor=actor,
            at=now,
            fields={
                "evidence": evidence_id,
                "item": item_id,
                "name": captured.name,
                "media_type": captured.media_type,
                "sha256": captured.sha256,
            },
            meta={"bytes": captured.length, "generation": generation},
        )
        return evidence_id


def open_location(case_id: str, item_id: str, *, actor: Actor) -> None:
    """Put on the trail that the holder leaves for the live address. Raises `NotFound` or `ClaimLost`."""
    check_permission(actor, Permission.REVIEW_CASE)
    with db.transaction() as writer:
        now = clock.now()
        generation = lock_held(writer, case_id, actor, now)
        _check_item(writer, case_id, item_id)
        url = writer.scalar(sa.select(Item.canonical_url).where(Item.id == item_id))
        ledger.record(
            writer,
            "location.opened",
            case_id,
            actor=actor,
            at=now,
            fields={"item": item_id, "url": url},
            meta={"generation": generation},
        )


def keep_look(sha256: str, look: Look) -> None:
    """Remember what decoding found in a digest; whoever looked first is right, the bytes are the same."""
    row = {
        "sha256": sha256,
        "media_type": None if look.kind is None else look.kind.value,
        "width": look.width,
        "height": look.height,
        "frames": look.frames,
        "pages": look.pages,
        "characters": look.characters,
        "perceptual_hash": look.perceptual_hash,
        "refused": None if look.refused is None else look.refused.value,
        "looked_at": clock.now(),
    }
    with db.transaction() as writer:
        dialect: Any = sqlite if db.is_sqlite(writer) else postgresql
        writer.execute(dialect.insert(EvidenceLook.__table__).on_conflict_do_nothing(), [row])
        keep_picture(writer, look.perceptual_hash)
