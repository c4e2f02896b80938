"""Set up and remove one's own app and passkeys; each needs a factor that was shown a short while ago."""

import json

from flask import Blueprint, flash, redirect, render_template
from flask_login import current_user
from werkzeug import Response

from review import db
from review.actions import factors
from review.actions.enrolling import Offered
from review.domain.permissions import Permission
from review.errors import AlreadyExists, InvalidInput
from review.queries import accounts as account_queries
from review.web import guard
from review.web.signin import circumstances, kept, offering, recovery_codes
from review.web.signin.confirm import to_confirm
from review.web.signin.offering import PasskeyForm, TotpForm
from review.web.signin.recovery_codes import SECURITY
from review.web.texts import gettext

APP, PASSKEY = "/account/app", "/account/passkeys/new"

blueprint = Blueprint("signin_my_factors", __name__)


@blueprint.get(APP)
@guard.access(Permission.SIGNED_IN)
def app_page() -> Response | str:
    """Show how to set up an authenticator app."""
    if not circumstances.is_fresh(current_user):
        return to_confirm(APP)
    return _app_page(TotpForm(formdata=None))


@blueprint.post(APP)
@guard.access(Permission.SIGNED_IN)
def set_app() -> Response | tuple[str, int]:
    """Enrol the app whose first code was typed; it takes the place of the one before."""
    if not circumstances.is_fresh(current_user):
        return to_confirm(APP)
    form = TotpForm()
    if not form.validate():
        return _app_page(form), 422
    circumstances.count_showing(current_user.account_id)
    try:
        answer = _add(offering.offered_totp(form, current_user.account_id))
    except InvalidInput as error:
        form.code.errors = [error.detail]
        return _app_page(form), 422
    kept.forget(offering.KEPT_AS)
    flash(gettext("The authenticator app is set up."), "done")
    return answer


@blueprint.post("/account/app/remove")
@guard.access(Permission.SIGNED_IN)
def remove_app() -> Response:
    """Remove the authenticator app."""
    return _remove(None, gettext("The authenticator app is removed."))


@blueprint.get(PASSKEY)
@guard.access(Permission.SIGNED_IN)
def passkey_page() -> Response | str:
    """Show how to add a passkey."""
    if not circumstances.is_fresh(current_user):
        return to_confirm(PASSKEY)
    return _passkey_page(PasskeyForm(formdata=None, label=gettext("My passkey")))


@blueprint.post(PASSKEY)
@guard.access(Permission.SIGNED_IN)
def add_passkey() -> Response | tuple[str, int]:
    """Enrol the passkey that the browser has made."""
    if not circumstances.is_fresh(current_user):
        return to_confirm(PASSKEY)
    form = PasskeyForm()
    if not form.validate():
        return _passkey_page(form), 422
    try:
        answer = _add(offering.offered_passkey(form, purpose=_purpose()))
    except (InvalidInput, AlreadyExists) as error:
        form.label.errors = [error.detail]
        return _passkey_page(form), 422
    flash(gettext("The passkey is added."), "done")
    return answer


@blueprint.post("/account/passkeys/<passkey_id>/remove")
@guard.access(Permission.SIGNED_IN)
def remove_passkey(passkey_id: str) -> Response:
    """Remove one passkey."""
    return _remove(passkey_id, gettext("The passkey is removed."))


def _add(offered: Offered) -> Response:
    codes = factors.add_factor(offered, secret_key=circumstances.rules_here().secret_key, actor=guard.actor())
    if not codes:
        return redirect(SECURITY, 303)
    kept.keep(recovery_codes.CODES, json.dumps(codes), belongs_to=current_user.account_id)
    return recovery_codes.to_codes(then=SECURITY)


def _remove(passkey_id: str | None, sentence: str) -> Response:
    if not circumstances.is_fresh(current_user):
        return to_confirm(SECURITY)
    factors.remove_factor(passkey_id, policy=circumstances.policy_here(), actor=guard.actor())
    flash(sentence, "done")
    return redirect(SECURITY, 303)


def _purpose() -> str:
    """What a new passkey's challenge is bound to: this sign-in."""
    return f"add {guard.token_digest(current_user.token)}"


def _email() -> str:
    account = account_queries.account_by_name(db.session(), current_user.account_id)
    assert account is not None
    return account.email


def _app_page(form: TotpForm) -> str:
    return render_template(
        "signin/app.html", app=offering.app_for(current_user.account_id, _email()), form=form
    )


def _passkey_page(form: PasskeyForm) -> str:
    options = None
    if circumstances.passkeys_work_here():
        options = offering.options_to_add(current_user.account_id, _email(), purpose=_purpose())
    return render_template("signin/passkey.html", form=form, options=options)
