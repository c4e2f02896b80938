"""Take back a referral or an item before it is answered."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.returning import end_questions_about
from review.domain.permissions import Actor, Permission, check_permission
from review.domain.states import MOVES, ItemStatus
from review.errors import DatabaseBusy, NotFound, NotWithdrawable
from review.models import Case, Item, Referral

TRIES_TO_LOCK = 5
CHUNK = 500


def withdraw_referral(referral_id: str, *, actor: Actor) -> None:
    """Withdraw every item of one's own referral that is still in review.

    Withdrawing again changes nothing. Raises `NotFound` for what is not the actor's, and `NotWithdrawable`
    when nothing is in review any more and something has been answered.
    """
    check_permission(actor, Permission.WITHDRAW)
    with db.transaction() as writer:
        now = clock.now()
        own = sa.select(Item.id).join(Referral).where(Referral.sender_id == actor.sender_id)
        ids = writer.scalars(own.where(Referral.id == referral_id).order_by(Item.position)).all()
        if not ids:
            raise NotFound()
        _lock_cases(writer, ids)
        withdrawn = _withdraw(writer, ids, at=now)
        if not withdrawn:
            _check_withdrawn(writer, ids)
            return
        _touch_referral(writer, referral_id, at=now)
        ledger.record(
            writer,
            "referral.withdrawn",
            referral_id,
            actor=actor,
            at=now,
            fields={"items": sorted(withdrawn, key=ids.index)},
        )
        _leave_cases(writer, withdrawn, actor=actor, at=now)


def withdraw_item(item_id: str, *, actor: Actor) -> None:
    """Withdraw one item of one's own that is still in review.

    Withdrawing again changes nothing. Raises `NotFound` for what is not the actor's, and `NotWithdrawable`
    when it has been answered.
    """
    check_permission(actor, Permission.WITHDRAW)
    with db.transaction() as writer:
        now = clock.now()
        referral_id = writer.scalar(
            sa.select(Item.referral_id)
            .join(Referral)
            .where(Item.id == item_id, Referral.sender_id == actor.sender_id)
        )
        if referral_id is None:
            raise NotFound()
        _lock_cases(writer, [item_id])
        withdrawn = _withdraw(writer, [item_id], at=now)
        if not withdrawn:
            _check_withdrawn(writer, [item_id])
            return
        _touch_referral(writer, referral_id, at=now)
        ledger.record(writer, "item.withdrawn", item_id, actor=actor, at=now)
        _leave_cases(writer, withdrawn, actor=actor, at=now)


def _lock_cases(writer: Session, item_ids: Sequence[str]) -> None:
    """Lock the cases of these items, in the order in which receiving takes them, before the items.

    Dispatch goes the same way and may move an item to a new case meanwhile; then look again.
    """
    of_items = sa.select(Item.case_id).where(Item.id.in_(item_ids))
    for _attempt in range(TRIES_TO_LOCK):
        cases = set(writer.scalars(of_items))
        ordered = sa.select(Case.id).where(Case.id.in_(cases)).order_by(Case.match_digest, Case.id)
        writer.execute(ordered.with_for_update(key_share=True)).all()
        if cases.issuperset(writer.scalars(of_items)):
            return
    raise DatabaseBusy("The cases are changing; try again.", retry_after_seconds=1)


def _withdraw(writer: Session, item_ids: Sequence[str], *, at: datetime) -> dict[str, str]:
    """Withdraw those that are in review; their case ids by item id."""
    rows = writer.execute(
        sa.update(Item)
        .where(Item.id.in_(item_ids), Item.status == ItemStatus.IN_REVIEW)
        .values(status=ItemStatus.WITHDRAWN.value, withdrawn_at=at)
        .returning(Item.id, Item.case_id)
        .execution_options(synchronize_session=False)
    )
    return {row.id: row.case_id for row in rows}


def _check_withdrawn(writer: Session, item_ids: Sequence[str]) -> None:
    """Raise `NotWithdrawable` unless all of them were withdrawn before."""
    statuses = set(writer.scalars(sa.select(Item.status).where(Item.id.in_(item_ids))))
    if statuses != {ItemStatus.WITHDRAWN}:
        raise NotWithdrawable("It has been answered already; an answer cannot be taken back.")


def _touch_referral(writer: Session, referral_id: str, *, at: datetime) -> None:
    position = db.next_change_position(writer, Referral.change_position)
    writer.execute(
        sa.update(Referral)
        .where(Referral.id == referral_id)
        .values(updated_at=at, change_position=position)
        .execution_options(synchronize_session=False)
    )


def _leave_cases(writer: Session, withdrawn: Mapping[str, str], *, actor: Actor, at: datetime) -> None:
    """Take these items out of their cases; one that is left empty is withdrawn, whoever holds it.

    A few statements however many the cases are: the caller holds their rows, and others wait.
    """
    move = MOVES["withdraw_last_item"]
    by_number: dict[int, list[str]] = {}
    for case_id, number in sorted(Counter(withdrawn.values()).items()):
        by_number.setdefault(number, []).append(case_id)
    emptied: list[str] = []
    for number, of_number in by_number.items():
        for start in range(0, len(of_number), CHUNK):
            left = writer.execute(
                sa.update(Case)
                .where(Case.id.in_(of_number[start : start + CHUNK]), Case.state.in_(move.sources))
                .values(items_live=Case.items_live - number, version=Case.version + 1)
                .returning(Case.id, Case.items_live)
                .execution_options(synchronize_session=False)
            )
            emptied += [row.id for row in left if row.items_live == 0]
    emptied.sort()
    for start in range(0, len(emptied), CHUNK):
        writer.execute(
            sa.update(Case)
            .where(Case.id.in_(emptied[start : start + CHUNK]))
            .values(
                state=move.target,
                claimed_by=None,
                claimed_until=None,
                claim_generation=Case.claim_generation + 1,
                pending_review_id=None,
            )
            .execution_options(synchronize_session=False)
        )
    if emptied:
        records = [ledger.Record(case_id) for case_id in emptied]
        ledger.record_many(writer, move.event, records, actor=actor, at=at)
    end_questions_about(writer, list(withdrawn), emptied=emptied, actor=actor, at=at)
