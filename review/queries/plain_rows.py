"""Do the rows of referrals and items repeat their first events? Decided at once for the plain ones.

A referral that was received and an item that was answered, with nothing before, are compared with their rows
some hundred at a time, as the pass over the entries meets them. Whatever is not plainly the same, and
whatever happened later to the same object, goes through the comparison of `stored_rows`.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
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
from review.queries.trail_rows import Asked, among, is_unreadable, raw, stream, time_text

LONGEST_BODY = 16 * 1024
"""A longer original is left to the comparison that counts bytes."""
LONGEST_ITEMS = 1024 * 1024
"""Bytes of lists of items after which a set is compared although it holds fewer referrals."""
UNCLEAR = (LookupError, ValueError, TypeError, AttributeError, RecursionError)
RECEIVED, ANSWERED = ("referral", "referral.received"), ("item", "item.answered")
_TYPES = {"referral": OF_REFERRALS, "item": OF_ITEMS}

Columns = tuple[Any, ...]


class PlainRows:
    """Takes events and compares; `differ` is its answer once all were taken."""

    def __init__(self, reader: Session, *, evidence: Evidence | None) -> None:
        self._reader = reader
        self._compare = {kind: compare for kind, _types, compare in comparisons(evidence)}
        self._referrals, self._items = Asked(reader, _referrals(reader)), Asked(reader, _items(reader))
        self._answers, self._events = Asked(reader, _answers(reader)), Asked(reader, _events(reader))
        self._received: dict[str, PlainEvent] = {}
        self._answered: dict[str, PlainEvent] = {}
        self._doubtful: dict[str, set[str]] = {kind: set() for kind in _TYPES}
        self._length = 0
        self._referrals_told = self._versions_told = self._versions_stored = 0
        self._differ = self._miscounted = False

    def take(self, events: Sequence[PlainEvent]) -> None:
        """Events whose entries are intact."""
        for event in events:
            subject = event.object_kind, event.event_type
            if subject == RECEIVED and event.version == 1:
                self._received[event.object_id] = event
                self._referrals_told += 1
                self._versions_told += 1
                self._length += len(event.values.get("items", b""))
                if len(self._received) >= SET or self._length > LONGEST_ITEMS:
                    self._compare_received()
            elif subject == ANSWERED and event.version == 1:
                self._answered[event.object_id] = event
                if len(self._answered) >= SET:
                    self._compare_answers()
            else:
                self._versions_told += event.object_kind == "referral" and event.version is not None
                if event.event_type in _TYPES.get(event.object_kind, ()):
                    self._doubt(event.object_kind, event.object_id)

    def take_odd(self, row: Any) -> None:
        """The row of an event that was found right in another way, or that waits for its position."""
        self._referrals_told += (row.object_kind, row.event_type) == RECEIVED and row.object_version == 1
        self._versions_told += row.object_kind == "referral" and row.object_version is not None
        self._doubt(row.object_kind, row.object_id)

    def _doubt(self, kind: object, object_id: object) -> None:
        """An object whose rows are compared event by event."""
        if isinstance(kind, str) and kind in _TYPES and isinstance(object_id, str):
            self._doubtful[kind].add(object_id)
            if len(self._doubtful[kind]) >= SET:
                self._compare_doubtful(kind)

    def differ(self) -> bool:
        """Whether some row is not what its events tell, or no event tells of a referral.

        Which one it is, the whole comparison says.
        """
        self._compare_received()
        self._compare_answers()
        for kind in _TYPES:
            self._compare_doubtful(kind)
        return self._differ or not self._all_told()

    def counted(self) -> bool:
        """Whether each referral is known to say how many events it has, in chains that are whole.

        Those that say one have one at least, those that say more have as many, and together they are all.
        """
        self._compare_received()
        return not self._miscounted and self._versions_stored == self._versions_told and self._all_told()

    def _all_told(self) -> bool:
        stored = self._reader.scalar(sa.select(sa.func.count()).select_from(Referral))
        return bool(stored == self._referrals_told)

    def _compare_doubtful(self, kind: str) -> None:
        ids, self._doubtful[kind] = sorted(self._doubtful[kind]), set()
        if self._differ or not ids:
            return
        statement = told_events(kind, _TYPES[kind]).where(among(self._reader, Opening.object_id))
        try:
            with stream(self._reader, statement, ids) as rows:
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
            same = self._received_as_told(received)
        except DBAPIError as error:
            self._cannot_read(error)
            return
        for referral_id in received.keys() - same:
            self._doubt("referral", referral_id)

    def _compare_answers(self) -> None:
        answered, self._answered = self._answered, {}
        if self._differ or not answered:
            return
        try:
            same = self._answered_as_told(answered)
        except DBAPIError as error:
            self._cannot_read(error)
            return
        for item_id in answered.keys() - same:
            self._doubt("item", item_id)

    def _received_as_told(self, received: dict[str, PlainEvent]) -> set[str]:
        """Those of these referrals whose row, original and items are exactly what was received."""
        items = _by_owner(self._items.about(received))
        people = {event.actor_id for event in received.values() if event.actor_kind == "account"}
        senders = senders_of(self._reader, people)
        same: set[str] = set()
        single, longer = 0, {}
        for referral_id, events, sender_id, body, *columns in self._referrals.about(received):
            event = received[referral_id]
            if events == 1:
                single += 1
            else:
                longer[referral_id] = events
            is_sender = event.actor_kind == "sender"
            sender = event.actor_id if is_sender else senders.get(event.actor_id, sender_id)
            try:
                if (
                    sender_id == sender
                    and _is_told(event, body, columns)
                    and _are_told(event, items[referral_id])
                ):
                    same.add(referral_id)
            except UNCLEAR:
                continue
        self._count(single, longer)
        return same

    def _count(self, single: int, longer: dict[str, Any]) -> None:
        """So many referrals say that they have one event, the others say of how many."""
        counted = dict(self._events.about(longer)) if longer else {}
        self._miscounted |= counted != longer
        self._versions_stored += single + sum(counted.values())

    def _answered_as_told(self, answered: dict[str, PlainEvent]) -> set[str]:
        """Those of these items that have the one answer that was given, and are decided by it."""
        answers = _by_owner(self._answers.about(answered))
        return {
            item_id
            for item_id, event in answered.items()
            if _is_answered(answers.get(item_id, []), event.values.get("answer"), event.stored_at)
        }


def _referrals(reader: Session) -> sa.Select[Any]:
    body = sa.case((sa.func.length(Referral.received_body) <= LONGEST_BODY, Referral.received_body))
    return sa.select(
        *raw(Referral.id, Referral.trail_version, Referral.sender_id),
        sa.type_coerce(body, sa.types.NullType()),
        *raw(Referral.reference, Referral.body_sha256, Referral.key_id, Referral.intake_kind),
        *raw(Referral.transmitted_via, Referral.urgency),
        time_text(reader, Referral.received_at),
        sa.cast(Referral.splices, sa.Text),
        *raw(*(getattr(Referral, name) for name in IN_BODY)),
    ).where(among(reader, Referral.id))


def _items(reader: Session) -> sa.Select[Any]:
    return sa.select(
        *raw(Item.referral_id, Item.id, Item.url_as_sent),
        time_text(reader, Item.joined_at),
        *raw(Item.case_id),
    ).where(among(reader, Item.referral_id))


def _events(reader: Session) -> sa.Select[Any]:
    """How many events stand in the chain of each of these referrals."""
    return (
        sa.select(*raw(Opening.object_id), sa.func.count())
        .where(Opening.object_kind == "referral", Opening.object_version.is_not(None))
        .where(among(reader, Opening.object_id))
        .group_by(Opening.object_id)
    )


def _answers(reader: Session) -> sa.Select[Any]:
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


def _by_owner(rows: Iterable[Columns]) -> dict[str, list[Columns]]:
    """Rows without their first column, by that column: what they belong to."""
    found: dict[str, list[Columns]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row[1:])
    return found


def _is_told(event: PlainEvent, body: bytes, columns: list[Any]) -> bool:
    """Whether the columns of a referral and its original are exactly what was received."""
    values, meta, members = event.values, event.meta, orjson.loads(body)
    key, digest = values.get("key"), values["body_sha256"].decode()
    told = [
        values["reference"].decode(), digest, None if key is None else key.decode(),
        meta.get("intake_kind"), meta.get("transmitted_via"), meta.get("urgency"), event.stored_at, "[]",
        *map(members.get, IN_BODY),
    ]  # fmt: skip
    return told == columns and sha256(body).hexdigest() == digest


def _are_told(event: PlainEvent, rows: list[Columns]) -> bool:
    """Whether the items of a referral are exactly those received, each still in the case it came to."""
    values, at = event.values, event.stored_at
    cases, items = orjson.loads(values["cases"]), orjson.loads(values["items"])
    told = [(item["id"], item["url"], at, cases[item["id"]]) for item in items]
    if len(told) == 1:
        return told == rows
    return len(rows) == len(told) == len(set(told)) and set(told) == set(rows)


def _is_answered(rows: list[Columns], body: bytes | None, at: str) -> bool:
    """Whether this is one answer, as given, and the item is decided in the case of its decision."""
    if len(rows) != 1 or body is None:
        return False
    told = (body, at, ItemStatus.DECIDED.value, None)
    *stored, case_id, decided_case = rows[0]
    return tuple(stored) == told and case_id is not None and case_id == decided_case
