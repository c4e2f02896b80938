"""Our terms: all clauses, one with all its versions, and what differs between two of them."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from review import clock, db
from review.domain.clause_difference import compare_wordings
from review.domain.clause_drafts import may_publish
from review.domain.ids import read_id
from review.domain.permissions import Permission, can
from review.errors import NotFound
from review.queries.clause_history import (
    MOST_COUNTED,
    MOST_LISTED,
    ClauseHistory,
    Version,
    clause_histories,
    clause_history,
)
from review.web import guard

blueprint = Blueprint("admin_clauses", __name__)

LONGEST_NUMBER = 9


def wanted_clause(clause_id: str, *, bare: bool = False) -> ClauseHistory:
    """The clause of an address with its versions and draft; raises `NotFound`.

    ``bare``: one that has neither any more counts too, so that what is typed for it is not lost.
    """
    wanted = read_id(clause_id, "L")
    found = clause_history(db.session(), wanted, on=clock.now().date()) if wanted else None
    if found is None or not (bare or found.versions or found.draft):
        raise NotFound("There is no such clause; open it from the list.")
    return found


@blueprint.get("/admin/clauses")
@guard.access(Permission.PUBLISH_CLAUSES)
def listing() -> str:
    """Every clause: what holds, what comes, what waits for publication, how much it is used."""
    actor, found = guard.actor(), clause_histories(db.session(), on=clock.now().date())
    waiting = [clause for clause in found if clause.draft is not None]
    return render_template(
        "admin/clauses.html",
        clauses=found,
        waiting=waiting,
        publishable={
            clause.id
            for clause in waiting
            if clause.draft and may_publish(actor, drafted_by=clause.draft.author_id)
        },
        can_edit=can(actor, Permission.EDIT_CLAUSES),
        most=MOST_LISTED,
    )


@blueprint.get("/admin/clauses/<clause_id>")
@guard.access(Permission.PUBLISH_CLAUSES)
def page(clause_id: str) -> str | Response:
    """One clause: all versions for ever, and the draft that waits."""
    clause = wanted_clause(clause_id)
    if clause.id != clause_id:
        return redirect(url_for("admin_clauses.page", clause_id=clause.id), 303)
    actor = guard.actor()
    return render_template(
        "admin/clause.html",
        clause=clause,
        can_edit=can(actor, Permission.EDIT_CLAUSES),
        can_publish=bool(clause.draft and may_publish(actor, drafted_by=clause.draft.author_id)),
        most=MOST_COUNTED,
    )


@blueprint.get("/admin/clauses/<clause_id>/difference")
@guard.access(Permission.PUBLISH_CLAUSES)
def difference(clause_id: str) -> str:
    """Any two versions side by side; the two newest where none are named."""
    clause = wanted_clause(clause_id)
    earlier, later = _version(clause, "earlier", default=1), _version(clause, "later", default=0)
    return render_template(
        "admin/clause_difference.html",
        clause=clause,
        earlier=earlier,
        later=later,
        titles=compare_wordings(earlier.title, later.title),
        texts=compare_wordings(earlier.text, later.text),
    )


def _version(clause: ClauseHistory, name: str, *, default: int) -> Version:
    """The version that the address names, else the one at this place, the newest being at 0."""
    typed = request.args.get(name, "")
    if not typed and len(clause.wordings) > default:
        return clause.wordings[default]
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= LONGEST_NUMBER else 0
    found = clause.numbered(number)
    if found is None or found.ends:
        raise NotFound("The clause has no such version; choose two from its page.")
    return found
