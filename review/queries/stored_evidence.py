"""Are the captures of moderators in their table what the trail tells? For a set of cases."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.told import Difference, Told, differing
from review.models import Evidence
from review.queries.stored_cases import Chains, in_sets
from review.queries.trail_rows import raw

OF_CAPTURES = frozenset({"evidence.captured"})
_FIELDS = {"item_id": "item", "name": "name", "media_type": "media_type", "sha256": "sha256"}


def compare_captures(reader: Session, chains: Chains) -> Iterator[Difference]:
    """Each file that was added: there, of its item, by its name and digest."""
    told = {
        event.text("evidence") or "": (case_id, event)
        for case_id, events in chains.items()
        for event in events
        if event.event_type in OF_CAPTURES and event.knows("evidence")
    }
    rows: dict[str, Any] = {}
    columns = raw(Evidence.id, Evidence.length, *(getattr(Evidence, name) for name in _FIELDS))
    for some in in_sets(told):
        statement = sa.select(*columns).where(Evidence.id.in_(some))
        rows |= {row.id: row._mapping for row in reader.execute(statement)}
    for evidence_id, (case_id, event) in told.items():
        if evidence_id not in rows:
            yield Difference("capture", evidence_id, f"case {case_id}", "gone", position=event.position)
            continue
        for column, found, wanted in differing(rows[evidence_id], _columns(event)):
            yield Difference(
                "capture", evidence_id, f"case {case_id}", "changed", column, found, wanted, event.position
            )


def _columns(event: Told) -> dict[str, Any]:
    """The columns as recorded; what was erased since is left out."""
    told = {column: event.text(field) for column, field in _FIELDS.items() if event.knows(field)}
    return told | {"length": event.meta.get("bytes")}
