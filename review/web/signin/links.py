"""A one-time link: set a new password."""

from flask import Blueprint, flash, redirect, render_template, session
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from werkzeug import Response
from wtforms import PasswordField
from wtforms.validators import EqualTo, InputRequired, Length

from review import clock, db
from review.actions import accounts
from review.domain.passwords import LEAST, MOST
from review.domain.permissions import Permission
from review.errors import InvalidInput, NotFound
from review.queries import accounts as account_queries
from review.web import guard

blueprint = Blueprint("signin_links", __name__)


class NewPasswordForm(FlaskForm):
    """The new password, twice."""

    password = PasswordField(
        lazy_gettext("New password"),
        validators=[
            InputRequired(lazy_gettext("Type a new password.")),
            Length(max=MOST, message=lazy_gettext("Use at most %(max)d characters.")),
        ],
    )
    repeated = PasswordField(
        lazy_gettext("New password again"),
        validators=[EqualTo("password", message=lazy_gettext("The two passwords differ; type both again."))],
    )


@blueprint.get("/sign-in/link/<token>")
@guard.access(Permission.ANYONE)
def new_password_page(token: str) -> str:
    """Show the form while the link is good."""
    _check_link(token)
    return _page(NewPasswordForm(formdata=None))


@blueprint.post("/sign-in/link/<token>")
@guard.access(Permission.ANYONE)
def set_new_password(token: str) -> Response | tuple[str, int]:
    """Set the password; all sign-ins of the account end, and the person signs in with the new one."""
    form = NewPasswordForm()
    if not form.validate():
        _check_link(token)
        return _page(form), 422
    try:
        accounts.redeem_link(token, form.password.data or "", actor=guard.actor())
    except InvalidInput as error:
        form.password.errors = [error.detail]
        return _page(form), 422
    session.clear()
    flash(gettext("The new password is set. Sign in with it."), "done")
    return redirect("/sign-in", 303)


def _check_link(token: str) -> None:
    holder = account_queries.holder_of_link(db.session(), guard.token_digest(token), at=clock.now())
    if holder is None:
        raise NotFound(
            gettext("This link is unknown, used or too old. Ask your administrator for a new one.")
        )


def _page(form: NewPasswordForm) -> str:
    return render_template("signin/new_password.html", form=form, least=LEAST)
