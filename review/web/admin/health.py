"""The health page: what /readyz checks, in words and with the next step."""

from flask import Blueprint, render_template

from review import clock, db
from review.domain.permissions import Permission
from review.queries import health
from review.web import guard

blueprint = Blueprint("admin_health", __name__)


@blueprint.get("/admin")
@guard.access(Permission.SEE_HEALTH)
def page() -> str:
    """All checks, the failed ones with what to do."""
    now = clock.now()
    checks = health.readiness(db.session(), now=now)
    return render_template(
        "admin/health.html", checks=checks, now=now, well=all(check.ok for check in checks)
    )
