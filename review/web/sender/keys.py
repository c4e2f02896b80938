"""A sender's own keys: issue, revoke; those of others are missing like any that do not exist."""

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug import Response

from review import clock, db
from review.actions import senders as sender_actions
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.errors import AlreadyClosed, AlreadyExists, InvalidInput, NotFound
from review.queries import sender_details
from review.queries.senders import sender_name
from review.web import guard
from review.web.errors import status_of
from review.web.issuing import KeyForm, KeyRow, blank_form, issue_key, key_page, refused_form
from review.web.texts import gettext

blueprint = Blueprint("sender_keys", __name__, url_prefix="/sender/keys")


@blueprint.get("")
@guard.access(Permission.MANAGE_OWN_KEYS)
def listing() -> str:
    """The organisation's keys, and a form for one more."""
    return _page(blank_form(clock.now()))


@blueprint.post("")
@guard.access(Permission.MANAGE_OWN_KEYS)
def issue() -> str | tuple[str, int]:
    """Issue a key and show it, once."""
    try:
        issued = issue_key(_organisation())
    except (AlreadyExists, InvalidInput) as error:
        form, others = refused_form(error)
        return _page(form, others), status_of(error)
    return key_page(issued, back_address=url_for(".listing"), back_label=gettext("Back to the keys"))


@blueprint.get("/<key_id>/revoke")
@guard.access(Permission.MANAGE_OWN_KEYS)
def revoke_page(key_id: str) -> str | Response:
    """Ask once more before a key dies."""
    found = read_id(key_id, "K")
    key = None if found is None else sender_details.key_shown(db.session(), found, now=clock.now())
    if key is None or key.sender_id != _organisation():
        raise NotFound()
    if key.state == "revoked":
        flash(gettext("This key is revoked already."), "warning")
        return redirect(url_for(".listing"), 303)
    return render_template(
        "keys/revoke.html",
        key=key,
        sender_name=sender_name(db.session(), _organisation()),
        address=url_for(".revoke", key_id=key.id),
        back_address=url_for(".listing"),
        now=clock.now(),
    )


@blueprint.post("/<key_id>/revoke")
@guard.access(Permission.MANAGE_OWN_KEYS)
def revoke(key_id: str) -> Response:
    """Make the key useless from now on."""
    found = read_id(key_id, "K")
    if found is None:
        raise NotFound()
    try:
        sender_actions.revoke_key(found, actor=guard.actor())
        flash(gettext("The key is revoked."), "done")
    except AlreadyClosed as error:
        flash(error.detail, "warning")
    except NotFound:
        raise NotFound from None  # in the very words of an address that leads nowhere
    return redirect(url_for(".listing"), 303)


def _organisation() -> str:
    return guard.actor().sender_id or ""


def _page(form: KeyForm, others: Sequence[str] = ()) -> str:
    now = clock.now()
    keys = sender_details.keys_of(db.session(), _organisation(), now=now)
    rows = [KeyRow(key, url_for(".revoke_page", key_id=key.id)) for key in keys]
    return render_template("sender/keys.html", keys=rows, form=form, others=others, now=now)
