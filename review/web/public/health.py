"""Is the process alive, and is the desk ready? For monitors; JSON, or a problem document with 503."""

from flask import Blueprint, Response, jsonify

from review import clock, db
from review.domain.permissions import Permission
from review.errors import FieldError, NotReady
from review.queries import health
from review.web import guard

blueprint = Blueprint("public_health", __name__)


@blueprint.get("/healthz")
@guard.access(Permission.ANYONE)
def alive() -> Response:
    """The process answers; no database is asked."""
    return jsonify(status="alive")


@blueprint.get("/readyz")
@guard.access(Permission.ANYONE)
def ready() -> Response:
    """Database, schema, triggers, trail, checkpoints and clock; every check is named."""
    checks = health.readiness(db.session(), now=clock.now())
    failed = [check for check in checks if not check.ok]
    if failed:
        raise NotReady(
            f"Not ready: {', '.join(check.name for check in failed)}.",
            errors=[
                FieldError(f"/checks/{check.name}", check.name, f"{check.sentence} {check.next_step}")
                for check in failed
            ],
        )
    return jsonify(
        status="ready",
        checks={check.name: {"ok": check.ok, "detail": check.sentence} for check in checks},
    )
