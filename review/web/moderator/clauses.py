"""The whole text of one clause in force, where the review form carries only its beginning."""

from flask import Blueprint, render_template

from review import clock, db
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.errors import NotFound
from review.queries.clauses import clauses_in_force
from review.web import guard

blueprint = Blueprint("moderator_clauses", __name__)


@blueprint.get("/clauses/<version_id>")
@guard.access(Permission.REVIEW_CASE)
def page(version_id: str) -> str:
    """One clause as it holds today."""
    wanted = read_id(version_id, "W")
    in_force = clauses_in_force(db.session(), on=clock.now().date())
    clause = next((one for one in in_force if one.version_id == wanted), None)
    if clause is None:
        raise NotFound("There is no such clause in force; open it from the form of a case.")
    return render_template("moderator/clause_text.html", clause=clause)
