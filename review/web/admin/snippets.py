"""Ready-made texts of a clause: all of them with their versions, and writing or withdrawing one."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from werkzeug import Response
from wtforms import HiddenField, RadioField, StringField, TextAreaField

from review import db
from review.actions import snippets as snippet_actions
from review.domain.permissions import Permission, can
from review.domain.snippets import KINDS, LONGEST_LANGUAGE, LONGEST_SNIPPET, tidy_language
from review.errors import (
    DatabaseBusy,
    InvalidInput,
    NotFound,
    NotReady,
    ReviewError,
    StaleVersion,
    StorageFull,
)
from review.queries.clause_history import ClauseHistory
from review.queries.snippets import MOST_COUNTED, SnippetListed, snippets_of_clause
from review.web import errors as web_errors
from review.web import guard
from review.web.admin.clauses import LONGEST_NUMBER, wanted_clause
from review.web.texts import gettext
from review.web.typed import blame
from review.web.words import word_of

blueprint = Blueprint("admin_snippets", __name__)

KEEPING = (DatabaseBusy, InvalidInput, NotReady, StaleVersion, StorageFull)
"""Refusals after which the form is shown again with what was typed."""
TYPED = ("kind", "language", "text")

Page = str | tuple[str, int] | Response


class SnippetForm(FlaskForm):
    """A text for one field and language; the rules stand in `review.domain.snippets`, not here."""

    kind = RadioField(lazy_gettext("Field of the review form"), validate_choice=False)
    language = StringField(lazy_gettext("Language"))
    text = TextAreaField(lazy_gettext("Text"))
    version = HiddenField()


@blueprint.get("/admin/clauses/<clause_id>/snippets")
@guard.access(Permission.PUBLISH_CLAUSES)
def listing(clause_id: str) -> Page:
    """What is ready-made for a clause, by field and language, with every earlier version."""
    clause = wanted_clause(clause_id)
    return render_template(
        "admin/snippets.html",
        clause=clause,
        snippets=snippets_of_clause(db.session(), clause.id),
        can_edit=can(guard.actor(), Permission.EDIT_CLAUSES),
        most=MOST_COUNTED,
    )


@blueprint.get("/admin/clauses/<clause_id>/snippets/edit")
@guard.access(Permission.EDIT_CLAUSES)
def edit_page(clause_id: str) -> Page:
    """A new text, or the one for the field and language that the address names."""
    clause = wanted_clause(clause_id)
    named = {name: request.args.get(name, "") for name in ("kind", "language")}
    found = _snippet(clause, named) if any(named.values()) else None
    if found is None and any(named.values()):
        raise NotFound("There is no such ready-made text; open it from the list.")
    return _edit_page(clause, found, {**named, "text": found.newest.text if found else ""})


@blueprint.post("/admin/clauses/<clause_id>/snippets/edit")
@guard.access(Permission.EDIT_CLAUSES)
def save(clause_id: str) -> Page:
    """Write a new version."""
    clause, values = wanted_clause(clause_id), _typed()
    try:
        snippet_actions.write_snippet(clause.id, version=_version(), actor=guard.actor(), **values)
    except KEEPING as error:
        return _edit_page(clause, _snippet(clause, values), values, error=error)
    flash(gettext("Saved. It is offered from now on; what was recorded keeps its own text."), "done")
    return redirect(url_for("admin_snippets.listing", clause_id=clause.id), 303)


@blueprint.post("/admin/clauses/<clause_id>/snippets/withdraw")
@guard.access(Permission.EDIT_CLAUSES)
def withdraw(clause_id: str) -> Response:
    """Let there be no text for a field and language any more."""
    clause, values = wanted_clause(clause_id), _typed()
    try:
        snippet_actions.withdraw_snippet(
            clause.id,
            language=values["language"],
            kind=values["kind"],
            version=_version(),
            actor=guard.actor(),
        )
        flash(gettext("Withdrawn. Its versions stay."), "done")
    except StaleVersion as error:
        flash(error.detail, "warning")
    return redirect(url_for("admin_snippets.listing", clause_id=clause.id), 303)


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "").replace("\x00", "") for name in TYPED}


def _version() -> int:
    text = request.form.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise InvalidInput(gettext("The form came back incomplete; open it again."))
    return int(text)


def _snippet(clause: ClauseHistory, values: Mapping[str, str]) -> SnippetListed | None:
    wanted = (values["kind"], tidy_language(values["language"]))
    found = snippets_of_clause(db.session(), clause.id)
    return next((one for one in found if (one.kind, one.language) == wanted), None)


def _edit_page(
    clause: ClauseHistory,
    found: SnippetListed | None,
    values: Mapping[str, str],
    *,
    error: ReviewError | None = None,
) -> Page:
    """The form; beside what was typed the text that stands now, where somebody else was faster."""
    form = SnippetForm(formdata=None, **{name: values[name] for name in TYPED})
    form.kind.choices = [(kind, word_of(kind, "snippet")) for kind in KINDS]
    form.version.data = str(found.version if found else 0)
    if error is not None:
        blame(form, error)
    page = render_template(
        "admin/snippet.html",
        clause=clause,
        snippet=found,
        form=form,
        stale=isinstance(error, StaleVersion),
        sentences=(error.detail,) if error is not None and not error.errors else (),
        longest=LONGEST_SNIPPET,
        longest_language=LONGEST_LANGUAGE,
    )
    return page if error is None else (page, web_errors.status_of(error))
