"""The keys of a sender for administrators: issue, revoke, try."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from review import clock, db
from review.actions import senders as sender_actions
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.errors import AlreadyClosed, AlreadyExists, InvalidInput, NotFound
from review.queries.sender_details import KeyShown, key_shown
from review.web import guard
from review.web.admin.key_tests import mark_of
from review.web.admin.senders import sender_page, wanted_sender
from review.web.errors import status_of
from review.web.issuing import issue_key, key_page, refused_form
from review.web.texts import gettext

blueprint = Blueprint("admin_sender_keys", __name__, url_prefix="/admin/senders/<sender_id>/keys")


@blueprint.get("")
@guard.access(Permission.MANAGE_SENDERS)
def listing(sender_id: str) -> Response:
    """The keys stand on the sender's page."""
    return _to(wanted_sender(sender_id).id)


@blueprint.post("")
@guard.access(Permission.MANAGE_SENDERS)
def issue(sender_id: str) -> str | tuple[str, int]:
    """Issue a key and show it, once."""
    sender = wanted_sender(sender_id)
    try:
        issued = issue_key(sender.id)
    except (AlreadyExists, InvalidInput) as error:
        form, others = refused_form(error)
        return sender_page(sender, form=form, others=others), status_of(error)
    back = url_for("admin_senders.page", sender_id=sender.id, _anchor="keys")
    return key_page(issued, back_address=back, back_label=gettext("Back to the sender"))


@blueprint.post("/test")
@guard.access(Permission.MANAGE_SENDERS)
def test(sender_id: str) -> Response:
    """Look a pasted key up and go on without it: only its id, or that it has none, is in the address."""
    sender = wanted_sender(sender_id)
    mark = mark_of(request.form.get("test-key", ""))
    return redirect(url_for("admin_senders.page", sender_id=sender.id, tested=mark, _anchor="test"), 303)


@blueprint.get("/<key_id>/revoke")
@guard.access(Permission.MANAGE_SENDERS)
def revoke_page(sender_id: str, key_id: str) -> str | Response:
    """Ask once more before a key dies."""
    sender = wanted_sender(sender_id)
    key = _wanted_key(sender.id, key_id)
    if key.state == "revoked":
        flash(gettext("This key is revoked already."), "warning")
        return _to(sender.id)
    return render_template(
        "keys/revoke.html",
        key=key,
        sender_name=sender.profile.name,
        address=url_for(".revoke", sender_id=sender.id, key_id=key.id),
        back_address=url_for("admin_senders.page", sender_id=sender.id, _anchor="keys"),
        now=clock.now(),
    )


@blueprint.post("/<key_id>/revoke")
@guard.access(Permission.MANAGE_SENDERS)
def revoke(sender_id: str, key_id: str) -> Response:
    """Make the key useless from now on."""
    sender = wanted_sender(sender_id)
    key = _wanted_key(sender.id, key_id)
    try:
        sender_actions.revoke_key(key.id, actor=guard.actor())
        flash(gettext("The key %(prefix)s… is revoked.", prefix=key.prefix), "done")
    except AlreadyClosed as error:
        flash(error.detail, "warning")
    return _to(sender.id)


def _to(sender_id: str) -> Response:
    return redirect(url_for("admin_senders.page", sender_id=sender_id, _anchor="keys"), 303)


def _wanted_key(sender_id: str, key_id: str) -> KeyShown:
    known = read_id(key_id, "K")
    key = None if known is None else key_shown(db.session(), known, now=clock.now())
    if key is None or key.sender_id != sender_id:
        raise NotFound()
    return key
