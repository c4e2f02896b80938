"""Taking cases and giving them back: claims that expire, decided by conditional updates alone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
import structlog
from flask import current_app
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.domain.permissions import SERVICE, Actor, Permission, check_permission, check_service
from review.domain.states import MOVES
from review.errors import (
    CaseNotClaimable,
    ClaimLost,
    DatabaseBusy,
    NotFound,
    ReviewError,
    StorageFull,
    TooManyClaims,
)
from review.models import Account, Case
from review.prepared import Prepared
from review.queries import cases

MOST_CLAIMS = 5
"""Live claims that one person may hold; an undone review comes back on top of them."""
TRIES = 5
EXPIRY_BATCH = 200

log = structlog.get_logger()


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


def claim_next(*, holding: Collection[str] | None = None, actor: Actor) -> Claim | None:
    """Claim the first case of the queue that this person has not reviewed; None when none waits.

    ``holding`` are the marks of the claims that the person had when the page was made: one that came since,
    as by the first half of a double click, is the answer then, and nothing more is claimed. Raises
    `TooManyClaims` at five live claims.
    """
    check_permission(actor, Permission.WORK_QUEUE)
    with db.transaction() as writer:
        now = clock.now()
        _lock_account(writer, actor)
        held = _claims_of(writer, actor, now)
        fresh = [] if holding is None else [claim for claim in held if claim.mark not in holding]
        if fresh:
            return fresh[-1]
        _check_number(held)
        for _attempt in range(TRIES):
            found = _first_free(writer, actor, now)
            if found is None:
                return None
            claim = _take(writer, found, way="next", actor=actor, now=now)
            if claim is not None:
                return claim
    return None


def claim_case(case_id: str, *, actor: Actor) -> Claim:
    """Claim this case; the running claim, without another event, when the person holds it already.

    Raises `NotFound`, `CaseNotClaimable` or, at five live claims, `TooManyClaims`.
    """
    check_permission(actor, Permission.WORK_QUEUE)
    with db.transaction() as writer:
        now = clock.now()
        _lock_account(writer, actor)
        summary = cases.case_summary(writer, case_id, account_id=actor.account_id, now=now)
        if summary is None:
            raise NotFound()
        if summary.held == "yours":
            return Claim(case_id, summary.claim_generation, summary.version)
        _check_number(_claims_of(writer, actor, now))
        found = _free_case(writer, case_id, actor, now)
        claim = None if found is None else _take(writer, found, way="this", actor=actor, now=now)
        if claim is None:
            raise CaseNotClaimable(_why_not_claimable(writer, case_id, actor, now))
        return claim


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


def _lock_account(writer: Session, actor: Actor) -> None:
    """Let two tabs of one person look at what they hold, and claim, one after the other."""
    if not db.is_sqlite(writer):  # whose writers come one after the other anyway
        _ACCOUNT.all(writer, account_id=actor.account_id)


def _claims_of(writer: Session, actor: Actor, now: datetime) -> list[Claim]:
    """The person's live claims, the one that runs longest last."""
    rows = _CLAIMS.all(writer, account_id=actor.account_id, now=now)
    return [Claim(row.id, row.claim_generation, row.version) for row in rows]


def _check_number(held: Sequence[Claim]) -> None:
    """At most five claims a person."""
    if len(held) >= MOST_CLAIMS:
        raise TooManyClaims(f"You hold {MOST_CLAIMS} cases; record or release one of them first.")


class _Free(NamedTuple):
    """A case that may be claimed, and the claim on it that has ended, if there was one."""

    id: str
    claimed_by: str | None
    claim_generation: int


def _may_be_taken() -> sa.ColumnElement[bool]:
    return sa.and_(cases.is_free(sa.bindparam("now")), cases.not_reviewed_by(sa.bindparam("account_id")))


def _candidates() -> sa.Select[str, str | None, int]:
    return sa.select(Case.id, Case.claimed_by, Case.claim_generation).where(_may_be_taken())


_FIRST_FREE = Prepared(
    lambda: (
        _candidates()
        .order_by(Case.rank, Case.due_at, Case.opened_at, Case.id)
        .limit(sa.literal(1))
        .with_for_update(skip_locked=True, of=Case)
    )
)
_FREE = Prepared(lambda: _candidates().where(Case.id == sa.bindparam("case_id")).with_for_update(of=Case))
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


def _first_free(writer: Session, actor: Actor, now: datetime) -> _Free | None:
    """The first of the queue, rows that others are taking at this moment left out."""
    row = _FIRST_FREE.first(writer, account_id=actor.account_id, now=now)
    return None if row is None else _Free(*row)


def _free_case(writer: Session, case_id: str, actor: Actor, now: datetime) -> _Free | None:
    row = _FREE.first(writer, case_id=case_id, account_id=actor.account_id, now=now)
    return None if row is None else _Free(*row)


def _take(writer: Session, found: _Free, *, way: str, actor: Actor, now: datetime) -> Claim | None:
    """Claim by one conditional update and put it on the trail; None when somebody was faster."""
    generation = found.claim_generation + 1
    version = _TAKE.scalar(
        writer,
        case_id=found.id,
        generation=generation,
        account_id=actor.account_id,
        now=now,
        until=now + _claim_length(),
    )
    if version is None:
        return None
    if found.claimed_by is not None:
        _record_expiry(writer, found, now)
    ledger.record(
        writer,
        MOVES["claim"].event,
        found.id,
        actor=actor,
        at=now,
        meta={"generation": generation, "way": way},
    )

    return Claim(found.id, generation, version)


