"""A sender's endpoints for people: add, look at, rotate, switch, test, remove; own ones alone."""

from collections.abc import Callable, Sequence

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from werkzeug import Response

from review import clock, db
from review.actions import endpoints as endpoint_actions
from review.actions.deliveries import send_all_again
from review.actions.endpoints import SecretShown
from review.clock import rfc3339
from review.domain.endpoints import AlreadyRotated
from review.domain.ids import read_id
from review.domain.permissions import Actor, Permission
from review.errors import AlreadyClosed, AlreadyExists, InvalidInput, NotFound
from review.queries.deliveries import newest_deliveries
from review.queries.endpoints import EndpointShown, endpoint_shown, endpoints_of
from review.web import guard
from review.web.errors import status_of
from review.web.sender.endpoint_form import EndpointForm, add_from_form, blank_form, refused_form
from review.web.texts import gettext, ngettext
from review.web.typed import text_of

blueprint = Blueprint("sender_endpoints", __name__, url_prefix="/sender/endpoints")
NEWEST = 10


@blueprint.get("")
@guard.access(Permission.MANAGE_ENDPOINTS)
def listing() -> str:
    """The organisation's endpoints, and a form for one more."""
    return _listing(blank_form())


def _listing(form: EndpointForm, others: Sequence[str] = ()) -> str:
    now = clock.now()
    found = endpoints_of(db.session(), guard.actor().sender_id, now=now)
    return render_template("sender/endpoints.html", endpoints=found, form=form, others=others, now=now)


@blueprint.post("")
@guard.access(Permission.MANAGE_ENDPOINTS)
def add() -> str | tuple[str, int]:
    """Add an endpoint and show its secret, once."""
    try:
        shown = add_from_form()
    except (AlreadyExists, InvalidInput) as error:
        form, others = refused_form(error)
        return _listing(form, others), status_of(error)
    return _secret_page(shown, rotated=False)


def _secret_page(shown: SecretShown, *, rotated: bool) -> str:
    """The page that answers the POST itself: in a redirect the secret would travel in a cookie."""
    return render_template("sender/endpoint_secret.html", shown=shown, rotated=rotated)


@blueprint.get("/<endpoint_id>")
@guard.access(Permission.MANAGE_ENDPOINTS)
def page(endpoint_id: str) -> str:
    """One endpoint, what can be done with it, and the newest messages to it."""
    endpoint, now = _own(endpoint_id), clock.now()
    newest = newest_deliveries(
        db.session(), sender_id=guard.actor().sender_id, endpoint_id=endpoint.id, limit=NEWEST
    )
    return render_template("sender/endpoint.html", endpoint=endpoint, deliveries=newest.deliveries, now=now)


@blueprint.get("/<endpoint_id>/rotate")
@guard.access(Permission.MANAGE_ENDPOINTS)
def rotate_page(endpoint_id: str) -> str | Response:
    """Ask once more while an earlier secret signs, which a rotation would end."""
    endpoint = _own(endpoint_id)
    if endpoint.previous_until is None:
        flash(gettext("No earlier secret signs any more."), "warning")
        return redirect(url_for(".page", endpoint_id=endpoint.id), 303)
    return render_template(
        "sender/endpoint_rotate.html", endpoint=endpoint, ends=rfc3339(endpoint.previous_until)
    )


@blueprint.post("/<endpoint_id>/rotate")
@guard.access(Permission.MANAGE_ENDPOINTS)
def rotate(endpoint_id: str) -> str | Response:
    """Give it a new secret and show that, once; ``ends`` says which end of an earlier one was seen."""
    endpoint = _own(endpoint_id)
    until = endpoint.previous_until
    try:
        shown = endpoint_actions.rotate_secret(
            endpoint.id,
            ending=until if until is not None and text_of("ends") == rfc3339(until) else None,
            secret_key=current_app.config["REVIEW_SETTINGS"].secret_key,
            actor=guard.actor(),
        )
    except AlreadyRotated:
        flash(gettext("The secret was rotated before; nothing has changed now."), "warning")
        return redirect(url_for(".rotate_page", endpoint_id=endpoint.id), 303)
    return _secret_page(shown, rotated=True)


