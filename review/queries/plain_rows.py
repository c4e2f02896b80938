"""Do the rows of referrals and items repeat their first events? Decided at once for the plain ones.

A referral that was received and an item that was answered, with nothing before, are compared with their rows
some hundred at a time, as the pass over the entries meets them. Whatever is not plainly the same, and
whatever happened later to the same object, goes through the comparison of `stored_rows`. Rows besides those
that are told of are not looked for: there are none if there are as many rows as were told of.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from review.domain.plain_event import PlainEvent
from review.models import Item, Opening, Referral
from review.queries import plain_columns
from review.queries.plain_cases import UNCLEAR, PlainCases
from review.queries.plain_columns import (
    LONG_OF_ITEM,
    LONG_OF_REFERRAL,
    by_owner,
    is_answered,
    is_told,
    told_items,
)
from review.queries.stored_cases import SET, told_events
from review.queries.stored_order import StoredOrder, stored_order
from review.queries.stored_referrals import Evidence, senders_of
from review.queries.stored_rows import OF_CASES, OF_ITEMS, OF_REFERRALS, comparisons, sets
from review.queries.trail_rows import Asked, among, is_unreadable, stream

LONGEST_ITEMS = 1024 * 1024
"""Bytes of lists of items after which a set is compared although it holds fewer referrals."""
RECEIVED, ANSWERED = ("referral", "referral.received"), ("item", "item.answered")
_TYPES = {"referral": OF_REFERRALS, "item": OF_ITEMS, "case": OF_CASES}


@contextmanager
def plain_rows(reader: Session, *, evidence: Evidence | None) -> Iterator["PlainRows"]:
    """Referrals and items beside the pass over the entries, each table read once."""
    columns = plain_columns.referrals(reader)
    with (
        stored_order(reader, columns, Referral.id, texts=LONG_OF_REFERRAL) as referrals,
        stored_order(reader, plain_columns.items(reader), Item.id, texts=LONG_OF_ITEM) as items,
    ):
        yield PlainRows(reader, evidence=evidence, referrals=referrals, items=items)


class PlainRows:
    """Takes events and compares; `differ` is its answer once all were taken."""

    def __init__(
        self, reader: Session, *, evidence: Evidence | None, referrals: StoredOrder, items: StoredOrder
    ) -> None:
        self._reader = reader
        self._compare = {
            kind: compare for kind, types, compare in comparisons(evidence) if types == _TYPES.get(kind)
        }
        self._cases = PlainCases(reader, doubt=lambda case_id: self._doubt("case", case_id))
        self._referrals = referrals
        self._items = items
        self._items_besides = Asked(reader, plain_columns.count_of_items(reader))
        self._events = Asked(reader, plain_columns.events(reader))
        self._answers = Asked(reader, plain_columns.answers(reader))
        self._received: dict[str, PlainEvent] = {}
        self._answered: dict[str, PlainEvent] = {}
        self._doubtful: dict[str, set[str]] = {kind: set() for kind in _TYPES}
        self._length = 0
        self._odd: set[str] = set()
        self._referrals_told = self._items_told = self._versions_told = self._versions_stored = 0
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
            elif event.object_kind == "case" and event.version is not None:
                self._cases.take(event)
            else:
                self._versions_told += event.object_kind == "referral" and event.version is not None
                if event.event_type in _TYPES.get(event.object_kind, ()):
                    self._doubt(event.object_kind, event.object_id)

    def take_odd(self, row: Any) -> None:
        """The row of an event that was found right in another way."""
        if (row.object_kind, row.event_type) == RECEIVED and row.object_version == 1:
            self._referrals_told += 1
            self._odd.add(row.object_id)
            if len(self._odd) >= SET:
                self._count_odd()
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
        while self._cases.compare_oldest():
            pass
        for kind in _TYPES:
            self._compare_doubtful(kind)
        self._count_odd()
        return self._differ or not (self._all_told() and self._no_more_items())

    def counted(self) -> bool:
        """Whether each referral is known to say how many events it has, in chains that are whole.

        Those that say one have one at least, those that say more have as many, and together they are all.
        """
        self._compare_received()
        return not self._miscounted and self._versions_stored == self._versions_told and self._all_told()

    def _all_told(self) -> bool:
        stored = self._reader.scalar(sa.select(sa.func.count()).select_from(Referral))
        return bool(stored == self._referrals_told)

    def _no_more_items(self) -> bool:
        """Whether there are as many items as the referrals have, each of which has those it was sent with."""
        stored = self._reader.scalar(sa.select(sa.func.count()).select_from(Item))
        return bool(stored == self._items_told)

    def _count_odd(self) -> None:
        """The items of referrals that are compared in another way."""
        odd, self._odd = self._odd, set()
        if odd and not self._differ:
            self._items_told += self._items_besides.about(odd)[0][0]

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
        self._odd.update(received.keys() - same)
        for referral_id in received.keys() - same:
            self._doubt("referral", referral_id)
        self._count_odd()

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
        """Those of these referrals whose row, original and items are exactly what was received, counted."""
        people = {event.actor_id for event in received.values() if event.actor_kind == "account"}
        senders = senders_of(self._reader, people)
        same: set[str] = set()
        single, longer = 0, {}
        for referral_id, row in self._referrals.of(received).items():
            event, (_id, events, sender_id, body, *columns) = received[referral_id], row
            if events == 1:
                single += 1
            else:
                longer[referral_id] = events
            is_sender = event.actor_kind == "sender"
            sender = event.actor_id if is_sender else senders.get(event.actor_id, sender_id)
            try:
                if sender_id == sender and is_told(event, body, columns):
                    same.add(referral_id)
            except UNCLEAR:
                continue
        self._count(single, longer)
        items = self._items_as_told(received)
        same &= items.keys()
        self._items_told += sum(map(items.__getitem__, same))
        return same

    def _items_as_told(self, received: dict[str, PlainEvent]) -> dict[str, int]:
        """Those of these referrals whose items are exactly what was received: how many each has."""
        told = {}
        for referral_id, event in received.items():
            with suppress(*UNCLEAR):
                told[referral_id] = told_items(event)
        rows = self._items.of([item_id for items in told.values() for item_id in items])
        return {
            referral_id: len(items)
            for referral_id, items in told.items()
            if all(rows.get(item_id) == row for item_id, row in items.items())
        }

    def _count(self, single: int, longer: dict[str, Any]) -> None:
        """So many referrals say that they have one event, the others say of how many."""
        counted = dict(self._events.about(longer)) if longer else {}
        self._miscounted |= counted != longer
        self._versions_stored += single + sum(counted.values())

    def _answered_as_told(self, answered: dict[str, PlainEvent]) -> set[str]:
        """Those of these items that have the one answer that was given, and are decided by it."""
        answers = by_owner(self._answers.about(answered))
        return {
            item_id for item_id, event in answered.items() if is_answered(answers.get(item_id, []), event)
        }
