"""The first look at a case, for who chooses to have it without the evidence or where there is none."""

from flask import Blueprint
from werkzeug import Response

from review import db
from review.actions import looks as look_actions
from review.domain.permissions import Permission
from review.errors import AlreadyRecorded, ClaimLost, InvalidInput, StaleVersion
from review.queries.precedents import first_precedents
from review.web import guard
from review.web.moderator.cases import case_page, wanted_case
from review.web.moderator.evidence import keep_new
from review.web.moderator.forms import typed_values
from review.web.moderator.showing import back_to_case

blueprint = Blueprint("moderator_looks", __name__)


@blueprint.post("/cases/<case_id>/look")
@guard.access(Permission.REVIEW_CASE)
def look(case_id: str) -> str | tuple[str, int] | Response:
    """Show the sender's facts and earlier decisions from now on; what is typed stays as draft."""
    wanted, values = wanted_case(case_id), typed_values()
    try:
        keep_new(wanted)
        found = first_precedents(db.session(), wanted, account_id=guard.actor().account_id)
        look_actions.look_without_evidence(wanted, precedents=found, actor=guard.actor())
    except (AlreadyRecorded, ClaimLost, InvalidInput, StaleVersion) as error:
        return case_page(wanted, values=values or None, error=error)
    return back_to_case(wanted)
