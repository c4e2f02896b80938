"""Show a factor once more before one's own factors are changed."""

from flask import Blueprint, flash, redirect, render_template, session
from flask_babel import lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug import Response
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from review import db
from review.actions import factors
from review.domain.permissions import Permission
from review.errors import SignInFailed
from review.queries import accounts as account_queries
from review.queries.factors import enrolled_of
from review.web import guard
from review.web.signin import arriving, circumstances, showing
from review.web.signin.showing import ShowForm
from review.web.texts import gettext

AFTERWARDS = "confirm_then"

blueprint = Blueprint("signin_confirm", __name__)


class PasswordForm(FlaskForm):
    """The password once more, for somebody without a factor."""

    password = PasswordField(
        lazy_gettext("Password"),
        validators=[InputRequired(lazy_gettext("Type your password.")), Length(max=1024)],
    )


@blueprint.get("/account/confirm")
@guard.access(Permission.SIGNED_IN)
def confirm_page() -> str:
    """Ask for the factor or, where there is none, for the password."""
    return _page()


@blueprint.post("/account/confirm")
@guard.access(Permission.SIGNED_IN)
def confirm() -> Response | tuple[str, int]:
    """Count the attempt, check what was shown, go back to what was to be changed."""
    digest, address = guard.token_digest(current_user.token), circumstances.caller()
    if _has_factor():
        form = ShowForm()
        shown = showing.shown_in(form, purpose=_purpose())
        if shown is None:
            return _page(others=(showing.nothing_typed(),)), 422
        circumstances.count_showing(current_user.account_id)
        try:
            factors.confirm(
                digest, shown, rules=circumstances.rules_here(), address=address, actor=guard.actor()
            )
        except SignInFailed:
            return _page(others=(showing.not_good(),)), 401
        return _done()
    password_form = PasswordForm()
    if not password_form.validate():
        return _page(password_form=password_form), 422
    circumstances.count_showing(current_user.account_id)
    try:
        factors.confirm_by_password(
            digest, password_form.password.data or "", address=address, actor=guard.actor()
        )
    except SignInFailed:
        return _page(others=(gettext("The password does not fit; try again."),)), 401
    return _done()


def to_confirm(then: str) -> Response:
    """To the page that asks, and from there to ``then``."""
    session[AFTERWARDS] = then
    return redirect("/account/confirm", 303)


def _done() -> Response:
    flash(gettext("Thank you. For ten minutes you can change how you sign in."), "done")
    wanted = str(session.pop(AFTERWARDS, "/account/security"))
    return redirect(arriving.page_for(wanted), 303)


def _has_factor() -> bool:
    return enrolled_of(db.session(), current_user.account_id).any


def _purpose() -> str:
    """What a passkey's challenge is bound to: this sign-in, until the next confirmation."""
    return f"confirm {guard.token_digest(current_user.token)} {current_user.confirmed_at}"


def _page(*, password_form: PasswordForm | None = None, others: tuple[str, ...] = ()) -> str:
    account = account_queries.account_by_name(db.session(), current_user.account_id)
    return render_template(
        "signin/confirm.html",
        form=ShowForm(formdata=None),
        password_form=password_form or PasswordForm(formdata=None),
        others=others,
        has_factor=_has_factor(),
        ways=showing.ways_of(current_user.account_id, current_user.role, purpose=_purpose()),
        demo_code=showing.demo_code(account.email if account else "", current_user.account_id),
    )
