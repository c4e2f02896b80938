"""Who read the record of a case, and what of its evidence was shown to whom there?"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.media import Stage
from review.models import Opening
from review.queries.record_timeline import actor_in, meta_in, names_of, stage_in, text_in

REVEALED = "record.evidence_revealed"
UNMASKED = "record.reviewer_unmasked"
READINGS = frozenset(
    {
        "record.opened",
        REVEALED,
        "record.evidence_hidden",
        "record.location_opened",
        UNMASKED,
        "export.made",
    }
)
"""Events of readers: they stand in a list of their own, and do not crowd the timeline."""


@dataclass(frozen=True)
class Reading:
    """The record was opened, a piece of its ``evidence`` shown (in which stage, how large) or hidden, or the
    reader left for a live address, or was told who recorded a ``review``, for a ``reason``.

    ``width`` and ``height`` in pixels, none for text; ``bytes`` are those of what was shown.
    """

    at: datetime
    actor_kind: str
    who: str
    event_type: str
    evidence: str | None
    stage: Stage | None
    width: int | None
    height: int | None
    bytes: int | None
    review: str | None
    reason: str | None


def readings_of(reader: Session, case_id: str) -> tuple[Reading, ...]:
    """Everything that readers of the record did, as the trail tells, newest first."""
    rows = reader.execute(
        sa.select(Opening.envelope, Opening.event_type, Opening.fields, Opening.recorded_at)
        .where(
            Opening.object_kind == "case",
            Opening.object_id == case_id,
            Opening.event_type.in_(sorted(READINGS)),
        )
        .order_by(Opening.recorded_at.desc(), Opening.eid.desc())
    ).all()
    actors = [actor_in(row.envelope) for row in rows]
    names = names_of(reader, actors)
    found = []
    for row, actor in zip(rows, actors, strict=True):
        meta = meta_in(row.envelope) if row.event_type == REVEALED else {}
        found.append(
            Reading(
                at=row.recorded_at,
                actor_kind=actor["kind"],
                who=names.get((actor["kind"], actor["id"]), ""),
                event_type=row.event_type,
                evidence=text_in(row.fields, "evidence"),
                stage=stage_in(meta),
                width=meta.get("width"),
                height=meta.get("height"),
                bytes=meta.get("bytes"),
                review=text_in(row.fields, "review"),
                reason=text_in(row.fields, "reason"),
            )
        )
    return tuple(found)
