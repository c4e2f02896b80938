"""The health page: what /readyz checks, in words and with the next step, and what runs here."""

from flask import Blueprint, current_app, render_template

from review import clock, db
from review.domain.permissions import Permission
from review.models import schema
from review.queries import health, storage
from review.queries.running_state import running_state
from review.web import guard
from review.web.presentation import program_version
from review.web.quantities import plus, whole

blueprint = Blueprint("admin_health", __name__)


@blueprint.get("/admin")
@guard.access(Permission.SEE_HEALTH)
def page() -> str:
    """All checks, the failed ones with what to do; the state only of a database that can be read."""
    now, reader = clock.now(), db.session()
    checks = health.readiness(
        reader,
        now=now,
        rooms=storage.rooms(current_app.config["REVIEW_SETTINGS"]),
        witnesses=current_app.config["REVIEW_WITNESSES"],
    )
    readable = {"database", "schema"} <= {check.name for check in checks if check.ok}
    state = running_state(reader, now=now) if readable else None
    return render_template(
        "admin/health.html",
        checks=checks,
        now=now,
        well=all(check.ok for check in checks),
        warned=any(check.warning for check in checks),
        state=state,
        waiting=plus(state.queue.waiting) if state else "",
        overdue=plus(state.queue.overdue) if state else "",
        covered=whole(state.checkpoint.size) if state and state.checkpoint else "",
        program=program_version(),
        needed=schema.newest_revision(),
    )
