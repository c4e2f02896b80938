"""Which rows did these events write? Read beside the pass over the entries, in the order in which they lie.

Events, their contents and the rows that they wrote lie in nearly the same order, so that the database need
not look up one after the other: each table is read once, from its first row to its last. What does not come
in time, such as a row that PostgreSQL moved when it was changed, is looked up by its id.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.queries.trail_rows import Asked, among, can_be_id

Row = tuple[Any, ...]

MOST_KEPT = 10_000
"""Rows in memory whose turn has not come yet."""
MOST_TEXT = 16 * 2**20
"""Characters or bytes of the columns of these that may be long."""
MOST_PASSED = 100_000
"""Rows that were looked up before they came; with more of them the order is no help."""


class StoredOrder:
    """Gives the row of each id; ``key`` is the column of the id, ``texts`` are those that may be long."""

    def __init__(
        self, parts: Iterator[Sequence[Row]], by_id: Asked, *, key: int, texts: Sequence[int]
    ) -> None:
        self._parts = parts
        self._by_id = by_id
        self._key = itemgetter(key)
        self._texts = tuple(map(itemgetter, texts))
        self._kept: dict[Any, Row] = {}
        self._length = 0
        self._passed: set[Any] = set()

    def of(self, ids: Collection[Any]) -> dict[Any, Row]:
        """The rows of these ids, as far as there are any that a table can hold."""
        kept = self._kept
        missing = set(ids) - kept.keys()
        while missing and self._has_room():
            if (part := next(self._parts, None)) is None:
                break
            if self._passed:
                part = [row for row in part if self._key(row) not in self._passed]
            kept.update(zip(map(self._key, part), part, strict=True))
            self._length += self._length_of(part)
            missing -= kept.keys()
        overdue = [] if self._has_room() else list(islice(kept, (len(kept) + 1) // 2))
        found = {one: kept.pop(one) for one in set(ids) - missing}
        self._length -= self._length_of(found.values())
        if found.keys().isdisjoint(overdue):
            self._drop(overdue)
        if lost := [one for one in missing if can_be_id(one)]:
            if len(self._passed) < MOST_PASSED:
                self._passed.update(lost)
            rows = self._by_id.about(lost)
            found.update(zip(map(self._key, rows), rows, strict=True))
        return found

    def _drop(self, overdue: Sequence[Any]) -> None:
        """Forget rows that nobody asks for, such as those of erased referrals, and make room for others."""
        self._length -= self._length_of([self._kept.pop(one) for one in overdue])

    def _has_room(self) -> bool:
        return len(self._kept) < MOST_KEPT and self._length < MOST_TEXT and len(self._passed) < MOST_PASSED

    def _length_of(self, rows: Collection[Row]) -> int:
        """Of the long columns, where they hold what they ought to."""
        try:
            return sum(sum(map(len, filter(None, map(text, rows)))) for text in self._texts)
        except TypeError:
            values = [value for text in self._texts for value in map(text, rows)]
            return sum(len(value) for value in values if isinstance(value, str | bytes))


@contextmanager
def stored_order(
    reader: Session,
    statement: sa.Select[Any],
    row_id: sa.orm.InstrumentedAttribute[str],
    *,
    key: int = 0,
    texts: Sequence[int],
) -> Iterator[StoredOrder]:
    """The rows of a statement that has no order of its own, by ``row_id``, which is its column ``key``."""
    by_id = Asked(reader, statement.where(among(reader, row_id)))
    with Asked(reader, statement).parts() as parts:
        yield StoredOrder(parts, by_id, key=key, texts=texts)
