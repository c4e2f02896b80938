"""Showing evidence to a reader of the record: an event before it is shown, and nothing else is touched.

No claim, no first look, no move of the case: it works in every state, and no reviewer notices. The readers
are legal, and whoever judges a decision for quality while it waits to be judged.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.evidence import Size, end_reveals, reveal_row
from review.actions.judging import waiting_entry
from review.domain.media import Stage
from review.domain.permissions import Actor, Permission, check_permission
from review.errors import NotFound
from review.models import Case, Evidence, Item, Reveal
from review.models.rows import insert_rows

_OF_READERS = Reveal.claim_generation.is_(None)


def reveal_in_record(case_id: str, evidence_id: str, *, stage: Stage, size: Size, actor: Actor) -> str:
    """Put on the trail that this reader is shown a piece of evidence; the reveal's id, whose address works.

    The stage before ends with it. Raises `NotFound` where the case has no such evidence.
    """
    check_permission(actor, Permission.REVEAL_IN_RECORD)
    with db.transaction() as writer:
        return _reveal(writer, case_id, evidence_id, stage=stage, size=size, actor=actor, now=clock.now())


def reveal_to_judge(
    sample_id: str, decision_id: str, evidence_id: str, *, stage: Stage, size: Size, actor: Actor
) -> str:
    """The same for whoever judges a decision of a sample, as long as it waits to be judged.

    Raises `NotFound`, `NotPermitted` for one's own case, `AlreadyClosed` where it is judged.
    """
    check_permission(actor, Permission.JUDGE_QUALITY)
    with db.transaction() as writer:
        entry = waiting_entry(writer, sample_id, decision_id, actor=actor, still=True)
        now = clock.now()
        return _reveal(writer, entry.case_id, evidence_id, stage=stage, size=size, actor=actor, now=now)


def _reveal(
    writer: Session,
    case_id: str,
    evidence_id: str,
    *,
    stage: Stage,
    size: Size,
    actor: Actor,
    now: datetime,
) -> str:
    found = writer.execute(
        sa.select(Evidence.item_id, Evidence.sha256)
        .join(Item, Item.id == Evidence.item_id)
        .where(Evidence.id == evidence_id, Item.case_id == case_id)
        # the two halves of a double click one after the other, so that one reveal is left
        .with_for_update(key_share=True, of=Evidence)
    ).one_or_none()
    if found is None:
        raise NotFound("The case has no such evidence; open its record again.")
    end_reveals(writer, actor, now, _OF_READERS, Reveal.evidence_id == evidence_id)
    row = reveal_row(case_id, found.item_id, evidence_id, stage=stage, size=size)
    shown = {"account_id": actor.account_id, "claim_generation": None, "revealed_at": now}
    insert_rows(writer, Reveal, [row | shown | {"hidden_at": None}])
    fields: dict[str, ledger.Value | None] = {"reveal": row["id"], "item": found.item_id}
    fields |= {"evidence": evidence_id, "sha256": found.sha256}
    meta = {name: row[name] for name in ("stage", "width", "height", "bytes")}
    ledger.record(writer, "record.evidence_revealed", case_id, actor=actor, at=now, fields=fields, meta=meta)
    return str(row["id"])


def hide_in_record(case_id: str, reveal_id: str | None, *, actor: Actor) -> None:
    """Drop one thing that this reader is shown of the case, or all of it; what is hidden stays so.

    Raises `NotFound` where there is no such case.
    """
    check_permission(actor, Permission.REVEAL_IN_RECORD)
    with db.transaction() as writer:
        if writer.get(Case, case_id) is None:
            raise NotFound("There is no such case; search by its id, a referral's id or a reference.")
        _hide(writer, case_id, reveal_id, actor=actor, now=clock.now())


def hide_from_judge(sample_id: str, decision_id: str, reveal_id: str | None, *, actor: Actor) -> None:
    """The same for whoever judges a decision of a sample.

    Raises `NotFound`, `NotPermitted` for one's own case, `AlreadyClosed` where it is judged: nothing of it is
    shown then.
    """
    check_permission(actor, Permission.JUDGE_QUALITY)
    with db.transaction() as writer:
        entry = waiting_entry(writer, sample_id, decision_id, actor=actor)
        _hide(writer, entry.case_id, reveal_id, actor=actor, now=clock.now())


def _hide(writer: Session, case_id: str, reveal_id: str | None, *, actor: Actor, now: datetime) -> None:
    chosen = [] if reveal_id is None else [Reveal.id == reveal_id]
    ended = end_reveals(writer, actor, now, _OF_READERS, Reveal.case_id == case_id, *chosen)
    if ended:
        fields: dict[str, ledger.Value | None] = {"reveals": list(ended)}
        ledger.record(writer, "record.evidence_hidden", case_id, actor=actor, at=now, fields=fields)
