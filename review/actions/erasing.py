"""How is a record emptied? Part of carrying an erasure out, inside its transaction.

First every value is named in `erased_parts`, then it goes from its row, its opening, and whatever was derived
from it. Files lie outside the database; `finish_erasures` sees to them afterwards.
"""

import json
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import ledger
from review.domain.erasures import PARTS, ErasureState, Part, address_mark, mark_of
from review.domain.events import EVENTS
from review.domain.exports import ExportState
from review.domain.holds import RecordKind
from review.models import (
    Answer,
    BatchLine,
    Case,
    CaseTerm,
    Complaint,
    Decision,
    Delivery,
    Draft,
    EmailedReferral,
    ErasedPart,
    Erasure,
    Escalation,
    Evidence,
    EvidenceLook,
    Export,
    Item,
    Note,
    Opening,
    PicturePart,
    Question,
    Referral,
    RefusedItem,
    Restriction,
    Review,
    SearchEntry,
    Sender,
    StoredAnswer,
)  # fmt: skip
from review.models.rows import insert_rows
from review.queries.erased import erased_part
from review.queries.holds import holding
from review.queries.record_timeline import text_in
from review.queries.stored_cases import in_sets
from review.queries.trail_rows import among, listed

TOLD_OF = {
    "statement": (
        "item.decided", "item.implemented", "item.reversed", "restriction.requested", "restriction.lifted",
    ),
    "questions": ("item.question",),
}  # fmt: skip
"""Which messages repeat a part of a case; whatever tells of a referral goes with its original."""

OF_ONE_ITEM = frozenset({"location.opened", "record.location_opened"})
"""Events on a case that tell of one item; those of items of other referrals stay."""


ADDRESSES = ("url_as_sent", "canonical_url", "match_key")
NOTHING = ("contact", "contact_name", "contact_email", "removal_order")
"""Columns that may be empty."""
Place = tuple[Any, Any, Callable[[], list[Any]]]
"""The model of a table, the column that names a row, and the conditions, some hundred ids in each."""


@dataclass(frozen=True)
class Wanted:
    """What is erased: parts of a record, since when and on which ground the marks say so."""

    erasure_id: str
    kind: RecordKind
    object_id: str
    parts: tuple[str, ...]
    at: datetime
    ground: str


@dataclass
class Scope:
    """Everything that belongs to the record, by kind of object.

    ``alone``: the cases that nothing else needs; their drafts, words and messages to the platform go too.
    """

    cases: list[str] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)
    referrals: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    restrictions: list[str] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)

    def ids(self, object_kind: str) -> list[str]:
        """The ids of the objects of a kind on which events may tell of it."""
        return {
            "case": self.cases, "referral": self.referrals, "item": self.items, "email": self.emails,
            "sender": self.senders,
        }.get(object_kind, [])  # fmt: skip


def scope_of(reader: Session, kind: RecordKind, object_id: str) -> Scope:
    """What belongs to a record: items of a case, or items, cases and e-mail of a referral."""
    if kind is RecordKind.SENDER:
        return Scope(senders=[object_id])
    within = Item.case_id == object_id if kind is RecordKind.CASE else Item.referral_id == object_id
    rows = reader.execute(sa.select(Item.id, Item.case_id).where(within).order_by(Item.id)).all()
    cases = [object_id] if kind is RecordKind.CASE else sorted({row.case_id for row in rows})
    alone = cases if kind is RecordKind.CASE else _needed_no_more(reader, cases, object_id)
    asked = sa.select(Restriction.id).join(Decision, Decision.id == Restriction.decision_id)
    restrictions = [
        one for some in in_sets(alone) for one in reader.scalars(asked.where(Decision.case_id.in_(some)))
    ]
    found = Scope(cases, alone, items=[row.id for row in rows], restrictions=restrictions)
    if kind is RecordKind.REFERRAL:
        emails = sa.select(EmailedReferral.id).where(EmailedReferral.referral_id == object_id)
        found.referrals, found.emails = [object_id], list(reader.scalars(emails))
    return found


