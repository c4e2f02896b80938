"""A sender's messages for people: the log, narrowed in the address, each with its tries; send again."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext
from werkzeug import Response
from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectField

from review import clock, db
from review.actions.deliveries import send_again
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.domain.webhooks import MOST_TRIES, DeliveryState
from review.errors import AlreadyClosed, NotFound
from review.queries.deliveries import DeliveryShown, delivery_shown, newest_deliveries
from review.queries.endpoints import endpoints_of
from review.web import cursors, guard
from review.web.sender.narrowing import Condition
from review.web.texts import gettext
from review.web.words import word_of

ASKS_AFTER = 2
"""Seconds after which the page of a message reads anew what came of it, while its next try is near."""
NEAR = timedelta(minutes=1)

blueprint = Blueprint("sender_deliveries", __name__, url_prefix="/sender/deliveries")


class DeliveryFilters(Form):
    """The conditions of the log; a choice that is not offered narrows nothing."""

    state = SelectField(lazy_gettext("State"))
    to = SelectField(lazy_gettext("Endpoint"))


def _filters() -> DeliveryFilters:
    form = DeliveryFilters(MultiDict(request.args))
    kept = endpoints_of(db.session(), guard.actor().sender_id, now=clock.now())
    offered = {
        form.state: [(state.value, word_of(state, "delivery")) for state in DeliveryState],
        form.to: [(one.id, one.url) for one in kept],
    }
    for field, choices in offered.items():
        field.choices = [("", gettext("Any")), *choices]
        if field.data not in dict(choices):
            field.data = ""
    return form


@blueprint.get("")
@guard.access(Permission.MANAGE_ENDPOINTS)
def listing() -> str:
    """Own messages, the newest first, 50 a page."""
    form, cursor = _filters(), request.args.get("cursor")
    chosen: dict[str, Any] = {field.name: field.data for field in form if field.data}
    found = newest_deliveries(
        db.session(),
        sender_id=guard.actor().sender_id,
        standing=DeliveryState(form.state.data) if form.state.data else None,
        endpoint_id=form.to.data or None,
        after=cursors.read_own(cursor) if cursor else None,
    )
    following = found.next and url_for(".listing", **chosen, cursor=cursors.write_own(found.next))
    return render_template(
        "sender/deliveries.html",
        form=form,
        conditions=[_condition(form, name, chosen) for name in chosen],
        deliveries=found.deliveries,
        next_address=following,
        first_address=url_for(".listing", **chosen) if cursor else None,
        now=clock.now(),
    )


def _condition(form: DeliveryFilters, name: str, chosen: dict[str, Any]) -> Condition:
    field: Any = form[name]
    value = dict(field.choices)[field.data]
    words = gettext("%(condition)s: %(value)s", condition=field.label.text, value=value)
    others = {other: kept for other, kept in chosen.items() if other != name}
    return Condition(words, url_for(".listing", **others))


@blueprint.get("/<delivery_id>")
@guard.access(Permission.MANAGE_ENDPOINTS)
def page(delivery_id: str) -> str:
    """One message with every try; while one is near, the page tells by itself what comes of it."""
    delivery, now = _own(delivery_id), clock.now()
    near = delivery.next_at is not None and delivery.next_at <= now + NEAR
    return render_template(
        "sender/delivery.html",
        delivery=delivery,
        asks_after=ASKS_AFTER if near else 0,
        most_tries=MOST_TRIES,
        now=now,
    )


@blueprint.post("/<delivery_id>/send-again")
@guard.access(Permission.MANAGE_ENDPOINTS)
def again(delivery_id: str) -> Response:
    """Send a dead letter on its way once more."""
    found = _own(delivery_id).id
    try:
        send_again(found, actor=guard.actor())
        flash(gettext("The message is on its way again."), "done")
    except AlreadyClosed as error:
        flash(error.detail, "warning")
    return redirect(url_for(".page", delivery_id=found), 303)


def _own(delivery_id: str) -> DeliveryShown:
    found = read_id(delivery_id, "Z")
    shown = found and delivery_shown(db.session(), found, sender_id=guard.actor().sender_id)
    if not shown:
        raise NotFound()
    return shown
