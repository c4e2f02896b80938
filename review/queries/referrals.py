"""What has a sender referred, and how does it stand? One referral, one item, pages of them; own ones only."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import db
from review.clock import EPOCH, rfc3339
from review.domain.cursors import Cursor
from review.domain.representation import OwnComplaint, OwnItem, OwnQuestion, OwnReferral
from review.domain.states import ItemStatus
from review.formats.original import read_splices, rebuild
from review.models import Answer, BatchLine, Item, Referral, RefusedItem, Restriction
from review.models.evidence_files import read_evidence
from review.prepared import Prepared
from review.queries.complaints import complaints_of
from review.queries.own_lists import has_status
from review.queries.questions import questions_of

SHORT_CHUNK = 400
MOST_ITEMS = 5_000
"""Items of one page, good and refused; a page ends early before it holds more."""

CLOCKS_DIFFER = timedelta(minutes=5)
"""How much earlier than the change before it a change may be dated, by the clocks of two servers."""


@dataclass(frozen=True)
class ReferralPage:
    """Some referrals in order, and the cursor after which the next ones stand; None at the end."""

    referrals: tuple[OwnReferral, ...]
    next: Cursor | None


def own_referral(reader: Session, referral_id: str, *, sender_id: str | None) -> OwnReferral | None:
    """The referral as its sender sees it now; None when there is none of this sender."""
    found = _with_parts(reader, _HEAD.all(reader, referral_id=referral_id, sender_id=sender_id))
    return found[0] if found else None


def own_item(reader: Session, item_id: str, *, sender_id: str | None) -> OwnItem | None:
    """The item as its sender sees it now; None when there is none of this sender."""
    row = reader.execute(
        _items().join(Referral).where(Item.id == item_id, Referral.sender_id == sender_id)
    ).one_or_none()
    if row is None:
        return None
    answer = _answers(reader, [item_id]).get(item_id, {})
    questions, complaints = _asked_and_complained(reader, [row])
    return _own_item(row, answer, questions.get(item_id, ()), complaints.get(item_id, ()))


def told_items(reader: Session, item_ids: Sequence[str]) -> list[tuple[OwnItem, str]]:
    """These items as their senders see them now, whoever these are, each with the referral's reference."""
    found = []
    for start in range(0, len(item_ids), SHORT_CHUNK):
        wanted = _items().add_columns(Referral.reference).join(Referral)
        rows = reader.execute(
            wanted.where(Item.id.in_(item_ids[start : start + SHORT_CHUNK])).order_by(Item.id)
        ).all()
        answers = _answers(reader, [row.id for row in rows if row.status == ItemStatus.DECIDED])
        questions, complaints = _asked_and_complained(reader, rows)
        found += [
            (
                _own_item(
                    row, answers.get(row.id, {}), questions.get(row.id, ()), complaints.get(row.id, ())
                ),
                str(row.reference),
            )
            for row in rows
        ]
    return found


def changed_referrals(
    reader: Session,
    *,
    sender_id: str | None,
    limit: int,
    after: Cursor | None = None,
    updated_since: datetime | None = None,
    reference: str | None = None,
    status: ItemStatus | None = None,
    batch: str | None = None,
) -> ReferralPage:
    """Own referrals, oldest change first, below every change that may still appear, so that none is missed.

    ``updated_since`` is inclusive and only chooses the start; with ``after`` it says nothing.
    """
    settled = db.settled_position(reader)
    wanted = _heads().where(Referral.sender_id == sender_id, Referral.change_position < settled)
    if after is not None:
        wanted = wanted.where(
            sa.or_(
                Referral.change_position > after.position,
                sa.and_(Referral.change_position == after.position, Referral.id > after.id),
            )
        )
    elif updated_since is not None:
        start = _first_change(reader, sender_id, since=updated_since)
        wanted = wanted.where(sa.false() if start is None else Referral.change_position >= start)
    if reference is not None:
        wanted = wanted.where(Referral.reference == reference)
    if status is not None:
        wanted = wanted.where(has_status(status, Referral.id))
    if batch is not None:
        lines = sa.select(BatchLine.referral_id).where(BatchLine.batch_id == batch)
        wanted = wanted.where(Referral.id.in_(lines))
    ordered = wanted.order_by(Referral.change_position, Referral.id)
    return _page(reader, ordered, limit=limit)


