"""The help: every key and what it does, drawn from the one table of keys."""

from flask import Blueprint, render_template

from review.domain.permissions import Permission, can
from review.domain.shortcuts import SHORTCUTS, Place
from review.web import appearance, guard
from review.web.words import word_of

blueprint = Blueprint("moderator_keys", __name__)


@blueprint.get("/keys")
@guard.access(Permission.WORK_QUEUE)
def page() -> str:
    """The table by place, as far as it acts for this person; a key of several places stands at the first."""
    rows = [row for row in SHORTCUTS if row.needs is None or can(guard.actor(), row.needs)]
    parts = [(word_of(place, "place"), [row for row in rows if row.places[0] == place]) for place in Place]
    off = appearance.current().single_keys == "off"
    return render_template("moderator/keys.html", parts=[part for part in parts if part[1]], off=off)
