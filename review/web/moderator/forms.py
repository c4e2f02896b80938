"""The review form: its fields, what was typed into them, and the errors that belong to each."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)

from review.domain.clause_words import clause_name
from review.domain.decisions import (
    ACCOUNT_MEASURES,
    CONTEXTS,
    DECLINE_REASONS,
    ESCALATE,
    GROUNDS,
    OUTCOMES,
    VISIBILITIES,
)
from review.errors import FieldError
from review.queries.clauses import ClauseInForce
from review.web.words import word_of

TYPED = (
    "outcome", "ground", "decline_reason", "law", "rationale", "statement", "visibility", "account",
    "territory", "context", "over_broad", "question",
)  # fmt: skip
"""Fields with one value each, by the names of http.md."""
MANY = ("clauses", "snippets", "also")
"""Fields with any number: clause versions, snippet versions inserted, further cases of the same referral."""

Values = Mapping[str, Sequence[str]]


class ReviewForm(FlaskForm):
    """What a moderator fills in; the rules stand in `review.domain.decisions`, not here."""

    outcome = RadioField(lazy_gettext("Outcome"), validate_choice=False)
    ground = RadioField(lazy_gettext("If you accept: what does it break?"), validate_choice=False)
    clauses = SelectMultipleField(lazy_gettext("Clauses of our terms"), validate_choice=False)
    law = StringField(lazy_gettext("Law and article"))
    visibility = RadioField(lazy_gettext("What happens to the content"), validate_choice=False)
    account = SelectField(lazy_gettext("Account"), validate_choice=False)
    territory = StringField(lazy_gettext("Where"))
    decline_reason = RadioField(lazy_gettext("If you decline: the reason"), validate_choice=False)
    rationale = TextAreaField(lazy_gettext("Rationale, internal"))
    statement = TextAreaField(lazy_gettext("Statement to the senders"))
    context = SelectField(lazy_gettext("Context"), validate_choice=False)
    over_broad = BooleanField(lazy_gettext("The location stands for more than one piece of content"))
    version = HiddenField()
    claim_generation = HiddenField()


def typed_values() -> dict[str, list[str]]:
    """What this request's form holds of the review, by field; NUL, which no database takes, is left out."""
    form = request.form
    return {
        name: [value.replace("\x00", "") for value in form.getlist(name)]
        for name in (*TYPED, *MANY)
        if name in form
    }


def values_of_draft(fields: Mapping[str, Any]) -> dict[str, list[str]]:
    """A stored draft in the shape of a form."""
    return {
        name: [str(entry) for entry in value] if isinstance(value, list) else [str(value)]
        for name, value in fields.items()
    }


def draft_fields(values: Values) -> dict[str, Any]:
    """What was typed in the shape of a draft."""
    return {name: list(entries) if name in MANY else entries[0] for name, entries in values.items()}


def review_form(
    values: Values,
    *,
    intake_kind: str,
    clauses: Sequence[ClauseInForce],
    version: int,
    claim_generation: int,
    errors: Sequence[FieldError] = (),
) -> ReviewForm:
    """The form with what was typed, what may be chosen, and each error at its field."""

    def first(name: str, default: str = "") -> str:
        entries = values.get(name) or ()
        return entries[0] if entries else default

    form = ReviewForm(
        formdata=None,
        **{name: first(name) for name in TYPED if name not in ("over_broad", "question")},
    )
    form.account.data = first("account", "none")
    form.context.data = first("context", "none")
    # what an accept mostly comes to; no outcome is chosen beforehand
    form.ground.data = first("ground", "law" if intake_kind == "removal_order" else "terms")
    form.visibility.data = first("visibility", "removed")
    form.territory.data = first("territory", "world")
    form.over_broad.data = first("over_broad") not in ("", "0")
    form.clauses.data = list(values.get("clauses") or ())
    form.version.data, form.claim_generation.data = str(version), str(claim_generation)
    form.outcome.choices = _choices("outcome", (*OUTCOMES, ESCALATE))
    form.ground.choices = _choices("ground", GROUNDS)
    form.visibility.choices = _choices("visibility", VISIBILITIES)
    form.account.choices = _choices("account", ACCOUNT_MEASURES)
    form.context.choices = _choices("context", CONTEXTS)
    form.decline_reason.choices = _choices("reason", DECLINE_REASONS[intake_kind])
    form.clauses.choices = [
        (clause.version_id, clause_name(clause.number, clause.title)) for clause in clauses
    ]
    _place_errors(form, errors)
    return form


def _choices(family: str, codes: Sequence[str]) -> list[tuple[str, str]]:
    return [(code, word_of(code, family)) for code in codes]


def _place_errors(form: ReviewForm, errors: Sequence[FieldError]) -> None:
    for field in form:
        field.errors = [error.detail for error in errors if error.pointer == field.name]
