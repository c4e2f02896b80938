"""Senders for legal staff: who refers, how often each was right, and what was accepted of whom."""

from flask import Blueprint, render_template, request, url_for

from review import clock, db
from review.actions import records as record_actions
from review.domain.ids import read_id
from review.domain.permissions import Permission, can
from review.errors import NotFound
from review.queries import sender_details
from review.queries.sender_accuracy import accuracy_of
from review.web import guard
from review.web.legal.acceptance_charts import acceptance_charts
from review.web.legal.span_form import span_form, span_of

blueprint = Blueprint("legal_senders", __name__, url_prefix="/senders")

LISTED = 50
DAYS = 90


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
        reads=can(guard.actor(), Permission.READ_RECORDS),
        next_address=url_for(".listing", cursor=page.next) if page.next else None,
        first_address=url_for(".listing") if cursor else None,
        now=now,
    )


@blueprint.get("/acceptance")
@guard.access(Permission.READ_RECORDS)
def acceptance() -> str:
    """What was accepted in the days of the address; it names authorities, so that reading it is an event."""
    today = clock.now().date()
    form = span_form(last=today, days=DAYS)
    span = span_of(form, last=today, days=DAYS)
    rows = record_actions.list_acceptance(actor=guard.actor(), since=span.since, before=span.before)
    return render_template(
        "legal/acceptance.html", form=form, span=span, charts=acceptance_charts(rows) if rows else ()
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
        asks=can(guard.actor(), Permission.REQUEST_ERASURES),
        today=clock.now().date(),
    )


def _id(text: str) -> str:
    found = read_id(text, "S")
    if found is None:
        raise NotFound()
    return found
