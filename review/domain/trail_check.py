"""Does a stored event still say what was recorded? The rules of verification, without a database.

Nothing here trusts a type: on SQLite any column may hold anything once somebody wrote behind the program.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from review.domain.commitments import KEY_BYTES, commit_field, leaf_entry, parse_envelope
from review.domain.display import visible
from review.domain.merkle import leaf_hash
from review.domain.signed_note import Checkpoint, decode_base64, parse_vkey, verify_any
from review.domain.tiles import TILE_WIDTH, Tile, tile_root
from review.errors import TrailBroken


@dataclass(frozen=True)
class StoredEvent:
    """An opening as the database gives it; ``fields`` is JSON text, ``recorded_at`` RFC 3339 text."""

    eid: object
    envelope: object
    salt: object
    fields: object
    recorded_at: object
    event_type: object
    object_kind: object
    object_id: object
    object_version: object


@dataclass(frozen=True)
class Link:
    """One event in its object's chain; ``previous`` is what its envelope names as the event before.

    ``position`` is its place in the log, None while it waits for one.
    """

    object_kind: object
    object_id: object
    version: object
    eid: object
    previous: object
    position: int | None = None


def problem_of(
    event: StoredEvent, *, leaf: object, erased: Callable[[object], Collection[str]] = lambda _eid: ()
) -> str | None:
    """What is wrong with a stored event whose leaf hash is ``leaf``, as the end of a sentence; or None.

    ``erased`` is asked, where a field is missing, which of them an erasure took away.
    """
    fingerprint = "does not match its fingerprint"
    if not isinstance(event.envelope, bytes) or not isinstance(event.salt, bytes):
        return fingerprint
    if len(event.salt) != KEY_BYTES or leaf_hash(leaf_entry(event.envelope, salt=event.salt)) != leaf:
        return fingerprint
    try:
        members = parse_envelope(event.envelope)
    except TrailBroken:
        return "is not a well-formed event"
    for column, recorded in _columns_of(members).items():
        stored = getattr(event, column)
        if type(stored) is not type(recorded) or stored != recorded:
            return f"has another {column} in its row than was recorded"
    return _problem_of_fields(
        event.fields, eid=members["eid"], commitments=members.get("c", {}), erased=erased
    )


def _columns_of(members: Mapping[str, Any]) -> dict[str, object]:
    """The columns that repeat parts of the envelope."""
    subject = members["obj"]
    return {
        "eid": members["eid"],
        "recorded_at": members["t"],
        "event_type": members["type"],
        "object_kind": subject["kind"],
        "object_id": subject["id"],
        "object_version": subject.get("version"),
    }


def _problem_of_fields(
    stored: object,
    *,
    eid: str,
    commitments: Mapping[str, str],
    erased: Callable[[object], Collection[str]],
) -> str | None:
    try:
        fields = json.loads(stored) if isinstance(stored, str) else None
        if not isinstance(fields, dict) or json.dumps(fields) != stored:
            return "has fields that cannot be read"
        for name in sorted(commitments.keys() | fields.keys()):
            if name not in commitments:
                return f"has a field {visible(name)} that was never recorded"
            if name not in fields and name in erased(eid):
                continue
            if name not in fields:
                return f"has lost its field {name}"
            key, value = fields[name]
            if commit_field(eid, name, decode_base64(value), key=decode_base64(key)) != commitments[name]:
                return f"has another value in its field {name} than was recorded"
    except (ValueError, TypeError, RecursionError):
        return "has fields that cannot be read"
    return None


def problem_of_link(link: Link, before: Link | None) -> str | None:
    """What is wrong with an event's place in its object's chain: versions 1, 2, 3 and each names the last."""
    same = before is not None and (before.object_kind, before.object_id) == (link.object_kind, link.object_id)
    last = before if same else None
    if not isinstance(link.version, int):
        return "has no proper version"
    expected = last.version + 1 if last and isinstance(last.version, int) else 1
    if link.version != expected:
        return f"is version {link.version} of its object where version {expected} is missing"
    if link.previous != (last.eid if last else None):
        return "does not follow the event before it on its object"
    if last and link.position is not None and (last.position is None or last.position >= link.position):
        return "stands in the log before the event that it follows"
    return None


def previous_of(envelope: object) -> object:
    """What an envelope names as the event before it; None where it names none or cannot be read."""
    try:
        members = json.loads(envelope) if isinstance(envelope, bytes) else None
        return members.get("prev") if isinstance(members, dict) else None
    except (ValueError, RecursionError):
        return None


def name_of(event: StoredEvent) -> str:
    """The event in plain words for a verdict: ``case.claimed on case C-..., 23 Nov 2026 16:20:07 UTC``."""
    values = (event.event_type, event.object_kind, event.object_id)
    kind, object_kind, object_id = (visible(str(value)[:80]) for value in values)
    return f"{kind} on {object_kind} {object_id}, {_moment(event.recorded_at)}"


def _moment(recorded_at: object) -> str:
    try:
        return f"{datetime.fromisoformat(str(recorded_at)):%d %b %Y %H:%M:%S} UTC"
    except ValueError:
        return "time unknown"


def checked_note(note: object, vkeys: Sequence[str]) -> Checkpoint:
    """The checkpoint in a stored note that bears our signatures and nothing else; else ``TrailBroken``."""
    if not isinstance(note, str):
        raise TrailBroken("The checkpoint is not text.")
    checkpoint = verify_any(note, vkeys)
    signers = {(one.name, one.key_id) for one in checkpoint.signatures}
    if len(signers) != len(checkpoint.signatures) or not signers <= {parse_vkey(one)[:2] for one in vkeys}:
        raise TrailBroken("The checkpoint bears signatures that are not ours.")
    return checkpoint


class TileStream:
    """Gives the complete tiles of a growing tree, holding less than one tile of each level."""

    def __init__(self) -> None:
        self._levels: list[list[bytes]] = []
        self._completed: list[int] = []

    @property
    def completed(self) -> int:
        """How many tiles were completed so far, on all levels."""
        return sum(self._completed)

    def append(self, leaf: bytes) -> list[Tile]:
        """The tiles that this leaf hash completes, lowest level first."""
        return self.extend([leaf])

    def extend(self, leaves: Sequence[bytes], *, roots: Sequence[bytes] = ()) -> list[Tile]:
        """The same for several leaf hashes, none of them beyond the end of the lowest tile that has begun.

        ``roots`` is the root of that tile if they complete it and it is known already.
        """
        tiles: list[Tile] = []
        level, fresh, known = 0, leaves, roots
        while True:
            if level == len(self._levels):
                self._levels.append([])
                self._completed.append(0)
            waiting = self._levels[level]
            waiting += fresh
            if len(waiting) < TILE_WIDTH:
                return tiles
            hashes = b"".join(waiting)
            waiting.clear()
            root = known[0] if known else tile_root(hashes)
            tiles.append(Tile(level=level, index=self._completed[level], hashes=hashes, root=root))
            self._completed[level] += 1
            level, fresh, known = level + 1, [root], ()
