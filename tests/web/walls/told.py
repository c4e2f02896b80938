"""What the walls stand between of messages: endpoints of both senders, what was sent there, and refusals."""

from collections.abc import Callable, Mapping

import sqlalchemy as sa

from review import clock
from review.actions.deliveries import lease_deliveries, record_attempt
from review.domain.permissions import SERVICE, Actor
from review.domain.webhooks import Failure
from review.models import Delivery, Endpoint
from review.webhooks import Outcome
from tests.conftest import Desk
from tests.endpoints import make_endpoint
from tests.web.walls.marks import Mark

ENDPOINTS = 4
"""Of each sender: some are removed on the way, some switched off."""
NOTED = 3


def add_endpoints(actors: Mapping[str, Actor]) -> None:
    """Endpoints of both senders, before anything happens that they are told of."""
    for whose, mark in (("own", Mark.OWN_ENDPOINT), ("other", Mark.OTHER_ENDPOINT)):
        for number in range(ENDPOINTS):
            make_endpoint(actors[whose], f"https://hook.example/{mark}/{number}")


def note_messages(desk: Desk, ids: Mapping[str, Mapping[str, list[str]]], note: Callable[..., None]) -> None:
    """Every message was refused once, with words; some ids of each sender are remembered."""
    for leased in lease_deliveries(room=1_000, under_way={}, actor=SERVICE):
        owner = desk.session.get_one(Endpoint, leased.endpoint_id).sender_id
        mark = Mark.OWN_REFUSAL if owner == ids["own"]["sender_id"][0] else Mark.OTHER_REFUSAL
        outcome = Outcome(503, Failure.STATUS, 7, f"{mark}: come back later")
        record_attempt(leased, outcome, began_at=clock.now(), actor=SERVICE)
    for whose in ("own", "other"):
        own = ids[whose]["sender_id"][0]
        kept = sa.select(Endpoint.id).where(Endpoint.sender_id == own).order_by(Endpoint.id)
        note(whose, "endpoint_id", *desk.session.scalars(kept))
        tried = sa.select(Delivery.id).where(Delivery.sender_id == own, Delivery.tries > 0)
        note(whose, "delivery_id", *desk.session.scalars(tried.order_by(Delivery.id).limit(NOTED)))
