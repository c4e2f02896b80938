"""Has this person had the first look at a case, and what may then be seen: the sender, earlier decisions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.clause_text import natural_order
from review.domain.looks import NO_LOOK, Way
from review.domain.precedents import Agreement, Reversal, Why, agreement_of
from review.domain.states import Round
from review.models import (
    Clause,
    ClauseVersion,
    Decision,
    Evidence,
    FirstLook,
    Item,
    Referral,
    Reveal,
    Review,
    ReviewClause,
    Sender,
    ShownPrecedent,
)
from review.prepared import Prepared
from review.queries.reversals import reversals_beside


class Looked(NamedTuple):
    """A first look: how it came about, and how many earlier decisions it brought."""

    way: Way
    precedents: int


@dataclass(frozen=True)
class SenderFacts:
    """Who referred, what they call it and what they ask for: all that may sway the first look."""

    sender_kind: str
    received_at: datetime
    category: str | None
    keyword: str | None
    requested_action: str | None
    issuing_authority: str | None
    issuing_country: str | None
    removal_order: str | None


@dataclass(frozen=True)
class ClauseNamed:
    """A clause as an earlier decision names it, in the version of then."""

    number: str
    title: str
    version: int


@dataclass(frozen=True)
class PrecedentShown:
    """An earlier decision beside a case: what came out, when and by how many people, and why it is shown.

    ``measure``: of pictures the bits that differ, of texts the per cent of words in common. ``reversals``: in
    what ways it did not stand or is contested, as far as the reader may know.
    """

    case_id: str
    why: Why
    measure: int | None
    outcome: str
    ground: str | None
    decline_reason: str | None
    visibility: str | None
    account_measure: str
    context: str
    clauses: tuple[ClauseNamed, ...]
    judged_at: datetime
    agreement: Agreement
    reversals: tuple[Reversal, ...]


@dataclass(frozen=True)
class LookBehind:
    """What stood behind a review when it was recorded: ``look`` revealed, without or none; precedents."""

    look: str
    precedents: tuple[str, ...]


def _of(table: Any) -> tuple[sa.ColumnElement[bool], ...]:
    return table.case_id == sa.bindparam("case_id"), table.account_id == sa.bindparam("account_id")


_LOOKED = Prepared(lambda: sa.select(FirstLook.way, FirstLook.precedents).where(*_of(FirstLook)))


def look_at(reader: Session, case_id: str, *, account_id: str | None) -> Looked | None:
    """This person's first look at the case, if there was one."""
    row = _LOOKED.first(reader, case_id=case_id, account_id=account_id)
    return None if row is None else Looked(Way(row.way), row.precedents)


_SENT = Prepared(lambda: sa.select(_has_sent().label("sent")))


def _has_sent() -> sa.ColumnElement[bool]:
    """The case has evidence that came with a referral, of an item that is still asked about."""
    return (
        sa.select(Evidence.id)
        .join(Item, Item.id == Evidence.item_id)
        .where(
            Item.case_id == sa.bindparam("case_id"),
            Item.status != sa.literal("withdrawn"),
            Evidence.account_id.is_(None),
        )
        .exists()
    )


def has_evidence_of_sender(reader: Session, case_id: str) -> bool:
    """Whether senders gave evidence: then a capture made here is no look at what they referred."""
    row = _SENT.first(reader, case_id=case_id)
    return row is not None and bool(row.sent)


def _behind() -> Any:
    captured = sa.select(Evidence.id).where(
        Evidence.id == Reveal.evidence_id, Evidence.account_id.is_not(None)
    )
    seen = sa.select(Reveal.id).where(
        *_of(Reveal),
        Reveal.claim_generation.is_not(None),  # shown to a reader of the record it is no look of a reviewer
        sa.or_(~captured.exists(), ~_has_sent()),
    )
    return sa.select(FirstLook.way, FirstLook.precedents, seen.exists().label("seen")).where(*_of(FirstLook))


_BEHIND = Prepared(_behind)
_NAMED = Prepared(
    lambda: sa.select(ShownPrecedent.precedent_id).where(*_of(ShownPrecedent)).order_by(ShownPrecedent.place)
)


def look_behind(reader: Session, case_id: str, *, account_id: str | None) -> LookBehind:
    """What this person had seen of the case; who revealed evidence later did not decide without."""
    row = _BEHIND.first(reader, case_id=case_id, account_id=account_id)
    if row is None:
        return LookBehind(NO_LOOK, ())
    named = _NAMED.all(reader, case_id=case_id, account_id=account_id) if row.precedents else ()
    look = Way.REVEALED if row.seen else Way(row.way)
    return LookBehind(look.value, tuple(one.precedent_id for one in named))


