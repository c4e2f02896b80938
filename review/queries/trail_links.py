"""Does each event follow the one before it on its object? Asked of many events at once, in any order.

Every event of version 2 and above names its predecessor, which must be of the same object, of one version
less and further down in the log. With versions that occur once only, that makes each chain whole.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.plain_event import PlainEvent
from review.domain.trail_check import previous_of
from review.models import Leaf, Opening
from review.models.kinds import type_of_object
from review.queries.trail_rows import Asked, among, raw

AT_ONCE = 500
MOST_KEPT = 10_000
"""Events met last in whose memory an event's predecessor mostly is."""

_Met = tuple[object, object, int]


class Links:
    """Takes the events that count in a chain and looks their predecessors up, some hundred with one query.

    Not those that it has just met, which come before in the log.
    Its answer is only about events that are well formed, whose rows repeat their envelopes.
    """

    def __init__(self, reader: Session) -> None:
        self._reader = reader
        self._links: list[tuple[object, object, int, str, int | None]] = []
        self._holds = True
        self._met: dict[str, _Met] = {}
        self._met_before: dict[str, _Met] = {}
        self._before = Asked(
            reader,
            sa.select(
                *raw(Opening.eid, Opening.object_kind, Opening.object_id, Opening.object_version),
                *raw(Leaf.position),
            )
            .outerjoin(Leaf, Leaf.eid == Opening.eid)
            .where(among(reader, Opening.eid)),
        )

    def take(self, events: Sequence[PlainEvent]) -> None:
        """Events that are right, those that wait for their positions too."""
        for event in events:
            version = event.version
            if version is None:
                continue
            kind, object_id = event.object_kind, event.object_id
            if version > 1 or kind not in type_of_object:
                self._take(kind, object_id, version, event.previous, event.position)
            if event.position is not None:
                self._met[event.eid] = kind, object_id, version
        if len(self._met) >= MOST_KEPT:
            self._met_before, self._met = self._met, {}

    def take_odd(self, row: Any) -> None:
        """The row of an event that was found right in another way."""
        if row.object_version is not None:
            position = getattr(row, "position", None)
            previous = previous_of(row.envelope)
            self._take(row.object_kind, row.object_id, row.object_version, previous, position)

    def _take(
        self, kind: object, object_id: object, version: object, previous: object, position: int | None
    ) -> None:
        if kind not in type_of_object or not isinstance(version, int):
            self._holds = False
        elif version > 1:
            if not isinstance(previous, str):
                self._holds = False
                return
            before = self._met.get(previous) or self._met_before.get(previous)
            if before is not None:
                self._holds &= before == (kind, object_id, version - 1)
                return
            self._links.append((kind, object_id, version, previous, position))
            if len(self._links) >= AT_ONCE:
                self._look_up()

    def hold(self) -> bool:
        """Whether all chains are whole; False says that this must be looked at one by one."""
        self._look_up()
        twice = (
            sa.select(Opening.object_kind)
            .where(Opening.object_version.is_not(None))
            .group_by(Opening.object_kind, Opening.object_id, Opening.object_version)
            .having(sa.func.count() > 1)
            .limit(1)
        )
        placed_twice = sa.select(Leaf.eid).group_by(Leaf.eid).having(sa.func.count() > 1).limit(1)
        return self._holds and all(self._reader.execute(one).first() is None for one in (twice, placed_twice))

    def _look_up(self) -> None:
        links, self._links = self._links, []
        if not links or not self._holds:
            return
        before = {row[0]: row[1:] for row in self._before.about([link[3] for link in links])}
        for kind, object_id, version, previous, position in links:
            *named, last = before.get(previous, (None, None, None, None))
            if named != [kind, object_id, version - 1] or (
                position is not None and (last is None or last >= position)
            ):
                self._holds = False
