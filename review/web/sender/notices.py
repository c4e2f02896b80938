"""Notices by e-mail for people of a sender: which addresses are told that something changed."""

from collections.abc import Sequence

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from werkzeug import Response
from wtforms import SelectMultipleField, StringField

from review import clock, db
from review.actions import notices as notice_actions
from review.actions.attempts import count_attempt
from review.domain.ids import read_id
from review.domain.notices import OCCASIONS
from review.domain.permissions import Permission
from review.errors import AlreadyExists, InvalidInput, NotFound, NotReady, TooManyRequests
from review.queries.endpoints import notices_of
from review.web import guard
from review.web.errors import status_of
from review.web.texts import gettext
from review.web.typed import blame, text_of
from review.web.words import word_of

blueprint = Blueprint("sender_notices", __name__, url_prefix="/sender/notices")
MOST_A_DAY = 20
"""Mails that ask for a confirmation and that one sender causes, so that nobody floods a stranger."""
DAY_SECONDS = 86_400


class NoticeForm(FlaskForm):
    """Which address is told of what."""

    email = StringField(lazy_gettext("E-mail address"))
    occasions = SelectMultipleField(lazy_gettext("When to tell it"), validate_choice=False)


@blueprint.get("")
@guard.access(Permission.MANAGE_ENDPOINTS)
def listing() -> str:
    """The organisation's addresses, and a form for one more where mail is sent at all."""
    form = NoticeForm(formdata=None)
    form.occasions.data = list(OCCASIONS)
    return _listing(form)


def _listing(form: NoticeForm, others: Sequence[str] = ()) -> str:
    form.occasions.choices = [(occasion, word_of(occasion, "topic")) for occasion in OCCASIONS]
    return render_template(
        "sender/notices.html",
        notices=notices_of(db.session(), guard.actor().sender_id),
        mails=current_app.config["REVIEW_SETTINGS"].mail is not None,
        form=form,
        others=others,
        now=clock.now(),
    )


@blueprint.post("")
@guard.access(Permission.MANAGE_ENDPOINTS)
def add() -> str | tuple[str, int] | Response:
    """Ask an address to confirm; a refusal keeps what was typed."""
    occasions = [occasion.replace("\x00", "") for occasion in request.form.getlist("occasions")]
    try:
        count_attempt(
            "notice",
            guard.actor().sender_id or "",
            at=clock.now(),
            most=MOST_A_DAY,
            window_seconds=DAY_SECONDS,
        )
        notice_actions.add_notice(text_of("email"), occasions, actor=guard.actor())
    except (AlreadyExists, InvalidInput, NotReady, TooManyRequests) as error:
        form = NoticeForm()
        return _listing(form, blame(form, error)), status_of(error)
    flash(gettext("We sent a mail to this address. Nothing else is sent until its link was opened."), "done")
    return redirect(url_for(".listing"), 303)


@blueprint.post("/<notice_id>/remove")
@guard.access(Permission.MANAGE_ENDPOINTS)
def remove(notice_id: str) -> Response:
    """Tell an address nothing more."""
    wanted = read_id(notice_id, "J")
    if wanted is None:
        raise NotFound()
    notice_actions.remove_notice(wanted, actor=guard.actor())
    flash(gettext("The address is removed."), "done")
    return redirect(url_for(".listing"), 303)