_SENDERS = Prepared(
    lambda: (
        sa.select(
            Referral.id, Sender.kind, Referral.received_at, Referral.category, Referral.keyword,
            Referral.requested_action, Referral.issuing_authority, Referral.issuing_country,
            Referral.removal_order,
        )
        .distinct()
        .join(Item, Item.referral_id == Referral.id)
        .join(Sender, Sender.id == Referral.sender_id)
        .where(Item.case_id == sa.bindparam("case_id"), Item.status != sa.literal("withdrawn"))
    )
)  # fmt: skip


def sender_facts(reader: Session, case_id: str) -> dict[str, SenderFacts]:
    """The sender's facts of each referral of the case, by its id. Only for a person who may see them."""
    rows = _SENDERS.all(reader, case_id=case_id)
    return {referral_id: SenderFacts(*facts) for referral_id, *facts in rows}


def _shown() -> Any:
    own, other = sa.orm.aliased(Review), sa.orm.aliased(Review)
    standing = sa.select(other.id).where(
        other.case_id == ShownPrecedent.precedent_id, other.undone_at.is_(None)
    )
    others = standing.where(other.account_id != sa.bindparam("account_id")).exists()
    released = sa.and_(Decision.id.is_not(None), others)
    judging = sa.case((sa.or_(own.id.is_(None), released), Decision.review_id), else_=own.id)
    return (
        sa.select(
            ShownPrecedent.precedent_id, ShownPrecedent.why, ShownPrecedent.measure, Review.outcome,
            sa.case((sa.or_(own.id.is_(None), released), Decision.decided_at), else_=own.recorded_at)
            .label("judged_at"),
            Review.id.label("review_id"), Review.ground, Review.decline_reason, Review.visibility,
            Review.account_measure, Review.context,
            *[
                sa.and_(released, standing.where(other.round == sa.literal(name)).exists()).label(name)
                for name in (Round.SECOND.value, Round.RESOLVING.value)
            ],
        )
        .select_from(ShownPrecedent)
        .outerjoin(Decision, Decision.case_id == ShownPrecedent.precedent_id)
        .outerjoin(
            own,
            sa.and_(
                own.case_id == ShownPrecedent.precedent_id,
                own.account_id == sa.bindparam("account_id"),
                own.undone_at.is_(None),
            ),
        )
        .join(Review, Review.id == judging)
        .where(*_of(ShownPrecedent))
        .order_by(ShownPrecedent.place, Decision.decided_at.desc())
    )  # fmt: skip


_SHOWN = Prepared(_shown)


def shown_precedents(reader: Session, case_id: str, *, account_id: str | None) -> tuple[PrecedentShown, ...]:
    """The earlier decisions that this person's first look at the case brought, in their order.

    One that this person alone has judged stands there as that review, until it may be known what others say.
    """
    newest: dict[str, Any] = {}
    for row in _SHOWN.all(reader, case_id=case_id, account_id=account_id):
        newest.setdefault(row.precedent_id, row)
    clauses = _clauses(reader, [row.review_id for row in newest.values() if row.ground == "terms"])
    reversals = reversals_beside(reader, case_id, account_id=account_id)
    return tuple(
        _precedent(row, clauses.get(row.review_id, ()), reversals.get(row.precedent_id, ()))
        for row in newest.values()
    )


def _precedent(row: Any, clauses: tuple[ClauseNamed, ...], reversals: tuple[Reversal, ...]) -> PrecedentShown:
    return PrecedentShown(
        case_id=row.precedent_id,
        why=Why(row.why),
        measure=row.measure,
        outcome=row.outcome,
        ground=row.ground,
        decline_reason=row.decline_reason,
        visibility=row.visibility,
        account_measure=row.account_measure,
        context=row.context,
        clauses=clauses,
        judged_at=row.judged_at,
        agreement=agreement_of(name for name in ("second", "resolving") if getattr(row, name)),
        reversals=reversals,
    )


def _clauses(reader: Session, review_ids: list[str]) -> dict[str, tuple[ClauseNamed, ...]]:
    """The clauses that these reviews name, by review."""
    if not review_ids:
        return {}
    rows = reader.execute(
        sa.select(ReviewClause.review_id, Clause.number, ClauseVersion.title, ClauseVersion.version)
        .join(ClauseVersion, ClauseVersion.id == ReviewClause.clause_version_id)
        .join(Clause, Clause.id == ClauseVersion.clause_id)
        .where(ReviewClause.review_id.in_(review_ids))
    )
    found: dict[str, list[ClauseNamed]] = {}
    for review_id, number, title, version in rows:
        found.setdefault(review_id, []).append(ClauseNamed(number, title, version))
    return {
        review_id: tuple(sorted(some, key=lambda one: natural_order(one.number)))
        for review_id, some in found.items()
    }
