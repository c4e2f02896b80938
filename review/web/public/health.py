"""Is the process alive, and is the desk ready? For monitors; JSON, or a problem document with 503."""

from flask import Blueprint, Response, current_app, jsonify

from review import clock, db
from review.domain.permissions import Permission
from review.errors import FieldError, NotReady
from review.queries import health, storage
from review.web import guard, insiders

blueprint = Blueprint("public_health", __name__)


@blueprint.get("/healthz")
@guard.access(Permission.ANYONE)
def alive() -> Response:
    """The process answers; no database is asked."""
    return jsonify(status="alive")


def _detail(check: health.Check) -> str:
    return f"{check.sentence} {check.next_step}"


def _told(check: health.Check) -> dict[str, bool | str]:
    return {
        "ok": check.ok,
        "warning": check.warning,
        "detail": check.sentence if check.ok and not check.warning else _detail(check),
    }


@blueprint.get("/readyz")
@guard.access(Permission.ANYONE)
def ready() -> Response:
    """Database, schema, triggers, trail, checkpoints, dispatch, loops, verification, clock and disk.

    Every check that failed is named to everybody; what was seen, to this machine and to administrators.
    """
    rooms = storage.rooms(current_app.config["REVIEW_SETTINGS"])
    witnesses = current_app.config["REVIEW_WITNESSES"]
    checks = health.readiness(db.session(), now=clock.now(), rooms=rooms, witnesses=witnesses)
    inside = insiders.is_insider()
    failed = [check for check in checks if not check.ok and not check.serves]
    if failed:
        raise NotReady(
            f"Not ready: {', '.join(check.name for check in failed)}.",
            errors=[
                FieldError(f"/checks/{check.name}", check.name, _detail(check) if inside else "Not well.")
                for check in failed
            ],
        )
    if not inside:
        return jsonify(status="ready")
    return jsonify(
        status="ready",
        checks={check.name: _told(check) for check in checks},
    )
