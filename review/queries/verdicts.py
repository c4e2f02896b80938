"""What did verifying the trail find? Read from the event that tells of it."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import NotFound
from review.models import Opening
from review.models.trail import IS_VERDICT


@dataclass(frozen=True)
class ToldVerdict:
    """A finding of the past and when it was reached.

    ``about`` holds the ids and ``entry`` the position that its sentence names; older findings tell neither.
    """

    at: datetime
    intact: bool
    sentence: str
    detail: str
    about: tuple[str, ...] = ()
    entry: int | None = None


def verdict_of(reader: Session, eid: str) -> ToldVerdict:
    """The verdict that this event tells of; `NotFound` for any other event."""
    found = _read(reader, Opening.eid == eid, Opening.event_type == "trail.verified")
    if found is None:
        raise NotFound()
    return found


def newest_verdict(reader: Session) -> ToldVerdict | None:
    """The last verdict, by an index; None when the trail was never verified or it cannot be read."""
    return _read(reader, IS_VERDICT)


def _read(reader: Session, *which: sa.ColumnElement[bool] | sa.TextClause) -> ToldVerdict | None:
    row = reader.execute(
        sa.select(Opening.fields, Opening.recorded_at)
        .where(*which)
        .order_by(Opening.recorded_at.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    try:
        finding: dict[str, Any] = json.loads(base64.b64decode(row.fields["finding"][1]))
        return ToldVerdict(
            at=row.recorded_at,
            intact=finding["intact"],
            sentence=finding["sentence"],
            detail=finding["detail"],
            about=tuple(finding.get("about", ())),
            entry=finding.get("entry"),
        )
    except (LookupError, ValueError, TypeError):
        return None  # the event was changed behind the program, or its finding erased: nothing to show
