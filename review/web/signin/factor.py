"""The second page of signing in: show the factor."""

from flask import Blueprint, flash, redirect, render_template, session
from werkzeug import Response

from review import db
from review.actions import factors
from review.domain.factors import Enrolled, Step
from review.domain.permissions import Permission
from review.errors import SignInFailed, SignInRequired
from review.queries.factors import HalfSignedIn, enrolled_of
from review.web import guard
from review.web.signin import arriving, circumstances, showing
from review.web.signin.showing import ShowForm
from review.web.texts import gettext

blueprint = Blueprint("signin_factor", __name__)


@blueprint.get("/sign-in/factor")
@guard.access(Permission.ANYONE)
def factor_page() -> Response | str:
    """Ask for the factor; who has none is sent to set one up, who has no half sign-in to the password."""
    half = arriving.half()
    if half is None:
        return start_again()
    if _next_step(half) is not Step.SHOW:
        return redirect("/sign-in/enrol", 303)
    return _page(half, ShowForm(formdata=None))


@blueprint.post("/sign-in/factor")
@guard.access(Permission.ANYONE)
def show_factor() -> Response | tuple[str, int]:
    """Count the attempt, check the factor, begin the sign-in."""
    half = arriving.half()
    if half is None:
        return start_again()
    form = ShowForm()
    shown = showing.shown_in(form, purpose=purpose_of(half))
    if shown is None:
        return _page(half, form, others=(showing.nothing_typed(),)), 422
    circumstances.count_showing(half.account_id)
    try:
        begun = factors.finish_sign_in(
            half.token_digest,
            shown,
            rules=circumstances.rules_here(),
            address=circumstances.caller(),
            actor=guard.actor(),
        )
    except SignInFailed:
        return _page(half, ShowForm(formdata=None), others=(showing.not_good(),)), 401
    except SignInRequired:
        return start_again()
    if begun.token is None:
        return redirect("/sign-in/enrol", 303)
    return redirect(arriving.begin_session(begun.token), 303)


def start_again() -> Response:
    """Back to the password: the half sign-in took too long, or there was none."""
    if session.pop("half", None) is not None:
        flash(gettext("That took too long, so that you have to start again."), "warning")
    return redirect("/sign-in", 303)


def purpose_of(half: HalfSignedIn) -> str:
    """What a passkey's challenge is bound to: this one half sign-in."""
    return f"half {half.token_digest}"


def _next_step(half: HalfSignedIn) -> Step:
    enrolled: Enrolled = enrolled_of(db.session(), half.account_id)
    return circumstances.policy_here().next_step(half.role, enrolled, shown=half.shown)


def _page(half: HalfSignedIn, form: ShowForm, *, others: tuple[str, ...] = ()) -> str:
    return render_template(
        "signin/factor.html",
        form=form,
        others=others,
        ways=showing.ways_of(half.account_id, half.role, purpose=purpose_of(half)),
        demo_code=showing.demo_code(half.email, half.account_id),
        until=half.expires_at,
    )
