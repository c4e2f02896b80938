"""What do the columns of a referral, its items and an answer hold when they repeat a plain first event?"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.events import CLOCK
from review.domain.plain_event import PlainEvent
from review.domain.states import ItemStatus
from review.models import Answer, Decision, Item, Opening, Referral
from review.queries.stored_referrals import IN_BODY, order_in_body
from review.queries.trail_rows import among, raw, time_text

LONGEST_BODY = 16 * 1024
"""A longer original is left to the comparison that counts bytes."""

Columns = tuple[Any, ...]


def referrals(reader: Session) -> sa.Select[Any]:
    """Of referrals: id, count of events, sender, original, and the columns that `is_told` takes."""
    body = sa.case((sa.func.length(Referral.received_body) <= LONGEST_BODY, Referral.received_body))
    return sa.select(
        *raw(Referral.id, Referral.trail_version, Referral.sender_id),
        sa.type_coerce(body, sa.types.NullType()),
        *raw(Referral.reference, Referral.body_sha256, Referral.key_id, Referral.intake_kind),
        *raw(Referral.transmitted_via, Referral.urgency),
        time_text(reader, Referral.received_at),
        sa.cast(Referral.splices, sa.Text),
        *raw(*(getattr(Referral, name) for name in IN_BODY), Referral.removal_order),
    )


LONG_OF_REFERRAL = (3, *range(12, 20))
"""Which of these may be long: the original, and what repeats members of it."""
LONG_OF_ITEM = (2,)
"""The address, in the columns of an item."""


def items(reader: Session) -> sa.Select[Any]:
    """Items in the columns of `told_items`."""
    return sa.select(
        *raw(Item.id, Item.referral_id, Item.url_as_sent),
        time_text(reader, Item.joined_at),
        *raw(Item.case_id),
    )


def count_of_items(reader: Session) -> sa.Select[Any]:
    """How many items some referrals have together."""
    return sa.select(sa.func.count()).select_from(Item).where(among(reader, Item.referral_id))


def events(reader: Session) -> sa.Select[Any]:
    """How many events stand in the chains of some referrals."""
    return (
        sa.select(*raw(Opening.object_id), sa.func.count())
        .where(Opening.object_kind == "referral", Opening.object_version.is_not(None))
        .where(among(reader, Opening.object_id))
        .group_by(Opening.object_id)
    )


def answers(reader: Session) -> sa.Select[Any]:
    """The answers to some items: item, and the columns that `is_answered` takes."""
    decided = sa.type_coerce(Decision.case_id, sa.types.NullType()).label("decided_case")
    return (
        sa.select(
            *raw(Answer.item_id, Answer.body),
            time_text(reader, Answer.answered_at),
            *raw(Item.status, Item.withdrawn_at, Item.case_id),
            decided,
        )
        .outerjoin(Item, Item.id == Answer.item_id)
        .outerjoin(Decision, Decision.id == Answer.decision_id)
        .where(among(reader, Answer.item_id))
    )


def by_owner(rows: Iterable[Columns]) -> dict[str, list[Columns]]:
    """Rows without their first column, by that column: what they belong to."""
    found: dict[str, list[Columns]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row[1:])
    return found


def is_told(event: PlainEvent, body: bytes, columns: list[Any]) -> bool:
    """Whether the columns of a referral and its original are exactly what was received.

    Of an event that was dated after a clock that was behind, the rows keep what that clock said.
    """
    values, meta, members = event.values, event.meta, orjson.loads(body)
    key, digest = values.get("key"), values["body_sha256"].decode()
    told = [
        values["reference"].decode(), digest, None if key is None else key.decode(),
        meta.get("intake_kind"), meta.get("transmitted_via"), meta.get("urgency"), event.stored_at, "[]",
        *map(members.get, IN_BODY), order_in_body(members),
    ]  # fmt: skip
    return CLOCK not in meta and told == columns and sha256(body).hexdigest() == digest


def told_items(event: PlainEvent) -> dict[str, Columns]:
    """What the rows of the items of a referral hold as they were received, each in the case it came to."""
    values, at = event.values, event.stored_at
    cases, items = orjson.loads(values["cases"]), orjson.loads(values["items"])
    told = {item["id"]: (item["id"], event.object_id, item["url"], at, cases[item["id"]]) for item in items}
    if len(told) < len(items):
        raise ValueError("An item is told of twice.")
    return told


def is_answered(rows: list[Columns], event: PlainEvent) -> bool:
    """Whether this is one answer, as given, and the item is decided in the case of its decision."""
    body = event.values.get("answer")
    if len(rows) != 1 or body is None or CLOCK in event.meta:
        return False
    told = (body, event.stored_at, ItemStatus.DECIDED.value, None)
    *stored, case_id, decided_case = rows[0]
    return tuple(stored) == told and case_id is not None and case_id == decided_case
