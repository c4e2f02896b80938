"""Restrictions that are not in place, for legal and leads; what failed; dead letters to the platform.

A lead reports by hand where no platform is told, and puts in place by hand what the platform could not.
"""

from collections.abc import Callable

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from werkzeug import Response
from wtforms import TextAreaField

from review import clock, db
from review.actions import restrictions as restriction_actions
from review.actions.deliveries import send_all_to_platform_again, send_to_platform_again
from review.domain.ids import read_id
from review.domain.permissions import Permission, can
from review.domain.restrictions import LONGEST_REASON, RestrictionState, is_overdue
from review.errors import AlreadyClosed, InvalidInput, NotFound, RestrictionConflict
from review.queries.restrictions import RestrictionShown, count_overdue, restrictions_to_follow
from review.web import guard
from review.web.errors import status_of
from review.web.quantities import plus
from review.web.texts import gettext, ngettext
from review.web.typed import blame, text_of

blueprint = Blueprint("legal_restrictions", __name__, url_prefix="/restrictions")


class FailureForm(FlaskForm):
    """Why a restriction cannot be put in place."""

    reason = TextAreaField(lazy_gettext("Why it cannot be put in place"))


@blueprint.get("")
@guard.access(Permission.FOLLOW_RESTRICTIONS)
def listing() -> str:
    """What needs somebody: overdue ones first, then what waits, what failed, what did not arrive."""
    reader, now, settings = db.session(), clock.now(), current_app.config["REVIEW_SETTINGS"]
    found, hours = restrictions_to_follow(reader), settings.platform_hours
    overdue = count_overdue(reader, now=now, hours=hours)
    return render_template(
        "legal/restrictions.html",
        found=found,
        totals=(
            (plus(overdue), gettext("Overdue")),
            (plus(found.waiting_count), gettext("Not reported yet")),
            (plus(found.failed_count), gettext("Failed")),
            (plus(found.dead_count), gettext("Dead letters")),
        ),
        late={one.id for one in found.waiting if is_overdue(one.starts_at, now=now, hours=hours)},
        hours=hours,
        told=bool(settings.platform_url),
        now=now,
    )


@blueprint.get("/<restriction_id>")
@guard.access(Permission.FOLLOW_RESTRICTIONS)
def page(restriction_id: str) -> str:
    """One restriction with its location; the reading is on the trail."""
    return _page(_id(restriction_id), FailureForm(formdata=None))


def _page(restriction_id: str, form: FailureForm) -> str:
    shown = restriction_actions.open_restriction(restriction_id, actor=guard.actor())
    settings, now = current_app.config["REVIEW_SETTINGS"], clock.now()
    by_hand = can(guard.actor(), Permission.REPORT_RESTRICTIONS)
    told = bool(settings.platform_url)
    offered = _offered(shown, by_hand=by_hand, told=told)
    by_hand_again = by_hand and not told and shown.state is RestrictionState.LIFTED
    reads_records = can(guard.actor(), Permission.READ_RECORDS)
    return render_template(
        "legal/restriction.html",
        restriction=shown,
        # to whoever has to see to it, and to whoever reads it in the record as well
        places=shown.locations if reads_records or any(offered.values()) or by_hand_again else (),
        form=form,
        longest=LONGEST_REASON,
        overdue=shown.state is RestrictionState.WAITING
        and is_overdue(shown.starts_at, now=now, hours=settings.platform_hours),
        told=told,
        reads_records=reads_records,
        **offered,
        now=now,
    )


def _offered(shown: RestrictionShown, *, by_hand: bool, told: bool) -> dict[str, bool]:
    """What a lead may report here: what the platform is asked for is its own to report, until it failed."""
    failed = shown.state is RestrictionState.FAILED
    waits = shown.state is RestrictionState.WAITING and not told
    return {"may_implement": by_hand and (waits or failed), "may_fail": by_hand and waits}


@blueprint.post("/<restriction_id>/implemented")
@guard.access(Permission.REPORT_RESTRICTIONS)
def implemented(restriction_id: str) -> Response:
    """A lead has put it in place by hand."""
    wanted = _id(restriction_id)
    return _done(
        wanted,
        lambda: restriction_actions.report_implemented(wanted, clock.now(), actor=guard.actor()),
        gettext("The restriction is in place; its senders see it."),
    )


@blueprint.post("/<restriction_id>/failed")
@guard.access(Permission.REPORT_RESTRICTIONS)
def failed(restriction_id: str) -> str | tuple[str, int] | Response:
    """A lead could not put it in place; a refusal keeps the text."""
    wanted = _id(restriction_id)
    try:
        return _done(
            wanted,
            lambda: restriction_actions.report_failed(wanted, text_of("reason"), actor=guard.actor()),
            gettext("The failure is noted."),
        )
    except InvalidInput as error:
        form = FailureForm(request.form)
        blame(form, error)
        return _page(wanted, form), status_of(error)


def _done(restriction_id: str, act: Callable[[], RestrictionShown], done: str) -> Response:
    try:
        act()
        flash(done, "done")
    except RestrictionConflict as error:
        flash(error.detail, "warning")
    return redirect(url_for(".page", restriction_id=restriction_id), 303)


@blueprint.post("/messages/<message_id>/send-again")
@guard.access(Permission.FOLLOW_RESTRICTIONS)
def again(message_id: str) -> Response:
    """Send one dead letter to the platform on its way once more."""
    wanted = read_id(message_id, "Z")
    if wanted is None:
        raise NotFound()
    try:
        send_to_platform_again(wanted, actor=guard.actor())
        flash(gettext("The message is on its way again."), "done")
    except AlreadyClosed as error:
        flash(error.detail, "warning")
    return redirect(url_for(".listing"), 303)


@blueprint.post("/messages/send-again")
@guard.access(Permission.FOLLOW_RESTRICTIONS)
def all_again() -> Response:
    """Send all of them on their way once more."""
    try:
        count = send_all_to_platform_again(actor=guard.actor())
        flash(
            ngettext(
                "%(num)s message is on its way again.", "%(num)s messages are on their way again.", count
            ),
            "done",
        )
    except AlreadyClosed as error:
        flash(error.detail, "warning")
    return redirect(url_for(".listing"), 303)


def _id(text: str) -> str:
    found = read_id(text, "M")
    if found is None:
        raise NotFound()
    return found
