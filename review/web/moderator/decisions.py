"""Judging a case: the draft, the record, and the undo; a refusal keeps every word that was typed."""

from datetime import datetime

from flask import Blueprint, flash, redirect, request, session, url_for
from werkzeug import Response

from review import clock, db
from review.actions import decisions as decision_actions
from review.actions import escalations as escalation_actions
from review.actions import questions as question_actions
from review.actions.decisions import Recorded
from review.domain.decisions import ASK, ESCALATE, read_review
from review.domain.escalations import WAITS as LEGAL_WAITS
from review.domain.permissions import Permission
from review.domain.questions import WAITS as SENDER_WAITS
from review.errors import (
    AlreadyRecorded,
    ClaimLost,
    InvalidInput,
    InvalidReview,
    NothingToUndo,
    StaleVersion,
    UndoWindowOver,
)
from review.queries.cases import case_summary
from review.web import guard
from review.web.moderator import quietly
from review.web.moderator.cases import case_page, number_in_form, refused_for_note, wanted_case
from review.web.moderator.clause_choice import LONGEST_QUERY
from review.web.moderator.forms import (
    Values,
    draft_beside_question,
    draft_fields,
    first_of,
    seen_draft,
    typed_values,
)
from review.web.moderator.narrowed import kept_narrowed
from review.web.moderator.queue import address_after
from review.web.moderator.review_parts import left_out_words, typed_companions, with_ready_made
from review.web.moderator.showing import back_to_case
from review.web.texts import gettext, ngettext

blueprint = Blueprint("moderator_decisions", __name__)


@blueprint.post("/cases/<case_id>/draft")
@guard.access(Permission.REVIEW_CASE)
def draft(case_id: str) -> str | tuple[str, int] | Response:
    """Keep what is typed so far; with ``autosave=1`` the answer is JSON for the script, and no message.

    ``insert`` adds the texts of the ticked clauses first; ``find`` goes on to the clauses that hold ``q``.
    """
    return _keep(case_id)


def _keep(case_id: str) -> str | tuple[str, int] | Response:
    wanted = wanted_case(case_id)
    values: Values = typed_values()
    quiet, inserts = quietly.is_asked(), "insert" in request.form
    try:
        if inserts:
            values = with_ready_made(wanted, values)
        saved_at = decision_actions.save_draft(
            wanted,
            draft_fields(values),
            claim_generation=number_in_form("claim_generation"),
            actor=guard.actor(),
            unasked=quiet,
            seen=seen_draft(),
        )
    except (AlreadyRecorded, ClaimLost, InvalidInput, StaleVersion) as error:
        return quietly.refused(error) if quiet else case_page(wanted, values=values, error=error)
    if quiet:
        return quietly.saved(saved_at)
    if "find" in request.form:
        query = request.form.get("q", "")[:LONGEST_QUERY].replace("\x00", "") or None
        return back_to_case(wanted, query=query, anchor="clauses")
    if not inserts:
        flash(gettext("Draft saved."), "done")
    return back_to_case(wanted, anchor="rationale" if inserts else None)


@blueprint.post("/cases/<case_id>/review")
@guard.access(Permission.REVIEW_CASE)
def review(case_id: str) -> str | tuple[str, int] | Response:
    """Record the review, then open the next case, or stay with ``then=stay``.

    The buttons among the clauses only keep what is typed, as at ``/draft``.
    """
    if "find" in request.form or "insert" in request.form:
        return _keep(case_id)
    wanted, values = wanted_case(case_id), typed_values()
    stay = request.form.get("then") == "stay"
    if (refused := refused_for_note(wanted, values)) is not None:
        return refused
    no_review = {ESCALATE: _escalate, ASK: _ask_sender}.get(first_of(values, "outcome"))
    if no_review is not None:
        return no_review(wanted, values, stay=stay)
    try:
        recorded = decision_actions.record_review(
            wanted,
            read_review(values),
            claim_generation=number_in_form("claim_generation"),
            version=number_in_form("version"),
            actor=guard.actor(),
            then_next=not stay,
            also=typed_companions(),
            narrowed=kept_narrowed(),
        )
    except (AlreadyRecorded, ClaimLost, InvalidInput, InvalidReview, StaleVersion) as error:
        return case_page(wanted, values=values, error=error)
    session["undo"] = {"case_id": wanted, "until": recorded.undo_until.isoformat()}
    _tell_of_others(recorded)
    if stay:
        return redirect(url_for("moderator_cases.page", case_id=wanted), 303)
    return redirect(address_after(recorded.next_claim), 303)


