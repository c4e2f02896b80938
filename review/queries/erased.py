"""Which values were taken away by an erasure that stands on the trail? What verification then does not miss.

The rows of `ErasedPart` only say where to look: what counts is the event of the erasure, checked by its
fingerprint, which commits to every field that it took away.
"""

import json
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.told import read_told
from review.domain.trail_check import problem_of
from review.models import ErasedPart, Leaf, Opening, PendingEvent
from review.queries.trail_rows import among, event_columns, event_of, listed, raw

_KEPT = 1_000


def erased_part(place: str, row_id: sa.orm.InstrumentedAttribute[str], part: str) -> sa.ColumnElement[bool]:
    """Whether an erasure names this part of a row: the guards let nobody write that but an executed one."""
    return sa.exists().where(ErasedPart.place == place, ErasedPart.part == part, ErasedPart.row_id == row_id)


class Erased:
    """Answers for one reading of the trail; looks an erasure up once, and only where something is missing."""

    def __init__(self, reader: Session) -> None:
        self._reader = reader
        self._told: dict[str, dict[str, frozenset[str]]] = {}

    def fields_of(self, eid: object) -> frozenset[str]:
        """The fields of an event that erasures took away, as their own events tell."""
        if not isinstance(eid, str):
            return frozenset()
        named = sa.select(ErasedPart.erasure_id).where(
            ErasedPart.place == "openings", ErasedPart.row_id == eid
        )
        found: frozenset[str] = frozenset()
        for erasure_id in self._reader.scalars(named.distinct()):
            found |= self._executed(erasure_id).get(eid, frozenset())
        return found

    def emptied(self, place: str, part: str, ids: Collection[str]) -> set[str]:
        """Those of these rows whose column an erasure emptied that stands on the trail."""
        statement = sa.select(*raw(ErasedPart.row_id, ErasedPart.erasure_id)).where(
            ErasedPart.place == place, ErasedPart.part == part, among(self._reader, ErasedPart.row_id)
        )
        rows = self._reader.execute(statement, listed(self._reader, ids)).all()
        return {row.row_id for row in rows if self._stands(row.erasure_id)}

    def _stands(self, erasure_id: str) -> bool:
        return self._event_of(erasure_id) is not None

    def _executed(self, erasure_id: str) -> dict[str, frozenset[str]]:
        if erasure_id not in self._told:
            if len(self._told) >= _KEPT:
                self._told.clear()
            self._told[erasure_id] = self._read(erasure_id)
        return self._told[erasure_id]

    def _read(self, erasure_id: str) -> dict[str, frozenset[str]]:
        row = self._event_of(erasure_id)
        told = None if row is None else read_told(row.envelope, row.fields, row.position)
        if told is None or not told.knows("openings"):
            return {}
        try:
            return {str(eid): frozenset(names) for eid, *names in json.loads(told.fields["openings"])}
        except (LookupError, ValueError, TypeError):
            return {}

    def _event_of(self, erasure_id: str) -> Any:
        """The row of the event by which an erasure was carried out; None where there is none that holds."""
        statement = (
            sa.select(
                *event_columns(self._reader),
                *raw(Leaf.position, Leaf.leaf_hash),
                sa.type_coerce(PendingEvent.leaf_hash, sa.types.NullType()).label("pending_hash"),
            )
            .outerjoin(Leaf, Leaf.eid == Opening.eid)
            .outerjoin(PendingEvent, PendingEvent.eid == Opening.eid)
            .where(
                Opening.object_kind == "erasure",
                Opening.object_id == erasure_id,
                Opening.event_type == "erasure.executed",
            )
        )
        for row in self._reader.execute(statement):
            leaf = row.leaf_hash if row.leaf_hash is not None else row.pending_hash
            if problem_of(event_of(row), leaf=leaf) is None:
                return row
        return None
