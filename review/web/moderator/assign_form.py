"""Whom can a lead give a case to? The form below a case that waits."""

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import SelectField

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
    names = colleagues(db.session(), account_id=guard.actor().account_id)
    form.reviewer.choices = [("", gettext("Choose a colleague")), *((name, name) for name in names)]
    form.reviewer.errors = [error.detail] if error is not None and chosen is not None else []
    return form
