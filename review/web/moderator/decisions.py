"""Judging a case: the draft, the record, and the undo; a refusal keeps every word that was typed."""

from flask import Blueprint, flash, redirect, request, session, url_for
from werkzeug import Response

from review.actions import decisions as decision_actions
from review.actions import escalations as escalation_actions
from review.domain.decisions import ESCALATE, read_review
from review.domain.permissions import Permission
from review.errors import (
    AlreadyRecorded,
    ClaimLost,
    InvalidInput,
    InvalidReview,
    NothingToUndo,
    StaleVersion,
    UndoWindowOver,
)
from review.web import guard
from review.web.moderator.cases import case_page, number_in_form, wanted_case
from review.web.moderator.forms import Values, draft_fields, typed_values
from review.web.moderator.narrowed import kept_narrowed
from review.web.moderator.queue import address_after
from review.web.texts import gettext

blueprint = Blueprint("moderator_decisions", __name__)


@blueprint.post("/cases/<case_id>/draft")
@guard.access(Permission.REVIEW_CASE)
def draft(case_id: str) -> str | tuple[str, int] | Response:
    """Keep what is typed so far."""
    wanted, values = wanted_case(case_id), typed_values()
    try:
        decision_actions.save_draft(
            wanted,
            draft_fields(values),
            claim_generation=number_in_form("claim_generation"),
            actor=guard.actor(),
        )
    except (AlreadyRecorded, ClaimLost, InvalidInput, StaleVersion) as error:
        return case_page(wanted, values=values, error=error)
    flash(gettext("Draft saved."), "done")
    return redirect(url_for("moderator_cases.page", case_id=wanted), 303)


@blueprint.post("/cases/<case_id>/review")
@guard.access(Permission.REVIEW_CASE)
def review(case_id: str) -> str | tuple[str, int] | Response:
    """Record the review, then open the next case, or stay with ``then=stay``."""
    wanted, values = wanted_case(case_id), typed_values()
    stay = request.form.get("then") == "stay"
    if values.get("outcome") == [ESCALATE]:
        return _escalate(wanted, values, stay=stay)
    try:
        recorded = decision_actions.record_review(
            wanted,
            read_review(values),
            claim_generation=number_in_form("claim_generation"),
            version=number_in_form("version"),
            actor=guard.actor(),
            then_next=not stay,
            narrowed=kept_narrowed(),
        )
    except (AlreadyRecorded, ClaimLost, InvalidInput, InvalidReview, StaleVersion) as error:
        return case_page(wanted, values=values, error=error)
    session["undo"] = {"case_id": wanted, "until": recorded.undo_until.isoformat()}
    if stay:
        return redirect(url_for("moderator_cases.page", case_id=wanted), 303)
    return redirect(address_after(recorded.next_claim), 303)


def _escalate(case_id: str, values: Values, *, stay: bool) -> str | tuple[str, int] | Response:
    """Ask legal with the rationale as question; the case leaves the queue until there is advice."""
    try:
        claim = escalation_actions.escalate_case(
            case_id,
            read_review(values).rationale,
            claim_generation=number_in_form("claim_generation"),
            version=number_in_form("version"),
            actor=guard.actor(),
            then_next=not stay,
            narrowed=kept_narrowed(),
        )
    except (ClaimLost, InvalidInput, InvalidReview, StaleVersion) as error:
        return case_page(case_id, values=values, error=error)
    flash(gettext("With legal. It comes back with their advice, or by itself after 3 days."), "done")
    if stay:
        return redirect(url_for("moderator_cases.page", case_id=case_id), 303)
    return redirect(address_after(claim), 303)


@blueprint.post("/cases/<case_id>/undo")
@guard.access(Permission.REVIEW_CASE)
def undo(case_id: str) -> str | tuple[str, int] | Response:
    """Take the review back; its text stands in the form again."""
    wanted = wanted_case(case_id)
    session.pop("undo", None)
    try:
        decision_actions.undo_review(wanted, actor=guard.actor())
    except (NothingToUndo, UndoWindowOver) as error:
        return case_page(wanted, error=error)
    flash(gettext("Undone. Your text is back in the form."), "done")
    return redirect(url_for("moderator_cases.page", case_id=wanted), 303)
