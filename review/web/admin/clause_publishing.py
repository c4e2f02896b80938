"""Publishing a draft: a second person reads the difference, then confirms exactly what was read."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from review import clock
from review.actions import clause_drafts as draft_actions
from review.domain.clause_difference import compare_wordings
from review.domain.clause_drafts import Published, Wording, check_wording, may_publish
from review.domain.permissions import Permission
from review.errors import InvalidInput, NotFound, ReviewError, StaleVersion
from review.queries.clause_history import ClauseHistory
from review.web import errors as web_errors
from review.web import guard
from review.web.admin.clauses import LONGEST_NUMBER, wanted_clause
from review.web.texts import gettext
from review.web.times import day

blueprint = Blueprint("admin_clause_publishing", __name__)


@blueprint.get("/admin/clauses/<clause_id>/publish")
@guard.access(Permission.PUBLISH_CLAUSES)
def page(clause_id: str) -> str | tuple[str, int]:
    """What the draft changes, and the button for whoever did not write it."""
    clause = wanted_clause(clause_id)
    if clause.draft is None:
        raise NotFound("Nothing of this clause waits for publication; open it from the list.")
    return _confirmation(clause)


@blueprint.post("/admin/clauses/<clause_id>/publish")
@guard.access(Permission.PUBLISH_CLAUSES)
def publish(clause_id: str) -> str | tuple[str, int] | Response:
    """Publish what the page of confirmation showed, or show what is there now."""
    clause = wanted_clause(clause_id, bare=True)
    try:
        number = draft_actions.publish_clause(
            clause.id,
            version=request.form.get("version", ""),
            replaces=_number("replaces"),
            actor=guard.actor(),
        )
    except (InvalidInput, StaleVersion) as error:
        now = wanted_clause(clause.id, bare=True)
        if now.draft is not None:
            return _confirmation(now, error=error)
        flash(error.detail, "warning")
        place = "admin_clauses.page" if now.versions else "admin_clauses.listing"
        return redirect(url_for(place, clause_id=clause.id if now.versions else None), 303)
    published = wanted_clause(clause.id).numbered(number)
    if published is not None:
        words = {"number": number, "day": day(published.valid_from)}
        flash(
            gettext("Published as version %(number)s: ends the clause on %(day)s.", **words)
            if published.ends
            else gettext("Published as version %(number)s, in force from %(day)s.", **words),
            "done",
        )
    return redirect(url_for("admin_clauses.page", clause_id=clause.id), 303)


def _confirmation(clause: ClauseHistory, *, error: ReviewError | None = None) -> str | tuple[str, int]:
    draft = clause.draft
    assert draft is not None
    newest = next(iter(clause.versions), None)
    page = render_template(
        "admin/clause_publish.html",
        clause=clause,
        draft=draft,
        newest=newest,
        own=not may_publish(guard.actor(), drafted_by=draft.author_id),
        obstacle=_obstacle(clause),
        sentence=error.detail if error else "",
        titles=compare_wordings(newest.title if newest else "", draft.title),
        texts=compare_wordings(newest.text if newest else "", draft.text),
    )
    return page if error is None else (page, web_errors.status_of(error))


def _obstacle(clause: ClauseHistory) -> str:
    """Why the draft cannot be published as it is, such as a day that has passed; blank if it can."""
    draft, newest = clause.draft, next(iter(clause.versions), None)
    assert draft is not None
    before = None
    if newest is not None:
        before = Published(newest.version, newest.title, newest.text, newest.valid_from, newest.ends)
    wording = Wording(draft.title, draft.text, draft.valid_from, draft.reason, draft.ends)
    try:
        check_wording(wording, before, today=clock.now().date())
    except InvalidInput as error:
        return error.detail
    return ""


def _number(name: str) -> int:
    typed = request.form.get(name, "")
    if not (typed.isascii() and typed.isdigit() and len(typed) <= LONGEST_NUMBER):
        raise StaleVersion(gettext("The form came back without what it showed; read the difference again."))
    return int(typed)
