"""Reading referrals into what search and earlier decisions are found by, after they were received or decided.

Of decided cases the digests of some words are kept, by which cases of which the same is said are found.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from review import clock, db
from review.domain.permissions import Actor, check_service
from review.domain.precedents import terms_of
from review.domain.searching import host_of
from review.domain.states import ItemStatus
from review.models import CaseTerm, Item, Referral, SearchEntry, SearchMark
from review.models.search import LONGEST_TERM
from review.queries.precedents import texts_of
from review.queries.search_entries import MARK, mark_of

BATCH = 1_000
SETTLED_SECONDS = 10
"""Referrals are left alone so long, so that a delivery of many is not disturbed while it comes in."""
CHUNK = 500


def index_referrals(*, actor: Actor, limit: int = BATCH) -> int:
    """Read in the next referrals in the order of their changes; how many. One process at a time does it."""
    check_service(actor)
    if not _next(db.session(), 1):
        return 0  # asked every second, so that writers are not kept waiting for nothing
    with db.transaction() as writer:
        if not db.try_lock(writer, "index"):
            return 0
        referrals = _next(writer, limit)
        if not referrals:
            return 0
        items: list[Any] = []
        for start in range(0, len(referrals), CHUNK):
            ids = [referral.id for referral in referrals[start : start + CHUNK]]
            items += writer.execute(_items().where(Item.referral_id.in_(ids)))
        _insert(writer, [*_of_referrals(referrals), *_of_items(items)])
        decided = {item.case_id for item in items if item.status == ItemStatus.DECIDED}
        _keep_terms(writer, sorted(decided))
        _move_mark(writer, referrals[-1])
        return len(referrals)


def _items() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(Item.id, Item.canonical_url, Item.sha256, Item.joined_at, Item.case_id, Item.status)


def _keep_terms(writer: Session, case_ids: Sequence[str]) -> None:
    """Keep the words of these decided cases; the texts of one that is kept already are the same."""
    for start in range(0, len(case_ids), CHUNK):
        said = texts_of(writer, case_ids[start : start + CHUNK])
        rows = [
            {"term": term, "case_id": case_id} for case_id, texts in said.items() for term in terms_of(texts)
        ]
        if rows:
            rows.sort(key=lambda row: (row["term"], row["case_id"]))
            dialect: Any = sqlite if db.is_sqlite(writer) else postgresql
            writer.execute(dialect.insert(CaseTerm.__table__).on_conflict_do_nothing(), rows)


def _next(writer: Session, limit: int) -> Sequence[Any]:
    """Referrals after the mark, as far as they are settled; one that is not yet stops those after it."""
    statement = sa.select(
        Referral.id,
        Referral.body_sha256,
        Referral.received_at,
        Referral.updated_at,
        Referral.change_position,
    )
    mark = mark_of(writer)
    if mark is not None:
        after = sa.or_(Referral.change_position > mark.change_position, Referral.id > mark.referral_id)
        statement = statement.where(Referral.change_position >= mark.change_position, after)
    statement = statement.where(Referral.change_position < db.settled_position(writer))
    rows = writer.execute(statement.order_by(Referral.change_position, Referral.id).limit(limit)).all()
    before = clock.now() - timedelta(seconds=SETTLED_SECONDS)
    settled = 0
    while settled < len(rows) and rows[settled].updated_at <= before:
        settled += 1
    return rows[:settled]


def _of_referrals(rows: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {"kind": "body", "term": row.body_sha256, "at": row.received_at, "object_id": row.id}


def _of_items(rows: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for row in rows:
        host = host_of(row.canonical_url)[:LONGEST_TERM]
        if host:
            yield {"kind": "host", "term": host, "at": row.joined_at, "object_id": row.id}
        if row.sha256 is not None:
            yield {"kind": "content", "term": row.sha256, "at": row.joined_at, "object_id": row.id}


def _insert(writer: Session, rows: list[dict[str, Any]]) -> None:
    """What is there already, because its referral changed again, stays."""
    rows.sort(key=lambda row: (row["kind"], row["term"], row["at"], row["object_id"]))
    dialect: Any = sqlite if db.is_sqlite(writer) else postgresql
    writer.execute(dialect.insert(SearchEntry.__table__).on_conflict_do_nothing(), rows)


def _move_mark(writer: Session, last: Any) -> None:
    writer.execute(sa.delete(SearchMark).execution_options(synchronize_session=False))
    mark = {"id": MARK, "change_position": last.change_position, "referral_id": last.id}
    writer.execute(sa.insert(SearchMark), mark)
