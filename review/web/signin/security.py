"""Everybody's own page about signing in: factors, recovery codes, and where one is signed in."""

from flask import Blueprint, current_app, flash, redirect, render_template
from flask_login import current_user
from werkzeug import Response

from review import clock, db
from review.actions import sign_ins
from review.domain import recovery_codes
from review.domain.factors import Factor
from review.domain.permissions import Permission
from review.queries import factors as factor_queries
from review.web import guard
from review.web.signin import circumstances
from review.web.texts import gettext, ngettext

blueprint = Blueprint("signin_security", __name__)


@blueprint.get("/account/security")
@guard.access(Permission.SIGNED_IN)
def security_page() -> str:
    """Show what is set up and where one is signed in."""
    reader, now = db.session(), clock.now()
    account_id, role = current_user.account_id, current_user.role
    enrolled = factor_queries.enrolled_of(reader, account_id)
    policy = circumstances.policy_here()
    return render_template(
        "signin/security.html",
        enrolled=enrolled,
        app=factor_queries.totp_of(reader, account_id),
        passkeys=factor_queries.passkeys_of(reader, account_id),
        needs_passkey=policy.needs_passkey(role),
        app_may_go=policy.may_remove(Factor.TOTP, role, enrolled),
        passkeys_may_go=policy.may_remove(Factor.PASSKEY, role, enrolled),
        passkeys_work=circumstances.passkeys_work_here(),
        codes_of_all=recovery_codes.COUNT,
        sign_ins=factor_queries.sign_ins_of(
            reader,
            account_id,
            at=now,
            idle_seconds=current_app.config["REVIEW_SETTINGS"].session_idle_seconds,
        ),
        this_sign_in=guard.token_digest(current_user.token),
        now=now,
    )


@blueprint.post("/account/sign-ins/end-others")
@guard.access(Permission.SIGNED_IN)
def end_others() -> Response:
    """End all other sign-ins; needs nothing but this one, because it is what one does in a fright."""
    ended = sign_ins.end_other_sign_ins(guard.token_digest(current_user.token), actor=guard.actor())
    if ended:
        flash(ngettext("%(num)s other sign-in is ended.", "%(num)s other sign-ins are ended.", ended), "done")
    else:
        flash(gettext("There was no other sign-in."), "done")
    return redirect("/account/security", 303)
