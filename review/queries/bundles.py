"""What goes into the evidence bundle of some cases and referrals? Events, proofs, and checkpoints."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import ledger
from review.domain import merkle
from review.domain.commitments import parse_envelope
from review.errors import NotFound, NotReady
from review.formats.bundles import checkpoint_line, event_line, header_line, last_line
from review.models import (
    Case,
    EmailedReferral,
    Erasure,
    Item,
    Leaf,
    LegalHold,
    Opening,
    Referral,
    StoredCheckpoint,
)
from review.queries.checkpoints import StoredNote, newest_checkpoint
from review.queries.stored_cases import in_sets
from review.queries.witnesses import covering_checkpoint


@dataclass(frozen=True)
class Wanted:
    """What was asked for; ``concerned`` are the cases of which the bundle tells anything."""

    cases: tuple[str, ...]
    referrals: tuple[str, ...]
    concerned: tuple[str, ...]


def wanted_of(reader: Session, *, case_ids: Sequence[str], referral_ids: Sequence[str]) -> Wanted:
    """The cases and referrals with these ids and all cases they concern; `NotFound` names what is none."""
    cases, referrals = sorted(set(case_ids)), sorted(set(referral_ids))
    for table, ids in ((Case, cases), (Referral, referrals)):
        found = set(_all(reader, sa.select(table.id), table.id, ids))
        if lacking := [one for one in ids if one not in found]:
            raise NotFound(
                f"There is no {table.__name__.lower()} {lacking[0]}; look its id up in the records."
            )
    concerned = {*cases, *_all(reader, sa.select(Item.case_id), Item.referral_id, referrals)} - {None}
    if not concerned:
        raise NotFound("There is no case in what you asked for; name a case or a referral.")
    return Wanted(tuple(cases), tuple(referrals), tuple(sorted(concerned)))


def bundle_lines(reader: Session, wanted: Wanted) -> Iterator[bytes]:
    """The lines of the bundle, up to the newest checkpoint; `NotReady` where none covers an event of it.

    An older checkpoint that witnesses cosigned and that covers as much stands at its place.
    """
    signed = newest_checkpoint(reader)
    placed = _placed(reader, wanted, 0 if signed is None else signed.size)
    newest = covering_checkpoint(reader, placed[-1].position) if placed else None
    if newest is None:
        raise NotReady("No checkpoint covers this case yet; try again in a moment.", retry_after_seconds=5)
    notes = _notes(reader, [row.position for row in placed], newest)
    objects = {
        f"{row.object_kind} {row.object_id}": row.object_version
        for row in sorted(placed, key=lambda row: row.object_version or 0)
        if row.object_version is not None
    }
    digest, read = sha256(), ledger.tree_reader(reader, newest.size)

    def lines() -> Iterator[bytes]:
        yield header_line(
            cases=wanted.cases,
            referrals=wanted.referrals,
            objects=objects,
            events=len(placed),
            checkpoints=len(notes),
        )
        before = 0
        for note in notes:
            yield checkpoint_line(note.note, merkle.consistency_path(before, note.size, read))
            before = note.size
        for row in _openings(reader, [row.position for row in placed]):
            yield _event(row, merkle.inclusion_path(row.position, newest.size, read))

    for line in lines():
        digest.update(line)
        yield line
    yield last_line(digest.hexdigest())


def _placed(reader: Session, wanted: Wanted, size: int) -> list[Any]:
    """Place, object and version of every event on what was asked for, in the order of the log."""
    items: list[str] = []
    for column, ids in ((Item.case_id, wanted.cases), (Item.referral_id, wanted.referrals)):
        items += _all(reader, sa.select(Item.id), column, ids)
    referrals = [*wanted.referrals, *_all(reader, sa.select(Item.referral_id), Item.case_id, wanted.cases)]
    referrals = sorted(set(referrals))
    subjects: dict[str, Sequence[str]] = {
        "case": wanted.concerned,
        "item": sorted(set(items)),
        "referral": referrals,
        "email": _all(reader, sa.select(EmailedReferral.id), EmailedReferral.referral_id, referrals),
    }
    about = [*subjects["case"], *referrals]
    for kind, model in (("hold", LegalHold), ("erasure", Erasure)):
        of_kinds = sa.select(model.id).where(model.object_kind.in_(("case", "referral")))
        subjects[kind] = _all(reader, of_kinds, model.object_id, about)
    columns = (Leaf.position, Opening.object_kind, Opening.object_id, Opening.object_version)
    rows: list[Any] = []
    for kind, subject_ids in subjects.items():
        statement = sa.select(*columns).join(Opening, Opening.eid == Leaf.eid)
        of_kind = statement.where(Opening.object_kind == kind, Leaf.position < size)
        for some in in_sets(subject_ids):
            rows += reader.execute(of_kind.where(Opening.object_id.in_(some)))
    return sorted(rows, key=lambda row: int(row.position))


def _all(reader: Session, statement: sa.Select[Any], column: Any, ids: Sequence[str]) -> list[str]:
    return [one for some in in_sets(ids) for one in reader.scalars(statement.where(column.in_(some)))]


def _notes(reader: Session, positions: Sequence[int], newest: StoredNote) -> list[StoredNote]:
    """The checkpoints that first covered one of these positions, and the newest; not thousands between."""
    notes: list[StoredNote] = []
    for position in positions:
        if notes and notes[-1].size > position:
            continue
        row = reader.execute(
            sa.select(StoredCheckpoint.size, StoredCheckpoint.note)
            .where(StoredCheckpoint.size > position)
            .order_by(StoredCheckpoint.size)
            .limit(1)
        ).one()
        notes.append(StoredNote(row.size, row.note))
    return [*(note for note in notes if note.size < newest.size), newest]


def _openings(reader: Session, positions: Sequence[int]) -> Iterator[Any]:
    for start in range(0, len(positions), ledger.CHUNK):
        yield from reader.execute(
            sa.select(Leaf.position, Opening.envelope, Opening.salt, Opening.fields)
            .join(Opening, Opening.eid == Leaf.eid)
            .where(Leaf.position.in_(positions[start : start + ledger.CHUNK]))
            .order_by(Leaf.position)
        ).all()


def _event(row: Any, path: Sequence[bytes]) -> bytes:
    fields = {
        name: (base64.b64decode(key), base64.b64decode(value)) for name, (key, value) in row.fields.items()
    }
    committed = parse_envelope(row.envelope).get("c", {})
    return event_line(
        row.position,
        envelope=row.envelope,
        salt=row.salt,
        fields=fields,
        closed=[name for name in committed if name not in fields],
        path=path,
    )
