"""Refer and follow: the API of senders for referrals and items (http.md)."""

from typing import Any

from flask import Blueprint, Response, current_app
from pydantic import TypeAdapter, ValidationError

from review import db
from review.actions import complaints as complaint_actions
from review.actions import questions as question_actions
from review.actions import referrals as referral_actions
from review.actions import withdrawals
from review.domain.answer_schema import read_answer
from review.domain.complaint_schema import read_complaint
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.domain.referral_schema import Time
from review.domain.referrals import is_order, read_referral
from review.domain.representation import OwnReferral, json_bytes
from review.domain.states import ItemStatus
from review.errors import InvalidReferral, KindNotEnabled, NotFound
from review.formats.strict_json import parse_object
from review.queries import referrals as referral_queries
from review.queries.senders import may_order
from review.web import cursors, guard, requests
from review.web.api import referral_operations as promised
from review.web.operations import describe

blueprint = Blueprint("api_referrals", __name__, url_prefix="/api/v1")

_TIME = TypeAdapter(Time)


@blueprint.post("/referrals")
@guard.access(Permission.REFER)
@describe(promised.REFER)
def refer() -> Response:
    """Take one referral in: 201, or 200 where it was sent before."""
    requests.check_accept()
    key = requests.idempotency_key()
    body = requests.json_body()
    actor, config = guard.actor(), current_app.config
    try:
        members = parse_object(body)
        intake = read_referral(
            members,
            hosts=config["REVIEW_HOSTS"],
            may_order=is_order(members) and may_order(db.session(), actor.sender_id),
        )
        received = referral_actions.receive_referral(
            intake,
            body=body,
            idempotency_key=key,
            actor=actor,
            settings=config["REVIEW_SETTINGS"],
        )
    except (InvalidReferral, KindNotEnabled) as error:
        codes = [entry.code for entry in error.errors] or [error.code]
        referral_actions.refuse_referral(body=body, codes=codes, actor=actor)
        raise
    response = requests.json_answer(received.body, received.status)
    if received.location is not None:
        response.headers["Location"] = received.location
    if received.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


@blueprint.get("/referrals")
@guard.access(Permission.READ_OWN_REFERRALS)
@describe(promised.LISTING)
def listing() -> Response:
    """Own referrals, oldest change first."""
    requests.check_accept()
    given = requests.query_parameters(promised.LIST_PARAMETERS)
    page = referral_queries.changed_referrals(
        db.session(),
        sender_id=guard.actor().sender_id,
        limit=requests.limit_of(given.get("limit")),
        **_filters(given),
    )
    members = {
        "referrals": [referral.as_dict() for referral in page.referrals],
        "next": cursors.write_own(page.next) if page.next else None,
    }
    return requests.json_answer(json_bytes(members))


def _filters(given: dict[str, str]) -> dict[str, Any]:
    """Where the list starts and what it holds; raises `InvalidInput` that names the parameter."""
    filters: dict[str, Any] = {}
    if (reference := given.get("reference")) is not None:
        if not 1 <= len(reference) <= 200 or "\0" in reference:
            raise requests.parameter_error("reference_not_valid", "reference must have 1 to 200 characters.")
        filters["reference"] = reference
    if (status := given.get("status")) is not None:
        if status not in tuple(ItemStatus):
            listed = ", ".join(ItemStatus)
            raise requests.parameter_error("status_not_valid", f"status must be one of: {listed}.")
        filters["status"] = ItemStatus(status)
    if (batch := given.get("batch")) is not None:
        filters["batch"] = read_id(batch, "B")
        if filters["batch"] is None:
            raise requests.parameter_error("batch_not_valid", "batch must be the id of a batch.")
    if (since := given.get("updated_since")) is not None:
        try:
            # a plus sign that was not escaped arrives as a space
            filters["updated_since"] = _TIME.validate_python(since.replace(" ", "+"))
        except ValidationError:
            detail = "updated_since must be an RFC 3339 time such as 2026-11-23T10:00:00Z."
            raise requests.parameter_error("updated_since_not_valid", detail) from None
    if (cursor := given.get("cursor")) is not None:
        filters["after"] = cursors.read_own(cursor)
    return filters


# longer than "batch", which answers POST alone: another method there is 405, not 404
@blueprint.get("/referrals/<string(minlength=6):referral_id>")
@guard.access(Permission.READ_OWN_REFERRALS)
@describe(promised.ONE)
def one(referral_id: str) -> Response:
    """One own referral as it stands."""
    requests.check_accept()
    return requests.tagged_answer(json_bytes(_own(requests.object_id(referral_id, "R")).as_dict()))


@blueprint.post("/referrals/<referral_id>/withdraw")
@guard.access(Permission.WITHDRAW)
@describe(promised.WITHDRAW)
def withdraw(referral_id: str) -> Response:
    """Withdraw what is still in review of one own referral."""
    requests.check_accept()
    found = requests.object_id(referral_id, "R")
    withdrawals.withdraw_referral(found, actor=guard.actor())
    return requests.tagged_answer(json_bytes(_own(found).as_dict()))


@blueprint.post("/referrals/<referral_id>/answer")
@guard.access(Permission.ANSWER)
@describe(promised.ANSWER)
def answer(referral_id: str) -> Response:
    """Answer what we ask about one own referral."""
    requests.check_accept()
    given = read_answer(parse_object(requests.json_body()))
    found = requests.object_id(referral_id, "R")
    question_actions.give_answer(
        found, given.answer, item_id=given.item, asked_at=given.asked_at, actor=guard.actor()
    )
    return requests.tagged_answer(json_bytes(_own(found).as_dict()))


@blueprint.post("/items/<item_id>/withdraw")
@guard.access(Permission.WITHDRAW)
@describe(promised.WITHDRAW_ITEM)
def withdraw_item(item_id: str) -> Response:
    """Withdraw one own item that is still in review."""
    requests.check_accept()
    found = requests.object_id(item_id, "I")
    withdrawals.withdraw_item(found, actor=guard.actor())
    item = referral_queries.own_item(db.session(), found, sender_id=guard.actor().sender_id)
    if item is None:
        raise NotFound()
    return requests.tagged_answer(json_bytes(item.as_dict()))


@blueprint.post("/items/<item_id>/complaint")
@guard.access(Permission.COMPLAIN)
@describe(promised.COMPLAIN)
def complain(item_id: str) -> Response:
    """Complain of the decision on one own item."""
    requests.check_accept()
    given = read_complaint(parse_object(requests.json_body()))
    found = requests.object_id(item_id, "I")
    complaint_actions.complain(found, given.reasons, actor=guard.actor())
    item = referral_queries.own_item(db.session(), found, sender_id=guard.actor().sender_id)
    if item is None:
        raise NotFound()
    return requests.tagged_answer(json_bytes(item.as_dict()))


def _own(referral_id: str) -> OwnReferral:
    found = referral_queries.own_referral(db.session(), referral_id, sender_id=guard.actor().sender_id)
    if found is None:
        raise NotFound()
    return found
