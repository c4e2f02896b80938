"""Which earlier decisions are like a case? Looked for once, at the first look, with a bound on every step.

Found by indexes alone, so that a million decided cases cost no more than a thousand: of what is too common to
tell anything, such as a word in hundreds of decided cases, a part is read or nothing.

A case that this person alone has reviewed, as far as that may be known, stands there with that review,
whatever became of it: else the list would tell whether the case was drawn for a second review.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.precedents import (
    MOST_BITS,
    Candidate,
    Why,
    alike,
    bits_between,
    chosen,
    is_hash,
    may_be_shown,
    near_parts,
    terms_of,
)
from review.domain.states import ROUND_IN, CaseState, Round
from review.models import (
    Case,
    CaseTerm,
    Evidence,
    EvidenceLook,
    FirstLook,
    Item,
    PicturePart,
    Referral,
    Review,
)
from review.prepared import Prepared

MOST_ITEMS = 100
"""Items of a case whose texts and files are read, as many as its page shows."""
MOST_HERE = 20
"""Cases at one location that are looked at."""
MOST_FILES = 20
MOST_PICTURES = 4
MOST_OF_A_FILE = 500
"""Pieces of evidence with the same bytes that are followed to their cases."""
MOST_OF_A_PART = 300
"""Hashes that share one part, or nearly, which are compared."""
COMMON = 200
"""Decided cases from which on a word tells nothing."""
MOST_ALIKE = 50
"""Cases with words in common that are looked at more closely, those with most first."""


def first_precedents(
    reader: Session, case_id: str, *, account_id: str | None
) -> tuple[Candidate, ...] | None:
    """What a person is to be shown who looks at the case now; None for one who has looked already."""
    if _LOOKED.first(reader, case_id=case_id, account_id=account_id) is not None:
        return None
    return precedents_of(reader, case_id, account_id=account_id)


_LOOKED = Prepared(
    lambda: sa.select(FirstLook.way).where(
        FirstLook.case_id == sa.bindparam("case_id"), FirstLook.account_id == sa.bindparam("account_id")
    )
)


def precedents_of(reader: Session, case_id: str, *, account_id: str | None = None) -> tuple[Candidate, ...]:
    """At most five decided cases that are like this one, the most telling first.

    In a second review those that are duplicates of the case, or were decided since its first review, are
    left out: they could be that reviewer's, and tell of the first outcome.
    """
    case = reader.get(Case, case_id)
    if case is None:
        return ()
    of_round = ROUND_IN.get(CaseState(case.state))
    judged = _Judged(reader, account_id)
    digests = _digests(reader, case_id)
    found = judged.of(dict.fromkeys(_at_the_location(reader, case)), Why.LOCATION)
    found += judged.of(dict.fromkeys(_with_files(reader, digests)), Why.FILE)
    found += judged.of(_with_pictures(reader, digests), Why.PICTURE)
    found += judged.of(_with_words(reader, case_id), Why.TEXT)
    withheld = {case_id} | {one.case_id for one in found if not may_be_shown(one.why, of_round=of_round)}
    allowed = [one for one in found if one.case_id not in withheld]
    if of_round is Round.SECOND:
        allowed = _known_before(reader, case_id, allowed)
    return chosen(allowed)


def _known_before(reader: Session, case_id: str, found: Sequence[Candidate]) -> list[Candidate]:
    """Those decided before the first review of the case, and of no referral that it is of."""
    recorded_at = reader.scalar(
        sa.select(Review.recorded_at).where(
            Review.case_id == case_id, Review.round == Round.FIRST, Review.undone_at.is_(None)
        )
    )
    this, other = sa.orm.aliased(Item), sa.orm.aliased(Item)
    together = set(
        reader.scalars(
            sa.select(other.case_id)
            .join(this, this.referral_id == other.referral_id)
            .where(this.case_id == case_id, other.case_id.in_([one.case_id for one in found]))
        )
    )
    return [
        one
        for one in found
        if recorded_at is not None and one.decided_at < recorded_at and one.case_id not in together
    ]


def _at_the_location(reader: Session, case: Case) -> Sequence[str]:
    """The newest cases at the same location, whatever kind of referral they came by."""
    statement = (
        sa.select(Case.id)
        .where(
            Case.match_digest == case.match_digest,
            Case.id != case.id,
            Case.state != CaseState.WITHDRAWN,
        )
        .order_by(Case.opened_at.desc())
        .limit(MOST_HERE)
    )
    return reader.scalars(statement).all()


def _digests(reader: Session, case_id: str) -> list[str]:
    """The files of this case, those that came first before others."""
    statement = (
        sa.select(Evidence.sha256)
        .join(Item, Item.id == Evidence.item_id)
        .where(Item.case_id == case_id, Item.status != "withdrawn")
        .order_by(Evidence.received_at, Evidence.id)
        .limit(MOST_ITEMS)
    )
    return list(dict.fromkeys(reader.scalars(statement)))[:MOST_FILES]


def _with_files(reader: Session, digests: Sequence[str]) -> set[str]:
    """Cases that have evidence of one of these digests."""
    if not digests:
        return set()
    pieces = sa.select(Evidence.item_id).where(Evidence.sha256.in_(digests)).limit(MOST_OF_A_FILE).subquery()
    return set(reader.scalars(sa.select(Item.case_id).join(pieces, pieces.c.item_id == Item.id)))


def _with_pictures(reader: Session, digests: Sequence[str]) -> dict[str, int | None]:
    """Cases that have a picture like one of these, each with the bits in which the nearest differs."""
    if not digests:
        return {}
    hashes = reader.scalars(
        sa.select(EvidenceLook.perceptual_hash)
        .distinct()
        .where(EvidenceLook.sha256.in_(digests), EvidenceLook.perceptual_hash.is_not(None))
    )
    nearest: dict[str, int] = {}
    for own in sorted(one for one in hashes if one is not None and is_hash(one))[:MOST_PICTURES]:
        for other in _near(reader, own):
            nearest[other] = min(bits_between(own, other), nearest.get(other, MOST_BITS))
    found: dict[str, int | None] = {}
    for other in sorted(nearest, key=nearest.__getitem__)[:MOST_FILES]:
        pieces = (
            sa.select(Evidence.item_id)
            .join(EvidenceLook, EvidenceLook.sha256 == Evidence.sha256)
            .where(EvidenceLook.perceptual_hash == other, Evidence.sha256.not_in(digests))
            .limit(MOST_OF_A_FILE)
            .subquery()
        )
        for case_id in reader.scalars(sa.select(Item.case_id).join(pieces, pieces.c.item_id == Item.id)):
            found.setdefault(case_id, nearest[other])
    return found


def _near(reader: Session, own: str) -> list[str]:
    """Known hashes that differ from this one in at most 31 bits."""
    parts = [
        sa.select(
            sa.select(PicturePart.perceptual_hash)
            .where(PicturePart.part.in_(near))
            .limit(MOST_OF_A_PART)
            .subquery()
            .c.perceptual_hash
        )
        for near in near_parts(own)
    ]
    return [other for other in reader.scalars(sa.union(*parts)) if bits_between(own, other) <= MOST_BITS]


def _with_words(reader: Session, case_id: str) -> dict[str, int | None]:
    """Decided cases of which the same was said, each with the per cent of telling words in common."""
    terms = terms_of(texts_of(reader, [case_id]).get(case_id, ()))
    telling, shared = 0, Counter[str]()
    for term in terms:
        rows = _BEARERS.all(reader, term=term)
        if len(rows) <= COMMON:
            telling += 1
            shared.update(row.case_id for row in rows)
    found: dict[str, int | None] = {}
    for other, number in shared.most_common(MOST_ALIKE):
        per_cent = alike(number, telling)
        if per_cent is not None:
            found[other] = per_cent
    return found


_BEARERS = Prepared(
    lambda: (
        sa.select(CaseTerm.case_id).where(CaseTerm.term == sa.bindparam("term")).limit(sa.literal(COMMON + 1))
    )
)


def texts_of(reader: Session, case_ids: Iterable[str]) -> dict[str, list[str]]:
    """What the senders of these cases say of them: reasons, and descriptions of items."""
    ids = list(case_ids)
    rows = reader.execute(
        sa.select(Item.case_id, Referral.reason, Item.description)
        .join(Referral, Referral.id == Item.referral_id)
        .where(Item.case_id.in_(ids), Item.status != "withdrawn")
        .order_by(Item.case_id, Item.joined_at, Item.id)
        .limit(MOST_ITEMS * len(ids))
    )
    found: dict[str, list[str]] = {}
    for case_id, *texts in rows:
        found.setdefault(case_id, []).extend(text for text in texts if text)
    return found


class _Judged:
    """Which cases have been judged, and when, as far as one person may know."""

    def __init__(self, reader: Session, account_id: str | None) -> None:
        self._reader, self._account_id = reader, account_id

    def of(self, found: Mapping[str, int | None], why: Why) -> list[Candidate]:
        """Those of these cases that are; one's own are not found by words, which only decided ones leave."""
        some = list(found)
        candidates: list[Candidate] = []
        for start in range(0, len(some), MOST_OF_A_FILE):
            for row in self._reader.execute(self._rows(some[start : start + MOST_OF_A_FILE])):
                alone = row.recorded_at is not None and not (row.decided_at and row.others)
                at = row.recorded_at if alone else row.decided_at
                if at is not None and not (alone and why is Why.TEXT):
                    candidates.append(Candidate(row.id, why, at, found[row.id]))
        return candidates

    def _rows(self, case_ids: Sequence[str]) -> sa.Select[Any]:
        own, other = sa.orm.aliased(Review), sa.orm.aliased(Review)
        others = sa.select(other.id).where(
            other.case_id == Case.id, other.undone_at.is_(None), other.account_id != self._account_id
        )
        return (
            sa.select(
                Case.id,
                own.recorded_at,
                sa.case((Case.state == CaseState.DECIDED, Case.decided_at)).label("decided_at"),
                others.correlate(Case).exists().label("others"),
            )
            .outerjoin(
                own,
                sa.and_(own.case_id == Case.id, own.account_id == self._account_id, own.undone_at.is_(None)),
            )
            .where(
                Case.id.in_(case_ids),
                sa.or_(own.dispatched_at.is_not(None), own.id.is_(None)),
            )
        )
