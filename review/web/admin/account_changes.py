"""What an administrator changes of an account: role, pseudonym, link, sign-ins, closing."""

from flask import Blueprint, flash, redirect, url_for
from werkzeug import Response

from review.actions import accounts as account_actions
from review.domain.permissions import Permission, Role
from review.errors import InvalidInput
from review.web import guard
from review.web.admin.accounts import account_page, role_form, wanted_person
from review.web.admin.invitations import show_link
from review.web.texts import gettext
from review.web.words import word_of

blueprint = Blueprint("admin_account_changes", __name__, url_prefix="/admin/accounts/<account_id>")


@blueprint.post("/role")
@guard.access(Permission.MANAGE_ACCOUNTS)
def set_role(account_id: str) -> Response | tuple[str, int]:
    """Give the account another role; its sign-ins end."""
    person = wanted_person(account_id)
    form = role_form(person)
    if not form.validate():
        return account_page(person, form), 422
    role = Role(form.role.data)
    try:
        account_actions.set_role(person.account_id, role, actor=guard.actor())
    except InvalidInput as error:
        form.role.errors = [error.detail]
        return account_page(person, form), 422
    sentence = gettext("%(name)s is %(role)s now. All sign-ins have ended.")
    flash(sentence % {"name": person.pseudonym, "role": word_of(role, "role")}, "done")
    return _back(person.account_id)


@blueprint.post("/pseudonym")
@guard.access(Permission.MANAGE_ACCOUNTS)
def draw_pseudonym(account_id: str) -> Response:
    """Draw another pseudonym."""
    person = wanted_person(account_id)
    drawn = account_actions.draw_pseudonym(person.account_id, actor=guard.actor())
    flash(gettext("%(before)s is called %(now)s now.", before=person.pseudonym, now=drawn), "done")
    return _back(person.account_id)


@blueprint.post("/link")
@guard.access(Permission.MANAGE_ACCOUNTS)
def issue_link(account_id: str) -> Response:
    """Make a new one-time link, which the next page shows once; earlier ones die."""
    person = wanted_person(account_id)
    token = account_actions.issue_reset(person.account_id, actor=guard.actor())
    return show_link(person.account_id, token)


@blueprint.post("/end-sign-ins")
@guard.access(Permission.MANAGE_ACCOUNTS)
def end_sign_ins(account_id: str) -> Response:
    """End all sign-ins of the account; of one's own, the one that asks included."""
    person = wanted_person(account_id)
    account_actions.end_sign_ins(person.account_id, actor=guard.actor())
    flash(gettext("All sign-ins of %(name)s have ended.", name=person.pseudonym), "done")
    return _back(person.account_id)


@blueprint.post("/close")
@guard.access(Permission.MANAGE_ACCOUNTS)
def close(account_id: str) -> Response:
    """Close the account for good."""
    person = wanted_person(account_id)
    account_actions.close_account(person.account_id, actor=guard.actor())
    flash(gettext("The account of %(name)s is closed.", name=person.pseudonym), "done")
    return _back(person.account_id)


def _back(account_id: str) -> Response:
    return redirect(url_for("admin_accounts.page", account_id=account_id), 303)