def _claim_length() -> timedelta:
    return timedelta(seconds=current_app.config["REVIEW_SETTINGS"].claim_seconds)


def _record_expiry(writer: Session, ended: Any, now: datetime) -> None:
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


def _why_not_claimable(writer: Session, case_id: str, actor: Actor, now: datetime) -> str:
    summary = cases.case_summary(writer, case_id, account_id=actor.account_id, now=now)
    if summary is not None and summary.held == "held" and summary.held_until is not None:
        until = summary.held_until.strftime("%H:%M:%S UTC")
        return f"A colleague holds this case until {until}; take another one or come back then."
    if summary is not None and summary.claimable:
        return "You have reviewed this case already; take another one."
    return "This case is not waiting for a review any more; take another one."


def renew_claim(case_id: str, *, claim_generation: int, actor: Actor) -> datetime:
    """Let one's own running claim last longer, counted from now; its new end. Raises `ClaimLost`."""
    check_permission(actor, Permission.WORK_QUEUE)
    with db.transaction() as writer:
        now = clock.now()
        until = now + _claim_length()
        _change_claim(
            writer, case_id, claim_generation, actor=actor, now=now, values={"claimed_until": until}
        )
        meta = {"generation": claim_generation}
        ledger.record(writer, MOVES["renew"].event, case_id, actor=actor, at=now, meta=meta)
        return until


def release_claim(case_id: str, *, claim_generation: int, actor: Actor) -> None:
    """Give one's own case back to the queue; the draft stays private to its author. Raises `ClaimLost`."""
    check_permission(actor, Permission.WORK_QUEUE)
    with db.transaction() as writer:
        now = clock.now()
        freed = {"claimed_by": None, "claimed_until": None}
        _change_claim(writer, case_id, claim_generation, actor=actor, now=now, values=freed)
        meta = {"generation": claim_generation}
        ledger.record(writer, MOVES["release"].event, case_id, actor=actor, at=now, meta=meta)


def _change_claim(
    writer: Session,
    case_id: str,
    claim_generation: int,
    *,
    actor: Actor,
    now: datetime,
    values: Mapping[str, datetime | None],
) -> None:
    changed = writer.scalar(
        sa.update(Case)
        .where(
            Case.id == case_id,
            Case.claim_generation == claim_generation,
            cases.is_held_by(actor.account_id, now),
        )
        .values(**values)
        .returning(Case.id)
        .execution_options(synchronize_session=False)
    )
    if changed is not None:
        return
    if writer.get(Case, case_id) is None:
        raise NotFound()
    raise ClaimLost("You do not hold this case any more; claim it again if it is free.")


def expire_claims(*, actor: Actor) -> int:
    """End up to 200 claims whose time is over, each with its event; how many. The loop calls it again.

    Where one of them cannot be ended, all that are over are tried one by one, so that it stops no other.
    """
    check_service(actor)
    try:
        with db.transaction() as writer:
            now = clock.now()
            return sum(_expire(writer, claim, now) for claim in _ended(writer, now))
    except (DatabaseBusy, StorageFull):
        raise
    except ReviewError as error:
        log.error("expiry_failed", code=error.code)
    return _expire_one_by_one()


def _expire_one_by_one() -> int:
    done, after = 0, None
    while True:
        with db.transaction() as writer:
            ended = _ended(writer, clock.now(), after=after)
        for claim in ended:
            try:
                with db.transaction() as writer:
                    done += _expire(writer, claim, clock.now())
            except (DatabaseBusy, StorageFull):
                raise
            except ReviewError as error:
                log.error("expiry_failed", case=claim.id, code=error.code)
        if len(ended) < EXPIRY_BATCH:
            return done
        after = ended[-1]


def _ended(writer: Session, now: datetime, *, after: Any | None = None) -> Sequence[Any]:
    """The next claims whose time is over, the longest over first; rows that others hold left out."""
    statement = (
        sa.select(Case.id, Case.claimed_by, Case.claim_generation, Case.claimed_until)
        .where(Case.claimed_by.is_not(None), Case.claimed_until <= now)
        .order_by(Case.claimed_until, Case.id)
        .limit(EXPIRY_BATCH)
        .with_for_update(skip_locked=True)
    )
    if after is not None:
        place = sa.tuple_(sa.literal(after.claimed_until, db.Moment()), sa.literal(after.id))
        statement = statement.where(sa.tuple_(Case.claimed_until, Case.id) > place)
    return writer.execute(statement).all()


def _expire(writer: Session, ended: Any, now: datetime) -> bool:
    """End one claim unless it was renewed or taken over meanwhile."""
    changed = writer.scalar(
        sa.update(Case)
        .where(
            Case.id == ended.id,
            Case.claim_generation == ended.claim_generation,
            Case.claimed_by.is_not(None),
            Case.claimed_until <= now,
        )
        .values(claimed_by=None, claimed_until=None)
        .returning(Case.id)
        .execution_options(synchronize_session=False)
    )
    if changed is None:
        return False
    _record_expiry(writer, ended, now)
    return True
