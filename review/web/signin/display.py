"""The display menu: theme, density, size of text, language, time zone and keys, kept in the browser."""

from itertools import groupby

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug import Response
from werkzeug.exceptions import HTTPException

from review.domain.appearance import Appearance, zone_named, zone_names
from review.domain.permissions import Permission
from review.errors import InvalidInput
from review.web import appearance, guard

LONGEST_BACK = 2_000

blueprint = Blueprint("signin_display", __name__)


@blueprint.get("/display")
@guard.access(Permission.ANYONE)
def page() -> str:
    """The same choices as in the head of a page, with every time zone."""
    regions = [(region, tuple(names)) for region, names in groupby(zone_names(), key=_region)]
    back = _page_of(request.args.get("back", ""))
    return render_template("signin/display.html", regions=regions, back=back)


@blueprint.post("/display")
@guard.access(Permission.ANYONE)
def choose() -> Response:
    """Keep the choice and go back to the page it was made on; `InvalidInput` for what is not on offer."""
    form = request.form
    try:
        chosen = Appearance(
            theme=form.get("theme", ""),
            density=form.get("density", ""),
            text_size=form.get("text_size", ""),
            language=form.get("language", ""),
            zone=zone_named(form.get("zone", "")),
            single_keys=form.get("single_keys", "on"),
        )
    except ValueError:
        raise InvalidInput("This choice is not on offer; open the display page and choose again.") from None
    response = redirect(_page_of(form.get("back", "")), 303)
    appearance.keep(response, chosen)  # type: ignore[arg-type]
    return response


def _region(name: str) -> str:
    return name.partition("/")[0]


def _page_of(address: str) -> str:
    """The page of this desk that an address names, built anew so that it can lead nowhere else.

    What answered a form has no page of its own; the page around it comes in its place, else the start.
    """
    path, _, query = address.partition("?")
    if not address.startswith("/") or len(address) > LONGEST_BACK or not address.isprintable():
        return url_for("signin_home.home")
    for wanted in (path, path.rpartition("/")[0]):
        try:
            endpoint, values = current_app.url_map.bind("").match(wanted, method="GET")
        except HTTPException:
            continue
        found = url_for(endpoint, **values)
        return f"{found}?{query}" if query and query.isascii() and wanted == path else found
    return url_for("signin_home.home")