def _needed_no_more(reader: Session, case_ids: list[str], referral_id: str) -> list[str]:
    """Those of these cases that no hold keeps, and where every other referral was erased before this one."""
    erased = sa.exists().where(
        Erasure.object_kind == RecordKind.REFERRAL.value,
        Erasure.object_id == Item.referral_id,
        Erasure.state == ErasureState.EXECUTED.value,
    )
    shared = sa.exists().where(Item.case_id == Case.id, Item.referral_id != referral_id, ~erased)
    free = sa.select(Case.id).where(~shared, ~holding(Case.id)).order_by(Case.id)
    return [one for some in in_sets(case_ids) for one in reader.scalars(free.where(Case.id.in_(some)))]


def empty_record(writer: Session, wanted: Wanted) -> list[list[str]]:
    """Take all parts of the record away; for each event its id and the fields that went, for the trail."""
    scope = scope_of(writer, wanted.kind, wanted.object_id)
    parts = [(name, PARTS[wanted.kind][name]) for name in wanted.parts]
    for name, part in parts:
        rows_in = _rows_in(scope, wanted.kind, name)
        for table, column in part.columns:
            _empty_column(writer, wanted, rows_in[table], table, column)
        if part.files:
            _name_files(writer, wanted, scope)
    fields = _fields_of(writer, scope, [part for _name, part in parts])
    _name(writer, wanted, "openings", [(eid, one) for eid, names in fields.items() for one in sorted(names)])
    ledger.erase_fields(writer, fields)
    _forget_derived(writer, wanted, scope)
    return [[eid, *sorted(names)] for eid, names in sorted(fields.items())]


