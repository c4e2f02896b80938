"""The link in a mail: confirm that the address is told, or end that; for whoever reads the mail."""

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from werkzeug import Response

from review import db
from review.actions import notices as notice_actions
from review.domain.ids import read_id
from review.domain.notices import is_token
from review.domain.permissions import Permission
from review.errors import NotFound
from review.queries.endpoints import notice_by_id
from review.web import guard
from review.web.texts import gettext

blueprint = Blueprint("public_notices", __name__, url_prefix="/notices")


@blueprint.get("/<notice_id>/<token>")
@guard.access(Permission.ANYONE)
def page(notice_id: str, token: str) -> str:
    """How the address stands, and a button: what only follows links confirms nothing."""
    return render_template("public/notice.html", notice=_found(notice_id, token), token=token)


@blueprint.post("/<notice_id>/<token>/confirm")
@guard.access(Permission.ANYONE)
def confirm(notice_id: str, token: str) -> Response:
    """Begin to tell it."""
    found = _found(notice_id, token)
    notice_actions.confirm_notice(found.id, actor=guard.actor())
    flash(gettext("This address is told from now on."), "done")
    return redirect(url_for(".page", notice_id=found.id, token=token), 303)


@blueprint.post("/<notice_id>/<token>/end")
@guard.access(Permission.ANYONE)
def end(notice_id: str, token: str) -> str:
    """Tell it nothing more; the link leads nowhere afterwards."""
    found = _found(notice_id, token)
    notice_actions.end_notice(found.id, actor=guard.actor())
    return render_template("public/notice.html", notice=None, token="")


def _found(notice_id: str, token: str) -> Any:
    wanted = read_id(notice_id, "J")
    found = None if wanted is None else notice_by_id(db.session(), wanted)
    secret_key = current_app.config["REVIEW_SETTINGS"].secret_key
    if found is None or not is_token(token, found.id, found.url, secret_key=secret_key):
        raise NotFound()
    return found
