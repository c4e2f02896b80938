"""Due for review: cases whose retention is over, and the batch request to erase parts of them."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from review import clock, db
from review.actions.erasable import retention_days
from review.actions.erasures import request_erasures
from review.actions.registers import list_due
from review.domain.erasures import MOST_AT_ONCE, Ground, NotErasable
from review.domain.holds import LONGEST_REASON, RecordHeld, RecordKind
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.errors import AlreadyExists, InvalidInput, NotFound
from review.queries.kept_records import Keeper, referrals_in
from review.queries.retention import PAGE_ROWS
from review.web import guard
from review.web.errors import status_of
from review.web.legal.erasure_forms import RetentionForm, reason_of, retention_form
from review.web.texts import gettext, ngettext
from review.web.times import day
from review.web.typed import blame

blueprint = Blueprint("legal_retention", __name__, url_prefix="/retention")
NAMED = 5
"""Referrals that stay of which the reason is told."""


@blueprint.get("")
@guard.access(Permission.REQUEST_ERASURES)
def listing() -> str:
    """Which cases are due, and the form that asks for parts of those that are ticked."""
    return _listing(retention_form(typed=False))


def _listing(form: RetentionForm, others: tuple[str, ...] = ()) -> str:
    due = list_due(now=clock.now(), days=retention_days(), actor=guard.actor())
    free = [one.id for one in due if not one.held]
    return render_template(
        "legal/retention.html",
        due=due,
        more=len(free) >= PAGE_ROWS,
        tickable=len(free),
        days=retention_days(),
        ticked=set(free if request.args.get("tick") == "all" else request.form.getlist("case")),
        form=form,
        others=others,
        why=_why,
        named=NAMED,
        longest=LONGEST_REASON,
        now=clock.now(),
    )


@blueprint.post("")
@guard.access(Permission.REQUEST_ERASURES)
def ask() -> Response | tuple[str, int]:
    """Request parts of the ticked cases, or of their referrals; all or none, but for those that stay."""
    kind = RecordKind.REFERRAL if request.form.get("of") == "referrals" else RecordKind.CASE
    try:
        wanted = _wanted(kind)
        asked = request_erasures(
            kind,
            wanted.ids,
            request.form.getlist(f"{kind}_parts"),
            ground=Ground.RETENTION,
            reason=reason_of(),
            actor=guard.actor(),
        )
    except (InvalidInput, NotFound, RecordHeld, NotErasable, AlreadyExists) as error:
        form = retention_form(typed=True)
        return _listing(form, blame(form, error)), status_of(error)
    told = [
        ngettext("%(num)s erasure is requested.", "%(num)s erasures are requested.", len(asked)),
        gettext("Somebody else of legal, or an administrator, settles them."),
    ]
    flash(" ".join([*told, *wanted.left_out]), "done")
    return redirect(url_for("legal_erasures.listing"), 303)


@dataclass(frozen=True)
class Wanted:
    """What is to be asked for, and the sentences about what is left out of it."""

    ids: list[str]
    left_out: tuple[str, ...] = ()


def _wanted(kind: RecordKind) -> Wanted:
    """The ticked cases, or those of their referrals that can be asked for, some hundred at a time."""
    cases = [one for text in request.form.getlist("case") if (one := read_id(text, "C"))]
    if not cases:
        raise InvalidInput(gettext("Tick at least one case."))
    if kind is RecordKind.CASE:
        return Wanted(cases)
    found, kept = referrals_in(db.session(), cases, now=clock.now(), days=retention_days())
    stays = _staying(kept)
    if not found:
        raise NotErasable(
            stays or gettext("Every referral of the ticked cases is erased or asked for already.")
        )
    left = len(found) - MOST_AT_ONCE
    more = ngettext(
        "%(num)s more referral of these cases can be asked for; tick them again for it.",
        "%(num)s more referrals of these cases can be asked for; tick them again for them.",
        left,
    )
    return Wanted(found[:MOST_AT_ONCE], tuple(filter(None, (more if left > 0 else "", stays))))


def _staying(kept: list[Keeper]) -> str:
    """That some referrals stay, and the first of them with the reason; nothing where none does."""
    if not kept:
        return ""
    told = ngettext(
        "%(num)s referral stays, because it has items in a case that is not due.",
        "%(num)s referrals stay, because they have items in cases that are not due.",
        len(kept),
    )
    return " ".join([told, *[_why(one) for one in kept[:NAMED]]])


def _why(keeper: Keeper) -> str:
    named = {"id": keeper.referral_id, "case": keeper.case_id}
    if keeper.held:
        return gettext("%(id)s: case %(case)s is under a legal hold.", **named)
    if keeper.until is None:
        return gettext("%(id)s: case %(case)s has not ended.", **named)
    return gettext("%(id)s: case %(case)s is kept until %(day)s.", day=day(keeper.until), **named)
