"""Answers for the script, which asks without leaving the page: JSON, no message, and no page."""

from datetime import datetime

from flask import jsonify, request
from werkzeug import Response

from review.clock import rfc3339
from review.errors import ReviewError
from review.web import errors as web_errors
from review.web.texts import gettext
from review.web.times import machine_time, time_of_day


def is_asked() -> bool:
    """Whether a form came from the script, by its field ``autosave``."""
    return request.form.get("autosave") == "1"


def saved(saved_at: datetime) -> Response:
    """The draft is kept: ``saved_at`` and the words for it."""
    text = gettext("saved %(clock)s", clock=time_of_day(saved_at))
    return jsonify(saved_at=rfc3339(saved_at), text=text)


def kept(held_until: datetime) -> Response:
    """The claim lasts longer: until when, for the script and for people."""
    clock = time_of_day(held_until)
    text = gettext("Kept for you until %(clock)s.", clock=clock)
    return jsonify(ends_at=machine_time(held_until), clock=clock, text=text)


def refused(error: ReviewError) -> Response:
    """The refusal as a problem document."""
    return web_errors.problem(error, status=web_errors.status_of(error))
