"""Are the notes in their table what the trail tells? For a set of cases."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.states import MOVES
from review.domain.told import Difference, Told, differing
from review.models import Account, Note
from review.queries.trail_rows import among, raw, rows_by_name


def compare_notes(reader: Session, chains: Mapping[str, Sequence[Told]]) -> Iterator[Difference]:
    """Text, author, time and place of the notes on these cases, which are the keys of ``chains``."""
    event_type = MOVES["write_note"].event
    stored: dict[str, dict[str, Any]] = {}
    for row in rows_by_name(reader, _notes, list(chains)):
        stored.setdefault(row["case_id"], {})[row["id"]] = row
    for case_id, events in chains.items():
        rows, owner = stored.get(case_id, {}), f"case {case_id}"
        told = {event.text("note") or "": event for event in events if event.event_type == event_type}
        for note_id, event in told.items():
            if note_id not in rows:
                yield Difference("note", note_id, owner, "gone", position=event.position)
                continue
            for column, found, wanted in differing(rows[note_id], _columns(event)):
                yield Difference("note", note_id, owner, "changed", column, found, wanted, event.position)
        for note_id in rows:
            if note_id not in told:
                yield Difference("note", str(note_id), owner, "surplus")


def _notes(reader: Session) -> sa.Select[Any]:
    columns = raw(Note.id, Note.case_id, Note.text, Note.claim_generation, Note.written_at, Note.pinned)
    author = sa.type_coerce(Account.trail_id, sa.types.NullType()).label("author")
    return (
        sa.select(*columns, author)
        .outerjoin(Account, Account.id == Note.account_id)
        .where(among(reader, Note.case_id))
    )


def _columns(event: Told) -> dict[str, Any]:
    """A note as written; what was erased since is left out."""
    columns: dict[str, Any] = {
        "author": event.actor_id,
        "written_at": event.when,
        "claim_generation": event.meta.get("generation"),
        "pinned": event.meta.get("pinned"),
    }
    return columns | ({"text": event.text("text")} if event.knows("text") else {})
