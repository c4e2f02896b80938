"""Who can use the desk, and what is known to be hard? The accessibility statement."""

from flask import Blueprint, render_template

from review.domain.permissions import Permission
from review.web import guard

blueprint = Blueprint("public_accessibility", __name__)


@blueprint.get("/accessibility")
@guard.access(Permission.ANYONE)
def statement() -> str:
    """What was done and tested, what is not as it should be, and whom to tell."""
    return render_template("public/accessibility.html")
