"""Asking for a break: once with a page that somebody has not begun to work on, and again after a while."""

from typing import Any

from flask import Blueprint, current_app, request, session

from review import clock, db
from review.domain.wellbeing import ASK_AGAIN, is_break_due, is_long_work
from review.queries.exposure import choice_of, exposure_of, wants_low
from review.web import guard

CHECK_SECONDS = 60

blueprint = Blueprint("moderator_resting", __name__)


@blueprint.app_context_processor
def break_card() -> dict[str, Any]:
    """Whether this page asks for a break: only the one that a finished step leads to, never a draft."""
    if request.method != "GET" or guard.actor().kind != "account":
        return {}
    return {"rest": session.pop("rest", None)} if "rest" in session else {}


def remind() -> None:
    """Let the next page ask for a break where one is due; looked up once a minute at most."""
    now = clock.now()
    seconds = int(now.timestamp())
    if seconds - int(session.get("rest_checked", 0)) < CHECK_SECONDS:
        return
    session["rest_checked"] = seconds
    if seconds - int(session.get("rest_asked", 0)) < ASK_AGAIN.total_seconds():
        return
    account_id, reader = guard.actor().account_id or "", db.session()
    limits = choice_of(reader, account_id, settings=current_app.config["REVIEW_SETTINGS"]).limits
    exposure = exposure_of(reader, account_id, now=now)
    if is_break_due(exposure, limits):
        session["rest"] = exposure.working_minutes if is_long_work(exposure, limits) else 0
        session["rest_asked"] = seconds


def is_day_spent() -> bool:
    """Whether this person has seen as much of high severity as the day allows, so that "next" offers none."""
    settings = current_app.config["REVIEW_SETTINGS"]
    account_id = guard.actor().account_id or ""
    return wants_low(db.session(), account_id, settings=settings, now=clock.now()) == "budget"
