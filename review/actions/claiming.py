"""Who may hold which case? Claims as part of an action's transaction, by conditional updates alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from review import db, ledger
from review.actions.offering import Free, first_offered, may_be_taken, resolves
from review.domain.narrowing import EVERYTHING, Narrowed
from review.domain.permissions import SERVICE, Actor, Permission, check_permission
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
    writer: Session,
    actor: Actor,
    now: datetime,
    *,
    narrowed: Narrowed = EVERYTHING,
    severe: bool = False,
) -> Claim | None:
    """Claim the first case, as far as the queue is narrowed, that may be offered to this person, if any.

    ``severe``: high severity as well, though the person's budget for the day is used.
    """
    for _attempt in range(TRIES):
        found = first_offered(writer, actor, now, narrowed=narrowed, severe=severe)
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


_TAKE = Prepared(
    lambda: (
        sa.update(Case)
        .where(
            Case.id == sa.bindparam("case_id"),
            Case.claim_generation == sa.bindparam("generation") - sa.literal(1),
            may_be_taken(),
        )
        .values(
            claimed_by=sa.bindparam("account_id"),
            claimed_until=sa.bindparam("until"),
            claim_generation=sa.bindparam("generation"),
        )
        .returning(Case.version)
    )
)


def take(writer: Session, found: Free, *, way: str, actor: Actor, now: datetime) -> Claim | None:
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


def give(writer: Session, found: Free, *, to: Actor, actor: Actor, now: datetime) -> Claim | None:
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


def _lease(writer: Session, found: Free, holder: Actor, now: datetime) -> Claim | None:
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
