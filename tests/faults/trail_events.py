"""The events of a trail as plain values, for checks that compare them with what the tables say."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.signed_note import decode_base64
from review.models import Opening


@dataclass(frozen=True)
class Event:
    """One event: its envelope's members and the values of its committed fields."""

    type: str
    object_id: str
    version: int | None
    actor: str
    meta: dict[str, Any]
    fields: dict[str, bytes]

    def text(self, name: str) -> str:
        """A field's text."""
        return self.fields[name].decode()

    def json(self, name: str) -> Any:
        """A field's JSON; an empty list where the event has none."""
        return json.loads(self.fields.get(name, b"[]"))


class Events:
    """All events in the order of each object's chain; read once for all checks of a round."""

    def __init__(self, reader: Session) -> None:
        rows = reader.execute(
            sa.select(Opening.envelope, Opening.fields).order_by(
                Opening.object_kind, Opening.object_id, Opening.object_version, Opening.recorded_at
            )
        )
        self.all = [_event(json.loads(row.envelope), row.fields) for row in rows]

    def of(self, *types: str) -> list[Event]:
        """Those of these types."""
        return [event for event in self.all if event.type in types]

    def objects(self, *types: str) -> Counter[str]:
        """How often each object has an event of these types."""
        return Counter(event.object_id for event in self.of(*types))

    def named(self, field: str, *types: str) -> Counter[str]:
        """How often each value of this field stands in events of these types."""
        return Counter(event.text(field) for event in self.of(*types))


def _event(envelope: dict[str, Any], fields: dict[str, list[str]]) -> Event:
    subject = envelope["obj"]
    return Event(
        type=envelope["type"],
        object_id=subject["id"],
        version=subject.get("version"),
        actor=envelope["actor"]["id"],
        meta=envelope.get("meta", {}),
        fields={name: decode_base64(value) for name, (_key, value) in fields.items()},
    )


def once_each(found: Counter[str], wanted: Iterable[str], *, what: str) -> list[str]:
    """What is wrong unless each of ``wanted``, and nothing else, stands in ``found`` exactly once."""
    expected = Counter(wanted)
    surplus, missing = found - expected, expected - found
    return [f"{what}: {name} has {count} too many" for name, count in surplus.items()] + [
        f"{what}: {name} lacks {count}" for name, count in missing.items()
    ]
