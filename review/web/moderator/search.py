"""Search for people who decide: live cases and their own reviews, by our ids, a URL or a digest."""

from flask import Blueprint, render_template, request

from review import clock
from review.actions import records as record_actions
from review.domain.permissions import Permission
from review.domain.searching import LONGEST_QUERY
from review.web import guard

blueprint = Blueprint("moderator_search", __name__)


@blueprint.get("/search")
@guard.access(Permission.SEARCH_CASES)
def listing() -> str:
    """What was pasted, understood and found, without content and without anything of a sender."""
    query = request.args.get("q", "").replace("\x00", "").strip()[:LONGEST_QUERY]
    listed = record_actions.find_cases(query, actor=guard.actor()) if query else None
    return render_template(
        "moderator/search.html", query=query, listed=listed, asked="q" in request.args, now=clock.now()
    )