def _name(
    writer: Session, wanted: Wanted, place: str, named: Iterable[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Name these parts of rows for the guards; those that no erasure named before."""
    pairs = list(dict.fromkeys(named))
    known: set[tuple[str, str]] = set()
    for some in in_sets({row_id for row_id, _part in pairs}):
        statement = sa.select(ErasedPart.row_id, ErasedPart.part).where(
            ErasedPart.place == place, ErasedPart.row_id.in_(some)
        )
        known |= {(row.row_id, row.part) for row in writer.execute(statement)}
    fresh = [pair for pair in pairs if pair not in known]
    insert_rows(
        writer,
        ErasedPart,
        [
            {"place": place, "row_id": row_id, "part": part, "erasure_id": wanted.erasure_id}
            for row_id, part in fresh
        ],
    )
    return fresh


def _rows_in(scope: Scope, kind: RecordKind, part: str) -> Mapping[str, Place]:
    """By table, where the rows are that hold a part of the record."""
    captured = Evidence.account_id.is_not(None) if part == "captures" else Evidence.account_id.is_(None)
    told = sa.and_(
        Delivery.topic.in_(TOLD_OF[part]) if kind is RecordKind.CASE and part in TOLD_OF else sa.true()
    )
    of_items = [*scope.referrals, *scope.items, *scope.restrictions]
    return {
        "reviews": (Review, Review.id, lambda: _each(Review.case_id, scope.cases)),
        "answers": (Answer, Answer.item_id, lambda: _each(Answer.item_id, scope.items)),
        "notes": (Note, Note.id, lambda: _each(Note.case_id, scope.cases)),
        "questions": (Question, Question.id, lambda: _each(Question.case_id, scope.cases)),
        "complaints": (Complaint, Complaint.id, lambda: _each(Complaint.case_id, scope.cases)),
        "escalations": (Escalation, Escalation.id, lambda: _each(Escalation.case_id, scope.cases)),
        "deliveries": (Delivery, Delivery.id, lambda: _each(Delivery.subject_id, of_items, told)),
        "evidence": (Evidence, Evidence.id, lambda: _each(Evidence.item_id, scope.items, captured)),
        "referrals": (Referral, Referral.id, lambda: _each(Referral.id, scope.referrals)),
        "items": (Item, Item.id, lambda: _each(Item.id, scope.items)),
        "refused_items": (
            RefusedItem, RefusedItem.referral_id, lambda: _each(RefusedItem.referral_id, scope.referrals),
        ),
        "batch_lines": (
            BatchLine, BatchLine.referral_id, lambda: _each(BatchLine.referral_id, scope.referrals),
        ),
        "emailed_referrals": (
            EmailedReferral, EmailedReferral.id, lambda: _each(EmailedReferral.id, scope.emails),
        ),
        "cases": (Case, Case.id, lambda: _each(Case.id, scope.cases, _only_of(scope.referrals))),
        "senders": (Sender, Sender.id, lambda: _each(Sender.id, scope.senders)),
    }  # fmt: skip


def _each(column: Any, ids: Collection[str], *more: Any) -> list[Any]:
    """The condition for these ids, some hundred at a time."""
    return [sa.and_(column.in_(some), *more) for some in in_sets(sorted(set(ids)))]


def _only_of(referral_ids: list[str]) -> Any:
    """A case that no other referral has items in, whose location may still be known by them."""
    return ~sa.exists().where(Item.case_id == Case.id, Item.referral_id.not_in(referral_ids))


def _empty_column(writer: Session, wanted: Wanted, rows_in: Place, table: str, column: str) -> None:
    """Name the rows whose column holds something, then put the mark in its place."""
    model, key, conditions = rows_in
    stored = getattr(model, column)
    for condition in conditions():
        rows = writer.execute(sa.select(key.label("key"), stored.label("stored")).where(condition)).all()
        full = [row for row in rows if row.stored is not None]
        _name(writer, wanted, table, [(row.key, column) for row in full])
        for row in full:
            change = sa.update(model).where(key == row.key, condition, stored.is_not(None))
            if table == "answers":  # an item may have been answered twice
                change = change.where(stored == row.stored)
            value = _in_place_of(wanted, table, column, row)
            writer.execute(change.values({column: value}).execution_options(synchronize_session=False))


def _in_place_of(wanted: Wanted, table: str, column: str, row: Any) -> Any:
    """What stands in a column afterwards: nothing where that is understood, else the mark of the erasure."""
    mark = mark_of(wanted.at, wanted.ground)
    if column == "body":  # of an answer or a message, which stays JSON
        members = json.loads(row.stored) | {"statement": mark} if table == "answers" else {"erased": mark}
        return json.dumps(members, ensure_ascii=False).encode()
    if column in ADDRESSES:
        return address_mark(wanted.at, wanted.ground)
    if column == "match_digest":
        return secrets.token_hex(32)
    if column in NOTHING:
        return None
    if isinstance(row.stored, bytes | list):
        return type(row.stored)()
    return f"{mark} {row.key}" if (table, column) == ("referrals", "reference") else mark


def _name_files(writer: Session, wanted: Wanted, scope: Scope) -> None:
    """Name the content of files, whose bytes go after the transaction; what they look like goes now."""
    part = "captures" if wanted.kind is RecordKind.CASE else "evidence"
    _model, _key, conditions = _rows_in(scope, wanted.kind, part)["evidence"]
    for condition in conditions():
        rows = writer.execute(sa.select(Evidence.id, Evidence.sha256).where(condition)).all()
        _name(writer, wanted, "evidence", [(row.id, "content") for row in rows])
        _forget_looks(writer, {row.sha256 for row in rows})


def _forget_looks(writer: Session, digests: Collection[str]) -> None:
    """Take away what files look like that no record needs any more, and by what they are found."""
    needed = sa.exists().where(
        Evidence.sha256 == EvidenceLook.sha256, ~erased_part("evidence", Evidence.id, "content")
    )
    gone = sa.and_(EvidenceLook.sha256.in_(sorted(digests)), ~needed)
    hashes = {one for one in writer.scalars(sa.select(EvidenceLook.perceptual_hash).where(gone)) if one}
    writer.execute(
        sa.update(EvidenceLook)
        .where(gone)
        .values(perceptual_hash=None)
        .execution_options(synchronize_session=False)
    )
    left = sa.select(EvidenceLook.perceptual_hash).where(EvidenceLook.perceptual_hash.in_(sorted(hashes)))
    for known in sorted(hashes - set(writer.scalars(left))):
        writer.execute(sa.delete(PicturePart).where(PicturePart.perceptual_hash == known))


def _fields_of(writer: Session, scope: Scope, parts: Collection[Part]) -> dict[str, set[str]]:
    """By event id the fields that are there and that these parts name; of an item only its own."""
    wanted: dict[str, set[str]] = {}
    for part in parts:
        for event_type, name in part.fields:
            wanted.setdefault(event_type, set()).add(name)
    found: dict[str, set[str]] = {}
    items = set(scope.items)
    for kind in ("case", "referral", "item", "email", "sender"):
        types = sorted(set(wanted) & _types_on(kind))
        for some in in_sets(scope.ids(kind)) if types else ():
            statement = sa.select(Opening.eid, Opening.event_type, Opening.fields).where(
                Opening.object_kind == kind, among(writer, Opening.object_id), Opening.event_type.in_(types)
            )
            for row in writer.execute(statement, listed(writer, some)):
                there = wanted[row.event_type] & row.fields.keys()
                if there and (row.event_type not in OF_ONE_ITEM or text_in(row.fields, "item") in items):
                    found[row.eid] = found.get(row.eid, set()) | there
    return found


def _types_on(kind: str) -> set[str]:
    return {name for name, event in EVENTS.items() if event.object_kind == kind}


def _forget_derived(writer: Session, wanted: Wanted, scope: Scope) -> None:
    """Drafts, exports; of a referral what search and earlier decisions are found by, and kept answers."""
    for some in in_sets(scope.alone):
        writer.execute(sa.delete(Draft).where(Draft.case_id.in_(some)))
    _revoke_exports(writer, set(scope.cases), at=wanted.at)
    if wanted.kind is not RecordKind.REFERRAL:
        return
    for some in in_sets([*scope.items, *scope.referrals]):
        writer.execute(sa.delete(SearchEntry).where(SearchEntry.object_id.in_(some)))
    for some in in_sets(scope.alone):
        writer.execute(sa.delete(CaseTerm).where(CaseTerm.case_id.in_(some)))
    sender = sa.select(Referral.sender_id).where(Referral.id == wanted.object_id).scalar_subquery()
    writer.execute(
        sa.delete(StoredAnswer).where(
            StoredAnswer.sender_id == sender,
            StoredAnswer.location.endswith(wanted.object_id, autoescape=True),
        )
    )


def _revoke_exports(writer: Session, cases: set[str], *, at: datetime) -> None:
    """Let no file tell any more what these cases held: one under way begins anew, one that is there is over.

    Nobody fetches it from now on; its bytes go before the erasure counts as finished.
    """
    kept = (ExportState.WAITING, ExportState.DONE)
    rows = writer.execute(sa.select(Export.id, Export.case_ids).where(Export.state.in_(kept)))
    of_these = [row.id for row in rows if not cases.isdisjoint(row.case_ids)]
    for some in in_sets(of_these):
        # first those under way: one that ends in this moment is there for the second
        under_way = Export.id.in_(some), Export.state == ExportState.WAITING, Export.lease.is_not(None)
        writer.execute(
            sa.update(Export)
            .where(*under_way)
            .values(lease=None, seen_at=None, done=0, tries=Export.tries - 1)
            .execution_options(synchronize_session=False)
        )
        there = Export.id.in_(some), Export.state == ExportState.DONE, Export.expires_at > at
        writer.execute(
            sa.update(Export).where(*there).values(expires_at=at).execution_options(synchronize_session=False)
        )
