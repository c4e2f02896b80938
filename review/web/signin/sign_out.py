"""Signing out: the sign-in's row ends, and the browser forgets what it kept."""

from flask import Blueprint, redirect, session
from flask_login import current_user
from werkzeug import Response

from review.actions import sign_ins
from review.domain.permissions import Permission
from review.web import guard

blueprint = Blueprint("signin_sign_out", __name__)


@blueprint.post("/sign-out")
@guard.access(Permission.SIGNED_IN)
def sign_out() -> Response:
    """End this sign-in; a copy of its cookie opens nothing any more."""
    sign_ins.sign_out(guard.token_digest(current_user.token), actor=guard.actor())
    session.clear()
    response = redirect("/sign-in", 303)
    # not "cookies": the emptied session takes its own with it, and how pages look stays the person's choice
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
