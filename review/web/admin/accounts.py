"""People for their administrator: the list with its filters, and the page of one account."""

from flask import Blueprint, current_app, render_template, request, url_for
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import Form, SelectField

from review import clock, db
from review.domain.ids import read_id
from review.domain.permissions import Permission, Role, is_own_account
from review.errors import NotFound
from review.queries import people
from review.queries.people import AccountState, Person, Wanted
from review.web import guard
from review.web.texts import gettext
from review.web.words import word_of

blueprint = Blueprint("admin_accounts", __name__, url_prefix="/admin/accounts")

STAFF = tuple(role for role in Role if role is not Role.SENDER)


class Filters(Form):
    """What the list is narrowed to; a value that the form does not offer narrows nothing."""

    role = SelectField(lazy_gettext("Role"))
    state = SelectField(lazy_gettext("State"))
    sender = SelectField(lazy_gettext("Organisation"))


class RoleForm(FlaskForm):
    """The new role of a person who works here."""

    role = SelectField(lazy_gettext("New role"))


@blueprint.get("")
@guard.access(Permission.MANAGE_ACCOUNTS)
def listing() -> str:
    """People by name, 50 a page."""
    reader = db.session()
    form = _filters(people.organisations(reader))
    wanted = Wanted(
        role=Role(form.role.data) if form.role.data else None,
        state=AccountState(form.state.data) if form.state.data else None,
        sender_id=form.sender.data or None,
    )
    after = read_id(request.args.get("after", ""), "A")
    page = people.people_page(reader, wanted, after=after)
    narrowed = {name: chosen for name, chosen in form.data.items() if chosen}
    return render_template(
        "admin/accounts.html",
        form=form,
        page=page,
        narrowed=bool(narrowed),
        most=people.MOST_COUNTED,
        next_address=url_for(".listing", after=page.following, **narrowed) if page.following else None,
        first_address=url_for(".listing", **narrowed) if after else None,
        own_id=guard.actor().account_id,
        now=clock.now(),
    )


@blueprint.get("/<account_id>")
@guard.access(Permission.MANAGE_ACCOUNTS)
def page(account_id: str) -> str:
    """One account: who it is, how they get in, and what can be changed."""
    return account_page(wanted_person(account_id))


@blueprint.get("/<account_id>/close")
@guard.access(Permission.MANAGE_ACCOUNTS)
def confirm_closing(account_id: str) -> str:
    """What closing does, before it is done: it cannot be taken back."""
    person = wanted_person(account_id)
    is_own = is_own_account(guard.actor(), person.account_id)
    return render_template("admin/account_close.html", person=person, is_own=is_own)


def wanted_person(account_id: str) -> Person:
    """The person with this id; raises `NotFound`."""
    wanted = read_id(account_id, "A")
    found = None if wanted is None else people.person(db.session(), wanted)
    if found is None:
        raise NotFound(gettext("There is no such account; look at the list of accounts."))
    return found


def role_form(person: Person) -> RoleForm:
    """The roles that this person can be given."""
    form = RoleForm()
    form.role.choices = [(role.value, word_of(role, "role")) for role in STAFF if role is not person.role]
    return form


def account_page(person: Person, form: RoleForm | None = None) -> str:
    """The page of one account, after a refused change with its ``form``."""
    now = clock.now()
    idle_seconds = current_app.config["REVIEW_SETTINGS"].session_idle_seconds
    return render_template(
        "admin/account.html",
        person=person,
        access=people.access_of(db.session(), person.account_id, at=now, idle_seconds=idle_seconds),
        form=form or role_form(person),
        is_own=is_own_account(guard.actor(), person.account_id),
        now=now,
    )


def _filters(organisations: list[tuple[str, str]]) -> Filters:
    """The form as the address asks for it; its fields hold only what they offer."""
    form = Filters(request.args)
    for field, offered in (
        (form.role, [(role.value, word_of(role, "role")) for role in Role]),
        (form.state, [(state.value, word_of(state, "account_state")) for state in AccountState]),
        (form.sender, organisations),
    ):
        field.choices = [("", gettext("Any")), *offered]
        if field.data not in {value for value, _label in offered}:
            field.data = ""
    return form
