"""Who may hold which case? Claims as part of an action's transaction, by conditional updates alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from review import db, ledger
from review.domain.narrowing import EVERYTHING, Narrowed
from review.domain.permissions import RESOLVERS, SERVICE, Actor, Permission, check_permission
from review.domain.states import MOVES
from review.errors import ClaimLost, NotFound, TooManyClaims
from review.models import Account, Case
from review.prepared import Prepared
from review.queries import cases

MOST_CLAIMS = 5
"""Live claims that one person may hold; an undone review comes back on top of them."""
TRIES = 5


@dataclass(frozen=True)
class Claim:
    """A claim just taken: the case, and what its holder's writes must carry."""

    case_id: str
    claim_generation: int
    version: int

    @property
    def mark(self) -> str:
        """What tells this claim from every other, earlier ones of the same case included."""
        return cases.claim_mark(self.case_id, self.claim_generation)


def take_next(
    writer: Session, *, actor: Actor, now: datetime, narrowed: Narrowed = EVERYTHING
) -> Claim | None:
    """Claim the next case beside what else an action does; None as well for a person with five live claims.

    The account must be locked (`lock_account`) before anything that the transaction changes of a case.
    """
    check_permission(actor, Permission.WORK_QUEUE)
    if len(claims_of(writer, actor, now)) >= MOST_CLAIMS:
        return None
    return take_first(writer, actor, now, narrowed=narrowed)


def take_first(
    writer: Session, actor: Actor, now: datetime, *, narrowed: Narrowed = EVERYTHING
) -> Claim | None:
    """Claim the first case of the queue, as far as it is narrowed, that this person has not reviewed.

    None when none waits.
    """
    for _attempt in range(TRIES):
        found = _first_free(writer, actor, now, narrowed)
        if found is None:
            return None
        claim = take(writer, found, way="next", actor=actor, now=now)
        if claim is not None:
            return claim
    return None


_ACCOUNT = Prepared(
    lambda: (
        sa.select(Account.id).where(Account.id == sa.bindparam("account_id")).with_for_update(key_share=True)
    )
)
_CLAIMS = Prepared(
    lambda: (
        sa.select(Case.id, Case.claim_generation, Case.version)
        .where(cases.is_held_by(sa.bindparam("account_id"), sa.bindparam("now")))
        .order_by(Case.claimed_until, Case.id)
    )
)


def lock_account(writer: Session, actor: Actor) -> None:
    """Let two tabs of one person look at what they hold, and claim, one after the other."""
    if not db.is_sqlite(writer):  # whose writers come one after the other anyway
        _ACCOUNT.all(writer, account_id=actor.account_id)


def claims_of(writer: Session, actor: Actor, now: datetime) -> list[Claim]:
    """The person's live claims, the one that runs longest last."""
    rows = _CLAIMS.all(writer, account_id=actor.account_id, now=now)
    return [Claim(row.id, row.claim_generation, row.version) for row in rows]


def check_number(held: Sequence[Claim]) -> None:
    """At most five claims a person."""
    if len(held) >= MOST_CLAIMS:
        raise too_many()


def too_many() -> TooManyClaims:
    """The refusal of a sixth claim."""
    return TooManyClaims(f"You hold {MOST_CLAIMS} cases; record or release one of them first.")


class _Free(NamedTuple):
    """A case that may be claimed, and the claim on it that has ended, if there was one."""

    id: str
    claimed_by: str | None
    claim_generation: int
    state: str
    place: cases.Place


def _may_judge() -> sa.ColumnElement[bool]:
    """This person has no review of the case and no knowledge of its sender."""
    account_id: sa.BindParameter[Any] = sa.bindparam("account_id")
    return sa.and_(cases.not_reviewed_by(account_id), cases.not_confirmed_by(account_id))


def _may_be_taken() -> sa.ColumnElement[bool]:
    return sa.and_(
        cases.is_free(sa.bindparam("now")),
        cases.is_for(sa.bindparam("resolves", type_=sa.Boolean())),
        _may_judge(),
    )


def _candidates(*conditions: sa.ColumnElement[bool]) -> Any:
    place = (Case.rank, Case.due_at, Case.opened_at)
    return sa.select(Case.id, Case.claimed_by, Case.claim_generation, Case.state, *place).where(*conditions)


def _first_of(waiting: sa.ColumnElement[bool], *chosen: sa.ColumnElement[bool]) -> Any:
    """The first of one part of the queue, along the index that holds it in its order.

    What it is ``chosen`` by comes before the rest, so that rows of others are passed over in the index.
    """
    return (
        _candidates(waiting, *chosen, cases.is_unclaimed(sa.bindparam("now")), _may_judge())
        .order_by(Case.rank, Case.due_at, Case.opened_at, Case.id)
        .limit(sa.literal(1))
        .with_for_update(skip_locked=True, of=Case)
    )


_FIRST_QUEUED = Prepared(lambda: _first_of(cases.is_queued()))
_FIRST_IN_DISPUTE = Prepared(lambda: _first_of(cases.is_in_dispute()))
_FREE = Prepared(
    lambda: _candidates(_may_be_taken(), Case.id == sa.bindparam("case_id")).with_for_update(of=Case)
)
_TAKE = Prepared(
    lambda: (
        sa.update(Case)
        .where(
            Case.id == sa.bindparam("case_id"),
            Case.claim_generation == sa.bindparam("generation") - sa.literal(1),
            _may_be_taken(),
        )
        .values(
            claimed_by=sa.bindparam("account_id"),
            claimed_until=sa.bindparam("until"),
            claim_generation=sa.bindparam("generation"),
        )
        .returning(Case.version)
    )
)