def _tell_of_others(recorded: Recorded) -> None:
    """Which further cases were recorded, and which were not and why."""
    if recorded.also:
        flash(
            ngettext(
                "Recorded for %(num)s further case of the same referral too; Undo takes both back.",
                "Recorded for %(num)s further cases of the same referral too; Undo takes all back.",
                len(recorded.also),
            ),
            "done",
        )
    for sentence in left_out_words(recorded.left_out):
        flash(sentence, "warning")


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
    told = gettext(
        "%(id)s is with legal. It comes back with their advice, or by itself after 3 days. This cannot be "
        "undone; it stands under My work.",
        id=case_id,
    )
    _flash_waiting(told, case_id, ESCALATE)
    if stay:
        return redirect(url_for("moderator_cases.page", case_id=case_id), 303)
    return redirect(address_after(claim), 303)


def _flash_waiting(told: str, case_id: str, kind: str) -> None:
    """Say that the case waits now, and warn where it may come back after its target."""
    now = clock.now()
    summary = case_summary(db.session(), case_id, account_id=guard.actor().account_id, now=now)
    if summary is None or kind not in comes_back_late(summary.due_at, now):
        flash(told, "done")
        return
    due = summary.due_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    late = gettext("That may be after its target, %(due)s.", due=due)
    flash(f"{told} {late}", "warning")


@blueprint.app_template_global()
def comes_back_late(due_at: datetime, now: datetime) -> tuple[str, ...]:
    """Which questions may bring a case with this target back after it: ``ask``, ``escalate``."""
    waits = {ASK: SENDER_WAITS, ESCALATE: LEGAL_WAITS}
    return tuple(kind for kind, longest in waits.items() if now + longest > due_at)


def _ask_sender(case_id: str, values: Values, *, stay: bool) -> str | tuple[str, int] | Response:
    """Ask the sender of one item; the case leaves the queue until the answer comes, or for 7 days."""
    try:
        claim = question_actions.ask_sender(
            case_id,
            first_of(values, "question").replace("\r\n", "\n").strip(),
            item_id=first_of(values, "question_item") or None,
            draft=draft_beside_question(values),
            claim_generation=number_in_form("claim_generation"),
            version=number_in_form("version"),
            actor=guard.actor(),
            then_next=not stay,
            narrowed=kept_narrowed(),
        )
    except (ClaimLost, InvalidInput, InvalidReview, StaleVersion) as error:
        return case_page(case_id, values=values, error=error)
    told = gettext(
        "The sender of %(id)s was asked; it comes back with the answer, or by itself after 7 days. This "
        "cannot be undone; it stands under My work.",
        id=case_id,
    )
    _flash_waiting(told, case_id, ASK)
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
        undone = decision_actions.undo_review(wanted, actor=guard.actor())
    except (NothingToUndo, UndoWindowOver) as error:
        return case_page(wanted, error=error)
    flash(gettext("Undone. Your text is back in the form."), "done")
    if undone.also:
        told = ngettext(
            "With it %(num)s further case was undone, which is ticked again in the form: %(cases)s.",
            "With it %(num)s further cases were undone, which are ticked again in the form: %(cases)s.",
            len(undone.also),
            cases=", ".join(undone.also),
        )
        flash(told, "done")
    return redirect(url_for("moderator_cases.page", case_id=wanted), 303)
