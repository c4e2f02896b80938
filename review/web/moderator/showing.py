"""Which page shows what was revealed? The one that a step of its holder leads to, and no other.

A case opened by its link shows placeholders. Its form names the first reveal since then; each of its buttons
brings that along, and the page after it goes on showing what was revealed from that one on.
"""

from flask import redirect, request, session, url_for
from werkzeug import Response

from review.domain.ids import read_id

NAME = "shown"


def shown_since() -> str | None:
    """The reveal from which on this page shows what was revealed; None for nothing.

    An address that names one counts once, right after the step that led to it.
    """
    if request.method == "POST":
        return read_id(request.form.get(NAME, ""), "W")
    asked = request.args.get(NAME)
    return asked if asked is not None and session.pop(NAME, None) == asked else None


def back_to_case(
    case_id: str, *, anchor: str | None = None, query: str | None = None, revealed: str | None = None
) -> Response:
    """Lead to the page of a case that goes on showing what the page before did, and what was ``revealed``.

    ``query``: what is looked for among the clauses.
    """
    since = shown_since() or revealed
    if since is not None:
        session[NAME] = since
    address = url_for("moderator_cases.page", case_id=case_id, q=query, shown=since, _anchor=anchor)
    return redirect(address, 303)
