"""The text of one clause in force and what is ready-made for it, where a case's page carries neither."""

from flask import Blueprint, render_template, request

from review import clock, db
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.domain.snippets import KINDS, fitting
from review.errors import NotFound
from review.queries.clauses import clauses_in_force
from review.web import guard

blueprint = Blueprint("moderator_clauses", __name__)


@blueprint.get("/clauses/<version_id>")
@guard.access(Permission.REVIEW_CASE)
def page(version_id: str) -> str:
    """One clause as it holds today, with the texts that fit a language."""
    wanted = read_id(version_id, "W")
    in_force = clauses_in_force(db.session(), on=clock.now().date())
    clause = next((one for one in in_force if one.version_id == wanted), None)
    if clause is None:
        raise NotFound("There is no such clause in force; open it from the form of a case.")
    language = request.args.get("language")
    found = [fitting(clause.snippets, kind, language=language) for kind in KINDS]
    return render_template(
        "moderator/clause_text.html", clause=clause, snippets=[one for one in found if one]
    )
