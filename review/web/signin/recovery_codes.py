"""Recovery codes: shown until their owner says that they are kept, and made anew."""

import json

from flask import Blueprint, flash, redirect, render_template, session
from flask_login import current_user
from werkzeug import Response

from review.actions import factors
from review.domain.permissions import Permission
from review.web import guard
from review.web.signin import arriving, circumstances, kept
from review.web.signin.confirm import to_confirm
from review.web.texts import gettext

CODES = "codes"
AFTERWARDS = "then"
SECURITY = "/account/security"

blueprint = Blueprint("signin_recovery_codes", __name__)


@blueprint.get("/account/recovery-codes")
@guard.access(Permission.SIGNED_IN)
def codes_page() -> Response | str:
    """Show the codes that were just made, until they are said to be kept; else back to the factors."""
    found = kept.kept(CODES, belongs_to=current_user.account_id)
    if found is None:
        return redirect(SECURITY, 303)
    return render_template("signin/recovery_codes.html", codes=json.loads(found))


@blueprint.post("/account/recovery-codes")
@guard.access(Permission.SIGNED_IN)
def codes_are_kept() -> Response:
    """Show them no longer, and go on to the page that was first asked for."""
    kept.forget(CODES)
    wanted = str(session.pop(AFTERWARDS, SECURITY))
    return redirect(arriving.page_for(wanted), 303)


@blueprint.post("/account/recovery-codes/new")
@guard.access(Permission.SIGNED_IN)
def new_codes() -> Response:
    """Make ten new ones; needs a factor that was shown a short while ago."""
    if not circumstances.is_fresh(current_user):
        return to_confirm(SECURITY)
    made = factors.issue_recovery_codes(secret_key=circumstances.rules_here().secret_key, actor=guard.actor())
    kept.keep(CODES, json.dumps(made), belongs_to=current_user.account_id)
    flash(gettext("Ten new recovery codes are made; the earlier ones work no longer."), "done")
    return to_codes(then=SECURITY)


def to_codes(*, then: str) -> Response:
    """To the page that shows the codes just made, and from there to ``then``."""
    session[AFTERWARDS] = then
    return redirect("/account/recovery-codes", 303)
