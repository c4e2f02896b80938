"""Complaining of the decision on one's own item; a refusal keeps the words."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from werkzeug import Response
from wtforms import TextAreaField

from review import clock, db
from review.actions import complaints as complaint_actions
from review.domain.complaints import LONGEST_REASONS, ComplaintOpen, ComplaintTooLate, NoDecision
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.domain.representation import OwnItem
from review.errors import InvalidInput, NotFound, ReviewError
from review.queries import referrals as referral_queries
from review.web import guard
from review.web.errors import status_of
from review.web.problem_words import problem_words
from review.web.sender import drawing
from review.web.texts import gettext
from review.web.times import told
from review.web.typed import text_of

blueprint = Blueprint("sender_complaints", __name__, url_prefix="/sender/items/<item_id>/complaint")


class ReasonsForm(FlaskForm):
    """Why a decision is wrong; the rules stand in `review.domain.complaints`, not here."""

    reasons = TextAreaField(lazy_gettext("Why the decision is wrong"))


@blueprint.get("")
@guard.access(Permission.COMPLAIN)
def page(item_id: str) -> str | Response:
    """What a complaint means, and the field for its reasons."""
    item = _own_item(item_id)
    if not drawing.shown(item, now=clock.now()).complainable:
        flash(gettext("You cannot complain of this item now; the item says why."), "warning")
        return _to(item)
    return _page(item, ReasonsForm(formdata=None))


@blueprint.post("")
@guard.access(Permission.COMPLAIN)
def complain(item_id: str) -> tuple[str, int] | Response:
    """Send the complaint."""
    item = _own_item(item_id)
    reasons = text_of("reasons").replace("\r\n", "\n")
    try:
        complaint_actions.complain(item.id, reasons, actor=guard.actor())
    except (InvalidInput, NoDecision, ComplaintTooLate, ComplaintOpen) as error:
        form = ReasonsForm(formdata=None, reasons=reasons.replace("\x00", ""))
        _mark(form, error)
        return _page(item, form), status_of(error)
    flash(gettext("Your complaint is sent. Somebody who has not judged this before judges it."), "done")
    return _to(item)


def _mark(form: ReasonsForm, error: ReviewError) -> None:
    """Say at the field what is wrong, with the words or with the time."""
    details = tuple(one.detail for one in error.errors) or (error.detail,)
    form.reasons.errors = tuple(told(problem_words(detail)) for detail in details)


def _page(item: OwnItem, form: ReasonsForm) -> str:
    return render_template(
        "sender/complaint.html",
        item=drawing.shown(item, now=clock.now()),
        referral_id=item.referral_id,
        form=form,
        longest=LONGEST_REASONS,
        now=clock.now(),
    )


def _own_item(text: str) -> OwnItem:
    wanted = read_id(text, "I")
    found = wanted and referral_queries.own_item(db.session(), wanted, sender_id=guard.actor().sender_id)
    if not found:
        raise NotFound()
    return found


def _to(item: OwnItem) -> Response:
    return redirect(
        url_for("sender_referral.page", referral_id=item.referral_id, item=item.id, _anchor=item.id), 303
    )
