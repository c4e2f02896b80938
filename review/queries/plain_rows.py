"""Do the rows of referrals and items repeat their first events? Decided at once for the plain ones.

A referral that was received and an item that was answered, with nothing before, are compared with their rows
some hundred at a time, as the pass over the entries meets them. Whatever is not plainly the same, and
whatever happened later to the same object, goes through the comparison of `stored_rows`.
"""

from collections.abc import Sequence
from hashlib import sha256
from operator import itemgetter
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from review.domain.plain_event import PlainEvent
from review.domain.states import ItemStatus
from review.models import Answer, Decision, Item, Opening, Referral
from review.queries.stored_cases import SET, told_events
from review.queries.stored_referrals import IN_BODY, Evidence, senders_of
from review.queries.stored_rows import OF_ITEMS, OF_REFERRALS, comparisons, sets
from review.queries.trail_rows import among, is_unreadable, raw, stream, time_text

LONGEST_BODY = 16 * 1024
"""A longer original is left to the comparison that counts bytes."""
LONGEST_ITEMS = 1024 * 1024
"""Bytes of lists of items after which a set is compared although it holds fewer referrals."""
UNCLEAR = (LookupError, ValueError, TypeError, AttributeError, RecursionError)
_TYPES = {"referral": OF_REFERRALS, "item": OF_ITEMS}
_in_body = itemgetter(*IN_BODY)


class PlainRows:
    """Takes events and compares; `differ` is its answer once all were taken."""

    def __init__(self, reader: Session, *, evidence: Evidence | None) -> None:
        self._reader = reader
        self._compare = {kind: compare for kind, _types, compare in comparisons(evidence)}
        self._received: dict[str, PlainEvent] = {}
        self._answered: dict[str, PlainEvent] = {}
        self._doubtful: dict[str, set[str]] = {kind: set() for kind in _TYPES}
        self._length = 0
        self._differ = False

    def take(self, event: PlainEvent) -> None:
        """One event whose entry is intact."""
        types = _TYPES.get(event.object_kind)
        if types is None or event.event_type not in types:
            return
        if event.version != 1 or event.event_type not in ("referral.received", "item.answered"):
            self.doubt(event.object_kind, event.object_id)
        elif event.event_type == "item.answered":
            self._answered[event.object_id] = event
            if len(self._answered) >= SET:
                self._compare_answers()
        else:
            self._received[event.object_id] = event
            self._length += len(event.values.get("items", b""))
            if len(self._received) >= SET or self._length > LONGEST_ITEMS:
                self._compare_received()

    def doubt(self, kind: object, object_id: object) -> None:
        """An object whose rows are compared event by event."""
        if isinstance(kind, str) and kind in _TYPES and isinstance(object_id, str):
            self._doubtful[kind].add(object_id)
            if len(self._doubtful[kind]) >= SET:
                self._compare_doubtful(kind)

    def differ(self) -> bool:
        """Whether some row is not what its events tell; which one, the whole comparison says."""
        self._compare_received()
        self._compare_answers()
        for kind in _TYPES:
            self._compare_doubtful(kind)
        return self._differ

    def _compare_doubtful(self, kind: str) -> None:
        ids, self._doubtful[kind] = sorted(self._doubtful[kind]), set()
        if self._differ or not ids:
            return
        statement = told_events(kind, _TYPES[kind]).where(Opening.object_id.in_(ids))
        try:
            with stream(self._reader, statement) as rows:
                for chains in sets(rows):
                    self._differ |= any(True for _one in self._compare[kind](self._reader, chains))
        except UNCLEAR:
            self._differ = True
        except DBAPIError as error:
            self._cannot_read(error)

    def _cannot_read(self, error: DBAPIError) -> None:
        if not is_unreadable(error):
            raise error
        self._differ = True

    def _compare_received(self) -> None:
        received, self._received, self._length = self._received, {}, 0
        if self._differ or not received:
            return
        try:
            same = _received_as_told(self._reader, received)
        except DBAPIError as error:
            self._cannot_read(error)
            return
        for referral_id in received.keys() - same:
            self.doubt("referral", referral_id)

    def _compare_answers(self) -> None:
        answered, self._answered = self._answered, {}
        if self._differ or not answered:
            return
        try:
            same = _answered_as_told(self._reader, answered)
        except DBAPIError as error:
            self._cannot_read(error)
            return
        for item_id in answered.keys() - same:
            self.doubt("item", item_id)


