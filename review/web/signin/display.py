"""The display menu: theme, density, size of text, language and time zone, kept in the browser; keys."""

from dataclasses import replace
from itertools import groupby

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug import Response
from werkzeug.exceptions import HTTPException

from review.actions.comforts import choose_keys
from review.domain.appearance import zone_names
from review.domain.permissions import Permission, can
from review.web import appearance, guard

LONGEST_BACK = 2_000

blueprint = Blueprint("signin_display", __name__)


@blueprint.get("/display")
@guard.access(Permission.ANYONE)
def page() -> str:
    """The same choices as in the head of a page, with every time zone."""
    regions = [(region, tuple(names)) for region, names in groupby(zone_names(), key=_region)]
    back = _page_of(request.args.get("back", ""))
    person = _reviewer()
    if person is not None:
        appearance.follow(person.single_keys)
    return render_template(
        "signin/display.html", regions=regions, back=back, switches_keys=_keys_of(guard.signed_in())
    )


@blueprint.post("/display")
@guard.access(Permission.ANYONE)
def choose() -> Response:
    """Keep the choice and go back to the page it was made on; `InvalidInput` for what is not on offer.

    Whether single keys act is kept with the account of a person who reviews, else in the browser too.
    """
    form = request.form
    chosen = appearance.chosen_in(form)
    if (person := _reviewer()) is not None:
        choose_keys(chosen.single_keys, actor=person.actor)
        chosen = replace(chosen, single_keys="on")
    response = redirect(_page_of(form.get("back", "")), 303)
    appearance.keep(response, chosen)  # type: ignore[arg-type]
    return response


def _reviewer() -> guard.SignedInPerson | None:
    """Who is signed in and has pages on which keys are of use; None for everybody else."""
    person = guard.signed_in()
    return person if person is not None and can(person.actor, Permission.WORK_QUEUE) else None


def _keys_of(person: guard.SignedInPerson | None) -> str:
    """Whether pages of this person take ``all`` keys or only ``some``; blank for none."""
    if person is None:
        return ""
    if can(person.actor, Permission.WORK_QUEUE):
        return "all"
    return "some" if can(person.actor, Permission.REFER) else ""


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
