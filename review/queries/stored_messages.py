"""Are endpoints, messages and what was reported of restrictions what the trail tells? For a set of them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.told import At, Difference, Told, differing
from review.domain.webhooks import DeliveryState, EndpointKind
from review.models import Delivery, Endpoint, Restriction
from review.queries.erased import Erased
from review.queries.stored_cases import Chains
from review.queries.trail_rows import Build, among, raw, rows_by_name, stream

OF_ENDPOINTS = frozenset(
    {
        "endpoint.added",
        "endpoint.rotated",
        "endpoint.switched_off",
        "endpoint.switched_on",
        "endpoint.confirmed",
        "endpoint.removed",
    }
)
OF_DELIVERIES = frozenset({"delivery.arrived", "delivery.given_up", "delivery.sent_again"})
OF_RESTRICTIONS = frozenset({"restriction.implemented", "restriction.failed", "restriction.lifted"})
BODIES_AT_ONCE = 50
"""Messages whose bytes are held at a time."""
Columns = dict[str, Any]


def compare_endpoints(reader: Session, chains: Chains) -> Iterator[Difference]:
    """Whose each endpoint is, where it is, what it is told of, and whether it is on."""
    yield from _differences(reader, "endpoint", _endpoints, chains, _endpoint_told)


def _endpoints(reader: Session) -> sa.Select[Any]:
    columns = raw(
        Endpoint.id, Endpoint.sender_id, Endpoint.kind, Endpoint.url, Endpoint.topics, Endpoint.created_at,
        Endpoint.secret_at, Endpoint.off_at, Endpoint.off_why, Endpoint.removed_at, Endpoint.confirmed_at,
    )  # fmt: skip
    return sa.select(*columns).where(among(reader, Endpoint.id))


def compare_deliveries(reader: Session, chains: Chains) -> Iterator[Difference]:
    """Where each message that was ended or sent again stands, since when, and its bytes once sent."""
    yield from _differences(reader, "delivery", _deliveries, chains, _delivery_told)
    yield from _body_differences(reader, chains)


def _deliveries(reader: Session) -> sa.Select[Any]:
    columns = raw(
        Delivery.id, Delivery.topic, Delivery.standing, Delivery.tries, Delivery.finished_at,
        Delivery.stopped,
    )  # fmt: skip
    return sa.select(*columns).where(among(reader, Delivery.id))


def compare_restrictions(reader: Session, chains: Chains) -> Iterator[Difference]:
    """What was reported of each restriction, and when it was lifted."""
    yield from _differences(reader, "restriction", _restrictions, chains, _restriction_told)


def _restrictions(reader: Session) -> sa.Select[Any]:
    columns = raw(
        Restriction.id, Restriction.implemented_at, Restriction.failed_at, Restriction.failure,
        Restriction.ends_at,
    )  # fmt: skip
    return sa.select(*columns).where(among(reader, Restriction.id))


def _body_differences(reader: Session, chains: Chains) -> Iterator[Difference]:
    """Messages whose bytes are not those whose digest was recorded when they were sent."""
    told = {
        delivery_id: event
        for delivery_id, events in chains.items()
        for event in events
        if "body_sha256" in event.fields
    }
    if not told:
        return
    bodies = sa.select(*raw(Delivery.id, Delivery.body)).where(among(reader, Delivery.id))
    with stream(reader, bodies, told, at_once=BODIES_AT_ONCE) as rows:
        for row in rows:
            event = told[row.id]
            found = sha256(row.body).hexdigest() if isinstance(row.body, bytes) else "unreadable"
            wanted = event.text("body_sha256")
            if found != wanted and not _is_erased(reader, row.id):
                yield Difference("delivery", row.id, "", "changed", "body", found, wanted, event.position)


def body_problems(reader: Session) -> Iterator[Difference]:
    """Messages whose bytes are not those of the digest that was frozen with them."""
    columns = raw(Delivery.id, Delivery.body, Delivery.body_sha256)
    frozen = sa.select(*columns).where(Delivery.body_sha256.is_not(None))
    with stream(reader, frozen, at_once=BODIES_AT_ONCE) as rows:
        for row in rows:
            found = sha256(row.body).hexdigest() if isinstance(row.body, bytes) else "unreadable"
            if found != row.body_sha256 and not _is_erased(reader, str(row.id)):
                yield Difference("delivery", str(row.id), "", "surplus", "holds other bytes than were frozen")


def _is_erased(reader: Session, delivery_id: str) -> bool:
    """Whether an erasure that stands on the trail took the bytes of this message away."""
    return delivery_id in Erased(reader).emptied("deliveries", "body", [delivery_id])


def _differences(
    reader: Session, noun: str, build: Build, chains: Chains, told_of: Any
) -> Iterator[Difference]:
    stored = {row["id"]: row for row in rows_by_name(reader, build, list(chains))}
    for object_id, events in chains.items():
        position = events[-1].position
        if object_id not in stored:
            yield Difference(noun, object_id, "", "gone", position=position)
            continue
        for column, found, told in differing(stored[object_id], told_of(events)):
            yield Difference(noun, object_id, "", "changed", column, found, told, position)


def _endpoint_told(events: Sequence[Told]) -> Columns:
    """The columns that its events leave an endpoint with; what was erased is left out."""
    told: Columns = {"off_at": None, "off_why": None, "removed_at": None, "confirmed_at": None}
    for event in events:
        if event.event_type == "endpoint.added":
            told |= {"created_at": event.when, "secret_at": event.when}
            told["kind"] = event.meta.get("kind", EndpointKind.WEBHOOK.value)
            told |= {
                column: event.text(name)
                for column, name in (("sender_id", "sender"), ("url", "url"))
                if event.knows(name)
            }
            if event.knows("topics"):
                told["topics"] = " ".join(event.value("topics", []))
        elif event.event_type == "endpoint.rotated":
            told["secret_at"] = event.when
        elif event.event_type == "endpoint.confirmed":
            told["confirmed_at"] = event.when
        elif event.event_type == "endpoint.removed":
            told["removed_at"] = event.when
        else:
            off = event.event_type == "endpoint.switched_off"
            told |= {"off_at": event.when if off else None, "off_why": event.meta.get("why")}
    return told


def _delivery_told(events: Sequence[Told]) -> Columns:
    """The columns that its last event leaves a message with; one that was sent again goes on being tried."""
    last = events[-1]
    told: Columns = {"topic": last.meta.get("topic"), "stopped": last.meta.get("why")}
    if last.event_type == "delivery.sent_again":
        return told | {"standing": DeliveryState.WAITING.value, "finished_at": None}
    arrived = last.event_type == "delivery.arrived"
    standing = DeliveryState.ARRIVED if arrived else DeliveryState.DEAD
    return told | {
        "standing": standing.value,
        "tries": last.meta.get("tries"),
        "finished_at": last.when,
    }


def _restriction_told(events: Sequence[Told]) -> Columns:
    """What was reported and whether it was lifted, each once."""
    told: Columns = {"implemented_at": None, "failed_at": None, "failure": None, "ends_at": None}
    for event in events:
        if event.event_type == "restriction.lifted":
            told["ends_at"] = event.when
        elif event.event_type == "restriction.failed":
            told["failed_at"] = event.when
            told["failure"] = event.text("reason")
            if not event.knows("reason"):
                del told["failure"]
        elif event.knows("at"):
            told["implemented_at"] = At(datetime.fromisoformat(event.text("at") or ""))
        else:
            del told["implemented_at"]
    return told
