"""Drafting: a new wording, the end of a clause, a new clause; a refusal keeps every word that was typed."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from review import clock, db
from review.actions import clause_drafts as draft_actions
from review.domain.clause_difference import compare_wordings
from review.domain.clause_drafts import LONGEST_REASON, LONGEST_TEXT, read_place, read_wording
from review.domain.clause_text import LONGEST_DOCUMENT, LONGEST_NUMBER, LONGEST_TITLE
from review.domain.permissions import Permission
from review.errors import (
    AlreadyExists,
    DatabaseBusy,
    InvalidInput,
    NotReady,
    ReviewError,
    StaleVersion,
    StorageFull,
)
from review.queries.clause_history import ClauseHistory, documents
from review.web import errors as web_errors
from review.web import guard
from review.web.admin.clause_forms import (
    DraftForm,
    EndForm,
    NewClauseForm,
    filled,
    typed_values,
    values_to_begin_with,
)
from review.web.admin.clauses import wanted_clause
from review.web.texts import gettext

blueprint = Blueprint("admin_clause_drafts", __name__)

KEEPING = (AlreadyExists, DatabaseBusy, InvalidInput, NotReady, StaleVersion, StorageFull)
"""Refusals after which the form is shown again with what was typed."""
LIMITS = {
    "document": LONGEST_DOCUMENT,
    "number": LONGEST_NUMBER - 5,
    "title": LONGEST_TITLE,
    "text": LONGEST_TEXT,
    "reason": LONGEST_REASON,
}

Page = str | tuple[str, int] | Response


@blueprint.get("/admin/clauses/new")
@guard.access(Permission.EDIT_CLAUSES)
def new_page() -> Page:
    """An empty form."""
    return _new_page({"valid_from": clock.now().date().isoformat()})


@blueprint.post("/admin/clauses/new")
@guard.access(Permission.EDIT_CLAUSES)
def begin() -> Page:
    """Keep a clause that our terms do not hold yet as a draft."""
    values = typed_values()
    try:
        document, number = read_place(values)
        wording = read_wording(values, today=clock.now().date(), ends=False)
        clause_id = draft_actions.draft_new_clause(document, number, wording, actor=guard.actor())
    except KEEPING as error:
        return _new_page(values, error=error)
    flash(gettext("Draft saved. It takes effect once somebody else has published it."), "done")
    return redirect(url_for("admin_clause_drafts.draft_page", clause_id=clause_id), 303)


@blueprint.get("/admin/clauses/<clause_id>/draft")
@guard.access(Permission.EDIT_CLAUSES)
def draft_page(clause_id: str) -> Page:
    """The draft, or a fresh one from the newest version."""
    clause = wanted_clause(clause_id)
    if clause.draft is not None and clause.draft.ends:
        return redirect(url_for("admin_clause_drafts.end_page", clause_id=clause.id), 303)
    return _draft_page(clause)


@blueprint.post("/admin/clauses/<clause_id>/draft")
@guard.access(Permission.EDIT_CLAUSES)
def save(clause_id: str) -> Page:
    """Keep a new wording as the clause's draft."""
    return _save(wanted_clause(clause_id, bare=True), ends=False)


@blueprint.get("/admin/clauses/<clause_id>/end")
@guard.access(Permission.EDIT_CLAUSES)
def end_page(clause_id: str) -> Page:
    """The draft that ends the clause, or a fresh one."""
    clause = wanted_clause(clause_id)
    if clause.draft is not None and not clause.draft.ends:
        flash(gettext("A new wording waits as draft: publish or discard it first."), "warning")
        return redirect(url_for("admin_clauses.page", clause_id=clause.id), 303)
    return _draft_page(clause, ends=True)


@blueprint.post("/admin/clauses/<clause_id>/end")
@guard.access(Permission.EDIT_CLAUSES)
def save_end(clause_id: str) -> Page:
    """Keep the end of the clause as its draft."""
    return _save(wanted_clause(clause_id, bare=True), ends=True)


