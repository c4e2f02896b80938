"""Endpoints of senders for tests: added through the actions, and the loop turned until nothing is due."""

from collections.abc import Collection
from dataclasses import replace
from ipaddress import ip_network

from flask import current_app

from review import clock
from review.actions.endpoints import SecretShown, add_endpoint
from review.actions.posting import Leased, Tried, lease_deliveries, record_attempts
from review.domain.permissions import SERVICE, Actor, Scope
from review.domain.webhooks import TOPICS, DeliveryState
from review.webhooks import Outcome
from review.workers import delivering
from tests.conftest import Desk
from tests.factories import sender_actor

EVERYTHING = (Scope.REFER, Scope.READ, Scope.MANAGE)
HERE = (ip_network("127.0.0.0/8"),)


def allow_loopback(desk: Desk) -> None:
    """Let this desk send to this machine."""
    desk.app.config["REVIEW_SETTINGS"] = replace(desk.settings, webhook_networks=HERE)


def managing(sender_id: str) -> Actor:
    """The actor behind a key of that sender that may do everything a sender may."""
    return sender_actor(sender_id, *EVERYTHING)


def make_endpoint(actor: Actor, url: str, topics: Collection[str] = TOPICS) -> SecretShown:
    """An endpoint of the actor's sender."""
    settings = current_app.config["REVIEW_SETTINGS"]
    return add_endpoint(
        url, topics, secret_key=settings.secret_key, networks=settings.webhook_networks, actor=actor
    )


def lease(room: int = 100, **under_way: int) -> list[Leased]:
    """What a worker takes that has this under way."""
    return lease_deliveries(room=room, under_way=under_way, most={}, actor=SERVICE)


def record(leased: Leased, outcome: Outcome) -> DeliveryState | None:
    """Write down what came of one try; None where the message is not this worker's any more."""
    tried = Tried(leased, outcome, clock.now())
    return record_attempts([tried], lot=0.5, actor=SERVICE).get(leased.id)


def deliver(desk: Desk) -> None:
    """Turn the loop until nothing is due and nothing under way."""
    desk.session.rollback()  # the loop looks at what is committed now
    while delivering.run_once(desk.app):
        pass
    delivering.finish(desk.app)
