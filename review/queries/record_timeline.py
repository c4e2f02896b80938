"""Which events stand on a case, its items and their referrals? The dated timeline of a record."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.commitments import parse_envelope
from review.domain.media import Stage
from review.errors import TrailBroken
from review.models import Account, Leaf, Opening, Sender
from review.queries.stored_cases import in_sets

SHOWN = frozenset({"evidence.revealed", "record.evidence_revealed"})


@dataclass(frozen=True)
class Entry:
    """One event: ``number`` counts the case's own, ``position`` is its place in the whole trail, if any.

    ``shown``: how evidence was shown; with the width and height of a picture, in pixels.
    """

    number: int | None
    event_type: str
    at: datetime
    actor_kind: str
    who: str
    object_kind: str
    object_id: str
    position: int | None
    shown: Stage | None = None
    width: int | None = None
    height: int | None = None


def timeline_of(reader: Session, subjects: Mapping[str, Sequence[str]]) -> list[Entry]:
    """All events on these objects, oldest first."""
    rows: list[sa.Row[Any]] = []
    for kind, ids in subjects.items():
        for some in in_sets(ids):
            rows += reader.execute(_events().where(Opening.object_kind == kind, Opening.object_id.in_(some)))
    rows.sort(key=lambda row: (row.recorded_at, row.object_version or 0, row.eid))
    actors = [actor_in(row.envelope) for row in rows]
    names = names_of(reader, actors)
    return [
        Entry(
            number=row.object_version if row.object_kind == "case" else None,
            event_type=row.event_type,
            at=row.recorded_at,
            actor_kind=actor["kind"],
            who=names.get((actor["kind"], actor["id"]), ""),
            object_kind=row.object_kind,
            object_id=row.object_id,
            position=row.position,
            **(_shown_in(row.envelope) if row.event_type in SHOWN else {}),
        )
        for row, actor in zip(rows, actors, strict=True)
    ]


def _shown_in(envelope: bytes) -> dict[str, Any]:
    meta = meta_in(envelope)
    return {"shown": stage_in(meta), "width": meta.get("width"), "height": meta.get("height")}


def stage_in(meta: Mapping[str, Any]) -> Stage | None:
    """How an event tells that evidence was shown; None for no way that there is: the envelope was changed."""
    return next((stage for stage in Stage if stage == meta.get("stage")), None)


def _events() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        Opening.eid,
        Opening.envelope,
        Opening.event_type,
        Opening.object_kind,
        Opening.object_id,
        Opening.object_version,
        Opening.recorded_at,
        Leaf.position,
    ).outerjoin(Leaf, Leaf.eid == Opening.eid)


def actor_in(envelope: bytes) -> Mapping[str, Any]:
    """Who acted; nobody where the envelope was changed, which the record says elsewhere."""
    try:
        actor: Mapping[str, Any] = parse_envelope(envelope)["actor"]
    except TrailBroken:
        return {"kind": "anonymous", "id": ""}
    return actor


def meta_in(envelope: bytes) -> Mapping[str, Any]:
    """The enumerations of an event; none where the envelope was changed, which the record says elsewhere."""
    try:
        meta: Mapping[str, Any] = parse_envelope(envelope).get("meta", {})
    except TrailBroken:
        return {}
    return meta


def text_in(fields: Any, name: str) -> str | None:
    """A committed text; None where it was erased or changed behind the program."""
    try:
        return base64.b64decode(fields[name][1]).decode()
    except (LookupError, ValueError, TypeError):
        return None


def names_of(reader: Session, actors: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """Pseudonyms of people and names of senders behind the trail's actor ids."""
    people = {actor["id"] for actor in actors if actor["kind"] == "account"}
    senders = {actor["id"] for actor in actors if actor["kind"] == "sender"}
    named: dict[tuple[str, str], str] = {}
    for some in in_sets(people):
        accounts = sa.select(Account.trail_id, Account.pseudonym).where(Account.trail_id.in_(some))
        named |= {("account", row.trail_id): row.pseudonym for row in reader.execute(accounts)}
    for some in in_sets(senders):
        organisations = sa.select(Sender.id, Sender.name).where(Sender.id.in_(some))
        named |= {("sender", row.id): row.name for row in reader.execute(organisations)}
    return named
