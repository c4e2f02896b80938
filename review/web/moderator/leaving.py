"""Leaving a case without judging it: the choices in its menu, and the addresses behind them."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug import Response

from review import clock
from review.actions.leaving import Left, pass_case, set_aside_case
from review.domain.leaving import LONGEST, PASS_REASONS, SPANS, wake_up
from review.domain.permissions import Permission
from review.errors import AlreadyRecorded, ClaimLost, InvalidInput, StaleVersion
from review.web import appearance, guard
from review.web.moderator.cases import case_page, keep_typed, number_in_form, wanted_case
from review.web.moderator.forms import typed_values
from review.web.texts import gettext

LONGEST_TYPED = 20

blueprint = Blueprint("moderator_leaving", __name__)


@dataclass(frozen=True)
class Span:
    """A time until which a case can be set aside, and whether its target comes before."""

    choice: str
    until: datetime
    is_late: bool


@dataclass(frozen=True)
class LeavingMenu:
    """What the menu offers; ``earliest`` and ``latest`` bound a ``typed`` time, in the person's zone."""

    spans: tuple[Span, ...]
    reasons: tuple[str, ...]
    earliest: str
    latest: str
    typed: str


@blueprint.app_template_global()
def leaving_menu(due_at: datetime, now: datetime) -> LeavingMenu:
    """The choices for a case with this target, in the time zone of whoever reads the page."""
    zone = appearance.current().zone
    ends = [(choice, end(now, zone)) for choice, end in SPANS.items()]
    there = now.astimezone(zone)
    return LeavingMenu(
        spans=tuple(Span(choice, until, until > due_at) for choice, until in ends),
        reasons=PASS_REASONS,
        earliest=f"{there:%Y-%m-%dT%H:%M}",
        latest=f"{there + LONGEST:%Y-%m-%dT%H:%M}",
        typed=_typed_time(),
    )


def _typed_time() -> str:
    """The time that was refused just now; other forms, which may be too large to be read, have none."""
    set_aside_now = request.endpoint == f"{blueprint.name}.set_aside"
    return request.form.get("until_time", "")[:LONGEST_TYPED] if set_aside_now else ""


@blueprint.post("/cases/<case_id>/set-aside")
@guard.access(Permission.WORK_QUEUE)
def set_aside(case_id: str) -> str | tuple[str, int] | Response:
    """Give the case back to the queue until a time; what is typed stays as one's own draft."""
    wanted, values = wanted_case(case_id), typed_values()
    try:
        generation = number_in_form("claim_generation")
        until = wake_up(
            request.form.get("until", ""),
            request.form.get("until_time", ""),
            now=clock.now(),
            zone=appearance.current().zone,
        )
        keep_typed(wanted, values, generation)
        left = set_aside_case(wanted, until, claim_generation=generation, actor=guard.actor())
    except (AlreadyRecorded, ClaimLost, InvalidInput, StaleVersion) as error:
        return case_page(wanted, values=values or None, error=error)
    flash(_words(left), "warning" if left.is_late else "done")
    return redirect(url_for("moderator_queue.listing"), 303)


def _words(left: Left) -> str:
    until = left.until.strftime("%Y-%m-%dT%H:%M:%SZ")
    if not left.is_late:
        return gettext("Set aside until %(until)s. Colleagues may take it meanwhile.", until=until)
    return gettext(
        "Set aside until %(until)s, which is after its target, %(due)s. Colleagues may take it meanwhile.",
        until=until,
        due=left.due_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


@blueprint.post("/cases/<case_id>/pass")
@guard.access(Permission.WORK_QUEUE)
def pass_on(case_id: str) -> str | tuple[str, int] | Response:
    """Give the case back to the queue and be offered it no more; nothing is asked, and nothing praised."""
    wanted, values = wanted_case(case_id), typed_values()
    try:
        generation = number_in_form("claim_generation")
        keep_typed(wanted, values, generation)
        pass_case(wanted, request.form.get("reason", ""), claim_generation=generation, actor=guard.actor())
    except (AlreadyRecorded, ClaimLost, InvalidInput, StaleVersion) as error:
        return case_page(wanted, values=values or None, error=error)
    words = gettext(
        "%(id)s was passed on. It waits for your colleagues, and is not offered to you again. Your draft, if "
        "there is one, is kept with the case: it is there again if you claim it after all.",
        id=wanted,
    )
    flash(words, "done")
    return redirect(url_for("moderator_queue.listing"), 303)
