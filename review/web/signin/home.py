"""Where does a person begin? Each role has its own first page."""

from flask import Blueprint, redirect
from werkzeug import Response

from review.domain.permissions import Permission
from review.web import guard
from review.web.signin.navigation import home_of

blueprint = Blueprint("signin_home", __name__)


@blueprint.get("/")
@guard.access(Permission.SIGNED_IN)
def home() -> Response:
    """Send everybody to the first page of their role; the guard sends the others to sign in."""
    return redirect(home_of(guard.actor().role), 303)
