"""Exports: what legal staff ask for as files, how far they are, and the files until they expire."""

from collections.abc import Iterator
from typing import IO

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import Field, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from review import clock, db
from review.actions import export_jobs
from review.domain.decisions import OUTCOMES
from review.domain.exports import (
    FILE_ENDINGS,
    KEPT_DAYS,
    LONGEST_REASON,
    MOST_CASES,
    MOST_WHOLE,
    ExportForm,
    ExportState,
    Selection,
)
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.domain.states import CaseState
from review.errors import AlreadyClosed, AlreadyExists, InvalidInput, NotFound
from review.formats.export_pages import can_make_pages
from review.models.export_files import export_path
from review.models.referrals import INTAKE_KINDS
from review.queries.exports import ListedExport, export_of, newest_exports
from review.queries.record_search import senders_named
from review.web import guard
from review.web.errors import status_of
from review.web.legal.erasure_forms import reason_of
from review.web.spans import Day, check_order
from review.web.texts import gettext
from review.web.typed import blame
from review.web.words import word_of

blueprint = Blueprint("legal_exports", __name__, url_prefix="/exports")

ASKS_AFTER = 2
"""Seconds."""
PIECE = 64 * 1024
MEDIA = {
    ExportForm.CSV: "text/csv; charset=utf-8",
    ExportForm.JSONL: "application/jsonl",
    ExportForm.PDF: "application/pdf",
    ExportForm.BUNDLE: "application/jsonl",
}


class AskForm(FlaskForm):
    """Which cases, as what, and what for."""

    form = SelectField(lazy_gettext("As"))
    case_id = StringField(lazy_gettext("One case"))
    kind = SelectField(lazy_gettext("Kind"), validators=[Optional()])
    state = SelectField(lazy_gettext("State"), validators=[Optional()])
    outcome = SelectField(lazy_gettext("Outcome"), validators=[Optional()])
    sender = SelectField(lazy_gettext("Sender"), validators=[Optional()])
    since = Day(lazy_gettext("Received from"), validators=[Optional()])
    until = Day(lazy_gettext("Received until"), validators=[Optional()])
    reason = TextAreaField(lazy_gettext("What it is for"))

    def validate_until(self, field: Field) -> None:
        """The last day is not before the first."""
        check_order(self.since, field)


@blueprint.get("")
@guard.access(Permission.EXPORT_RECORDS)
def listing() -> str:
    """Past exports of all legal staff, and the form for another; an address may fill it."""
    return _listing(_form(request.args))


def _listing(form: AskForm, problems: tuple[str, ...] = ()) -> str:
    return render_template(
        "legal/exports.html",
        exports=newest_exports(db.session()),
        form=form,
        problems=problems,
        longest=LONGEST_REASON,
        most=MOST_CASES,
        most_whole=MOST_WHOLE,
        kept_days=KEPT_DAYS,
        now=clock.now(),
    )


@blueprint.post("")
@guard.access(Permission.EXPORT_RECORDS)
def ask() -> ResponseReturnValue:
    """Put the export on the trail and let the loop make it."""
    form = _form(request.form)
    if not form.validate():
        return _listing(form), 422
    case_id = None
    if (form.case_id.data or "").strip():
        case_id = read_id(form.case_id.data or "", "C")
        if case_id is None:
            return _listing(form, (gettext("This is no id of a case; copy it from its record."),)), 422
    selection = Selection(
        case_id=case_id,
        intake_kind=form.kind.data or None,
        state=form.state.data or None,
        outcome=form.outcome.data or None,
        sender_id=form.sender.data or None,
        since=form.since.data,
        until=form.until.data,
    )
    try:
        export_id = export_jobs.request_export(
            ExportForm(form.form.data), selection, reason=reason_of(), actor=guard.actor()
        )
    except (InvalidInput, AlreadyExists) as error:
        return _listing(form, blame(form, error)), status_of(error)
    return redirect(url_for(".page", export_id=export_id), 303)


@blueprint.get("/<export_id>")
@guard.access(Permission.EXPORT_RECORDS)
def page(export_id: str) -> str:
    """How an export stands; while it is made, the page reads it anew."""
    found = _export(export_id)
    return render_template(
        "legal/export.html",
        export=found,
        can_fetch=_has_file(found),
        asks_after=ASKS_AFTER if found.state == ExportState.WAITING else 0,
        now=clock.now(),
    )


@blueprint.post("/<export_id>/cancel")
@guard.access(Permission.EXPORT_RECORDS)
def cancel(export_id: str) -> ResponseReturnValue:
    """Stop an export that is not ended."""
    found = _export(export_id)
    try:
        export_jobs.cancel_export(found.id, actor=guard.actor())
    except AlreadyClosed as error:
        flash(error.detail, "warning")
    return redirect(url_for(".page", export_id=found.id), 303)


@blueprint.post("/<export_id>/file")
@guard.access(Permission.EXPORT_RECORDS)
def fetch(export_id: str) -> ResponseReturnValue:
    """The file; that it was fetched is on the trail before a byte of it leaves."""
    found = _export(export_id)
    try:
        file = _whole_file(found)
    except FileNotFoundError:
        flash(gettext("The file of this export is not here any more; ask for it again."), "warning")
        return redirect(url_for(".page", export_id=found.id), 303)
    try:
        export_jobs.fetch_export(found.id, actor=guard.actor())
    except BaseException:
        file.close()
        raise

    def pieces() -> Iterator[bytes]:
        while piece := file.read(PIECE):
            yield piece

    form = ExportForm(found.form)
    answer = Response(pieces(), mimetype=MEDIA[form])
    answer.headers["Content-Disposition"] = f'attachment; filename="{found.id}.{FILE_ENDINGS[form]}"'
    answer.headers["Cache-Control"] = "no-store"
    answer.content_length = found.length or 0
    answer.call_on_close(file.close)
    return answer


def _form(given: object) -> AskForm:
    form = AskForm(given)
    forms = [one for one in ExportForm if one is not ExportForm.PDF or can_make_pages()]
    form.form.choices = [(one.value, word_of(one.value, "export_form")) for one in forms]
    form.kind.choices = _choices("intake", INTAKE_KINDS)
    form.state.choices = _choices("state", tuple(CaseState))
    form.outcome.choices = _choices("outcome", OUTCOMES)
    form.sender.choices = [("", gettext("All")), *senders_named(db.session())]
    return form


def _choices(family: str, codes: tuple[str, ...]) -> list[tuple[str, str]]:
    return [("", gettext("All")), *((code, word_of(code, family)) for code in codes)]


def _export(export_id: str) -> ListedExport:
    wanted = read_id(export_id, "O")
    found = wanted and export_of(db.session(), wanted)
    if not found:
        raise NotFound("There is no such export.")
    return found


def _whole_file(export: ListedExport) -> IO[bytes]:
    """Its file; raises `FileNotFoundError` where there is none, also while it is made."""
    if export.state != ExportState.DONE or export.lease is None:
        raise FileNotFoundError
    return export_path(current_app.config["REVIEW_SETTINGS"].data_dir, export.id, export.lease).open("rb")


def _has_file(export: ListedExport) -> bool:
    return (
        export.state == ExportState.DONE and export.expires_at is not None and export.expires_at > clock.now()
    )