def _first_change(reader: Session, sender_id: str | None, *, since: datetime) -> int | None:
    """The position of a sender's first change at or after a moment; None where there is none.

    Looked for from the end, because programs ask for what is new: their wait grows with what has changed
    since, not with all that they ever sent. Positions follow the clock as closely as clocks agree.
    """
    own = sa.select(Referral.change_position).where(Referral.sender_id == sender_id)
    oldest = reader.execute(own.add_columns(Referral.updated_at).order_by(Referral.change_position).limit(1))
    first = oldest.one_or_none()
    if first is None or first.updated_at >= since:  # all of it is asked for
        return None if first is None else int(first.change_position)
    earlier = own.where(Referral.updated_at < max(since, EPOCH) - CLOCKS_DIFFER)
    before = reader.scalar(earlier.order_by(Referral.change_position.desc()).limit(1))
    later = own.where(Referral.updated_at >= since, Referral.change_position >= (before or 0))
    return reader.scalar(later.order_by(Referral.change_position).limit(1))


def original_of(reader: Session, referral_id: str, *, data_dir: Path) -> bytes | None:
    """The body exactly as it was received, evidence included; None when there is no such referral."""
    row = reader.execute(
        sa.select(Referral.received_body, Referral.splices).where(Referral.id == referral_id)
    ).one_or_none()
    if row is None:
        return None
    splices = read_splices(row.splices)
    return rebuild(row.received_body, splices, lambda digest: read_evidence(data_dir, digest))


def _heads() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        Referral.id,
        Referral.reference,
        Referral.intake_kind,
        Referral.reason,
        Referral.received_at,
        Referral.updated_at,
        Referral.change_position,
        Referral.removal_order,
    )


_HEAD = Prepared(
    lambda: _heads().where(
        Referral.id == sa.bindparam("referral_id"), Referral.sender_id == sa.bindparam("sender_id")
    )
)
_ITEMS_OF_ONE = Prepared(
    lambda: _items().where(Item.referral_id == sa.bindparam("referral_id")).order_by(Item.position)
)
_REFUSED_OF_ONE = Prepared(
    lambda: (
        _refused_items()
        .where(RefusedItem.referral_id == sa.bindparam("referral_id"))
        .order_by(RefusedItem.position)
    )
)


def _items() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        Item.id,
        Item.referral_id,
        Item.url_as_sent,
        Item.canonical_url,
        Item.status,
        Item.defanged,
        Item.content_type,
        Item.withdrawn_at,
        Item.trail_version,
    )


def _page(reader: Session, ordered: sa.Select[*tuple[Any, ...]], *, limit: int) -> ReferralPage:
    """At most ``limit`` referrals, and no more than ``MOST_ITEMS`` items where there is a second one."""
    rows = reader.execute(ordered.limit(limit + 1)).all()
    sizes = _sizes(reader, [row.id for row in rows])
    totals = accumulate(sizes[row.id] for row in rows)
    fitting = sum(total <= MOST_ITEMS for total in totals)
    shown = rows[: min(limit, max(1, fitting))]
    return ReferralPage(
        tuple(_with_parts(reader, shown)), _cursor(shown[-1]) if len(shown) < len(rows) else None
    )


def _cursor(row: sa.Row[*tuple[Any, ...]]) -> Cursor:
    return Cursor(row.change_position, row.id)


def _sizes(reader: Session, referral_ids: Sequence[str]) -> Counter[str]:
    """How many items each referral has, good and refused."""
    sizes: Counter[str] = Counter()
    for column in (Item.referral_id, RefusedItem.referral_id):
        counted = sa.select(column, sa.func.count()).where(column.in_(referral_ids)).group_by(column)
        for referral_id, count in reader.execute(counted):
            sizes[referral_id] += count
    return sizes


