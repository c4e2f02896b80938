"""Escalations: which cases wait for advice, and giving it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from review import clock
from review.actions import escalations as escalation_actions
from review.actions import records as record_actions
from review.domain.escalations import WAITS
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.errors import AlreadyClosed, InvalidInput, NotFound
from review.web import errors as web_errors
from review.web import guard
from review.web.legal.advice_form import AdviceForm
from review.web.legal.records import record_page
from review.web.texts import gettext
from review.web.typed import blame

blueprint = Blueprint("legal_escalations", __name__)


@blueprint.get("/escalations")
@guard.access(Permission.ADVISE)
def listing() -> str:
    """The cases that wait for advice; what was asked stands in their records."""
    listed = record_actions.list_escalations(actor=guard.actor())
    return render_template("legal/escalations.html", listed=listed, waits=WAITS, now=clock.now())


@blueprint.post("/cases/<case_id>/advice")
@guard.access(Permission.ADVISE)
def advise(case_id: str) -> str | tuple[str, int] | Response:
    """Give advice, which brings the case back to the queue; a refusal keeps the text."""
    wanted = read_id(case_id, "C")
    if wanted is None:
        raise NotFound("There is no such case; open it from the list of escalations.")
    advice = request.form.get("advice", "").replace("\r\n", "\n").strip()
    try:
        escalation_actions.advise_case(wanted, advice, actor=guard.actor())
    except (AlreadyClosed, InvalidInput) as error:
        form = AdviceForm(formdata=None, advice=advice.replace("\x00", ""))
        others = blame(form, error)
        form.advice.errors = [*form.advice.errors, *others]
        return record_page(wanted, form=form), web_errors.status_of(error)
    flash(gettext("Advice given. The case is back in the queue."), "done")
    return redirect(url_for("legal_escalations.listing"), 303)
