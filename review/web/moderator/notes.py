"""Internal notes: an address for whoever holds a case, and for leads."""

from dataclasses import replace

from flask import Blueprint, request
from werkzeug import Response

from review.actions.notes import write_note
from review.domain.notes import names_in, note_text
from review.domain.permissions import Permission
from review.errors import AlreadyClosed, AlreadyRecorded, ClaimLost, InvalidInput, StaleVersion
from review.web import guard
from review.web.moderator.cases import case_page, keep_typed, number_in_form, wanted_case
from review.web.moderator.forms import NOTE, typed_values
from review.web.moderator.showing import back_to_case
from review.web.typed_notes import tell_written, typed_note

blueprint = Blueprint("moderator_notes", __name__)


@blueprint.post("/cases/<case_id>/note")
@guard.access(Permission.REVIEW_CASE)
def write(case_id: str) -> str | tuple[str, int] | Response:
    """Append the note; what is typed of the review comes along from its holder and is kept as draft."""
    wanted, note = wanted_case(case_id), typed_note()
    values = {name: entries for name, entries in typed_values().items() if name not in NOTE}
    try:
        names_in(note_text(note.text))
        # a lead's form for a case of others carries none: its number would tell how far the case has come
        generation = number_in_form("claim_generation") if "claim_generation" in request.form else None
        if values and generation is not None:
            keep_typed(wanted, values, generation)
        write_note(wanted, note.whole, pinned=note.pinned, claim_generation=generation, actor=guard.actor())
    except (AlreadyClosed, AlreadyRecorded, ClaimLost, InvalidInput, StaleVersion) as error:
        refused = replace(note, error=error)
        return case_page(wanted, values=values or None, error=error, note=refused)
    tell_written(note.whole)
    return back_to_case(wanted, anchor="notes")
