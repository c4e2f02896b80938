"""Which notes on a case may a person read, who is mentioned in them, and what does the trail tell of them?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.notes import Reader, has_read, names_in, nobodys, reads_all, reads_early
from review.domain.permissions import Role
from review.domain.states import LIVE, MOVES
from review.models import Account, Case, Note, NoteMention, Opening, Review
from review.prepared import Prepared
from review.queries.cases import not_reviewed_by, shown_state
from review.queries.record_timeline import actor_in, meta_in, names_of, text_in

MENTIONS_BACK = timedelta(days=14)
LISTED = 50
_MOST_SHOWN = 200
_READERS = (Role.MODERATOR, Role.LEAD, Role.LEGAL)

_NOTES = Prepared(
    lambda: (
        sa.select(
            Note.text,
            Note.written_at,
            Note.pinned,
            Note.account_id,
            Note.claim_generation,
            Account.pseudonym,
        )
        .join(Account, Account.id == Note.account_id)
        .where(Note.case_id == sa.bindparam("case_id"))
        .order_by(Note.written_at.desc())
        .limit(sa.literal(_MOST_SHOWN))
    )
)


@dataclass(frozen=True)
class NoteShown:
    """One note as somebody reads it; ``author`` is None where who wrote it stays untold."""

    text: str
    written_at: datetime
    pinned: bool
    author: str | None
    own: bool


@dataclass(frozen=True)
class NoteInRecord:
    """One note as the trail tells it; the text is None where it was erased."""

    author: str
    written_at: datetime
    pinned: bool
    text: str | None


@dataclass(frozen=True)
class Mention:
    """A case in a note on which a person is mentioned; nothing of the note and its author.

    ``state`` is where the case stands, as this person may know.
    """

    case_id: str
    at: datetime
    state: str


@dataclass(frozen=True)
class Named:
    """A person who may be mentioned."""

    id: str
    trail_id: str


def readers_named(reader: Session, names: Sequence[Sequence[str]]) -> dict[str, Named]:
    """Of these possible pseudonyms, whatever their capitals, those of people here who read notes."""
    wanted = {one.lower() for candidates in names for one in candidates}
    if not wanted:
        return {}
    rows = reader.execute(
        sa.select(Account.pseudonym, Account.id, Account.trail_id).where(
            sa.func.lower(Account.pseudonym).in_(sorted(wanted)),
            Account.role.in_(_READERS),
            Account.closed_at.is_(None),
        )
    )
    return {row.pseudonym: Named(row.id, row.trail_id) for row in rows}


def named_nobody(reader: Session, text: str) -> tuple[str, ...]:
    """The words after an ``@`` in this text that are the name of nobody who reads notes."""
    names = names_in(text)
    return nobodys(names, {name.lower() for name in readers_named(reader, names)})


def notes_on(
    reader: Session, case_id: str, *, state: str, account_id: str | None, as_reader: Reader
) -> tuple[NoteShown, ...]:
    """The notes that this person may read, pinned ones first, then the newest; 200 at most are looked at.

    Whoever may not read all of them yet is not told who wrote the others.
    """
    everything, early = reads_all(state, as_reader), reads_early(as_reader)
    found = []
    for row in _NOTES.all(reader, case_id=case_id):
        own = row.account_id == account_id
        named = everything or own or has_read(row.written_at, as_reader)
        if named or (early and row.claim_generation == 0):
            author = row.pseudonym if named else None
            found.append(NoteShown(row.text, row.written_at, row.pinned, author, own))
    return tuple(sorted(found, key=lambda note: not note.pinned))


def mentions_of(reader: Session, *, account_id: str, now: datetime) -> tuple[tuple[Mention, ...], bool]:
    """Where the person was mentioned in the last 14 days, the newest first; and whether there is more.

    Notes written after a review of this person stand there when the case is over: until then they could come
    from a second review.
    """
    recorded = ~not_reviewed_by(account_id)
    later = (
        sa.select(Review.id)
        .where(
            Review.case_id == Note.case_id,
            Review.account_id == account_id,
            Review.undone_at.is_(None),
            Review.recorded_at < Note.written_at,
        )
        .exists()
    )
    rows = reader.execute(
        sa.select(Note.case_id, NoteMention.at, Case.state, recorded.label("recorded"))
        .join(Note, Note.id == NoteMention.note_id)
        .join(Case, Case.id == Note.case_id)
        .where(
            NoteMention.account_id == account_id,
            NoteMention.at > now - MENTIONS_BACK,
            sa.or_(Case.state.not_in(LIVE), ~later),
        )
        .order_by(NoteMention.at.desc())
        .limit(LISTED + 1)
    ).all()
    found = (Mention(row.case_id, row.at, shown_state(row.state, recorded=row.recorded)) for row in rows)
    return tuple(found)[:LISTED], len(rows) > LISTED


def notes_told(reader: Session, case_id: str) -> tuple[NoteInRecord, ...]:
    """All notes on a case in their order, read from the events that tell of them."""
    rows = reader.execute(
        sa.select(Opening.recorded_at, Opening.envelope, Opening.fields)
        .where(
            Opening.object_kind == "case",
            Opening.object_id == case_id,
            Opening.event_type == MOVES["write_note"].event,
        )
        .order_by(Opening.object_version)
    ).all()
    actors = [actor_in(row.envelope) for row in rows]
    names = names_of(reader, actors)
    return tuple(_told(rows, actors, names))


def _told(
    rows: Sequence[sa.Row[Any]],
    actors: Sequence[Mapping[str, Any]],
    names: Mapping[tuple[str, str], str],
) -> Iterator[NoteInRecord]:
    for row, actor in zip(rows, actors, strict=True):
        who = names.get((actor["kind"], actor["id"]), "")
        pinned = meta_in(row.envelope).get("pinned") is True
        yield NoteInRecord(who, row.recorded_at, pinned, text_in(row.fields, "text"))
