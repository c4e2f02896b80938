"""Messages on their way: lease those that are due, record what came of each try."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from random import SystemRandom
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.stopping import give_up_waiting
from review.domain.ids import new_id
from review.domain.permissions import SERVICE, Actor, check_service
from review.domain.webhooks import (
    DeliveryState,
    EndpointKind,
    Failure,
    Stopped,
    next_try,
)
from review.models import Delivery, DeliveryAttempt, Endpoint
from review.models.rows import insert_rows
from review.webhooks import Outcome

LEASE_SECONDS: Final = 120
"""Longer than any try takes; a worker that died gives its messages back after it."""
AT_FIRST: Final = 4
"""Tries of one endpoint at a time before it is known how promptly it answers."""
LOOKED_AT: Final = 200
"""Messages that are due and read at a time to choose among."""
_CHANCE: Final = SystemRandom()


@dataclass(frozen=True)
class Leased:
    """A message that this worker alone tries until its lease ends."""

    id: str
    lease: str
    endpoint_id: str
    kind: str
    url: str
    topic: str
    body: bytes
    tries: int
    sealed_secret: bytes
    sealed_previous: bytes | None
    previous_until: datetime | None


@dataclass(frozen=True)
class Tried:
    """One try of a leased message, and what came of it."""

    leased: Leased
    outcome: Outcome
    began_at: datetime

    @property
    def gone(self) -> bool:
        """Whether a program of a sender has taken its leave."""
        return self.outcome.failure is Failure.GONE and self.leased.kind == EndpointKind.WEBHOOK


def lease_deliveries(
    *, room: int, under_way: Mapping[str, int], most: Mapping[str, int], actor: Actor
) -> list[Leased]:
    """Take up to ``room`` messages that are due, longest due first, few of one endpoint at a time.

    ``under_way``: how many this worker tries already, by endpoint; ``most``: how many at a time, `AT_FIRST`
    where an endpoint is not named. Those of a worker whose lease has ended are taken over.
    """
    check_service(actor)
    now = clock.now()
    chosen = _due(db.session(), room=room, under_way=under_way, most=most, now=now)
    if not chosen:
        return []  # asked twice a second, so that writers are not kept waiting for nothing
    lease = new_id("Z")
    with db.transaction() as writer:
        # in one order and past what another worker is taking, so that no two wait for each other
        free = (
            sa.select(Delivery.id)
            .where(Delivery.id.in_(chosen), *_is_due(now))
            .order_by(Delivery.id)
            .with_for_update(skip_locked=True)
        )
        taken = writer.scalars(
            sa.update(Delivery)
            .where(Delivery.id.in_(free), *_is_due(now))
            .values(lease=lease, leased_until=now + timedelta(seconds=LEASE_SECONDS))
            .returning(Delivery.id)
            .execution_options(synchronize_session=False)
        ).all()
        rows = writer.execute(_leased().where(Delivery.id.in_(taken)).order_by(Delivery.next_at, Delivery.id))
        return [Leased(lease=lease, **row._mapping) for row in rows]


def return_leases(leased: Collection[Leased], *, actor: Actor) -> None:
    """Let others try these messages, which this worker took and did not try."""
    check_service(actor)
    if not leased:
        return
    leases = {one.id: one.lease for one in leased}
    with db.transaction() as writer:
        own = (Delivery.id.in_(list(leases)), Delivery.lease.in_(set(leases.values())))
        waiting = Delivery.standing == DeliveryState.WAITING
        held = sa.select(Delivery.id).where(*own, waiting).order_by(Delivery.id).with_for_update()
        writer.execute(
            sa.update(Delivery)
            .where(Delivery.id.in_(held))
            .values(lease=None, leased_until=None)
            .execution_options(synchronize_session=False)
        )


def _is_due(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Delivery.standing == sa.literal_column(f"'{DeliveryState.WAITING}'"),
        Delivery.next_at <= now,
        sa.or_(Delivery.leased_until.is_(None), Delivery.leased_until <= now),
    )


def _due(
    reader: Session, *, room: int, under_way: Mapping[str, int], most: Mapping[str, int], now: datetime
) -> list[str]:
    """The longest due, as many of each endpoint as fit beside those under way.

    Looked for again without the endpoints that have all they may, so that the backlog of one hides nobody
    and no more is read than some hundred messages at a time.
    """
    chosen: list[str] = []
    taken = Counter(under_way)
    while len(chosen) < room:
        full = [endpoint for endpoint, tries in taken.items() if tries >= most.get(endpoint, AT_FIRST)]
        rows = reader.execute(
            sa.select(Delivery.id, Delivery.endpoint_id)
            .where(*_is_due(now), Delivery.endpoint_id.not_in(full), Delivery.id.not_in(chosen))
            .order_by(Delivery.next_at, Delivery.id)
            .limit(LOOKED_AT)
        ).all()
        if not rows:
            break
        for row in rows:
            if len(chosen) < room and taken[row.endpoint_id] < most.get(row.endpoint_id, AT_FIRST):
                chosen.append(row.id)
                taken[row.endpoint_id] += 1
    return chosen


def _leased() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        Delivery.id,
        Delivery.endpoint_id,
        Delivery.topic,
        Delivery.body,
        Delivery.tries,
        Endpoint.kind,
        Endpoint.url,
        Endpoint.sealed_secret,
        Endpoint.sealed_previous,
        Endpoint.previous_until,
    ).join(Endpoint, Endpoint.id == Delivery.endpoint_id)


def record_attempts(
    tried: Sequence[Tried], *, lot: float | None = None, actor: Actor
) -> dict[str, DeliveryState]:
    """Write down what came of some tries, and say where each message is now, by its id.

    One that another worker took over, or whose endpoint was switched off meanwhile, is not among them.
    ``lot`` takes the place of the numbers that are drawn for the next waits. A program of a sender that
    answers 410 is switched off, with all that waits for it; our own platform cannot take its leave like that.
    """
    check_service(actor)
    with db.transaction() as writer:
        now = clock.now()
        # the endpoints before their messages, as everywhere
        _lock_endpoints(writer, {one.leased.endpoint_id for one in tried if one.gone})
        held = _held(writer, tried)
        ends = [_end_of(one, lot=lot, now=now) for one in held]
        _move(writer, ends, now=now)
        insert_rows(writer, DeliveryAttempt, [_attempt(end.tried) for end in ends])
        for state, event in _EVENTS.items():
            records = [end.record() for end in ends if end.state is state]
            if records:
                ledger.record_many(writer, event, records, actor=actor, at=now)
        for endpoint_id in sorted({one.leased.endpoint_id for one in held if one.gone}):
            _switch_off_gone(writer, endpoint_id, now=now)
            give_up_waiting(writer, endpoint_id, Stopped.GONE, actor=actor, now=now)
    return {end.tried.leased.id: end.state for end in ends}


@dataclass(frozen=True)
class _End:
    """What a try makes of its message: where it is now, when it is tried again, why it is over."""

    tried: Tried
    state: DeliveryState
    again: datetime | None = None
    stopped: Stopped | None = None

    def record(self) -> ledger.Record:
        """What the trail says of it."""
        leased = self.tried.leased
        meta: dict[str, Any] = {"topic": leased.topic, "tries": leased.tries + 1}
        if self.stopped is None:
            meta["status"] = self.tried.outcome.status
        else:
            meta["why"] = self.stopped.value
        sent = {"body_sha256": sha256(leased.body).hexdigest()}
        return ledger.Record(leased.id, fields=sent, meta=meta)


_EVENTS: Final = {DeliveryState.ARRIVED: "delivery.arrived", DeliveryState.DEAD: "delivery.given_up"}


def _lock_endpoints(writer: Session, endpoint_ids: Collection[str]) -> None:
    if endpoint_ids:
        chosen = sa.select(Endpoint.id).where(Endpoint.id.in_(endpoint_ids)).order_by(Endpoint.id)
        writer.execute(chosen.with_for_update()).all()


def _held(writer: Session, tried: Sequence[Tried]) -> list[Tried]:
    """Those whose message still waits under the lease of the try, in one order, locked."""
    waiting = (
        sa.select(Delivery.id, Delivery.lease)
        .where(
            Delivery.id.in_([one.leased.id for one in tried]),
            Delivery.standing == DeliveryState.WAITING,
        )
        .order_by(Delivery.id)
        .with_for_update()
    )
    leases = {row.id: row.lease for row in writer.execute(waiting)}
    held = {one.leased.id: one for one in tried if leases.get(one.leased.id) == one.leased.lease}
    return [held[delivery_id] for delivery_id in leases if delivery_id in held]


def _end_of(tried: Tried, *, lot: float | None, now: datetime) -> _End:
    if tried.outcome.arrived:
        return _End(tried, DeliveryState.ARRIVED)
    if tried.gone:
        return _End(tried, DeliveryState.DEAD, stopped=Stopped.GONE)
    drawn = _CHANCE.random() if lot is None else lot
    again = next_try(tried.leased.tries + 1, topic=tried.leased.topic, lot=drawn, now=now)
    if again is None:
        return _End(tried, DeliveryState.DEAD, stopped=Stopped.TRIED_OUT)
    return _End(tried, DeliveryState.WAITING, again=again)


def _move(writer: Session, ends: Sequence[_End], *, now: datetime) -> None:
    """Those that arrived at once, the others, which are few, one by one."""
    arrived = [end.tried.leased.id for end in ends if end.state is DeliveryState.ARRIVED]
    changes: list[tuple[list[str], dict[str, Any]]] = [(arrived, {"standing": DeliveryState.ARRIVED.value})]
    changes += [
        ([end.tried.leased.id], {"standing": end.state.value, "next_at": end.again, "stopped": end.stopped})
        for end in ends
        if end.state is not DeliveryState.ARRIVED
    ]
    for delivery_ids, values in changes:
        waits = values["standing"] == DeliveryState.WAITING.value
        rest = {"next_at": None, "lease": None, "leased_until": None, "finished_at": None if waits else now}
        writer.execute(
            sa.update(Delivery)
            .where(Delivery.id.in_(delivery_ids))
            .values(rest | values | {"tries": Delivery.tries + 1})
            .execution_options(synchronize_session=False)
        )


def _attempt(tried: Tried) -> dict[str, Any]:
    outcome = tried.outcome
    return {
        "delivery_id": tried.leased.id,
        "began_at": tried.began_at,
        "milliseconds": outcome.milliseconds,
        "status": outcome.status,
        "failure": outcome.failure,
        "excerpt": outcome.excerpt,
    }


def _switch_off_gone(writer: Session, endpoint_id: str, *, now: datetime) -> None:
    off = writer.scalar(
        sa.update(Endpoint)
        .where(Endpoint.id == endpoint_id, Endpoint.off_at.is_(None), Endpoint.removed_at.is_(None))
        .values(off_at=now, off_why=Stopped.GONE.value)
        .returning(Endpoint.id)
        .execution_options(synchronize_session=False)
    )
    if off is not None:
        meta = {"why": Stopped.GONE.value}
        ledger.record(writer, "endpoint.switched_off", endpoint_id, actor=SERVICE, at=now, meta=meta)
