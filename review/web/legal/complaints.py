"""Complaints of users whose content was decided on, which legal registers in the record."""

from flask import Blueprint, flash, redirect, url_for
from werkzeug import Response

from review.actions import complaints as complaint_actions
from review.domain.complaints import ComplaintOpen, ComplaintTooLate, NoDecision
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.errors import InvalidInput, NotFound
from review.web import guard
from review.web.errors import status_of
from review.web.legal.complaint_form import ComplaintForm
from review.web.legal.records import record_page
from review.web.problem_words import problem_words
from review.web.texts import gettext
from review.web.times import told
from review.web.typed import text_of

blueprint = Blueprint("legal_complaints", __name__)


@blueprint.post("/records/<case_id>/complaint")
@guard.access(Permission.REGISTER_COMPLAINTS)
def register(case_id: str) -> tuple[str, int] | Response:
    """Register the complaint; a refusal keeps the words."""
    wanted = read_id(case_id, "C")
    if wanted is None:
        raise NotFound("There is no such case; open its record again.")
    reasons, contact = text_of("reasons").replace("\r\n", "\n"), text_of("contact").strip()
    try:
        complaint_actions.register_complaint(wanted, reasons, contact, actor=guard.actor())
    except (InvalidInput, NoDecision, ComplaintTooLate, ComplaintOpen) as error:
        form = ComplaintForm(formdata=None, reasons=reasons, contact=contact)
        for one in error.errors:
            form[one.pointer.removeprefix("/")].errors = (problem_words(one.detail),)
        if not error.errors:
            form.reasons.errors = (told(problem_words(error.detail)),)
        return record_page(wanted, complaint=form), status_of(error)
    flash(gettext("The complaint is registered; a lead with no part in the case judges it."), "done")
    return redirect(url_for("legal_records.record", case_id=wanted, _anchor="complaints"), 303)
