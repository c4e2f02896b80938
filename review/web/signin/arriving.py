"""How does a sign-in begin in a browser, half and whole, and to which page does it lead?"""

from flask import current_app, session
from flask_login import current_user, login_user
from werkzeug.exceptions import HTTPException

from review import clock, db
from review.domain.keys import digest_of
from review.domain.permissions import can
from review.queries import accounts as account_queries
from review.queries import factors as factor_queries
from review.queries.factors import HalfSignedIn
from review.web import guard
from review.web.signin.navigation import home_of

LONGEST_ADDRESS = 2_000
"""Of a page to come back to after signing in; the session's cookie has to hold it."""


def begin_half(token: str) -> None:
    """Empty the session and keep the half sign-in in it, and the page first asked for."""
    wanted = session.get("next")
    session.clear()
    session["half"] = token
    if wanted is not None:
        session["next"] = wanted


def half() -> HalfSignedIn | None:
    """The half sign-in of this browser while it lives."""
    token = session.get("half")
    if not isinstance(token, str):
        return None
    return factor_queries.half_signed_in(db.session(), digest_of(token), at=clock.now())


def begin_session(token: str) -> str:
    """Empty the session and put the new sign-in into it, so that nothing planted before lives on.

    Returns the page to go to.
    """
    wanted = str(session.get("next", ""))
    session.clear()
    now = clock.now()
    row = account_queries.signed_in(
        db.session(),
        digest_of(token),
        at=now,
        idle_seconds=current_app.config["REVIEW_SETTINGS"].session_idle_seconds,
    )
    if row is None:  # closed between the two
        return "/sign-in"
    person = guard.signed_in_person(token, row, used_at=now)
    login_user(person)
    return page_for(wanted, person)


def page_for(wanted: str, person: guard.SignedInPerson | None = None) -> str:
    """The page that was wanted if this person may open it, else the first page of their role."""
    person = person or current_user
    return wanted if _may_open(wanted, person) else home_of(person.role)


def is_ours(address: str) -> bool:
    """Whether an address can only be one of this site."""
    if not address.startswith("/") or address[1:2] in ("/", "\\"):
        return False
    return address.isprintable() and len(address) <= LONGEST_ADDRESS


def _may_open(address: str, person: guard.SignedInPerson) -> bool:
    """Whether an address is a page of this site that the person may open."""
    if not is_ours(address):
        return False
    try:
        endpoint, _values = current_app.url_map.bind("").match(address.partition("?")[0], method="GET")
    except HTTPException:
        return False
    permission = guard.permission_of(current_app._get_current_object(), endpoint)  # type: ignore[attr-defined]
    return permission is not None and can(person.actor, permission)
