"""What the walls stand between of messages: endpoints of both senders, what was sent there, and refusals."""

from collections.abc import Callable, Mapping

import sqlalchemy as sa

from review.actions.notices import add_notice, confirm_notice
from review.domain.notices import OCCASIONS
from review.domain.permissions import ANONYMOUS, Actor
from review.domain.webhooks import EndpointKind, Failure
from review.models import Delivery, Endpoint
from review.webhooks import Outcome
from tests.conftest import Desk
from tests.endpoints import lease, make_endpoint, record
from tests.posts import mail_through
from tests.web.walls.marks import Mark

ENDPOINTS = 4
"""Of each sender: some are removed on the way, some switched off."""
NOTED = 3
NO_PORT = 9
"""Nothing is sent here: what would be is refused by hand."""


def add_endpoints(desk: Desk, actors: Mapping[str, Actor]) -> None:
    """Endpoints and mail addresses of both senders, before anything happens that they are told of."""
    mail_through(desk, NO_PORT)
    for whose, mark in (("own", Mark.OWN_ENDPOINT), ("other", Mark.OTHER_ENDPOINT)):
        for number in range(ENDPOINTS):
            make_endpoint(actors[whose], f"https://hook.example/{mark}/{number}")
            notice_id = add_notice(f"{mark}{number}@unit.example", OCCASIONS, actor=actors[whose])
            confirm_notice(notice_id, actor=ANONYMOUS)


def note_messages(desk: Desk, ids: Mapping[str, Mapping[str, list[str]]], note: Callable[..., None]) -> None:
    """Every message was refused once, with words; some ids of each sender are remembered."""
    for leased in lease(room=1_000):
        owner = desk.session.get_one(Endpoint, leased.endpoint_id).sender_id
        mark = Mark.OWN_REFUSAL if owner == ids["own"]["sender_id"][0] else Mark.OTHER_REFUSAL
        outcome = Outcome(503, Failure.STATUS, 7, f"{mark}: come back later")
        record(leased, outcome)
    for whose in ("own", "other"):
        own = ids[whose]["sender_id"][0]
        kept = sa.select(Endpoint.id).where(Endpoint.sender_id == own).order_by(Endpoint.id)
        for name, kind in (("endpoint_id", EndpointKind.WEBHOOK), ("notice_id", EndpointKind.EMAIL)):
            note(whose, name, *desk.session.scalars(kept.where(Endpoint.kind == kind)))
        tried = sa.select(Delivery.id).where(Delivery.sender_id == own, Delivery.tries > 0)
        note(whose, "delivery_id", *desk.session.scalars(tried.order_by(Delivery.id).limit(NOTED)))
