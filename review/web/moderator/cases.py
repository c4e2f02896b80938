"""One case: what its holder sees, and taking, keeping and giving it back."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response
from werkzeug.local import LocalProxy

from review import clock, db
from review.actions import cases as case_actions
from review.actions import decisions as decision_actions
from review.actions.claiming import claim_length
from review.actions.offering import resolves
from review.domain.drafts import LONGEST_WINDOW, draft_version
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.domain.states import Round
from review.errors import (
    AlreadyRecorded,
    CaseNotClaimable,
    ClaimLost,
    DraftChanged,
    InvalidInput,
    NotFound,
    ReviewError,
    StaleVersion,
    TooManyClaims,
)
from review.queries import cases, clauses, decisions
from review.queries.case_content import case_content, referrals_of
from review.queries.case_parts import parts_of_case
from review.queries.cases import CaseSummary
from review.queries.comparisons import comparison_of, opposed_reviews
from review.queries.complaints import complaints_to_judge
from review.queries.decisions import StoredDraft
from review.queries.escalations import advice_on
from review.queries.questions import questions_on
from review.queries.waiting import WaitingFor, waiting_for
from review.web import errors as web_errors
from review.web import guard
from review.web.moderator import quietly
from review.web.moderator.assign_form import assign_form
from review.web.moderator.forms import (
    Values,
    draft_fields,
    first_of,
    is_new,
    review_form,
    seen_draft,
    typed_values,
    unsent_note,
    values_of_draft,
)
from review.web.moderator.notes_part import notes_part
from review.web.moderator.review_parts import review_parts
from review.web.moderator.same_things import same_things
from review.web.moderator.showing import back_to_case, shown_since
from review.web.moderator.shown_evidence import evidence_shown
from review.web.moderator.shown_looks import look_shown
from review.web.texts import gettext
from review.web.times import duration
from review.web.typed_notes import TypedNote

LONGEST_NUMBER = 9
BESIDE = frozenset({"file", "item", "until_time"})
"""Fields of the page that are not of the review: an error in one is told above the page and at the field."""

blueprint = Blueprint("moderator_cases", __name__)


def wanted_case(case_id: str) -> str:
    """The case's id as we write it; raises `NotFound` for what is no id of a case."""
    found = read_id(case_id, "C")
    if found is None:
        raise NotFound("There is no such case; take one from the queue.")
    return found


def number_in_form(name: str) -> int:
    """An opaque number that the form brings back; raises `InvalidInput` for anything else."""
    text = request.form.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        detail = gettext(
            "The form came back without its hidden field %(name)s; copy your text and open the case again.",
            name=name,
        )
        raise InvalidInput(detail, values={"field": name})
    return int(text)


def case_page(
    case_id: str,
    *,
    values: Values | None = None,
    error: ReviewError | None = None,
    assignee: str | None = None,
    note: TypedNote | None = None,
) -> str | tuple[str, int]:
    """The page of a case as this person may see it.

    The holder sees the content and the form; everybody else only the strip, the author of a review also
    what is stored. ``values``: what was typed into a form that was refused, kept whatever happened;
    ``error``: why it was refused; ``assignee``: whom a refused assignment named; ``note``: a refused note.
    """
    reader, now, account_id = db.session(), clock.now(), guard.actor().account_id
    summary = cases.case_summary(
        reader, case_id, account_id=account_id, now=now, resolves=resolves(guard.actor())
    )
    if summary is None:
        raise NotFound("There is no such case; take one from the queue.")
    if summary.held == "yours":
        page = _holder_page(summary, values=values, error=_of_form(error, note), note=note)
    else:
        page = _apart_page(summary, values=values, error=error, assignee=assignee, note=note)
    return page if error is None else (page, web_errors.status_of(error))


