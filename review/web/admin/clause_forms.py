"""The forms of a draft: a wording, the end of a clause, a new clause; and what was typed into them."""

from collections.abc import Mapping, Sequence
from datetime import date

from flask import request
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateField, Field, HiddenField, StringField, TextAreaField

from review.errors import FieldError
from review.queries.clause_history import ClauseHistory

TYPED = ("document", "number", "title", "text", "valid_from", "reason")


class EndForm(FlaskForm):
    """When a clause ends and why; the rules stand in `review.domain.clause_drafts`, not here."""

    valid_from = DateField(lazy_gettext("First day on which it does not hold any more"))
    reason = TextAreaField(lazy_gettext("Reason for the change"))
    version = HiddenField()


class DraftForm(FlaskForm):
    """A new wording, from when on, and why."""

    title = StringField(lazy_gettext("Title"))
    text = TextAreaField(lazy_gettext("Text"))
    valid_from = DateField(lazy_gettext("First day in force"))
    reason = TextAreaField(lazy_gettext("Reason for the change"))
    version = HiddenField()


class NewClauseForm(FlaskForm):
    """A clause that our terms do not hold yet."""

    document = StringField(lazy_gettext("Document"))
    number = StringField(lazy_gettext("Number"))
    title = StringField(lazy_gettext("Title"))
    text = TextAreaField(lazy_gettext("Text"))
    valid_from = DateField(lazy_gettext("First day in force"))
    reason = TextAreaField(lazy_gettext("Reason for the change"))


def typed_values() -> dict[str, str]:
    """What this request's form holds of a draft; NUL, which no database takes, is left out."""
    form = request.form
    return {name: form[name].replace("\x00", "") for name in TYPED if name in form}


def values_to_begin_with(clause: ClauseHistory, *, today: date) -> dict[str, str]:
    """The saved draft, or where there is none the newest version with the first day that it may take."""
    if clause.draft is not None:
        draft = clause.draft
        return {
            "title": draft.title,
            "text": draft.text,
            "valid_from": draft.valid_from.isoformat(),
            "reason": draft.reason,
        }
    newest = clause.versions[0]
    first_day = max(today, newest.valid_from)
    return {"title": newest.title, "text": newest.text, "valid_from": first_day.isoformat()}


def filled(
    kind: type[FlaskForm],
    values: Mapping[str, str],
    *,
    version: str = "",
    errors: Sequence[FieldError] = (),
) -> FlaskForm:
    """A form with what was typed and each error at its field."""
    form = kind(formdata=None)
    for field in form:
        if field.name in TYPED:
            _fill(field, values.get(field.name, ""))
            field.errors = [error.detail for error in errors if error.pointer == field.name]
    if "version" in form:
        form["version"].data = version
    return form


def _fill(field: Field, typed: str) -> None:
    """A day as typed, whether it is one or not, so that what is wrong can be seen."""
    if isinstance(field, DateField):
        field.raw_data = [typed]
    else:
        field.data = typed
