"""Be told: the API of senders for the addresses that messages are sent to (http.md)."""

from typing import Any

from flask import Blueprint, Response, current_app

from review import clock, db
from review.actions import endpoints as endpoint_actions
from review.actions.endpoints import SecretShown
from review.clock import rfc3339
from review.config import Settings
from review.domain.endpoint_schema import read_endpoint
from review.domain.permissions import Permission
from review.domain.representation import json_bytes
from review.domain.webhooks import DeliveryState
from review.formats.strict_json import parse_object
from review.queries import endpoints as endpoint_queries
from review.queries.endpoints import EndpointShown
from review.web import guard, requests
from review.web.api import endpoint_operations as promised
from review.web.operations import describe

blueprint = Blueprint("api_endpoints", __name__, url_prefix="/api/v1/endpoints")


@blueprint.get("")
@guard.access(Permission.MANAGE_ENDPOINTS)
@describe(promised.LISTING)
def listing() -> Response:
    """Own endpoints."""
    requests.check_accept()
    requests.query_parameters(())
    found = endpoint_queries.endpoints_of(db.session(), guard.actor().sender_id, now=clock.now())
    return requests.json_answer(json_bytes({"endpoints": [_members(one) for one in found]}))


def _members(endpoint: EndpointShown) -> dict[str, Any]:
    until = endpoint.previous_until
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "topics": list(endpoint.topics),
        "state": endpoint.state,
        "created_at": rfc3339(endpoint.created_at),
        "secret_at": rfc3339(endpoint.secret_at),
        "previous_secret_until": None if until is None else rfc3339(until),
    }


@blueprint.post("")
@guard.access(Permission.MANAGE_ENDPOINTS)
@describe(promised.ADD)
def add() -> Response:
    """Add one; its secret is in this answer and nowhere else."""
    requests.check_accept()
    settings: Settings = current_app.config["REVIEW_SETTINGS"]
    given = read_endpoint(parse_object(requests.json_body()), networks=settings.webhook_networks)
    shown = endpoint_actions.add_endpoint(
        given.url,
        given.topics,
        secret_key=settings.secret_key,
        networks=settings.webhook_networks,
        actor=guard.actor(),
    )
    return _secret(shown, 201)


@blueprint.post("/<endpoint_id>/rotate")
@guard.access(Permission.MANAGE_ENDPOINTS)
@describe(promised.ROTATE)
def rotate(endpoint_id: str) -> Response:
    """Give one a new secret."""
    requests.check_accept()
    shown = endpoint_actions.rotate_secret(
        requests.object_id(endpoint_id, "J"),
        secret_key=current_app.config["REVIEW_SETTINGS"].secret_key,
        actor=guard.actor(),
    )
    return _secret(shown, 200)


@blueprint.post("/<endpoint_id>/test")
@guard.access(Permission.MANAGE_ENDPOINTS)
@describe(promised.TRY)
def send_test(endpoint_id: str) -> Response:
    """Send one a message that says nothing."""
    requests.check_accept()
    delivery_id = endpoint_actions.try_endpoint(requests.object_id(endpoint_id, "J"), actor=guard.actor())
    return requests.json_answer(json_bytes({"id": delivery_id, "state": DeliveryState.WAITING.value}), 202)


@blueprint.delete("/<endpoint_id>")
@guard.access(Permission.MANAGE_ENDPOINTS)
@describe(promised.REMOVE)
def remove(endpoint_id: str) -> Response:
    """Remove one for good."""
    endpoint_actions.remove_endpoint(requests.object_id(endpoint_id, "J"), actor=guard.actor())
    return Response(status=204)


def _secret(shown: SecretShown, status: int) -> Response:
    members = {
        "id": shown.endpoint_id,
        "url": shown.url,
        "topics": list(shown.topics),
        "secret": shown.secret,
    }
    return requests.json_answer(json_bytes(members), status)