def _apart_page(
    summary: CaseSummary,
    *,
    values: Values | None,
    error: ReviewError | None,
    assignee: str | None,
    note: TypedNote | None,
) -> str:
    reader, now, account_id = db.session(), clock.now(), guard.actor().account_id
    own = decisions.standing_review(reader, summary.id, account_id=account_id)
    summary = replace(summary, recorded=own is not None)
    assigning = assign_form(summary, chosen=assignee, error=error)
    can_undo = bool(own and summary.pending and own.dispatched_at is None and own.undo_until > now)
    # just recorded: what the author judged a moment ago; a blind round ends with its record
    judged = can_undo and own is not None and own.round != Round.SECOND
    held = cases.held_cases(reader, account_id=account_id, now=now)
    return render_template(
        "moderator/case_apart.html",
        case=summary,
        review=own,
        judged=referrals_of(reader, summary.id) if judged else (),
        compared=() if own is None else comparison_of(reader, summary, account_id=account_id),
        can_undo=can_undo,
        typed=_typed_form(summary, values),
        assigning=assigning,
        notes=notes_part(summary, own=own, typed=note or unsent_note(values or {})),
        waiting=_waiting(summary),
        claim_lasts=duration(claim_length()),
        holding=" ".join(cases.claim_mark(case.id, case.claim_generation) for case in held),
        error=None if assigning is not None and assigning.errors else error,
        now=now,
    )


def _waiting(summary: CaseSummary) -> WaitingFor | None:
    return waiting_for(db.session(), summary.id, state=summary.state, account_id=guard.actor().account_id)


def _holder_page(
    summary: CaseSummary, *, values: Values | None, error: ReviewError | None, note: TypedNote | None
) -> str:
    reader, now, account_id = db.session(), clock.now(), guard.actor().account_id
    there = parts_of_case(reader, summary.id, account_id=account_id)
    draft = decisions.draft_of(reader, summary.id, account_id=account_id) if there.draft else None
    if values is None:
        values = values_of_draft(draft.fields) if draft else {}
    in_force = clauses.clauses_in_force(reader, on=now.date())
    content = case_content(reader, summary.id, account_id=account_id, others=there.others)
    evidence = evidence_shown(content, summary, since=shown_since(), looked=there.look)
    same = same_things(content.referrals, with_files=evidence.pieces)
    errors = error.errors if error else ()
    beside = {one.pointer: one.detail for one in errors if one.pointer in BESIDE}
    form = LocalProxy(
        cache(
            lambda: review_form(
                values,
                intake_kind=summary.intake_kind,
                clauses=in_force,
                version=summary.version,
                claim_generation=summary.claim_generation,
                errors=errors,
                may_ask=summary.round is Round.FIRST,
                items=same.placed,
            )
        )
    )
    parts = review_parts(summary, content, in_force, values, beside=there.beside)
    drawn = (summary.intake_kind, parts.senders, parts.draws_alike, summary.round)
    blank = None if values or errors or parts.query or len(same.placed) > 1 else drawn
    return render_template(
        "moderator/case.html",
        case=summary,
        content=content,
        same=same,
        capture_of=request.form.get("item", ""),
        advice=advice_on(reader, summary.id) if there.advice and summary.round is not Round.SECOND else (),
        opposed=opposed_reviews(reader, summary),
        complained=complaints_to_judge(reader, summary),
        asked=questions_on(reader, summary.id) if there.asked else (),
        shown=len(same.item_ids),
        evidence=evidence,
        look=look_shown(summary, looked_at=there.look),
        form=form,
        blank=blank,
        parts=parts,
        draft=draft,
        draft_version=_version_for_form(error, draft),
        changed=isinstance(error, DraftChanged),
        notes=notes_part(summary, typed=note or unsent_note(values), written=there.notes),
        wrong=error is not None and not beside,
        beside=beside,
        sentences=() if beside else _sentences(error),
        now=now,
    )


def _of_form(error: ReviewError | None, note: TypedNote | None) -> ReviewError | None:
    """The error as far as it belongs to the review: what is wrong with a note is said beside the note."""
    return error if note is None or isinstance(error, DraftChanged) else None


def _version_for_form(error: ReviewError | None, draft: StoredDraft | None) -> str:
    """Which draft the form knows; after a refusal because of another one still that which it knew."""
    if isinstance(error, DraftChanged):
        return request.form.get("draft", "")[:LONGEST_WINDOW]
    return draft_version(None if draft is None else draft.fields)


def _sentences(error: ReviewError | None) -> Sequence[str]:
    """What the error summary says when no field is to blame."""
    return () if error is None or error.errors else (error.detail,)


def _typed_form(summary: CaseSummary, values: Values | None) -> object | None:
    """What was typed, to copy or to take along, for a person who does not hold the case any more."""
    if not values:
        return None
    on = clock.now().date()
    return review_form(
        values,
        intake_kind=summary.intake_kind,
        clauses=clauses.clauses_in_force(db.session(), on=on),
        version=summary.version,
        claim_generation=summary.claim_generation,
    )


