"""Which addresses of a sender are told of changes, and how do they do? Own ones only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.notices import CONFIRM
from review.domain.webhooks import TEST, DeliveryState, EndpointKind, Stopped
from review.models import Delivery, Endpoint

MOST_COUNTED = 999


@dataclass(frozen=True)
class EndpointShown:
    """One endpoint; ``state`` is on, off, or gone (it answered 410).

    ``previous_until``: None once the previous secret does not sign any more. ``waiting`` and ``dead`` count
    its messages, at most 1 000; messages of tests are left out.
    """

    id: str
    url: str
    topics: tuple[str, ...]
    created_at: datetime
    secret_at: datetime
    previous_until: datetime | None
    off_at: datetime | None
    state: str
    waiting: int
    dead: int


def endpoints_of(reader: Session, sender_id: str | None, *, now: datetime) -> list[EndpointShown]:
    """The endpoints of a sender that were not removed, oldest first."""
    rows = reader.execute(
        _endpoints().where(Endpoint.sender_id == sender_id).order_by(Endpoint.created_at, Endpoint.id)
    )
    return [_shown(reader, row, now) for row in rows]


def endpoint_shown(
    reader: Session, endpoint_id: str, *, sender_id: str | None, now: datetime
) -> EndpointShown | None:
    """One endpoint of this sender; None where there is none, or it was removed."""
    row = reader.execute(
        _endpoints().where(Endpoint.id == endpoint_id, Endpoint.sender_id == sender_id)
    ).one_or_none()
    return None if row is None else _shown(reader, row, now)


def _endpoints() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        Endpoint.id,
        Endpoint.url,
        Endpoint.topics,
        Endpoint.created_at,
        Endpoint.secret_at,
        Endpoint.previous_until,
        Endpoint.off_at,
        Endpoint.off_why,
    ).where(Endpoint.removed_at.is_(None), Endpoint.kind == EndpointKind.WEBHOOK)


def _shown(reader: Session, row: sa.Row[*tuple[Any, ...]], now: datetime) -> EndpointShown:
    state = "on"
    if row.off_at is not None:
        state = "gone" if row.off_why == Stopped.GONE else "off"
    overlaps = row.previous_until is not None and now < row.previous_until
    return EndpointShown(
        id=row.id,
        url=row.url,
        topics=tuple(row.topics.split()),
        created_at=row.created_at,
        secret_at=row.secret_at,
        previous_until=row.previous_until if overlaps else None,
        off_at=row.off_at,
        state=state,
        waiting=_count(reader, row.id, DeliveryState.WAITING),
        dead=_count(reader, row.id, DeliveryState.DEAD),
    )


def _count(reader: Session, endpoint_id: str, state: DeliveryState) -> int:
    some = (
        sa.select(Delivery.id)
        .where(Delivery.endpoint_id == endpoint_id, Delivery.standing == state, Delivery.topic != TEST)
        .limit(MOST_COUNTED + 1)
    )
    return reader.scalar(sa.select(sa.func.count()).select_from(some.subquery())) or 0


@dataclass(frozen=True)
class NoticeShown:
    """An e-mail address that is told; ``confirmed_at`` is None until its link was opened.

    ``confirming``: how the mail that asks for that stands. ``dead`` counts mails given up, at most 1 000.
    """

    id: str
    address: str
    occasions: tuple[str, ...]
    created_at: datetime
    confirmed_at: datetime | None
    confirming: str | None
    dead: int


def notices_of(reader: Session, sender_id: str | None) -> list[NoticeShown]:
    """The e-mail addresses of a sender that were not removed, oldest first."""
    asked = (
        sa.select(Delivery.standing)
        .where(Delivery.endpoint_id == Endpoint.id, Delivery.topic == CONFIRM)
        .order_by(Delivery.seq.desc())
        .limit(1)
        .correlate(Endpoint)
        .scalar_subquery()
    )
    rows = reader.execute(
        _notices()
        .add_columns(asked.label("confirming"))
        .where(Endpoint.sender_id == sender_id)
        .order_by(Endpoint.created_at, Endpoint.id)
    )
    return [
        NoticeShown(
            row.id, row.url, tuple(row.topics.split()), row.created_at, row.confirmed_at, row.confirming,
            _count(reader, row.id, DeliveryState.DEAD),
        )
        for row in rows
    ]  # fmt: skip


def notice_by_id(reader: Session, endpoint_id: str) -> Any:
    """Id, address and confirmation of an e-mail address that was not removed, whoever's; None otherwise."""
    return reader.execute(_notices().where(Endpoint.id == endpoint_id)).one_or_none()


def _notices() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        Endpoint.id, Endpoint.url, Endpoint.topics, Endpoint.created_at, Endpoint.confirmed_at
    ).where(Endpoint.removed_at.is_(None), Endpoint.kind == EndpointKind.EMAIL)
