"""Whom can a lead give cases to? The forms below a case that waits and below the queue."""

from collections.abc import Sequence

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import SelectField, SelectMultipleField

from review import db
from review.domain.permissions import Permission, can
from review.errors import ReviewError
from review.queries.cases import CaseSummary
from review.queries.team import colleagues
from review.web import guard
from review.web.texts import gettext


class AssignForm(FlaskForm):
    """The colleague, by pseudonym; the rules stand in `review.actions.assigning`, not here."""

    reviewer = SelectField(lazy_gettext("Colleague"), validate_choice=False)


class AssignSeveralForm(AssignForm):
    """The colleague, and the ticked ones of the cases in the list."""

    cases = SelectMultipleField(lazy_gettext("Cases"), validate_choice=False)


def may_assign() -> bool:
    """Whether this person gives cases to others."""
    return can(guard.actor(), Permission.ASSIGN_CASES)


def assign_form(
    summary: CaseSummary, *, chosen: str | None = None, error: ReviewError | None = None
) -> AssignForm | None:
    """The form for a lead below a case that waits, with what was chosen and why it was refused; else None."""
    if not (may_assign() and summary.assignable):
        return None
    form = AssignForm(formdata=None, reviewer=chosen or "")
    form.reviewer.choices = _colleagues()
    form.reviewer.errors = [error.detail] if error is not None and chosen is not None else []
    return form


def several_form(
    rows: Sequence[CaseSummary],
    *,
    reviewer: str = "",
    ticked: Sequence[str] = (),
    error: ReviewError | None = None,
) -> AssignSeveralForm | None:
    """The form for a lead below a queue of these rows, with what was refused and why; else None.

    None as well where there is nobody to give a case to, or no case to give.
    """
    if not may_assign():
        return None
    form = AssignSeveralForm(formdata=None, reviewer=reviewer, cases=list(ticked))
    form.reviewer.choices = _colleagues()
    form.cases.choices = [(case.id, case.id) for case in rows if case.assignable]
    if error is not None:
        form[error.values.get("field", "reviewer")].errors = [error.detail]
    elif not form.cases.choices or len(form.reviewer.choices) == 1:
        return None
    return form


def _colleagues() -> list[tuple[str, str]]:
    names = colleagues(db.session(), account_id=guard.actor().account_id)
    return [("", gettext("Choose a colleague")), *((name, name) for name in names)]