def resolves(actor: Actor) -> bool:
    """Whether this person judges cases on which two reviews differ."""
    return actor.role in RESOLVERS


@lru_cache(256)
def _first_parts(columns: tuple[str, ...]) -> tuple[Prepared, Prepared]:
    """What waits for everybody and what for leads, narrowed by these columns of a case."""

    def part(waiting: Callable[[], sa.ColumnElement[bool]]) -> Prepared:
        chosen = [getattr(Case, column) == sa.bindparam(column) for column in columns]
        return Prepared(lambda: _first_of(waiting(), *chosen))

    return part(cases.is_queued), part(cases.is_in_dispute)


def _first_free(writer: Session, actor: Actor, now: datetime, narrowed: Narrowed) -> _Free | None:
    """The first of the queue, rows that others are taking at this moment left out."""
    chosen = narrowed.conditions
    both = _first_parts(tuple(chosen)) if chosen else (_FIRST_QUEUED, _FIRST_IN_DISPUTE)
    parts = both if resolves(actor) else both[:1]
    rows = [part.first(writer, account_id=actor.account_id, now=now, **chosen) for part in parts]
    return min((_free(row) for row in rows if row is not None), key=lambda free: free.place, default=None)


def _free(row: Any) -> _Free:
    place = cases.Place(row.rank, row.due_at, row.opened_at, row.id)
    return _Free(row.id, row.claimed_by, row.claim_generation, row.state, place)


def free_case(writer: Session, case_id: str, actor: Actor, now: datetime) -> _Free | None:
    """This case if the person may claim it; None otherwise."""
    row = _FREE.first(writer, case_id=case_id, account_id=actor.account_id, now=now, resolves=resolves(actor))
    return None if row is None else _free(row)


def take(writer: Session, found: _Free, *, way: str, actor: Actor, now: datetime) -> Claim | None:
    """Claim by one conditional update and put it on the trail; None when somebody was faster."""
    claim = _lease(writer, found, actor, now)
    if claim is not None:
        ledger.record(
            writer,
            MOVES["claim"].event,
            found.id,
            actor=actor,
            at=now,
            meta={"generation": claim.claim_generation, "way": way},
        )
    return claim


def give(writer: Session, found: _Free, *, to: Actor, actor: Actor, now: datetime) -> Claim | None:
    """Claim for somebody else in the same way; the event names who gave, and who holds the case now."""
    claim = _lease(writer, found, to, now)
    if claim is not None:
        ledger.record(
            writer,
            MOVES["assign"].event,
            found.id,
            actor=actor,
            at=now,
            fields={"holder": to.id},
            meta={"generation": claim.claim_generation},
        )
    return claim


def _lease(writer: Session, found: _Free, holder: Actor, now: datetime) -> Claim | None:
    """The conditional update itself; a claim that had ended gets its event before that of the new one."""
    generation = found.claim_generation + 1
    version = _TAKE.scalar(
        writer,
        case_id=found.id,
        generation=generation,
        account_id=holder.account_id,
        now=now,
        resolves=resolves(holder),
        until=now + claim_length(),
    )
    if version is None:
        return None
    if found.claimed_by is not None:
        record_expiry(writer, found, now)
    return Claim(found.id, generation, version)


def release_held(writer: Session, case_ids: sa.Select[Any], *, actor: Actor, now: datetime) -> None:
    """End the claims that this person has on some of these cases, each with its event."""
    released = writer.execute(
        sa.update(Case)
        .where(Case.id.in_(case_ids), cases.is_held_by(actor.account_id, now))
        .values(claimed_by=None, claimed_until=None)
        .returning(Case.id, Case.claim_generation)
        .execution_options(synchronize_session=False)
    ).all()
    for row in released:
        meta = {"generation": row.claim_generation}
        ledger.record(writer, MOVES["release"].event, row.id, actor=actor, at=now, meta=meta)


_LOCK_HELD = Prepared(
    lambda: (
        sa.select(Case.claim_generation)
        .where(
            Case.id == sa.bindparam("case_id"),
            cases.is_held_by(sa.bindparam("account_id"), sa.bindparam("now")),
        )
        .with_for_update()
    )
)


def lock_held(writer: Session, case_id: str, actor: Actor, now: datetime) -> int:
    """Keep the case as it is until the end, and its claim this person's; the claim's generation.

    Raises `NotFound` or `ClaimLost`.
    """
    generation = _LOCK_HELD.scalar(writer, case_id=case_id, account_id=actor.account_id, now=now)
    if generation is not None:
        return int(generation)
    if writer.get(Case, case_id) is None:
        raise NotFound()
    raise ClaimLost("You do not hold this case any more; claim it again if it is free.")


def claim_length() -> timedelta:
    """How long a claim lasts."""
    return timedelta(seconds=current_app.config["REVIEW_SETTINGS"].claim_seconds)


def record_expiry(writer: Session, ended: Any, now: datetime) -> None:
    """Put the end of a claim on the trail, under the name of the service."""
    holder = writer.scalar(sa.select(Account.trail_id).where(Account.id == ended.claimed_by))
    ledger.record(
        writer,
        MOVES["expire_claim"].event,
        ended.id,
        actor=SERVICE,
        at=now,
        fields={"holder": holder},
        meta={"generation": ended.claim_generation},
    )
