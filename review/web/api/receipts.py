"""The sender's proof that the trail holds its event: a tlog-proof document (C2SP), text/plain."""

from flask import Blueprint, Response, request

from review import db
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.errors import NotFound
from review.queries.receipts import Receipt, batch_receipt_of, receipt_of
from review.web import guard
from review.web.api.batch_operations import RECEIPT as BATCH_RECEIPT
from review.web.api.referral_operations import RECEIPT
from review.web.operations import describe

blueprint = Blueprint("api_receipts", __name__, url_prefix="/api/v1")

RETRY_SECONDS = 2


@blueprint.get("/referrals/<referral_id>/receipt")
@guard.access(Permission.READ_OWN_REFERRALS)
@describe(RECEIPT)
def receipt(referral_id: str) -> Response:
    """Proof of a referral's arrival, or of one item's answer; 202 until a checkpoint covers it."""
    wanted, item = read_id(referral_id, "R"), request.args.get("item")
    item_id = None if item is None else read_id(item, "I")
    if wanted is None or (item is not None and item_id is None):
        raise NotFound()
    return _answer(
        receipt_of(db.session(), sender_id=guard.actor().sender_id, referral_id=wanted, item_id=item_id)
    )


@blueprint.get("/batches/<batch_id>/receipt")
@guard.access(Permission.READ_OWN_REFERRALS)
@describe(BATCH_RECEIPT)
def batch_receipt(batch_id: str) -> Response:
    """Proof of a whole delivery; 202 until a checkpoint covers it."""
    wanted = read_id(batch_id, "B")
    if wanted is None:
        raise NotFound()
    return _answer(batch_receipt_of(db.session(), sender_id=guard.actor().sender_id, batch_id=wanted))


def _answer(found: Receipt) -> Response:
    if found.text is None:
        waiting = "No checkpoint covers this event yet; ask again in a moment.\n"
        return Response(waiting, 202, {"Retry-After": str(RETRY_SECONDS)}, mimetype="text/plain")
    response = Response(found.text, mimetype="text/plain")
    response.add_etag()
    response.make_conditional(request)
    return response
