"""The evidence of a decision that is judged for quality, step by step, and the way to its live addresses."""

from flask import Blueprint, Response, redirect, render_template, request, session, url_for
from werkzeug import Response as AnyResponse

from review import clock, db
from review.actions.quality import leave_drawn_case, open_drawn_case
from review.actions.record_evidence import hide_from_judge, reveal_to_judge
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.errors import AlreadyClosed, NotFound
from review.queries import evidence
from review.queries.quality import EntryListed, Sample
from review.web import guard
from review.web.legal.quality import closed_page, decision_page, wanted_entry
from review.web.pieces import ready_to_show, served, wanted_stage
from review.web.typed import text_of

blueprint = Blueprint("legal_quality_evidence", __name__)

_LEFT = "judge_left_for"


@blueprint.post("/quality/samples/<sample_id>/<decision_id>/reveal")
@guard.access(Permission.JUDGE_QUALITY)
def reveal(sample_id: str, decision_id: str) -> str | tuple[str, int] | AnyResponse:
    """Show the next stage of a piece of evidence (``evidence``, ``stage``), once it is on the trail."""
    wanted, entry = wanted_entry(sample_id, decision_id)
    stage, evidence_id = wanted_stage(), read_id(request.values.get("evidence", ""), "E") or ""
    piece = evidence.piece(db.session(), entry.case_id, evidence_id, withdrawn=True)
    if piece is None:
        raise NotFound("The case has no such evidence; open it from the sample again.")
    ready = ready_to_show(piece, stage)
    if ready is None:
        return _back(wanted, entry, piece.id)
    size, actor = ready.size, guard.actor()
    try:
        reveal_to_judge(wanted.id, entry.decision_id, piece.id, stage=ready.stage, size=size, actor=actor)
    except AlreadyClosed as error:
        return closed_page(wanted, entry, error)
    return _back(wanted, entry, piece.id)


@blueprint.post("/quality/samples/<sample_id>/<decision_id>/hide")
@guard.access(Permission.JUDGE_QUALITY)
def hide(sample_id: str, decision_id: str) -> str | tuple[str, int] | AnyResponse:
    """Drop one thing that is shown (``reveal``), or everything of this case."""
    wanted, entry = wanted_entry(sample_id, decision_id)
    chosen = request.values.get("reveal")
    reveal_id = None if chosen is None else read_id(chosen, "W") or ""
    try:
        hide_from_judge(wanted.id, entry.decision_id, reveal_id, actor=guard.actor())
    except AlreadyClosed as error:
        return closed_page(wanted, entry, error)
    return _back(wanted, entry)


def _back(wanted: Sample, entry: EntryListed, place: str = "evidence") -> str | AnyResponse:
    """To the page; the page itself where something was typed, which is stored nowhere yet."""
    if text_of("finding") or text_of("remark").strip():
        return decision_page(wanted, entry, typed=True)
    address = url_for(
        "legal_quality.decision", sample_id=wanted.id, decision_id=entry.decision_id, _anchor=place
    )
    return redirect(address, 303)


@blueprint.get("/evidence/quality/<reveal_id>")
@guard.access(Permission.JUDGE_QUALITY)
def medium(reveal_id: str) -> Response:
    """The re-encoded picture of a reveal, for the judge whom it was shown to, until it is hidden."""
    account_id = guard.actor().account_id
    found = evidence.medium_in_record(db.session(), reveal_id, account_id=account_id, now=clock.now())
    return served(found, reveal_id)


@blueprint.get("/quality/samples/<sample_id>/<decision_id>/leave/<item_id>")
@guard.access(Permission.JUDGE_QUALITY)
def leave(sample_id: str, decision_id: str, item_id: str) -> str:
    """What opening the live address means, a reading on the trail; the link once, after one said so."""
    wanted, entry = wanted_entry(sample_id, decision_id)
    case = open_drawn_case(wanted.id, entry.decision_id, actor=guard.actor())
    item = next((one for one in case.items if one.id == item_id), None)
    if item is None:
        raise NotFound("The case shows no such item; open it from the sample again.")
    live = session.pop(_LEFT, None) == item.id
    return render_template("legal/quality_leave.html", sample=wanted, entry=entry, item=item, live=live)


@blueprint.post("/quality/samples/<sample_id>/<decision_id>/leave/<item_id>")
@guard.access(Permission.JUDGE_QUALITY)
def left(sample_id: str, decision_id: str, item_id: str) -> AnyResponse:
    """Put on the trail that the judge goes there, and offer the link once."""
    wanted, entry = wanted_entry(sample_id, decision_id)
    leave_drawn_case(wanted.id, entry.decision_id, item_id, actor=guard.actor())
    session[_LEFT] = item_id
    address = url_for(".leave", sample_id=wanted.id, decision_id=entry.decision_id, item_id=item_id)
    return redirect(address, 303)