@blueprint.get("/<endpoint_id>/off")
@guard.access(Permission.MANAGE_ENDPOINTS)
def off_page(endpoint_id: str) -> str | Response:
    """Ask once more, with how many messages would be given up."""
    endpoint = _own(endpoint_id)
    if endpoint.state != "on":
        flash(gettext("The endpoint is switched off already."), "warning")
        return redirect(url_for(".page", endpoint_id=endpoint.id), 303)
    return render_template("sender/endpoint_off.html", endpoint=endpoint)


@blueprint.post("/<endpoint_id>/off")
@guard.access(Permission.MANAGE_ENDPOINTS)
def off(endpoint_id: str) -> Response:
    """Tell it nothing more."""
    return _switched(endpoint_id, endpoint_actions.switch_off, gettext("The endpoint is switched off."))


@blueprint.post("/<endpoint_id>/on")
@guard.access(Permission.MANAGE_ENDPOINTS)
def on(endpoint_id: str) -> Response:
    """Tell it of what happens from now on."""
    return _switched(endpoint_id, endpoint_actions.switch_on, gettext("The endpoint is switched on."))


def _switched(endpoint_id: str, switch: "Callable[..., None]", done: str) -> Response:
    found, actor = _own(endpoint_id).id, guard.actor()
    _flashed(lambda: _call(switch, found, actor), done)
    return redirect(url_for(".page", endpoint_id=found), 303)


def _call(switch: "Callable[..., None]", endpoint_id: str, actor: Actor) -> None:
    switch(endpoint_id, actor=actor)


def _flashed(act: Callable[[], None], done: str) -> None:
    try:
        act()
        flash(done, "done")
    except AlreadyClosed as error:
        flash(error.detail, "warning")


@blueprint.post("/<endpoint_id>/test")
@guard.access(Permission.MANAGE_ENDPOINTS)
def send_test(endpoint_id: str) -> Response:
    """Send it a message that says nothing; the message's page tells what came of it."""
    found = _own(endpoint_id).id
    try:
        delivery_id = endpoint_actions.try_endpoint(found, actor=guard.actor())
    except AlreadyClosed as error:
        flash(error.detail, "warning")
        return redirect(url_for(".page", endpoint_id=found), 303)
    return redirect(url_for("sender_deliveries.page", delivery_id=delivery_id), 303)


@blueprint.post("/<endpoint_id>/send-again")
@guard.access(Permission.MANAGE_ENDPOINTS)
def all_again(endpoint_id: str) -> Response:
    """Send its dead letters on their way once more, the oldest 1 000."""
    found = _own(endpoint_id).id
    try:
        count = send_all_again(found, actor=guard.actor())
        flash(
            ngettext(
                "%(num)s message is on its way again.", "%(num)s messages are on their way again.", count
            ),
            "done",
        )
    except AlreadyClosed as error:
        flash(error.detail, "warning")
    return redirect(url_for(".page", endpoint_id=found), 303)


@blueprint.get("/<endpoint_id>/remove")
@guard.access(Permission.MANAGE_ENDPOINTS)
def remove_page(endpoint_id: str) -> str:
    """Ask once more before an endpoint goes."""
    return render_template("sender/endpoint_remove.html", endpoint=_own(endpoint_id), now=clock.now())


@blueprint.post("/<endpoint_id>/remove")
@guard.access(Permission.MANAGE_ENDPOINTS)
def remove(endpoint_id: str) -> Response:
    """Remove it for good."""
    endpoint_actions.remove_endpoint(_own(endpoint_id).id, actor=guard.actor())
    flash(gettext("The endpoint is removed."), "done")
    return redirect(url_for(".listing"), 303)


def _own(endpoint_id: str) -> EndpointShown:
    found = read_id(endpoint_id, "J")
    shown = found and endpoint_shown(db.session(), found, sender_id=guard.actor().sender_id, now=clock.now())
    if not shown:
        raise NotFound()
    return shown