def _received_as_told(reader: Session, received: dict[str, PlainEvent]) -> set[str]:
    """Those of these referrals whose row, original and items are exactly what was received."""
    ids = list(received)
    body = sa.case((sa.func.length(Referral.received_body) <= LONGEST_BODY, Referral.received_body))
    statement = sa.select(
        *raw(Referral.id, Referral.sender_id, Referral.reference, Referral.body_sha256, Referral.key_id),
        *raw(Referral.intake_kind, Referral.transmitted_via, Referral.urgency),
        time_text(reader, Referral.received_at),
        sa.cast(Referral.splices, sa.Text),
        sa.type_coerce(body, sa.types.NullType()),
        *raw(*(getattr(Referral, name) for name in IN_BODY)),
    ).where(among(reader, Referral.id, ids))
    items: dict[str, list[tuple[Any, ...]]] = {}
    for referral_id, *item in reader.connection().execute(_items(reader, ids)):
        items.setdefault(referral_id, []).append(tuple(item))
    people = {event.actor_id for event in received.values() if event.actor_kind == "account"}
    senders = senders_of(reader, people)
    same = set()
    with stream(reader, statement) as rows:
        for row in rows:
            referral_id, sender_id, *columns = tuple(row)
            event = received[referral_id]
            is_sender = event.actor_kind == "sender"
            sender = event.actor_id if is_sender else senders.get(event.actor_id, sender_id)
            try:
                if sender_id == sender and _is_told(event, columns) and _are_told(event, items[referral_id]):
                    same.add(referral_id)
            except UNCLEAR:
                continue
    return same


def _items(reader: Session, referral_ids: list[str]) -> sa.Select[Any]:
    return sa.select(
        *raw(Item.referral_id, Item.id, Item.url_as_sent),
        time_text(reader, Item.joined_at),
        *raw(Item.case_id),
    ).where(among(reader, Item.referral_id, referral_ids))


def _is_told(event: PlainEvent, columns: Sequence[Any]) -> bool:
    """Whether the columns of a referral and its original are exactly what was received."""
    values, meta = event.values, event.meta
    key, digest, body = values.get("key"), values["body_sha256"].decode(), columns[8]
    told = [
        values["reference"].decode(), digest, None if key is None else key.decode(),
        meta.get("intake_kind"), meta.get("transmitted_via"), meta.get("urgency"), event.stored_at, "[]",
    ]  # fmt: skip
    if told != columns[:8] or sha256(body).hexdigest() != digest:
        return False
    members = dict.fromkeys(IN_BODY) | orjson.loads(body)
    return bool(_in_body(members) == tuple(columns[9:]))


def _are_told(event: PlainEvent, rows: list[tuple[Any, ...]]) -> bool:
    """Whether the items of a referral are exactly those received, each still in the case it came to."""
    values, at = event.values, event.stored_at
    cases, items = orjson.loads(values["cases"]), orjson.loads(values["items"])
    told = {(item["id"], item["url"], at, cases[item["id"]]) for item in items}
    return len(rows) == len(items) == len(told) and told == set(rows)


def _answered_as_told(reader: Session, answered: dict[str, PlainEvent]) -> set[str]:
    """Those of these items that have the one answer that was given, and are decided by it."""
    decided = sa.type_coerce(Decision.case_id, sa.types.NullType()).label("decided_case")
    statement = (
        sa.select(
            *raw(Answer.item_id, Answer.body),
            time_text(reader, Answer.answered_at),
            *raw(Item.status, Item.withdrawn_at, Item.case_id),
            decided,
        )
        .outerjoin(Item, Item.id == Answer.item_id)
        .outerjoin(Decision, Decision.id == Answer.decision_id)
        .where(among(reader, Answer.item_id, answered))
    )
    answers: dict[str, list[tuple[Any, ...]]] = {}
    for item_id, *answer in reader.connection().execute(statement):
        answers.setdefault(item_id, []).append(tuple(answer))
    return {
        item_id
        for item_id, event in answered.items()
        if _is_answered(answers.get(item_id, []), event.values.get("answer"), event.stored_at)
    }


def _is_answered(rows: list[tuple[Any, ...]], body: bytes | None, at: str) -> bool:
    """Whether this is one answer, as given, and the item is decided in the case of its decision."""
    if len(rows) != 1 or body is None:
        return False
    told = (body, at, ItemStatus.DECIDED.value, None)
    *stored, case_id, decided_case = rows[0]
    return tuple(stored) == told and case_id is not None and case_id == decided_case
