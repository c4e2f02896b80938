"""The trail: how far it is, and one button that checks all of it."""

import re

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for

from review import db
from review.actions import trail as trail_actions
from review.domain.permissions import Permission
from review.errors import NotFound
from review.queries.checkpoints import trail_state
from review.queries.verdicts import newest_verdict, verdict_of
from review.web import guard

blueprint = Blueprint("legal_trail", __name__)


@blueprint.get("/trail")
@guard.access(Permission.VERIFY_TRAIL)
def page() -> str:
    """State of the trail and the last verdict, or the one just reached."""
    reader = db.session()
    eid = request.args.get("verdict")
    if eid is not None and re.fullmatch("[0-9a-f]{32}", eid) is None:
        raise NotFound()
    verdict = newest_verdict(reader) if eid is None else verdict_of(reader, eid)
    return render_template(
        "legal/trail.html", state=trail_state(reader), verdict=verdict, fresh=eid is not None
    )


@blueprint.post("/trail/verify")
@guard.access(Permission.VERIFY_TRAIL)
def verify() -> Response:
    """Check the whole trail, record the finding, show it."""
    folder = current_app.config["REVIEW_SETTINGS"].data_dir
    verdict = trail_actions.verify_trail(folder=folder, actor=guard.actor())
    return redirect(url_for("legal_trail.page", verdict=verdict.eid), 303)  # type: ignore[return-value]
