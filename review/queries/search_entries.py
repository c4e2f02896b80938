"""How far are referrals read in for search, and which cases bear a host, a digest or some words?

Everything is bounded: of a host or batch the newest items count, words are looked for in the referrals that
changed last. A full text index would slow intake down and keep every word twice, also after erasure.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.searching import Reading, words_of
from review.models import BatchLine, Case, Evidence, Item, Referral, SearchEntry, SearchMark

MOST_CANDIDATES = 5_000
"""Items that one search looks at."""
NEWEST_READ = 10_000
"""Referrals, by their last change, in which words are looked for."""
TAIL = 5_000
"""Referrals not read in yet that are looked through one by one."""

MARK = 2
"""Which reading this is: the second one also keeps words of decided cases, and so begins from the start."""


def mark_of(reader: Session) -> Any | None:
    """The last referral that was read in: its change position and id."""
    statement = sa.select(SearchMark.change_position, SearchMark.referral_id).where(SearchMark.id == MARK)
    return reader.execute(statement).one_or_none()


def is_behind(reader: Session) -> bool:
    """Whether more referrals wait to be read in than a search looks through."""
    waiting = sa.select(Referral.id).where(*_after_mark(reader)).limit(TAIL + 1).subquery()
    return int(reader.scalar(sa.select(sa.func.count()).select_from(waiting)) or 0) > TAIL


def without_needless(reader: Session, readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """The readings without words where the whole text is somebody's reference: words cost most."""
    references = [reading.value for reading in readings if reading.kind == "reference"]
    if not references or all(reading.kind != "text" for reading in readings):
        return readings
    known = reader.scalar(sa.select(Referral.id).where(Referral.reference == references[0]).limit(1))
    return readings if known is None else tuple(one for one in readings if one.kind != "text")


def cases_read(reader: Session, readings: tuple[Reading, ...]) -> sa.Select[Any]:
    """Ids of the cases behind these readings: one look-up in an index for each, never one OR."""
    tail = _tail(reader) if {"digest", "host"} & {reading.kind for reading in readings} else None
    ways: list[sa.Select[Any]] = []
    for reading in readings:
        ways += _ways(reading, tail)
    found = sa.union_all(*[sa.select(way.limit(MOST_CANDIDATES).subquery().c.case_id) for way in ways])
    return sa.select(found.subquery().c.case_id)


def _after_mark(reader: Session) -> list[sa.ColumnElement[bool]]:
    mark = mark_of(reader)
    if mark is None:
        return []
    after = sa.or_(Referral.change_position > mark.change_position, Referral.id > mark.referral_id)
    return [Referral.change_position >= mark.change_position, after]


def _tail(reader: Session) -> sa.Select[Any]:
    newest = sa.select(Referral.id).where(*_after_mark(reader)).order_by(Referral.change_position.desc())
    return sa.select(newest.limit(TAIL).subquery().c.id)


def _ways(reading: Reading, tail: sa.Select[Any] | None) -> list[sa.Select[Any]]:
    """Each way to the cases behind one reading."""
    if reading.kind in _EXACT:
        return [_EXACT[reading.kind](reading.value)]
    if reading.kind == "text":
        return [_with_words(reading.value)]
    assert tail is not None
    return _on_host(reading.value, tail) if reading.kind == "host" else _of_digest(reading.value, tail)


def _of_items() -> sa.Select[Any]:
    return sa.select(Item.case_id.label("case_id"))


def _of_referrals() -> sa.Select[Any]:
    return _of_items().join(Referral, Referral.id == Item.referral_id)


def _of_cases() -> sa.Select[Any]:
    return sa.select(Case.id.label("case_id"))


def _of_sender(sender_id: str) -> sa.Select[Any]:
    """Cases of the referrals of a sender that changed last."""
    newest = (
        sa.select(Referral.id)
        .where(Referral.sender_id == sender_id)
        .order_by(Referral.change_position.desc(), Referral.id.desc())
        .limit(MOST_CANDIDATES)
        .subquery()
    )
    return _of_items().join(newest, newest.c.id == Item.referral_id)


_EXACT: dict[str, Callable[[str], sa.Select[Any]]] = {
    "case": lambda value: _of_cases().where(Case.id == value),
    "url": lambda value: _of_cases().where(Case.match_digest == value),
    "referral": lambda value: _of_items().where(Item.referral_id == value),
    "item": lambda value: _of_items().where(Item.id == value),
    "sender": _of_sender,
    "reference": lambda value: _of_referrals().where(Referral.reference == value),
    "batch": lambda value: (
        _of_items()
        .join(BatchLine, BatchLine.referral_id == Item.referral_id)
        .where(BatchLine.batch_id == value)
    ),
}


def _on_host(host: str, tail: sa.Select[Any]) -> list[sa.Select[Any]]:
    spellings = [f"{scheme}://{host}{end}" for scheme in ("https", "http") for end in "/:"]
    begins = sa.or_(*[Item.canonical_url.startswith(spelling, autoescape=True) for spelling in spellings])
    return [_of_entry("host", host), _of_items().where(Item.referral_id.in_(tail), begins)]


def _of_digest(digest: str, tail: sa.Select[Any]) -> list[sa.Select[Any]]:
    """Of a referral's body, of content as its sender saw it, or of evidence."""
    body = sa.select(SearchEntry.object_id).where(SearchEntry.kind == "body", SearchEntry.term == digest)
    either = sa.or_(Referral.body_sha256 == digest, Item.sha256 == digest)
    return [
        _of_items().where(Item.referral_id.in_(body)),
        _of_entry("content", digest),
        _of_items().join(Evidence, Evidence.item_id == Item.id).where(Evidence.sha256 == digest),
        _of_referrals().where(Referral.id.in_(tail), either),
    ]


def _of_entry(kind: str, term: str) -> sa.Select[Any]:
    """Cases of the newest items that bear this."""
    newest = (
        sa.select(SearchEntry.object_id)
        .where(SearchEntry.kind == kind, SearchEntry.term == term)
        .order_by(SearchEntry.at.desc())
        .limit(MOST_CANDIDATES)
        .subquery()
    )
    return _of_items().join(newest, newest.c.object_id == Item.id)


def _with_words(text: str) -> sa.Select[Any]:
    """Cases of the referrals that changed last: all words in the reason, or the reference begins so."""
    newest = (
        sa.select(Referral.id, Referral.reason, Referral.reference)
        .order_by(Referral.change_position.desc())
        .limit(NEWEST_READ)
        .subquery()
    )
    words = sa.and_(*[newest.c.reason.icontains(word, autoescape=True) for word in words_of(text)])
    begins = newest.c.reference.istartswith(text, autoescape=True)
    return _of_items().join(newest, newest.c.id == Item.referral_id).where(sa.or_(words, begins))
