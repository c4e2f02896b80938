"""Changing a sender: profile, limits, evidence of trusted-flagger status; an older form keeps its text."""

from collections.abc import Sequence
from datetime import date

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug import Response

from review import clock
from review.actions import sender_changes as changes
from review.domain.days import read_day
from review.domain.permissions import Permission
from review.domain.senders import MOST_BATCH_LINES, MOST_CONTACTS, Profile
from review.errors import AlreadyClosed, AlreadyExists, FieldError, InvalidInput, NotFound, StaleVersion
from review.queries.sender_details import Award, SenderDetails
from review.web import guard
from review.web.admin import sender_forms as forms
from review.web.admin.senders import wanted_sender
from review.web.errors import status_of
from review.web.texts import gettext
from review.web.typed import blame, text_of, version_of

blueprint = Blueprint("admin_sender_changes", __name__, url_prefix="/admin/senders/<sender_id>")

REFUSALS = (InvalidInput, AlreadyExists, StaleVersion)


@blueprint.get("/change")
@guard.access(Permission.MANAGE_SENDERS)
def profile_page(sender_id: str) -> str:
    """The form with the profile as it is stored."""
    sender = wanted_sender(sender_id)
    places = forms.places_for(sender.profile.contacts)
    return _profile(sender, forms.profile_form(sender.profile, version=sender.version, places=places))


@blueprint.post("/change")
@guard.access(Permission.MANAGE_SENDERS)
def change(sender_id: str) -> str | Response | tuple[str, int]:
    """Store the profile; ``more`` only adds room for a contact and keeps what was typed."""
    sender, typed = wanted_sender(sender_id), forms.typed_profile()
    if "more" in request.form:
        places = min(len(typed.contacts) + 1, MOST_CONTACTS)
        return _profile(sender, forms.profile_form(typed, version=version_of(), places=places))
    try:
        changes.change_sender(sender.id, typed, version=version_of(), actor=guard.actor())
    except REFUSALS as error:
        sender = wanted_sender(sender_id)
        form = forms.profile_form(typed, version=sender.version, places=max(len(typed.contacts), 1))
        others = blame(form, error)
        stale = isinstance(error, StaleVersion)
        return _profile(sender, form, others, typed=typed if stale else None), status_of(error)
    flash(gettext("The sender is changed."), "done")
    return _to(sender.id)


def _profile(
    sender: SenderDetails,
    form: forms.ProfileForm,
    others: Sequence[str] = (),
    *,
    typed: Profile | None = None,
) -> str:
    places = sum(field.name.endswith("_telephone") for field in form)
    return render_template(
        "admin/sender_change.html",
        sender=sender,
        form=form,
        others=others,
        contacts=[[form[f"contact_{place}_{part}"] for part in forms.PARTS] for place in range(places)],
        room=places < MOST_CONTACTS,
        stored=_stored(sender.profile, typed) if typed else (),
    )


def _stored(stored: Profile, typed: Profile) -> list[tuple[str, str]]:
    """Where an older form differs from what is stored now: what it is called, and what is stored."""
    words = (
        (gettext("Name of the organisation"), stored.name, typed.name.strip()),
        (gettext("Kind"), stored.kind, typed.kind),
        (gettext("Country of its seat"), stored.country or "", (typed.country or "").upper()),
        (
            gettext("Further countries that it refers for"),
            ", ".join(stored.further_countries),
            ", ".join(sorted(code.upper() for code in typed.further_countries)),
        ),
        (gettext("How its identity was verified"), stored.identity_note, typed.identity_note.strip()),
        (gettext("Contacts"), _lines(stored), _lines(typed)),
    )
    return [(label, now or "–") for label, now, then in words if now != then]


def _lines(profile: Profile) -> str:
    entered = [contact for contact in profile.contacts if not contact.is_blank]
    return "\n".join(" · ".join(part for part in contact.as_dict().values() if part) for contact in entered)


@blueprint.get("/limits")
@guard.access(Permission.MANAGE_SENDERS)
def limits_page(sender_id: str) -> str:
    """The form with the limits as they are stored."""
    sender = wanted_sender(sender_id)
    return _limits(sender, forms.limits_form(sender.limits, version=sender.version))


