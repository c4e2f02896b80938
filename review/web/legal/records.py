"""Records: find a case, and read all that there is on it."""

from flask import Blueprint, Response, redirect, render_template, request, url_for

from review import clock
from review.actions import records as record_actions
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.errors import NotFound
from review.web import guard

blueprint = Blueprint("legal_records", __name__)

LONGEST_QUERY = 200


@blueprint.get("/records")
@guard.access(Permission.READ_RECORDS)
def listing() -> str:
    """Search by case id, referral id, item id or the sender's reference; else the newest cases."""
    query = request.args.get("q", "").strip().replace("\x00", "")[:LONGEST_QUERY]
    cases = record_actions.list_records(actor=guard.actor(), query=query)
    return render_template("legal/records.html", cases=cases, query=query, now=clock.now())


@blueprint.get("/records/<case_id>")
@guard.access(Permission.READ_RECORDS)
def record(case_id: str) -> str | Response:
    """The record of one case; opening it is an event on the trail."""
    wanted = read_id(case_id, "C")
    if wanted is None:
        raise NotFound("There is no such case; search by its id, a referral's id or a reference.")
    if wanted != case_id:
        return redirect(url_for("legal_records.record", case_id=wanted), 303)  # type: ignore[return-value]
    found = record_actions.open_record(wanted, actor=guard.actor())
    return render_template("legal/record.html", record=found, now=clock.now())
