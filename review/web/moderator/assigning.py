"""Giving a waiting case to a colleague: an address of leads."""

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug import Response

from review import clock, db
from review.actions.assigning import assign_case
from review.domain.permissions import Permission
from review.errors import CaseNotClaimable, InvalidInput, TooManyClaims
from review.queries import cases
from review.web import guard
from review.web.moderator.cases import case_page, wanted_case
from review.web.texts import gettext

blueprint = Blueprint("moderator_assigning", __name__)


@blueprint.post("/cases/<case_id>/assign")
@guard.access(Permission.ASSIGN_CASES)
def assign(case_id: str) -> str | tuple[str, int] | Response:
    """Let the colleague of that pseudonym hold the case; a refusal keeps the choice and says why."""
    wanted, reviewer = wanted_case(case_id), request.form.get("reviewer", "").replace("\x00", "")
    try:
        assign_case(wanted, to=reviewer, actor=guard.actor())
    except (CaseNotClaimable, InvalidInput, TooManyClaims) as error:
        return case_page(wanted, error=error, assignee=reviewer)
    held = cases.case_summary(db.session(), wanted, account_id=None, now=clock.now())
    if held is not None and held.held_until is not None:
        until = held.held_until.strftime("%Y-%m-%dT%H:%M:%SZ")
        words = gettext(
            "%(reviewer)s holds case %(id)s until %(until)s.", reviewer=reviewer, id=wanted, until=until
        )
        flash(words, "done")
    return redirect(url_for("moderator_queue.listing"), 303)
