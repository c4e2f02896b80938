"""Taking a break: a calm page with one way back; nobody else learns whose it was."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from review import db
from review.actions.breaks import end_break, start_break
from review.domain.permissions import Permission
from review.errors import AlreadyRecorded, ClaimLost, InvalidInput, StaleVersion
from review.queries.own_breaks import last_break
from review.web import guard
from review.web.moderator.cases import case_page, keep_typed, number_in_form, wanted_case
from review.web.moderator.forms import typed_values

blueprint = Blueprint("moderator_breaks", __name__)


@blueprint.get("/break")
@guard.access(Permission.WORK_QUEUE)
def page() -> str:
    """Nothing to do here; who comes by the address alone has not begun a break yet."""
    last = last_break(db.session(), account_id=guard.actor().account_id or "")
    return render_template(
        "moderator/break.html", resting=last is not None and last.ended_at is None, undo=None
    )


@blueprint.post("/break")
@guard.access(Permission.WORK_QUEUE)
def start() -> str | tuple[str, int] | Response:
    """Begin a break; from a case, what is typed comes along and is kept as draft first."""
    values, case_id = typed_values(), request.args.get("case", "")
    if values and case_id:
        wanted = wanted_case(case_id)
        try:
            keep_typed(wanted, values, number_in_form("claim_generation"))
        except (AlreadyRecorded, ClaimLost, InvalidInput, StaleVersion) as error:
            return case_page(wanted, values=values, error=error)
    start_break(actor=guard.actor())
    return redirect(url_for("moderator_breaks.page"), 303)


@blueprint.post("/break/end")
@guard.access(Permission.WORK_QUEUE)
def end() -> Response:
    """End the break and go back to one's own work, where what one holds stands first."""
    end_break(actor=guard.actor())
    return redirect(url_for("moderator_my_work.page"), 303)