@blueprint.post("/admin/clauses/<clause_id>/draft/discard")
@guard.access(Permission.EDIT_CLAUSES)
def discard(clause_id: str) -> Response:
    """Take the draft out."""
    clause = wanted_clause(clause_id)
    try:
        draft_actions.discard_clause_draft(
            clause.id, version=request.form.get("version", ""), actor=guard.actor()
        )
        flash(gettext("Draft discarded."), "done")
    except StaleVersion as error:
        flash(error.detail, "warning")
    if clause.versions:
        return redirect(url_for("admin_clauses.page", clause_id=clause.id), 303)
    return redirect(url_for("admin_clauses.listing"), 303)


def _save(clause: ClauseHistory, *, ends: bool) -> Page:
    values = typed_values()
    try:
        wording = read_wording(values, today=clock.now().date(), ends=ends)
        draft_actions.save_clause_draft(
            clause.id, wording, version=request.form.get("version", ""), actor=guard.actor()
        )
    except KEEPING as error:
        # what is there now, so that the person sees what came in between and may save over it knowingly
        return _draft_page(wanted_clause(clause.id, bare=True), values=values, ends=ends, error=error)
    flash(gettext("Draft saved. It takes effect once somebody else has published it."), "done")
    place = "admin_clause_drafts.end_page" if ends else "admin_clause_drafts.draft_page"
    return redirect(url_for(place, clause_id=clause.id), 303)


def _draft_page(
    clause: ClauseHistory,
    *,
    values: Mapping[str, str] | None = None,
    ends: bool = False,
    error: ReviewError | None = None,
) -> str | tuple[str, int]:
    """The form with the difference beside it: to the newest version, or to what somebody else saved."""
    stale = isinstance(error, StaleVersion)
    seen = request.form.get("version", "") if error is not None and not stale else None
    current = clause.draft.version if clause.draft else ""
    shown = values_to_begin_with(clause, today=clock.now().date()) if values is None else values
    before = clause.draft if stale and clause.draft else next(iter(clause.versions), None)
    title, text = shown.get("title", ""), shown.get("text", "").replace("\r\n", "\n")
    page = render_template(
        "admin/clause_draft.html",
        clause=clause,
        ends=ends,
        form=filled(
            EndForm if ends else DraftForm,
            shown,
            version=current if seen is None else seen,
            errors=error.errors if error else (),
        ),
        limits=LIMITS,
        sentences=_what_happened(clause, error, ends=ends),
        stale=stale,
        typed=values is not None,
        titles=compare_wordings(before.title if before else "", title),
        texts=compare_wordings(before.text if before else "", text),
        today=clock.now().date(),
    )
    return page if error is None else (page, web_errors.status_of(error))


def _what_happened(clause: ClauseHistory, error: ReviewError | None, *, ends: bool) -> tuple[str, ...]:
    """What belongs to no field; to whoever was too late, what is there now and what saving again does."""
    if error is None or error.errors:
        return ()
    if not isinstance(error, StaleVersion):
        return (error.detail,)
    kept = gettext("Nothing was overwritten: what you typed is still in the form.")
    draft = clause.draft
    if draft is None:
        return error.detail, kept, gettext("No draft is there now; saving again begins one.")
    now = gettext("%(who)s saved what is there now; saving again replaces it.", who=draft.drafted_by)
    if draft.ends != ends:
        other = gettext("It ends the clause.") if draft.ends else gettext("It is a new wording.")
        return error.detail, kept, now, other
    return error.detail, kept, now


def _new_page(values: Mapping[str, str], *, error: ReviewError | None = None) -> str | tuple[str, int]:
    page = render_template(
        "admin/clause_new.html",
        form=filled(NewClauseForm, values, errors=error.errors if error else ()),
        limits=LIMITS,
        documents=documents(db.session()),
        sentences=() if error is None or error.errors else (error.detail,),
        today=clock.now().date(),
    )
    return page if error is None else (page, web_errors.status_of(error))
