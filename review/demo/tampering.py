"""Changes one row behind the program, as somebody with the database's own console could.

It shows what is found then. The one place that writes beside `review.db.transaction`, and without an event;
the demonstration alone has it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from flask import Blueprint, current_app, flash, redirect, url_for
from werkzeug import Response

from review import db
from review.domain.permissions import Permission
from review.errors import NotFound
from review.models import Review
from review.web import guard
from review.web.texts import gettext
from review.writers import writer_turn

GUARD = "guard_reviews_erasure"
MARK = " [changed behind the program]"

blueprint = Blueprint("demo_tampering", __name__)


@blueprint.app_template_global()
def tampered_case() -> str | None:
    """The case of the row that is changed now, None where none is; pages ask, in the demonstration alone."""
    found: str | None = db.session().scalar(sa.select(Review.case_id).where(_changed_here()).limit(1))
    return found


@blueprint.post("/demo/tamper")
@guard.access(Permission.VERIFY_TRAIL)
def tamper() -> Response:
    """Put other words into the rationale of the newest dispatched review; once more, and it is put right."""
    if not current_app.config["REVIEW_DEMO"]:
        raise NotFound()
    if _put_right():
        flash(gettext("The row says again what was recorded. Verify now."), "done")
        return redirect(url_for("legal_trail.page"), 303)
    case_id = _change()
    flash(gettext("The rationale of a review of case %(id)s was changed. Verify now.", id=case_id), "warning")
    return redirect(url_for("legal_trail.page"), 303)


@contextmanager
def _guard_lifted() -> Iterator[sa.Connection]:
    """A transaction without the trigger that refuses the change, which the owner of a database can drop.

    It waits for its turn and begins with a write: after a read, SQLite refuses to write once anybody else
    has.
    """
    engine = db.extension.engine
    wait_seconds = current_app.config["REVIEW_DATABASE_WAIT_SECONDS"]
    with engine.connect() as connection:
        kept = connection.execute(
            sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name"), {"name": GUARD}
        ).scalar_one()
    with writer_turn(engine.url.database, wait_seconds=wait_seconds), engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER {GUARD}")
        yield connection
        connection.exec_driver_sql(kept)


def _changed_here() -> sa.ColumnElement[bool]:
    return Review.rationale.endswith(MARK, autoescape=True)


def _put_right() -> bool:
    right = sa.func.replace(Review.rationale, MARK, "")
    with _guard_lifted() as connection:
        return bool(
            connection.execute(sa.update(Review).where(_changed_here()).values(rationale=right)).rowcount
        )


def _change() -> str:
    dispatched = sa.select(Review.id).where(Review.dispatched_at.is_not(None))
    newest = dispatched.order_by(Review.dispatched_at.desc()).limit(1)
    with _guard_lifted() as connection:
        changed = connection.execute(
            sa.update(Review)
            .where(Review.id == newest.scalar_subquery())
            .values(rationale=Review.rationale + MARK)
            .returning(Review.case_id)
        ).scalar_one()
    return str(changed)
