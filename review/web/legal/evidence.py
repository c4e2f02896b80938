"""Evidence in the record of a case: shown step by step to its reader, hidden, and served on its own path."""

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug import Response as AnyResponse

from review import clock, db
from review.actions.record_evidence import hide_in_record, reveal_in_record
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.errors import NotFound
from review.queries import evidence
from review.web import guard
from review.web.pieces import ready_to_show, served, wanted_stage

blueprint = Blueprint("legal_evidence", __name__)


@blueprint.post("/records/<case_id>/reveal")
@guard.access(Permission.REVEAL_IN_RECORD)
def reveal(case_id: str) -> AnyResponse:
    """Show the next stage of a piece of evidence (``evidence``, ``stage``), once it is on the trail."""
    wanted, stage = _case(case_id), wanted_stage()
    evidence_id = read_id(request.values.get("evidence", ""), "E") or ""
    piece = evidence.piece(db.session(), wanted, evidence_id, withdrawn=True)
    if piece is None:
        raise NotFound("The case has no such evidence; open its record again.")
    ready = ready_to_show(piece, stage)
    if ready is None:
        return _back(wanted, piece.id)
    reveal_in_record(wanted, piece.id, stage=ready.stage, size=ready.size, actor=guard.actor())
    return _back(wanted, piece.id)


@blueprint.post("/records/<case_id>/hide")
@guard.access(Permission.REVEAL_IN_RECORD)
def hide(case_id: str) -> AnyResponse:
    """Drop one thing that is shown (``reveal``), or everything of this case."""
    wanted, chosen = _case(case_id), request.values.get("reveal")
    reveal_id = None if chosen is None else read_id(chosen, "W") or ""
    hide_in_record(wanted, reveal_id, actor=guard.actor())
    return _back(wanted)


@blueprint.get("/evidence/records/<reveal_id>")
@guard.access(Permission.REVEAL_IN_RECORD)
def medium(reveal_id: str) -> Response:
    """The re-encoded picture of a reveal, for the reader whom it was shown to, until it is hidden."""
    account_id = guard.actor().account_id
    found = evidence.medium_in_record(db.session(), reveal_id, account_id=account_id, now=clock.now())
    return served(found, reveal_id)


def _case(case_id: str) -> str:
    found = read_id(case_id, "C")
    if found is None:
        raise NotFound("There is no such case; search by its id, a referral's id or a reference.")
    return found


def _back(case_id: str, place: str = "evidence") -> AnyResponse:
    return redirect(url_for("legal_records.record", case_id=case_id, _anchor=place), 303)