@blueprint.get("/cases/<case_id>")
@guard.access(Permission.REVIEW_CASE)
def page(case_id: str) -> str | tuple[str, int] | Response:
    """Show a case; ids in another spelling are sent to the proper address."""
    wanted = wanted_case(case_id)
    if wanted != case_id:
        return redirect(url_for("moderator_cases.page", case_id=wanted), 303)
    return case_page(wanted)


@blueprint.post("/cases/<case_id>/claim")
@guard.access(Permission.WORK_QUEUE)
def claim(case_id: str) -> str | tuple[str, int] | Response:
    """Claim this case; text that was refused before comes along and becomes the draft."""
    wanted, values = wanted_case(case_id), typed_values()
    try:
        taken = case_actions.claim_case(wanted, actor=guard.actor())
        keep_typed(wanted, values, taken.claim_generation)
    except TooManyClaims as error:
        if values:
            return case_page(wanted, values=values, error=error)
        flash(error.detail, "warning")
        return redirect(url_for("moderator_queue.listing"), 303)
    except (CaseNotClaimable, ClaimLost, InvalidInput) as error:
        return case_page(wanted, values=values or None, error=error)
    return redirect(url_for("moderator_cases.page", case_id=wanted), 303)


@blueprint.post("/cases/<case_id>/renew")
@guard.access(Permission.WORK_QUEUE)
def renew(case_id: str) -> str | tuple[str, int] | Response:
    """Keep the case for another full time, and with it what is typed, as draft; JSON for the script."""
    wanted, values = wanted_case(case_id), typed_values()
    quiet = quietly.is_asked()
    try:
        generation = number_in_form("claim_generation")
        until = case_actions.renew_claim(wanted, claim_generation=generation, actor=guard.actor())
        keep_typed(wanted, values, generation)
    except (AlreadyRecorded, ClaimLost, InvalidInput, StaleVersion) as error:
        return quietly.refused(error) if quiet else case_page(wanted, values=values or None, error=error)
    if quiet:
        return quietly.kept(until)
    flash(gettext("Kept for you."), "done")
    if _is_from_own_work():
        return redirect(url_for("moderator_my_work.page"), 303)
    return back_to_case(wanted)


@blueprint.post("/cases/<case_id>/release")
@guard.access(Permission.WORK_QUEUE)
def release(case_id: str) -> str | tuple[str, int] | Response:
    """Give the case back to the queue; what is typed stays as one's own draft."""
    wanted, values = wanted_case(case_id), typed_values()
    try:
        generation = number_in_form("claim_generation")
        keep_typed(wanted, values, generation)
        case_actions.release_claim(wanted, claim_generation=generation, actor=guard.actor())
    except (AlreadyRecorded, ClaimLost, InvalidInput, StaleVersion) as error:
        return case_page(wanted, values=values or None, error=error)
    flash(gettext("Given back to the queue."), "done")
    own_work = _is_from_own_work()
    return redirect(url_for("moderator_my_work.page" if own_work else "moderator_queue.listing"), 303)


def _is_from_own_work() -> bool:
    """Whether the button stood among one's own work, as ``back`` says."""
    return request.form.get("back") == "my-work"


def keep_typed(case_id: str, values: Values, claim_generation: int) -> None:
    """Save what came along as draft, if there is anything that the draft does not hold already."""
    stored = (
        decisions.draft_of(db.session(), case_id, account_id=guard.actor().account_id) if values else None
    )
    if values and is_new(values, None if stored is None else stored.fields):
        decision_actions.save_draft(
            case_id,
            draft_fields(values),
            claim_generation=claim_generation,
            actor=guard.actor(),
            seen=seen_draft(),
        )


def refused_for_note(case_id: str, values: Values) -> tuple[str, int] | str | None:
    """The page again where a note is typed and not written: the step that follows would end its draft."""
    if not first_of(values, "note").strip():
        return None
    error = InvalidInput(
        gettext("Your note is not written yet. Write it or empty its field, then send the form again.")
    )
    note = replace(unsent_note(values), error=error)
    return case_page(case_id, values=values, error=error, note=note)
