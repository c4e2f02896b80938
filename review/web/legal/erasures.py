"""Erasures: requested by legal, settled by a second person, who sees what but nothing of its content."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from review import clock, db
from review.actions.erasures import execute_erasures, refuse_erasure, request_erasures
from review.actions.registers import list_erasures, open_erasure
from review.domain.erasures import ErasureState, NotErasable
from review.domain.holds import LONGEST_REASON, RecordHeld, RecordKind, is_second_person
from review.domain.ids import read_id
from review.domain.permissions import Permission, can
from review.errors import AlreadyClosed, AlreadyExists, InvalidInput, NotFound, ReviewError
from review.queries.holds import holds_on
from review.web import guard
from review.web.errors import status_of
from review.web.legal.erasure_forms import ReasonForm, RequestForm, reason_of, record_of, request_form
from review.web.texts import gettext, ngettext
from review.web.typed import blame, text_of

blueprint = Blueprint("legal_erasures", __name__, url_prefix="/erasures")
REFUSALS = (RecordHeld, NotErasable, AlreadyExists, AlreadyClosed)
"""What is said on the page of the request, because it may pass."""


@blueprint.get("")
@guard.access(Permission.SETTLE_ERASURES)
def listing() -> str:
    """The requests, those that wait first; several may be settled at once."""
    return _listing(ReasonForm(formdata=None))


def _listing(form: ReasonForm, others: tuple[str, ...] = ()) -> str:
    actor = guard.actor()
    waiting, settled = list_erasures(actor=actor)
    return render_template(
        "legal/erasures.html",
        waiting=waiting,
        settled=settled,
        mine={one.id for one in waiting if not is_second_person(actor, first=one.requested_by_id)},
        ticked=set(request.form.getlist("erasure")),
        form=form,
        others=others,
        longest=LONGEST_REASON,
        asks=can(actor, Permission.REQUEST_ERASURES),
        now=clock.now(),
    )


@blueprint.get("/new")
@guard.access(Permission.REQUEST_ERASURES)
def new() -> str:
    """The form for the record that the address names."""
    kind, object_id = _record()
    return _new(kind, object_id, request_form(kind, typed=False))


def _new(kind: RecordKind, object_id: str, form: RequestForm, others: tuple[str, ...] = ()) -> str:
    return render_template(
        "legal/erasure_new.html",
        kind=kind,
        object_id=object_id,
        holds=holds_on(db.session(), kind, object_id),
        form=form,
        others=others,
        longest=LONGEST_REASON,
    )


@blueprint.post("")
@guard.access(Permission.REQUEST_ERASURES)
def ask() -> Response | tuple[str, int]:
    """Request it; what is wrong comes back at its field, with what was typed."""
    kind, object_id = _record()
    try:
        asked = request_erasures(
            kind,
            [object_id],
            request.form.getlist("parts"),
            ground=text_of("ground"),
            reason=reason_of(),
            actor=guard.actor(),
        )
    except (InvalidInput, *REFUSALS) as error:
        form = request_form(kind, typed=True)
        return _new(kind, object_id, form, blame(form, error)), status_of(error)
    flash(gettext("Requested. Somebody else of legal, or an administrator, settles it."), "done")
    return redirect(url_for(".page", erasure_id=asked[0]), 303)


@blueprint.get("/<erasure_id>")
@guard.access(Permission.SETTLE_ERASURES)
def page(erasure_id: str) -> str:
    """One request, and for a second person the form that settles it."""
    return _page(_id(erasure_id), ReasonForm(formdata=None))


def _page(erasure_id: str, form: ReasonForm, others: tuple[str, ...] = ()) -> str:
    actor = guard.actor()
    found = open_erasure(erasure_id, actor=actor)
    waits = found.state is ErasureState.WAITING
    return render_template(
        "legal/erasure.html",
        erasure=found,
        holds=holds_on(db.session(), found.object_kind, found.object_id) if waits else (),
        form=form,
        others=others,
        longest=LONGEST_REASON,
        may_settle=waits and is_second_person(actor, first=found.requested_by_id),
        reads_records=can(actor, Permission.READ_RECORDS),
        now=clock.now(),
    )


@blueprint.post("/<erasure_id>/execute")
@guard.access(Permission.SETTLE_ERASURES)
def execute(erasure_id: str) -> Response | tuple[str, int]:
    """Approve and carry it out at once."""
    wanted = _id(erasure_id)
    try:
        execute_erasures([wanted], reason_of(), actor=guard.actor())
    except (InvalidInput, *REFUSALS) as error:
        return _kept(wanted, error)
    flash(gettext("Erased. Files and left-over pages follow within seconds."), "done")
    return redirect(url_for(".page", erasure_id=wanted), 303)


@blueprint.post("/<erasure_id>/refuse")
@guard.access(Permission.SETTLE_ERASURES)
def refuse(erasure_id: str) -> Response | tuple[str, int]:
    """Let it come to nothing."""
    wanted = _id(erasure_id)
    try:
        refuse_erasure(wanted, reason_of(), actor=guard.actor())
    except (InvalidInput, *REFUSALS) as error:
        return _kept(wanted, error)
    flash(gettext("Refused; nothing was erased."), "done")
    return redirect(url_for(".page", erasure_id=wanted), 303)


@blueprint.post("/execute")
@guard.access(Permission.SETTLE_ERASURES)
def execute_many() -> Response | tuple[str, int]:
    """Approve and carry out the requests that are ticked, all or none."""
    wanted = [one for text in request.form.getlist("erasure") if (one := read_id(text, "X"))]
    try:
        execute_erasures(wanted, reason_of(), actor=guard.actor())
    except (InvalidInput, NotFound, *REFUSALS) as error:
        form = ReasonForm(formdata=None, reason=reason_of())
        return _listing(form, blame(form, error)), status_of(error)
    flash(
        ngettext("%(num)s request was carried out.", "%(num)s requests were carried out.", len(wanted)),
        "done",
    )
    return redirect(url_for(".listing"), 303)


def _kept(erasure_id: str, error: ReviewError) -> tuple[str, int]:
    form = ReasonForm(formdata=None, reason=reason_of())
    return _page(erasure_id, form, blame(form, error)), status_of(error)


def _record() -> tuple[RecordKind, str]:
    found = record_of()
    if found is None:
        raise NotFound("There is no such record; open it and ask from there.")
    return found


def _id(text: str) -> str:
    found = read_id(text, "X")
    if found is None:
        raise NotFound("There is no such request; open it from the list.")
    return found
