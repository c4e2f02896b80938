"""Legal holds: listed for legal and administrators, placed by legal, released by a second person."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from review import clock, db
from review.actions.holds import place_hold, release_hold
from review.actions.registers import list_holds, open_hold
from review.domain.holds import LONGEST_REASON, is_second_person, record_named
from review.domain.ids import read_id
from review.domain.permissions import Permission, can
from review.errors import AlreadyClosed, FieldError, InvalidInput, NotFound
from review.queries.holds import count_due
from review.web import guard
from review.web.errors import status_of
from review.web.legal.erasure_forms import HoldForm, ReasonForm, reason_of
from review.web.problem_words import problem_words
from review.web.texts import gettext
from review.web.typed import blame, text_of

blueprint = Blueprint("legal_holds", __name__, url_prefix="/holds")
STATES = ("standing", "released")
LONGEST_QUERY = 200


@blueprint.get("")
@guard.access(Permission.RELEASE_HOLDS)
def listing() -> str:
    """All holds, or those in a state, on a record, or with words in their reason."""
    query = request.args.get("q", "").replace("\x00", "").strip()[:LONGEST_QUERY]
    state = request.args.get("state", "")
    named = record_named(query)
    return render_template(
        "legal/holds.html",
        holds=list_holds(
            state=state if state in STATES else None,
            object_id=named[1] if named else None,
            words="" if named else query,
            actor=guard.actor(),
        ),
        query=query,
        state=state,
        states=STATES,
        due=count_due(db.session(), today=clock.now().date()),
        places=can(guard.actor(), Permission.PLACE_HOLDS),
        now=clock.now(),
    )


@blueprint.get("/new")
@guard.access(Permission.PLACE_HOLDS)
def new() -> str:
    """The form of a new hold, with the record that the address names."""
    return _new(HoldForm(formdata=None, record=request.args.get("record", "")[:40]))


def _new(form: HoldForm, others: tuple[str, ...] = ()) -> str:
    return render_template("legal/hold_new.html", form=form, others=others, longest=LONGEST_REASON)


@blueprint.post("")
@guard.access(Permission.PLACE_HOLDS)
def place() -> Response | tuple[str, int]:
    """Place it; what is wrong comes back at its field."""
    form, named = HoldForm(), record_named(text_of("record"))
    form.validate()
    try:
        if named is None:
            problem = FieldError("record", "not_valid", gettext("Give the id of a case, referral or sender."))
            raise InvalidInput(gettext("Nothing was placed; correct what is marked."), errors=[problem])
        hold_id = place_hold(*named, reason_of(), form.review_on.data, actor=guard.actor())
    except NotFound as error:
        form.record.errors = [problem_words(error.detail)]
        return _new(form), 422
    except InvalidInput as error:
        return _new(form, blame(form, error)), status_of(error)
    flash(gettext("The hold stands: nothing of this record can be erased."), "done")
    return redirect(url_for(".page", hold_id=hold_id), 303)


@blueprint.get("/<hold_id>")
@guard.access(Permission.RELEASE_HOLDS)
def page(hold_id: str) -> str:
    """One hold, and the form to release it for everybody but whoever placed it."""
    return _page(_id(hold_id), ReasonForm(formdata=None))


def _page(hold_id: str, form: ReasonForm) -> str:
    hold = open_hold(hold_id, actor=guard.actor())
    return render_template(
        "legal/hold.html",
        hold=hold,
        form=form,
        longest=LONGEST_REASON,
        may_release=hold.released_at is None and is_second_person(guard.actor(), first=hold.placed_by_id),
        reads_records=can(guard.actor(), Permission.READ_RECORDS),
        now=clock.now(),
    )


@blueprint.post("/<hold_id>/release")
@guard.access(Permission.RELEASE_HOLDS)
def release(hold_id: str) -> Response | tuple[str, int]:
    """Release it; a refusal keeps the text."""
    wanted = _id(hold_id)
    try:
        release_hold(wanted, reason_of(), actor=guard.actor())
        flash(gettext("The hold is released."), "done")
    except InvalidInput as error:
        form = ReasonForm(formdata=None, reason=reason_of())
        blame(form, error)
        return _page(wanted, form), status_of(error)
    except AlreadyClosed as error:
        flash(error.detail, "warning")
    return redirect(url_for(".page", hold_id=wanted), 303)


def _id(text: str) -> str:
    found = read_id(text, "H")
    if found is None:
        raise NotFound("There is no such hold; open it from the list.")
    return found
