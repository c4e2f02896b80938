"""Who recorded a review? Legal asks for a reason, and is told once."""

from flask import Blueprint, render_template
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import TextAreaField

from review import db
from review.actions.unmasking import LONGEST_REASON, unmask_reviewer
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.errors import InvalidInput, NotFound
from review.queries.reviewers import has_review
from review.web import guard
from review.web.errors import status_of
from review.web.typed import blame, text_of

blueprint = Blueprint("legal_unmasking", __name__, url_prefix="/records/<case_id>/reviewers")


class ReasonForm(FlaskForm):
    """Why one needs to know."""

    reason = TextAreaField(lazy_gettext("Reason"))


@blueprint.get("/<review_id>")
@guard.access(Permission.UNMASK_REVIEWERS)
def ask(case_id: str, review_id: str) -> str:
    """What naming somebody means, and the field for the reason; nobody is named yet."""
    return _page(*_ids(case_id, review_id), ReasonForm(formdata=None))


@blueprint.post("/<review_id>")
@guard.access(Permission.UNMASK_REVIEWERS)
def unmask(case_id: str, review_id: str) -> str | tuple[str, int]:
    """Put the reason on the trail and name the person, in this answer alone."""
    wanted, review = _ids(case_id, review_id)
    reason = text_of("reason").replace("\r\n", "\n")
    try:
        named = unmask_reviewer(wanted, review, reason, actor=guard.actor())
    except InvalidInput as error:
        form = ReasonForm(formdata=None, reason=reason)
        blame(form, error)
        return _page(wanted, review, form), status_of(error)
    return render_template(
        "legal/unmasked.html", case_id=wanted, review_id=review, named=named, reason=reason
    )


def _page(case_id: str, review_id: str, form: ReasonForm) -> str:
    return render_template(
        "legal/unmask.html", case_id=case_id, review_id=review_id, form=form, longest=LONGEST_REASON
    )


def _ids(case_id: str, review_id: str) -> tuple[str, str]:
    """Both ids of a review that the case has."""
    case, review = read_id(case_id, "C"), read_id(review_id, "V")
    if case is None or review is None or not has_review(db.session(), case, review):
        raise NotFound("The case has no such review; open its record again.")
    return case, review
