"""Due for review: cases whose retention is over, and the batch request to erase parts of them."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug import Response

from review import clock, db
from review.actions.erasures import request_erasures
from review.actions.registers import list_due
from review.domain.erasures import Ground, NotErasable
from review.domain.holds import LONGEST_REASON, RecordHeld, RecordKind
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.errors import AlreadyExists, InvalidInput, NotFound
from review.queries.retention import referrals_of
from review.web import guard
from review.web.errors import status_of
from review.web.legal.erasure_forms import RetentionForm, reason_of, retention_form
from review.web.texts import gettext, ngettext
from review.web.typed import blame

blueprint = Blueprint("legal_retention", __name__, url_prefix="/retention")


def retention_days() -> dict[str, int]:
    """By kind of intake the days that records are kept after their end, as the settings say now."""
    settings = current_app.config["REVIEW_SETTINGS"]
    return {
        "referral": settings.retention_referral_days,
        "notice": settings.retention_notice_days,
        "removal_order": settings.retention_order_days,
    }


@blueprint.get("")
@guard.access(Permission.REQUEST_ERASURES)
def listing() -> str:
    """Which cases are due, and the form that asks for parts of those that are ticked."""
    return _listing(retention_form(typed=False))


def _listing(form: RetentionForm, others: tuple[str, ...] = ()) -> str:
    return render_template(
        "legal/retention.html",
        due=list_due(now=clock.now(), days=retention_days(), actor=guard.actor()),
        days=retention_days(),
        ticked=set(request.form.getlist("case")),
        form=form,
        others=others,
        longest=LONGEST_REASON,
        now=clock.now(),
    )


@blueprint.post("")
@guard.access(Permission.REQUEST_ERASURES)
def ask() -> Response | tuple[str, int]:
    """Request parts of the ticked cases, or of their referrals; all or none."""
    kind = RecordKind.REFERRAL if request.form.get("of") == "referrals" else RecordKind.CASE
    cases = [one for text in request.form.getlist("case") if (one := read_id(text, "C"))]
    objects = referrals_of(db.session(), cases) if kind is RecordKind.REFERRAL else cases
    try:
        asked = request_erasures(
            kind,
            objects,
            request.form.getlist(f"{kind}_parts"),
            ground=Ground.RETENTION,
            reason=reason_of(),
            actor=guard.actor(),
        )
    except (InvalidInput, NotFound, RecordHeld, NotErasable, AlreadyExists) as error:
        form = retention_form(typed=True)
        return _listing(form, blame(form, error)), status_of(error)
    flash(
        ngettext("%(num)s erasure is requested.", "%(num)s erasures are requested.", len(asked))
        + " "
        + gettext("Somebody else of legal, or an administrator, settles them."),
        "done",
    )
    return redirect(url_for("legal_erasures.listing"), 303)
