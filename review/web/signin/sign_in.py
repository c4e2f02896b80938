"""The page to sign in: e-mail and password, or in the demo one click."""

from flask import Blueprint, current_app, redirect, render_template, request, session
from flask_babel import gettext, lazy_gettext
from flask_login import current_user, login_user
from flask_wtf import FlaskForm
from werkzeug import Response
from werkzeug.exceptions import HTTPException
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from review import clock, db
from review.actions import attempts, sign_ins
from review.domain.emails import email_key
from review.domain.permissions import Permission, can
from review.errors import SignInFailed
from review.queries import accounts as account_queries
from review.web import guard
from review.web.signin.navigation import home_of

WINDOW_SECONDS = 300
MOST_BY_EMAIL = 10
MOST_BY_ADDRESS = 50
LONGEST_ADDRESS = 2_000
"""Of a page to come back to after signing in; the session's cookie has to hold it."""

blueprint = Blueprint("signin_sign_in", __name__)


class SignInForm(FlaskForm):
    """E-mail and password; what is too long to be right is refused before any work."""

    email = StringField(
        lazy_gettext("E-mail"),
        validators=[InputRequired(lazy_gettext("Type your e-mail address.")), Length(max=254)],
    )
    password = PasswordField(
        lazy_gettext("Password"),
        validators=[InputRequired(lazy_gettext("Type your password.")), Length(max=1024)],
    )


@blueprint.get("/sign-in")
@guard.access(Permission.ANYONE)
def sign_in_page() -> Response | str:
    """Show the form; who is signed in already goes on: to ``next`` or to the first page of the role."""
    wanted = request.args.get("next", "")
    if current_user.is_authenticated:
        opens = _may_open(wanted, current_user)
        return redirect(wanted if opens else home_of(current_user.role), 303)
    if _is_ours(wanted):
        session["next"] = wanted
    return _page(SignInForm(formdata=None))


@blueprint.post("/sign-in")
@guard.access(Permission.ANYONE)
def sign_in() -> Response | tuple[str, int]:
    """Count the attempt, check the password, begin a new session, go to the page first asked for."""
    form = SignInForm()
    if not form.validate():
        return _page(form), 422
    address = request.remote_addr or "unknown"
    email, password = form.email.data or "", form.password.data or ""
    _count(email=email, address=address)
    try:
        admitted = sign_ins.sign_in(
            email,
            password,
            address=address,
            lifetime_seconds=current_app.config["REVIEW_SETTINGS"].session_seconds,
            replaces=guard.token_digest(current_user.token) if current_user.is_authenticated else None,
            actor=guard.actor(),
        )
    except SignInFailed:
        sentence = gettext("E-mail or password is wrong. Try again, or ask your administrator for a link.")
        return _page(form, others=(sentence,)), 401
    if admitted.must_set_password:
        session.clear()
        return redirect(f"/sign-in/link/{admitted.token}", 303)
    return redirect(_begin_session(admitted.token), 303)


def _count(*, email: str, address: str) -> None:
    now = clock.now()
    for kind, name, most in (
        ("sign-in-address", attempts.address_group(address), MOST_BY_ADDRESS),
        ("sign-in-email", email_key(email), MOST_BY_EMAIL),
    ):
        attempts.count_attempt(kind, name, at=now, most=most, window_seconds=WINDOW_SECONDS)


def _begin_session(token: str) -> str:
    """Empty the session and put the new sign-in into it, so that nothing planted before lives on.

    Returns the page to go to.
    """
    wanted = str(session.get("next", ""))
    session.clear()
    settings = current_app.config["REVIEW_SETTINGS"]
    row = account_queries.signed_in(
        db.session(),
        guard.token_digest(token),
        at=clock.now(),
        idle_seconds=settings.session_idle_seconds,
    )
    if row is None:  # closed between the two
        return "/sign-in"
    person = guard.SignedInPerson(token, row)
    login_user(person)
    return wanted if _may_open(wanted, person) else home_of(person.role)


def _is_ours(address: str) -> bool:
    """Whether an address can only be one of this site."""
    if not address.startswith("/") or address[1:2] in ("/", "\\"):
        return False
    return address.isprintable() and len(address) <= LONGEST_ADDRESS


def _may_open(address: str, person: guard.SignedInPerson) -> bool:
    """Whether an address is a page of this site that the person may open."""
    if not _is_ours(address):
        return False
    try:
        endpoint, _values = current_app.url_map.bind("").match(address.partition("?")[0], method="GET")
    except HTTPException:
        return False
    permission = guard.permission_of(current_app._get_current_object(), endpoint)  # type: ignore[attr-defined]
    return permission is not None and can(person.actor, permission)


def _page(form: SignInForm, *, others: tuple[str, ...] = ()) -> str:
    accounts = current_app.config.get("REVIEW_DEMO_ACCOUNTS", ()) if current_app.config["REVIEW_DEMO"] else ()
    return render_template("signin/sign_in.html", form=form, others=others, accounts=accounts)
