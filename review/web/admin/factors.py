"""Somebody lost their second factor: an administrator takes it from the account."""

from flask import Blueprint, flash, redirect, render_template
from werkzeug import Response

from review import db
from review.actions import factors
from review.domain.permissions import Permission
from review.errors import NotFound
from review.queries import accounts as account_queries
from review.queries.factors import enrolled_of
from review.web import guard
from review.web.texts import gettext

blueprint = Blueprint("admin_factors", __name__)


@blueprint.get("/admin/accounts/<account_id>/reset-factor")
@guard.access(Permission.RESET_FACTORS)
def reset_page(account_id: str) -> str:
    """Ask before it is done, and say what follows."""
    person = account_queries.account_by_name(db.session(), account_id)
    if person is None or person.account_id != account_id:
        raise NotFound(gettext("There is no such account."))
    return render_template(
        "admin/reset_factor.html",
        person=person,
        enrolled=enrolled_of(db.session(), account_id),
        oneself=guard.actor().account_id == account_id,
    )


@blueprint.post("/admin/accounts/<account_id>/reset-factor")
@guard.access(Permission.RESET_FACTORS)
def reset(account_id: str) -> Response:
    """Take all factors from the account and end its sign-ins."""
    factors.reset_factors(account_id, actor=guard.actor())
    flash(gettext("The second factor is reset; at the next sign-in a new one is set up."), "done")
    return redirect(f"/admin/accounts/{account_id}/reset-factor", 303)
