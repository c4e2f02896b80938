"""Staying signed in: what the script asks for before the sign-in ends without activity."""

from typing import Any

from flask import Blueprint
from flask_login import current_user

from review.domain.permissions import Permission
from review.web import guard
from review.web.texts import gettext
from review.web.times import machine_time, time_of_day

blueprint = Blueprint("signin_stay", __name__)


@blueprint.post("/account/stay")
@guard.access(Permission.SIGNED_IN)
def stay() -> dict[str, Any]:
    """When the sign-in ends now; to ask was activity, and the guard has counted it (WCAG 2.2, 2.2.1)."""
    ends_at = current_user.ends_at
    text = f"{gettext('Without activity you are signed out at')} {time_of_day(ends_at)}."
    return {"text": text, "ends_at": machine_time(ends_at), "clock": time_of_day(ends_at)}