def _with_parts(reader: Session, rows: Sequence[sa.Row[*tuple[Any, ...]]]) -> list[OwnReferral]:
    """Referrals in the order of their heads with their items, refused items and answers."""
    ids = [row.id for row in rows]
    if len(ids) == 1:
        item_rows = _ITEMS_OF_ONE.all(reader, referral_id=ids[0])
    else:
        wanted = _items().where(Item.referral_id.in_(ids)).order_by(Item.referral_id, Item.position)
        item_rows = list(reader.execute(wanted))
    answers = _answers(reader, [row.id for row in item_rows if row.status == ItemStatus.DECIDED])
    questions, complaints = _asked_and_complained(reader, item_rows)
    items: dict[str, list[OwnItem]] = {}
    for row in item_rows:
        item = _own_item(row, answers.get(row.id, {}), questions.get(row.id, ()), complaints.get(row.id, ()))
        items.setdefault(row.referral_id, []).append(item)
    refused = _refused(reader, ids)
    return [
        OwnReferral(
            id=row.id,
            reference=row.reference,
            intake_kind=row.intake_kind,
            reason=row.reason,
            received_at=row.received_at,
            updated_at=row.updated_at,
            items=tuple(items.get(row.id, ())),
            refused=tuple(refused.get(row.id, ())),
            order=row.removal_order,
        )
        for row in rows
    ]


def _asked_and_complained(
    reader: Session, rows: Iterable[sa.Row[*tuple[Any, ...]]]
) -> tuple[dict[str, tuple[OwnQuestion, ...]], dict[str, tuple[OwnComplaint, ...]]]:
    """What was asked about items, and what was complained of.

    Looked up for those alone that have another event than their answer, which is few.
    """
    more = [row for row in rows if row.trail_version > (row.status == ItemStatus.DECIDED)]
    decided = [row.id for row in more if row.status == ItemStatus.DECIDED]
    questions = questions_of(reader, [row.id for row in more]) if more else {}
    return questions, complaints_of(reader, decided) if decided else {}


def _own_item(
    row: sa.Row[*tuple[Any, ...]],
    answer: dict[str, Any],
    questions: tuple[OwnQuestion, ...],
    complaints: tuple[OwnComplaint, ...],
) -> OwnItem:
    waits = row.status == ItemStatus.IN_REVIEW and any(one.ended_at is None for one in questions)
    return OwnItem(
        id=row.id,
        referral_id=row.referral_id,
        url=row.url_as_sent,
        canonical_url=row.canonical_url,
        status=ItemStatus.WAITING_SENDER if waits else ItemStatus(row.status),
        defanged=row.defanged,
        content_type=row.content_type,
        withdrawn_at=row.withdrawn_at,
        answer=answer if row.status == ItemStatus.DECIDED else {},
        questions=questions,
        complaints=complaints,
    )


def _refused_items() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        RefusedItem.referral_id, RefusedItem.position, RefusedItem.url_as_sent, RefusedItem.errors
    )


def _refused(reader: Session, referral_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    rows: Iterable[Any]
    if len(referral_ids) == 1:
        rows = _REFUSED_OF_ONE.all(reader, referral_id=referral_ids[0])
    else:
        rows = reader.execute(
            _refused_items()
            .where(RefusedItem.referral_id.in_(referral_ids))
            .order_by(RefusedItem.referral_id, RefusedItem.position)
        )
    refused: dict[str, list[dict[str, Any]]] = {}
    for referral_id, index, url, errors in rows:
        refused.setdefault(referral_id, []).append({"index": index, "url": url, "errors": errors})
    return refused


def _answers(reader: Session, item_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The newest frozen answer of each item, and since when its restriction is in place."""
    answers: dict[str, dict[str, Any]] = {}
    for start in range(0, len(item_ids), SHORT_CHUNK):
        rows = reader.execute(
            sa.select(Answer.item_id, Answer.body, Restriction.implemented_at)
            .outerjoin(Restriction, Restriction.decision_id == Answer.decision_id)
            .where(Answer.item_id.in_(item_ids[start : start + SHORT_CHUNK]))
            .order_by(Answer.answered_at)
        )
        for item_id, body, implemented_at in rows:
            answers[item_id] = json.loads(body)
            if implemented_at is not None:
                answers[item_id]["implemented_at"] = rfc3339(implemented_at)
    return answers
