"""The page to sign in: e-mail and password, or in the demo one click."""

from flask import Blueprint, current_app, redirect, render_template, request, session
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug import Response
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from review import clock
from review.actions import attempts, sign_ins
from review.domain.emails import email_key
from review.domain.factors import Step
from review.domain.permissions import Permission
from review.errors import SignInFailed
from review.web import guard
from review.web.signin import arriving, circumstances

WINDOW_SECONDS = 300
MOST_BY_EMAIL = 10
MOST_BY_ADDRESS = 50

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
        return redirect(arriving.page_for(wanted), 303)
    if arriving.is_ours(wanted):
        session["next"] = wanted
    return _page(SignInForm(formdata=None))


@blueprint.post("/sign-in")
@guard.access(Permission.ANYONE)
def sign_in() -> Response | tuple[str, int]:
    """Count the attempt, check the password, ask for the factor or go to the page first asked for."""
    form = SignInForm()
    if not form.validate():
        return _page(form), 422
    address = circumstances.caller()
    email, password = form.email.data or "", form.password.data or ""
    _count(email=email, address=address)
    try:
        admitted = sign_ins.sign_in(
            email,
            password,
            address=address,
            lifetime_seconds=current_app.config["REVIEW_SETTINGS"].session_seconds,
            policy=circumstances.policy_here(),
            replaces=guard.token_digest(current_user.token) if current_user.is_authenticated else None,
            actor=guard.actor(),
        )
    except SignInFailed:
        sentence = gettext("E-mail or password is wrong. Try again, or ask your administrator for a link.")
        return _page(form, others=(sentence,)), 401
    if admitted.must_set_password:
        session.clear()
        return redirect(f"/sign-in/link/{admitted.token}", 303)
    if admitted.step is not Step.DONE:
        arriving.begin_half(admitted.token)
        return redirect("/sign-in/factor" if admitted.step is Step.SHOW else "/sign-in/enrol", 303)
    return redirect(arriving.begin_session(admitted.token), 303)


def _count(*, email: str, address: str) -> None:
    now = clock.now()
    for kind, name, most in (
        ("sign-in-address", attempts.address_group(address), MOST_BY_ADDRESS),
        ("sign-in-email", email_key(email), MOST_BY_EMAIL),
    ):
        attempts.count_attempt(kind, name, at=now, most=most, window_seconds=WINDOW_SECONDS)


def _page(form: SignInForm, *, others: tuple[str, ...] = ()) -> str:
    accounts = current_app.config.get("REVIEW_DEMO_ACCOUNTS", ()) if current_app.config["REVIEW_DEMO"] else ()
    return render_template("signin/sign_in.html", form=form, others=others, accounts=accounts)
