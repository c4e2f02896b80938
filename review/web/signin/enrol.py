"""Between the password and the first page: set up the factor that is missing."""

import json

from flask import Blueprint, redirect, render_template
from werkzeug import Response

from review import db
from review.actions import factors
from review.actions.enrolling import Offered
from review.domain.factors import Factor, Step
from review.domain.permissions import Permission
from review.errors import AlreadyExists, InvalidInput, SignInRequired
from review.queries.factors import HalfSignedIn, enrolled_of
from review.web import guard
from review.web.signin import arriving, circumstances, kept, offering, recovery_codes
from review.web.signin.factor import purpose_of, start_again
from review.web.signin.offering import PasskeyForm, TotpForm
from review.web.texts import gettext

blueprint = Blueprint("signin_enrol", __name__)


@blueprint.get("/sign-in/enrol")
@guard.access(Permission.ANYONE)
def enrolment_page() -> Response | str:
    """Show how to set up an app or a passkey, whichever this person may begin with."""
    half = arriving.half()
    if half is None:
        return start_again()
    step = _next_step(half)
    if step not in (Step.ENROL, Step.ADD_PASSKEY):
        return redirect("/sign-in/factor", 303)
    return _page(half, step)


@blueprint.post("/sign-in/enrol/app")
@guard.access(Permission.ANYONE)
def enrol_app() -> Response | tuple[str, int]:
    """Enrol the app whose first code was typed, and begin the sign-in."""
    half = arriving.half()
    if half is None:
        return start_again()
    form = TotpForm()
    if not form.validate():
        return _page(half, _next_step(half), totp_form=form), 422
    circumstances.count_showing(half.account_id)
    try:
        return _enrol(half, offering.offered_totp(form, half.account_id))
    except InvalidInput as error:
        form.code.errors = [error.detail]
        return _page(half, _next_step(half), totp_form=form), 422


@blueprint.post("/sign-in/enrol/passkey")
@guard.access(Permission.ANYONE)
def enrol_passkey() -> Response | tuple[str, int]:
    """Enrol the passkey that the browser has made, and begin the sign-in."""
    half = arriving.half()
    if half is None:
        return start_again()
    form = PasskeyForm()
    if not form.validate():
        return _page(half, _next_step(half), passkey_form=form), 422
    try:
        return _enrol(half, offering.offered_passkey(form, purpose=purpose_of(half)))
    except InvalidInput as error:
        form.label.errors = [error.detail]
        return _page(half, _next_step(half), passkey_form=form), 422


def _enrol(half: HalfSignedIn, offered: Offered) -> Response:
    try:
        begun = factors.enrol_and_sign_in(
            half.token_digest,
            offered,
            rules=circumstances.rules_here(),
            address=circumstances.caller(),
            actor=guard.actor(),
        )
    except (SignInRequired, AlreadyExists):
        return start_again()
    assert begun.token is not None
    page = arriving.begin_session(begun.token)
    if not begun.codes:
        return redirect(page, 303)
    kept.keep(recovery_codes.CODES, json.dumps(begun.codes), belongs_to=half.account_id)
    return recovery_codes.to_codes(then=page)


def _next_step(half: HalfSignedIn) -> Step:
    enrolled = enrolled_of(db.session(), half.account_id)
    return circumstances.policy_here().next_step(half.role, enrolled, shown=half.shown)


def _page(
    half: HalfSignedIn,
    step: Step,
    *,
    totp_form: TotpForm | None = None,
    passkey_form: PasskeyForm | None = None,
) -> str:
    first = circumstances.policy_here().first_factors(half.role)
    with_app = step is Step.ENROL and Factor.TOTP in first
    works = circumstances.passkeys_work_here()
    options = None
    if works:
        options = offering.options_to_add(half.account_id, half.email, purpose=purpose_of(half))
    return render_template(
        "signin/enrol.html",
        app=offering.app_for(half.account_id, half.email) if with_app else None,
        totp_form=totp_form or TotpForm(formdata=None),
        passkey_form=passkey_form or PasskeyForm(formdata=None, label=gettext("My passkey")),
        wrong=passkey_form if passkey_form is not None else totp_form,
        options=options,
        only_passkey=not with_app,
        until=half.expires_at,
    )