@blueprint.post("/limits")
@guard.access(Permission.MANAGE_SENDERS)
def change_limits(sender_id: str) -> Response | tuple[str, int]:
    """Store the limits."""
    sender = wanted_sender(sender_id)
    try:
        limits = forms.typed_limits()
        changes.change_limits(sender.id, limits, version=version_of(), actor=guard.actor())
    except REFUSALS as error:
        form, sender = forms.LimitsForm(), wanted_sender(sender_id)
        form.version.data = str(sender.version)
        others = blame(form, error)
        stale = isinstance(error, StaleVersion)
        return _limits(sender, form, others, stale=stale), status_of(error)
    flash(gettext("The limits are changed. New ones hold from the next minute on."), "done")
    return _to(sender.id)


def _limits(
    sender: SenderDetails, form: forms.LimitsForm, others: Sequence[str] = (), *, stale: bool = False
) -> str:
    return render_template(
        "admin/sender_limits.html",
        sender=sender,
        form=form,
        others=others,
        stale=stale,
        requests_setting=current_app.config["REVIEW_SETTINGS"].requests_per_key,
        lines_setting=MOST_BATCH_LINES,
    )


@blueprint.get("/flagger")
@guard.access(Permission.MANAGE_SENDERS)
def award_page(sender_id: str) -> str:
    """A form for one award more."""
    sender = wanted_sender(sender_id)
    form = forms.AwardForm(formdata=None)
    form.version.data = str(sender.version)
    return render_template("admin/sender_award.html", sender=sender, form=form, others=())


@blueprint.post("/flagger")
@guard.access(Permission.MANAGE_SENDERS)
def add_award(sender_id: str) -> Response | tuple[str, int]:
    """Enter the award beside the others."""
    sender = wanted_sender(sender_id)
    try:
        award = forms.typed_award()
        changes.add_flagger(sender.id, award, version=version_of(), actor=guard.actor())
    except REFUSALS as error:
        form, sender = forms.AwardForm(), wanted_sender(sender_id)
        form.version.data = str(sender.version)
        others = blame(form, error)
        page = render_template("admin/sender_award.html", sender=sender, form=form, others=others)
        return page, status_of(error)
    flash(gettext("The evidence is entered."), "done")
    return _to(sender.id, anchor="flagger")


@blueprint.get("/flagger/<award>/end")
@guard.access(Permission.MANAGE_SENDERS)
def end_page(sender_id: str, award: str) -> str:
    """Ask for the last day, today unless somebody says otherwise."""
    sender = wanted_sender(sender_id)
    form = forms.EndForm(formdata=None)
    form.ended_on.data = clock.now().date().isoformat()
    return _end(sender, _wanted_award(sender, award), form)


@blueprint.post("/flagger/<award>/end")
@guard.access(Permission.MANAGE_SENDERS)
def end_award(sender_id: str, award: str) -> Response | tuple[str, int]:
    """End the award early; what was awarded stays as it was entered."""
    sender = wanted_sender(sender_id)
    found = _wanted_award(sender, award)
    try:
        changes.end_flagger(sender.id, found.id, ended_on=_typed_end(), actor=guard.actor())
    except InvalidInput as error:
        form = forms.EndForm()
        others = blame(form, error)
        return _end(sender, found, form, others), status_of(error)
    except AlreadyClosed as error:
        flash(error.detail, "warning")
    else:
        flash(gettext("The end of the status is entered."), "done")
    return _to(sender.id, anchor="flagger")


def _typed_end() -> date:
    day = read_day(text_of("ended_on"), field="ended_on")
    if day is None:
        detail = gettext("Give the last day on which it holds.")
        raise InvalidInput(detail, errors=[FieldError("ended_on", "day_missing", detail)])
    return day


def _end(sender: SenderDetails, award: Award, form: forms.EndForm, others: Sequence[str] = ()) -> str:
    return render_template("admin/award_end.html", sender=sender, award=award, form=form, others=others)


def _wanted_award(sender: SenderDetails, number: str) -> Award:
    """The award that an address names; raises `NotFound`."""
    for award in sender.awards:
        if str(award.id) == number:
            return award
    raise NotFound()


def _to(sender_id: str, *, anchor: str | None = None) -> Response:
    return redirect(url_for("admin_senders.page", sender_id=sender_id, _anchor=anchor), 303)
