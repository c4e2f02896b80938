"""Complaints: which decisions somebody complains of, for leads, who take the case like any other."""

from flask import Blueprint, render_template

from review import clock, db
from review.domain.permissions import Permission
from review.queries.complaints import MOST_COUNTED, complaints_listed
from review.web import guard

blueprint = Blueprint("moderator_complaints", __name__)


@blueprint.get("/complaints")
@guard.access(Permission.JUDGE_COMPLAINTS)
def listing() -> str:
    """Cases with a complaint that has no result yet, the oldest complaint first."""
    return render_template(
        "moderator/complaints.html",
        listed=complaints_listed(db.session(), account_id=guard.actor().account_id, now=clock.now()),
        most=MOST_COUNTED,
        now=clock.now(),
    )
