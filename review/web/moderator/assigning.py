"""Giving waiting cases to a colleague, one from its page or several from the queue: addresses of leads."""

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug import Response

from review import clock, db
from review.actions.assigning import assign_case, assign_cases
from review.domain.permissions import Permission
from review.errors import CaseNotClaimable, InvalidInput, TooManyClaims
from review.queries import cases
from review.web import errors as web_errors
from review.web import guard
from review.web.moderator.cases import case_page, wanted_case
from review.web.moderator.queue import queue_address_here, queue_shown
from review.web.texts import gettext

blueprint = Blueprint("moderator_assigning", __name__)


@blueprint.post("/cases/<case_id>/assign")
@guard.access(Permission.ASSIGN_CASES)
def assign(case_id: str) -> str | tuple[str, int] | Response:
    """Let the colleague of that pseudonym hold the case; a refusal keeps the choice and says why."""
    wanted, reviewer = wanted_case(case_id), _reviewer()
    try:
        assign_case(wanted, to=reviewer, actor=guard.actor())
    except (CaseNotClaimable, InvalidInput, TooManyClaims) as error:
        return case_page(wanted, error=error, assignee=reviewer)
    _tell_holder(reviewer, [wanted])
    return redirect(url_for("moderator_queue.listing"), 303)


@blueprint.post("/queue/assign")
@guard.access(Permission.ASSIGN_CASES)
def assign_several() -> tuple[str, int] | Response:
    """Let the colleague hold the ticked cases, and say of each what became of it.

    A refusal of all keeps what was ticked and chosen, on the same part of the queue.
    """
    ticked, reviewer = [wanted_case(case_id) for case_id in request.form.getlist("cases")], _reviewer()
    try:
        became = assign_cases(ticked, to=reviewer, actor=guard.actor())
    except (InvalidInput, TooManyClaims) as error:
        return queue_shown(error=error, reviewer=reviewer, ticked=ticked), web_errors.status_of(error)
    _tell_holder(reviewer, [one.case_id for one in became if one.claim is not None])
    for one in became:
        if one.claim is None:
            words = gettext("Case %(id)s was not assigned. %(reason)s", id=one.case_id, reason=one.refusal)
            flash(words, "warning")
    return redirect(queue_address_here(), 303)


def _reviewer() -> str:
    """The pseudonym in this request's form; NUL, which no database takes, is left out."""
    return request.form.get("reviewer", "").replace("\x00", "")


def _tell_holder(reviewer: str, case_ids: Sequence[str]) -> None:
    """Say of each case until when the colleague holds it."""
    held = cases.summaries_of(db.session(), case_ids, account_id=None, now=clock.now())
    for case_id in case_ids:
        if case_id in held and (ends_at := held[case_id].held_until) is not None:
            until = ends_at.strftime("%Y-%m-%dT%H:%M:%SZ")
            words = gettext(
                "%(reviewer)s holds case %(id)s until %(until)s.", reviewer=reviewer, id=case_id, until=until
            )
            flash(words, "done")
