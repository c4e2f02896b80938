"""Evidence of a case: shown step by step, hidden, served, and added; and the way to the live address."""

import mimetypes
from collections.abc import Sequence
from hashlib import sha256

from flask import (
    Blueprint,
    Response,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug import Response as AnyResponse
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from review import clock, db
from review.actions import evidence as evidence_actions
from review.actions.evidence import Captured, Size
from review.domain.ids import read_id
from review.domain.media import MOST_CAPTURE_BYTES, plain_name
from review.domain.permissions import Permission
from review.domain.precedents import Candidate
from review.errors import (
    AlreadyRecorded,
    ClaimLost,
    FieldError,
    InvalidInput,
    NotFound,
    NotReady,
    StaleVersion,
    TooLarge,
)
from review.models.evidence_files import keeping
from review.previews import keep_if_shown
from review.queries import evidence
from review.queries.case_content import ItemShown, item_of
from review.queries.cases import case_summary
from review.queries.precedents import first_precedents
from review.web import errors as web_errors
from review.web import guard
from review.web.moderator.cases import case_page, keep_typed, number_in_form, wanted_case
from review.web.moderator.forms import typed_values
from review.web.moderator.showing import back_to_case
from review.web.pieces import ready_to_show, served, store_folder, wanted_stage
from review.web.texts import gettext
from review.web.words import word_of

blueprint = Blueprint("moderator_evidence", __name__)

_LEFT = "left_for"


@blueprint.post("/cases/<case_id>/reveal")
@guard.access(Permission.REVEAL_EVIDENCE)
def reveal(case_id: str) -> str | tuple[str, int] | AnyResponse:
    """Show the next stage of a piece of evidence (``evidence``, ``stage``), or an item's whole ``text``."""
    wanted = wanted_case(case_id)
    values = typed_values()
    try:
        keep_new(wanted)
        reveal_of = _reveal_text if request.values.get("text") else _reveal_evidence
        place, revealed = reveal_of(wanted)
    except (AlreadyRecorded, ClaimLost, InvalidInput, StaleVersion) as error:
        return case_page(wanted, values=values or None, error=error)
    return back_to_case(wanted, anchor=place, revealed=revealed)


def keep_new(case_id: str) -> None:
    """What was typed into the review comes along with each of these buttons; what is new of it is kept."""
    values = typed_values()
    if values and "claim_generation" in request.form:
        keep_typed(case_id, values, number_in_form("claim_generation"))


def _reveal_evidence(case_id: str) -> tuple[str, str | None]:
    """Prepare, then record, then let its address be valid; the place on the page, and the reveal's id.

    What cannot be shown says so on the page.
    """
    stage = wanted_stage()
    _check_held(case_id)
    piece = evidence.piece(db.session(), case_id, read_id(request.values.get("evidence", ""), "E") or "")
    if piece is None:
        raise NotFound("The case has no such evidence; open it again.")
    ready = ready_to_show(piece, stage)
    if ready is None:
        return piece.id, None
    return piece.id, evidence_actions.reveal_evidence(
        case_id,
        piece.id,
        stage=ready.stage,
        size=ready.size,
        actor=guard.actor(),
        precedents=_precedents(case_id),
    )


def _precedents(case_id: str) -> Sequence[Candidate] | None:
    """What a first look brings; looked for before the transaction, and after the file was looked into."""
    return first_precedents(db.session(), case_id, account_id=guard.actor().account_id)


def _reveal_text(case_id: str) -> tuple[str, str | None]:
    item = _held_item(case_id, request.values.get("text", ""))
    size = Size(len((item.description or "").encode()))
    return item.id, evidence_actions.reveal_text(
        case_id, item.id, size=size, actor=guard.actor(), precedents=_precedents(case_id)
    )


def _check_held(case_id: str) -> None:
    """Raise `ClaimLost` before anything slow is done for somebody who does not hold the case."""
    account_id = guard.actor().account_id
    summary = case_summary(db.session(), case_id, account_id=account_id, now=clock.now())
    if summary is None:
        raise NotFound("There is no such case; take one from the queue.")
    if summary.held != "yours":
        raise ClaimLost("You do not hold this case any more; claim it again if it is free.")


def _held_item(case_id: str, item_id: str) -> ItemShown:
    """This item of a case that the person holds; raises `NotFound` or `ClaimLost`."""
    _check_held(case_id)
    item = item_of(db.session(), case_id, read_id(item_id, "I") or "")
    if item is None:
        raise NotFound("The case has no such item any more; open it again.")
    return item


@blueprint.post("/cases/<case_id>/hide")
@guard.access(Permission.REVEAL_EVIDENCE)
def hide(case_id: str) -> str | tuple[str, int] | AnyResponse:
    """Drop one thing that is shown (``reveal``), or everything of this case."""
    wanted, chosen = wanted_case(case_id), request.values.get("reveal")
    reveal_id = None if chosen is None else read_id(chosen, "W") or ""
    evidence_actions.hide_evidence(wanted, reveal_id, actor=guard.actor())
    try:
        keep_new(wanted)
    except (AlreadyRecorded, ClaimLost, InvalidInput, StaleVersion) as error:
        return case_page(wanted, values=typed_values() or None, error=error)
    return back_to_case(wanted, anchor=request.values.get("at"))


@blueprint.get("/evidence/<reveal_id>")
@guard.access(Permission.REVEAL_EVIDENCE)
def medium(reveal_id: str) -> Response:
    """The re-encoded picture of a reveal, for the person whom it was shown to, until it is hidden."""
    account_id = guard.actor().account_id
    found = evidence.medium_of(db.session(), reveal_id, account_id=account_id, now=clock.now())
    return served(found, reveal_id)


@blueprint.post("/cases/<case_id>/capture")
@guard.access(Permission.REVIEW_CASE)
def capture(case_id: str) -> str | tuple[str, int] | AnyResponse:
    """Add a ``file`` of one's own as evidence of an ``item``; what cannot be shown is refused."""
    wanted = wanted_case(case_id)
    values = typed_values()
    try:
        keep_new(wanted)
        item_id, captured, content = _filled_in()
        item = _held_item(wanted, item_id)
        with keeping(store_folder()):
            captured = _kept(captured, content)
            evidence_id = evidence_actions.capture_evidence(wanted, item.id, captured, actor=guard.actor())
    except (AlreadyRecorded, ClaimLost, InvalidInput, NotReady, StaleVersion, TooLarge) as error:
        return case_page(wanted, values=values or None, error=error)
    flash(gettext("The capture was added to the evidence."), "done")
    return back_to_case(wanted, anchor=evidence_id)


def _filled_in() -> tuple[str, Captured, bytes]:
    """The item's id, and the file for it; raises `InvalidInput` with everything that is wrong, `TooLarge`."""
    errors: list[FieldError] = []
    item_id = request.values.get("item", "")
    if not item_id:
        detail = gettext("Choose the item that the capture belongs to.")
        errors.append(FieldError("item", "missing", detail))
    try:
        captured, content = _uploaded()
    except InvalidInput as error:
        errors.extend(error.errors)
    if errors:
        raise InvalidInput(errors[0].detail, errors=errors)
    return item_id, captured, content


def _uploaded() -> tuple[Captured, bytes]:
    """The file that came with the form; raises `InvalidInput` for none, `TooLarge` for too many bytes."""
    file = request.files.get("file")
    content = b"" if file is None else file.stream.read(MOST_CAPTURE_BYTES + 1)
    if file is None or not content:
        detail = gettext("Choose a file that is not empty, then add it.")
        raise InvalidInput(detail, errors=[FieldError("file", "missing", detail)])
    if len(content) > MOST_CAPTURE_BYTES:
        raise _too_large()
    name = plain_name(file.filename or "")
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Captured(name, guessed, sha256(content).hexdigest(), len(content)), content


def _too_large() -> TooLarge:
    most = MOST_CAPTURE_BYTES // 1024 // 1024
    detail = gettext("The file has more than %(most)s MiB; add a smaller copy of it.", most=most)
    return TooLarge(detail, errors=[FieldError("file", "too_large", detail)])


def _kept(captured: Captured, content: bytes) -> Captured:
    """The same once its bytes are stored; raises `InvalidInput` where nobody could look at it."""
    refusal = keep_if_shown(content, captured.sha256, data_dir=store_folder())
    if refusal is not None:
        reason = word_of(refusal.value, "not_shown")
        detail = gettext("The file was not added: nobody could look at it here. %(reason)s", reason=reason)
        raise InvalidInput(detail, errors=[FieldError("file", refusal.value, detail)])
    return captured


@blueprint.errorhandler(RequestEntityTooLarge)
def not_read(error: RequestEntityTooLarge) -> str | tuple[str, int] | Response:
    """A file so large that its form is not read at all: the page of the case says so; nothing is written."""
    if request.endpoint != f"{blueprint.name}.{capture.__name__}":
        return web_errors.from_http(error)
    request.form = ImmutableMultiDict()  # nothing of it was read
    return case_page(wanted_case((request.view_args or {})["case_id"]), error=_too_large())


@blueprint.get("/cases/<case_id>/leave/<item_id>")
@guard.access(Permission.REVIEW_CASE)
def leave(case_id: str, item_id: str) -> str | tuple[str, int] | AnyResponse:
    """What opening the live address means; the link itself only right after the person said so."""
    wanted = wanted_case(case_id)
    try:
        item = _held_item(wanted, item_id)
    except ClaimLost as error:
        return case_page(wanted, error=error)
    return render_template(
        "moderator/leave.html", case_id=wanted, item=item, live=session.pop(_LEFT, None) == item.id
    )


@blueprint.post("/cases/<case_id>/leave/<item_id>")
@guard.access(Permission.REVIEW_CASE)
def left(case_id: str, item_id: str) -> str | tuple[str, int] | AnyResponse:
    """Put on the trail that the person goes there, and offer the link once."""
    wanted = wanted_case(case_id)
    try:
        item = _held_item(wanted, item_id)
        evidence_actions.open_location(wanted, item.id, actor=guard.actor())
    except ClaimLost as error:
        return case_page(wanted, error=error)
    session[_LEFT] = item.id
    return redirect(url_for("moderator_evidence.leave", case_id=wanted, item_id=item.id), 303)
