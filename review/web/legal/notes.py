"""Internal notes: an address for legal, beside the record of a case."""

from dataclasses import replace

from flask import Blueprint, redirect, url_for
from werkzeug import Response

from review.actions.notes import write_note
from review.domain.ids import read_id
from review.domain.notes import note_text
from review.domain.permissions import Permission
from review.errors import AlreadyClosed, InvalidInput, NotFound
from review.web import errors as web_errors
from review.web import guard
from review.web.legal.records import record_page
from review.web.typed_notes import tell_written, typed_note

blueprint = Blueprint("legal_notes", __name__)


@blueprint.post("/records/<case_id>/note")
@guard.access(Permission.READ_RECORDS)
def write(case_id: str) -> str | tuple[str, int] | Response:
    """Append the note for whoever holds the case; a refusal keeps the text."""
    wanted, note = read_id(case_id, "C"), typed_note()
    if wanted is None:
        raise NotFound("There is no such case; search by its id, a referral's id or a reference.")
    try:
        note_text(note.text)
        write_note(wanted, note.whole, pinned=note.pinned, actor=guard.actor())
    except (AlreadyClosed, InvalidInput) as error:
        return record_page(wanted, note=replace(note, error=error)), web_errors.status_of(error)
    tell_written(note.whole)
    return redirect(url_for("legal_records.record", case_id=wanted, _anchor="notes"), 303)
