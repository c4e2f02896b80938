"""Inviting a person, and the page that shows a one-time link once."""

from typing import Any

from flask import Blueprint, redirect, render_template, session, url_for
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from werkzeug import Response
from wtforms import RadioField, SelectField, StringField, ValidationError
from wtforms.validators import InputRequired, Length

from review import clock, db
from review.actions import accounts as account_actions
from review.domain.permissions import Permission, Role
from review.errors import AlreadyExists, InvalidInput, ReviewError
from review.queries import accounts as account_queries
from review.queries import people
from review.web import guard
from review.web.admin.accounts import wanted_person
from review.web.errors import status_of
from review.web.texts import gettext
from review.web.words import word_of

blueprint = Blueprint("admin_invitations", __name__, url_prefix="/admin/accounts")


class InvitationForm(FlaskForm):
    """Name, e-mail and role; the organisation for the role sender alone."""

    name = StringField(
        lazy_gettext("Name"),
        validators=[
            InputRequired(lazy_gettext("Type the person's name.")),
            Length(max=200, message=lazy_gettext("Use at most %(max)d characters.")),
        ],
    )
    email = StringField(
        lazy_gettext("E-mail"),
        validators=[
            InputRequired(lazy_gettext("Type the person's e-mail address.")),
            Length(max=254, message=lazy_gettext("Use at most %(max)d characters.")),
        ],
    )
    role = RadioField(lazy_gettext("Role"), validators=[InputRequired(lazy_gettext("Choose a role."))])
    sender = SelectField(lazy_gettext("Organisation"))

    def validate_sender(self, field: Any) -> None:
        """An organisation if and only if the role is sender."""
        if self.role.data == Role.SENDER and not field.data:
            raise ValidationError(gettext("Choose the organisation that this person refers for."))
        if self.role.data in set(Role) - {Role.SENDER} and field.data:
            raise ValidationError(gettext("Only a sender belongs to an organisation; choose none."))


@blueprint.get("/new")
@guard.access(Permission.MANAGE_ACCOUNTS)
def invitation_page() -> str:
    """The form to invite a person."""
    return _page(_form(formdata=None))


@blueprint.post("/new")
@guard.access(Permission.MANAGE_ACCOUNTS)
def invite() -> Response | tuple[str, int]:
    """Enter the person; the page after shows the one-time link."""
    form = _form()
    if not form.validate():
        return _page(form), 422
    try:
        made = account_actions.invite_account(
            form.email.data or "",
            role=Role(form.role.data),
            name=form.name.data or "",
            sender_id=form.sender.data or None,
            actor=guard.actor(),
        )
    except (InvalidInput, AlreadyExists) as error:
        _mark(form, error)
        return _page(form), status_of(error)
    return show_link(made.account_id, made.token)


@blueprint.get("/<account_id>/link")
@guard.access(Permission.MANAGE_ACCOUNTS)
def link_page(account_id: str) -> Response | str:
    """The one-time link that was just made, once; afterwards the page of the account."""
    person = wanted_person(account_id)
    kept = session.pop("link", None)
    if kept is not None and kept["account_id"] == person.account_id:
        token = str(kept["token"])
        holder = account_queries.holder_of_link(db.session(), guard.token_digest(token), at=clock.now())
        if holder is not None:
            link = url_for("signin_links.new_password_page", token=token, _external=True)
            return render_template(
                "admin/account_link.html",
                person=person,
                link=link,
                good_until=holder.expires_at,
                now=clock.now(),
            )
    return redirect(url_for("admin_accounts.page", account_id=person.account_id), 303)


def show_link(account_id: str, token: str) -> Response:
    """Go to the page that shows this link; until then only the browser that made it holds the token."""
    session["link"] = {"account_id": account_id, "token": token}
    return redirect(url_for("admin_invitations.link_page", account_id=account_id), 303)


def _form(**options: None) -> InvitationForm:
    form = InvitationForm(**options)
    form.role.choices = [(role.value, word_of(role, "role")) for role in Role]
    form.sender.choices = [("", gettext("None")), *people.organisations(db.session())]
    return form


def _mark(form: InvitationForm, error: ReviewError) -> None:
    """Put the refusal to the field that it is about; what names none is about the address."""
    name = error.errors[0].pointer.removeprefix("/") if error.errors else "email"
    form[name].errors = [error.detail]


def _page(form: InvitationForm) -> str:
    return render_template("admin/account_new.html", form=form)
