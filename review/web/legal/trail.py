"""The trail: its entries, how far it is, and a verification that goes on when the page is closed."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext
from wtforms import Field, Form, SelectField, StringField

from review import clock, db
from review.actions import records as record_actions
from review.actions import verifying
from review.domain.events import EVENTS
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.errors import InvalidInput, NotFound
from review.queries.checkpoints import trail_state
from review.queries.trail_events import TrailEntry, TrailFilters
from review.queries.trail_runs import run_of, unfinished_run
from review.queries.verdicts import newest_verdict
from review.web import guard
from review.web.legal.verdict_links import address_of, linked
from review.web.spans import Moment, check_order
from review.web.texts import gettext
from review.web.words import word_of

FIRST, LATER_SECONDS = timedelta(seconds=10), 5
"""So long after it was asked for, a verification is read anew each second, then less often: most are over."""
LONGEST_POSITION = 18
NARROWING = ("since", "until", "who", "object", "type")
_LEADING = ("case", "referral", "item", "batch", "sample")
"""Kinds of objects that have a page."""
FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]

blueprint = Blueprint("legal_trail", __name__)


class TrailForm(Form):
    """What narrows the list of entries; a plain GET."""

    since = Moment(lazy_gettext("From (UTC)"), format=FORMATS)
    until = Moment(lazy_gettext("Before (UTC)"), format=FORMATS)
    who = StringField(lazy_gettext("Who"))
    object = StringField(lazy_gettext("Object"))
    type = SelectField(lazy_gettext("Event"), validate_choice=False)

    def validate_until(self, field: Field) -> None:
        """The end is not before the start."""
        check_order(self.since, field)


@blueprint.get("/trail")
@guard.access(Permission.VERIFY_TRAIL)
def page() -> str:
    """The state of the trail, its last verdict, and its entries, newest first; reading them is an event."""
    form = TrailForm(request.args)
    form.type.choices = [
        ("", gettext("All")),
        *sorted(((name, _event_word(name)) for name in EVENTS), key=lambda pair: pair[1]),
    ]
    form.validate()
    before = _position(request.args.get("before", ""))
    listed = record_actions.list_trail(actor=guard.actor(), filters=_filters(form), before=before)
    reader = db.session()
    return render_template(
        "legal/trail.html",
        form=form,
        page=listed,
        event_word=_event_word,
        record_address=_record_address,
        narrowed=[name for name in NARROWING if request.args.get(name)],
        next_address=_address(before=listed.next_before) if listed.next_before else None,
        first_address=_address() if before is not None else None,
        state=trail_state(reader),
        verdict=newest_verdict(reader),
        run=unfinished_run(reader),
        linked=linked,
    )


@blueprint.post("/trail/verify")
@guard.access(Permission.VERIFY_TRAIL)
def verify() -> Response:
    """Ask for a verification of the whole trail; its own page tells how far it is."""
    run_id = verifying.request_verification(actor=guard.actor())
    return redirect(url_for("legal_trail.run", run_id=run_id), 303)  # type: ignore[return-value]


@blueprint.get("/trail/runs/<run_id>")
@guard.access(Permission.VERIFY_TRAIL)
def run(run_id: str) -> str:
    """How far a verification is, and at its end what it found."""
    wanted = read_id(run_id, "T")
    found = None if wanted is None else run_of(db.session(), wanted)
    if found is None:
        raise NotFound("There is no such verification; open the trail and ask for one.")
    young = clock.now() - found.requested_at < FIRST
    return render_template(
        "legal/trail_run.html",
        run=found,
        linked=linked,
        asks_after=0 if found.finished_at else 1 if young else LATER_SECONDS,
        now=clock.now(),
    )


def _filters(form: TrailForm) -> TrailFilters:
    """What narrows the list; what cannot be read narrows nothing."""

    def moment(value: datetime | None) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)

    def text(value: str | None) -> str | None:
        return (value or "").replace("\x00", "").strip()[:100] or None

    return TrailFilters(
        since=moment(form.since.data),
        until=None if form.until.errors else moment(form.until.data),
        who=text(form.who.data),
        object_id=text(form.object.data),
        event_type=form.type.data if form.type.data in EVENTS else None,
    )


def _position(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_POSITION):
        raise InvalidInput("This is not a page of the trail; open the trail from its start.")
    return int(text)


def _address(*, before: int | None = None) -> str:
    parts = {name: request.args[name] for name in NARROWING if request.args.get(name)}
    if before is not None:
        parts["before"] = str(before)
    return url_for("legal_trail.page") + (f"?{urlencode(parts)}" if parts else "")


def _event_word(name: str) -> str:
    """The word for an event; one that was recorded by another version of this program keeps its name."""
    try:
        return word_of(name, "event")
    except LookupError:
        return name


def _record_address(entry: TrailEntry) -> str | None:
    """Where the record of what an entry is about is found, if it is about a case."""
    return address_of(entry.object_id) if entry.object_kind in _LEADING else None
