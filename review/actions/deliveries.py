"""Messages on their way: lease those that are due, record what came of each try, send a dead letter again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.stopping import give_up_waiting
from review.domain.ids import new_id
from review.domain.permissions import SERVICE, Actor, Permission, check_permission, check_service
from review.domain.webhooks import (
    PLATFORM_ENDPOINT,
    TEST,
    DeliveryState,
    EndpointKind,
    Failure,
    Stopped,
    next_try,
)
from review.errors import AlreadyClosed, ClaimLost, NotFound
from review.models import Delivery, DeliveryAttempt, Endpoint
from review.webhooks import Outcome

LEASE_SECONDS: Final = 120
"""Longer than any try takes; a worker that died gives its messages back after it."""
MOST_AT_ONCE: Final = 4
"""Tries of one endpoint at a time, so that a slow receiver holds up nobody else."""
MOST_AGAIN: Final = 1_000
"""Dead letters that one step sends again."""
CHUNK: Final = 500
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


def lease_deliveries(*, room: int, under_way: Mapping[str, int], actor: Actor) -> list[Leased]:
    """Take up to ``room`` messages that are due, longest due first, few of one endpoint at a time.

    ``under_way``: how many this worker tries already, by endpoint. Those of a worker whose lease has ended
    are taken over.
    """
    check_service(actor)
    now = clock.now()
    chosen = _due(db.session(), room=room, under_way=under_way, now=now)
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


def _is_due(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Delivery.standing == sa.literal_column(f"'{DeliveryState.WAITING}'"),
        Delivery.next_at <= now,
        sa.or_(Delivery.leased_until.is_(None), Delivery.leased_until <= now),
    )


def _due(reader: Session, *, room: int, under_way: Mapping[str, int], now: datetime) -> list[str]:
    place = sa.func.row_number().over(
        partition_by=Delivery.endpoint_id, order_by=(Delivery.next_at, Delivery.id)
    )
    due = (
        sa.select(Delivery.id, Delivery.endpoint_id, Delivery.next_at, place.label("place"))
        .where(*_is_due(now))
        .subquery()
    )
    rows = reader.execute(
        sa.select(due.c.id, due.c.endpoint_id, due.c.place)
        .where(due.c.place <= MOST_AT_ONCE)
        .order_by(due.c.next_at, due.c.id)
        .limit(room * MOST_AT_ONCE)
    )
    fitting = [row.id for row in rows if row.place + under_way.get(row.endpoint_id, 0) <= MOST_AT_ONCE]
    return fitting[:room]


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


def record_attempt(
    leased: Leased, outcome: Outcome, *, began_at: datetime, lot: float | None = None, actor: Actor
) -> DeliveryState:
    """Write down what came of a try and where the message is now.

    ``lot`` takes the place of the number that is drawn for the next wait. A program of a sender that answers
    410 is switched off, with all that waits for it; our own platform cannot take its leave like that. Raises
    `ClaimLost` where another worker took the message over.
    """
    check_service(actor)
    with db.transaction() as writer:
        now, tries = clock.now(), leased.tries + 1
        gone = outcome.failure is Failure.GONE and leased.kind == EndpointKind.WEBHOOK
        if gone:  # the endpoint before its messages, as everywhere
            _switch_off_gone(writer, leased.endpoint_id, now=now)
        again, stopped = None, None
        if gone:
            stopped = Stopped.GONE
        elif not outcome.arrived:
            drawn = _CHANCE.random() if lot is None else lot
            again = next_try(tries, topic=leased.topic, lot=drawn, now=now)
            stopped = Stopped.TRIED_OUT if again is None else None
        state = _state(outcome, stopped)
        _move(writer, leased, state, tries=tries, again=again, stopped=stopped, now=now)
        attempt = {
            "delivery_id": leased.id,
            "began_at": began_at,
            "milliseconds": outcome.milliseconds,
            "status": outcome.status,
            "failure": outcome.failure,
            "excerpt": outcome.excerpt,
        }
        writer.execute(sa.insert(DeliveryAttempt), attempt)
        meta: dict[str, Any] = {"topic": leased.topic, "tries": tries}
        if outcome.arrived:
            meta["status"] = outcome.status
            ledger.record(writer, "delivery.arrived", leased.id, actor=actor, at=now, meta=meta)
        elif stopped is not None:
            meta["why"] = stopped.value
            ledger.record(writer, "delivery.given_up", leased.id, actor=actor, at=now, meta=meta)
        if stopped is Stopped.GONE:
            give_up_waiting(writer, leased.endpoint_id, Stopped.GONE, actor=actor, now=now)
    return state


def _state(outcome: Outcome, stopped: Stopped | None) -> DeliveryState:
    if outcome.arrived:
        return DeliveryState.ARRIVED
    return DeliveryState.WAITING if stopped is None else DeliveryState.DEAD


def _move(
    writer: Session,
    leased: Leased,
    state: DeliveryState,
    *,
    tries: int,
    again: datetime | None,
    stopped: Stopped | None,
    now: datetime,
) -> None:
    moved = writer.scalar(
        sa.update(Delivery)
        .where(
            Delivery.id == leased.id,
            Delivery.lease == leased.lease,
            Delivery.standing == DeliveryState.WAITING,
        )
        .values(
            standing=state.value,
            tries=tries,
            next_at=again,
            lease=None,
            leased_until=None,
            finished_at=None if state is DeliveryState.WAITING else now,
            stopped=stopped,
        )
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    if moved is None:
        raise ClaimLost("Another worker took this message over, or its endpoint was switched off.")


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


def send_again(delivery_id: str, *, actor: Actor) -> None:
    """Send a dead letter of one's own on its way once more: the same id and bytes, all tries anew.

    Raises `NotFound`, or `AlreadyClosed` where it is no dead letter or its endpoint is not on.
    """
    check_permission(actor, Permission.MANAGE_ENDPOINTS)
    with db.transaction() as writer:
        _send_one_again(writer, delivery_id, Delivery.sender_id == actor.sender_id, actor=actor)


def send_to_platform_again(delivery_id: str, *, actor: Actor) -> None:
    """Send a dead letter to the platform on its way once more. Raises as `send_again`."""
    check_permission(actor, Permission.FOLLOW_RESTRICTIONS)
    with db.transaction() as writer:
        _send_one_again(writer, delivery_id, Delivery.endpoint_id == PLATFORM_ENDPOINT, actor=actor)


def send_all_again(endpoint_id: str, *, actor: Actor) -> int:
    """Send the dead letters of one's own endpoint on their way once more, the oldest 1 000; how many.

    Raises `NotFound`, or `AlreadyClosed` where there is none or the endpoint is not on.
    """
    check_permission(actor, Permission.MANAGE_ENDPOINTS)
    with db.transaction() as writer:
        own = (Endpoint.id == endpoint_id, Endpoint.sender_id == actor.sender_id)
        if writer.scalar(sa.select(Endpoint.id).where(*own, Endpoint.removed_at.is_(None))) is None:
            raise NotFound("There is no such endpoint.")
        return _send_all_again(writer, endpoint_id, actor=actor)


def send_all_to_platform_again(*, actor: Actor) -> int:
    """Send the dead letters to the platform on their way once more, the oldest 1 000; how many.

    Raises `AlreadyClosed` where there is none.
    """
    check_permission(actor, Permission.FOLLOW_RESTRICTIONS)
    with db.transaction() as writer:
        return _send_all_again(writer, PLATFORM_ENDPOINT, actor=actor)


def _send_one_again(writer: Session, delivery_id: str, own: sa.ColumnElement[bool], *, actor: Actor) -> None:
    wanted = sa.select(Delivery.endpoint_id).where(Delivery.id == delivery_id, own)
    endpoint_id = writer.scalar(wanted)
    if endpoint_id is None:
        raise NotFound("There is no such message.")
    _check_on(writer, endpoint_id)
    if not _revive(writer, [delivery_id], actor=actor):
        raise AlreadyClosed("This message is no dead letter any more; look at it again.")


def _send_all_again(writer: Session, endpoint_id: str, *, actor: Actor) -> int:
    _check_on(writer, endpoint_id)
    dead = sa.select(Delivery.id).where(
        Delivery.endpoint_id == endpoint_id,
        Delivery.standing == sa.literal_column(f"'{DeliveryState.DEAD}'"),
        Delivery.topic != TEST,
    )
    oldest = writer.scalars(dead.order_by(Delivery.finished_at, Delivery.id).limit(MOST_AGAIN)).all()
    sent = _revive(writer, oldest, actor=actor)
    if not sent:
        raise AlreadyClosed("There is no dead letter any more; look at the messages again.")
    return sent


def _check_on(writer: Session, endpoint_id: str) -> None:
    """Hold the endpoint's row; raises `AlreadyClosed` where it is not on."""
    on = sa.select(Endpoint.id).where(
        Endpoint.id == endpoint_id, Endpoint.off_at.is_(None), Endpoint.removed_at.is_(None)
    )
    if writer.scalar(on.with_for_update()) is None:
        raise AlreadyClosed("The endpoint of this message is off; switch it on, then send it again.")


def _revive(writer: Session, delivery_ids: Sequence[str], *, actor: Actor) -> int:
    """Make those of these that are dead letters wait again; how many."""
    now, records = clock.now(), []
    for start in range(0, len(delivery_ids), CHUNK):
        rows = writer.execute(
            sa.update(Delivery)
            .where(
                Delivery.id.in_(delivery_ids[start : start + CHUNK]),
                Delivery.standing == DeliveryState.DEAD,
            )
            .values(
                standing=DeliveryState.WAITING.value, tries=0, next_at=now, finished_at=None, stopped=None
            )
            .returning(Delivery.id, Delivery.topic)
            .execution_options(synchronize_session=False)
        )
        records += [ledger.Record(row.id, meta={"topic": row.topic}) for row in rows]
    records.sort(key=lambda record: record.object_id)
    if records:
        ledger.record_many(writer, "delivery.sent_again", records, actor=actor, at=now)
    return len(records)
