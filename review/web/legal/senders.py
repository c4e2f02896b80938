"""Senders for legal staff: who refers, and how often each was right."""

from flask import Blueprint, render_template, request, url_for

from review import clock, db
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.errors import NotFound
from review.queries import sender_details
from review.queries.sender_accuracy import accuracy_of
from review.web import guard

blueprint = Blueprint("legal_senders", __name__, url_prefix="/senders")

LISTED = 50


@blueprint.get("")
@guard.access(Permission.SEE_SENDER_ACCURACY)
def listing() -> str:
    """All senders by name."""
    cursor, now = request.args.get("cursor"), clock.now()
    page = sender_details.senders_page(
        db.session(), after=_id(cursor) if cursor else None, limit=LISTED, now=now
    )
    return render_template(
        "legal/senders.html",
        senders=page.rows,
        next_address=url_for(".listing", cursor=page.next) if page.next else None,
        first_address=url_for(".listing") if cursor else None,
        now=now,
    )


@blueprint.get("/<sender_id>")
@guard.access(Permission.SEE_SENDER_ACCURACY)
def page(sender_id: str) -> str:
    """What became of one sender's items; nothing of its keys, contacts and limits."""
    reader = db.session()
    sender = sender_details.sender_details(reader, _id(sender_id))
    if sender is None:
        raise NotFound()
    return render_template(
        "legal/sender.html",
        sender=sender,
        accuracy=accuracy_of(reader, sender.id),
        today=clock.now().date(),
    )


def _id(text: str) -> str:
    found = read_id(text, "S")
    if found is None:
        raise NotFound()
    return found
