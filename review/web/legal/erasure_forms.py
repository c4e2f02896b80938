"""The forms of holds and erasures: which record, what of it, on which ground, and why."""

from flask import request
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import SelectField, SelectMultipleField, StringField, TextAreaField

from review.domain.erasures import ORIGINAL, PARTS, Ground
from review.domain.holds import RecordKind, record_named
from review.web.spans import Day
from review.web.texts import gettext
from review.web.typed import text_of
from review.web.words import word_of


class HoldForm(FlaskForm):
    """A new hold."""

    record = StringField(lazy_gettext("Case, referral or sender"))
    reason = TextAreaField(lazy_gettext("Reason"))
    review_on = Day(lazy_gettext("Look at it again on"))


class ReasonForm(FlaskForm):
    """Why a hold is released, or a request settled."""

    reason = TextAreaField(lazy_gettext("Reason"))


class RequestForm(FlaskForm):
    """What is to be erased of one record, or of several of a kind."""

    parts = SelectMultipleField(lazy_gettext("What is to be erased"), validate_choice=False)
    ground = SelectField(lazy_gettext("Ground"), validate_choice=False)
    reason = TextAreaField(lazy_gettext("Reason"))


class RetentionForm(FlaskForm):
    """What is to be erased of several cases, or of their referrals."""

    case_parts = SelectMultipleField(lazy_gettext("Of the cases"), validate_choice=False)
    referral_parts = SelectMultipleField(lazy_gettext("Of their referrals"), validate_choice=False)
    reason = TextAreaField(lazy_gettext("Reason"))


def retention_form(*, typed: bool) -> RetentionForm:
    """The form for what is due."""
    form = RetentionForm() if typed else RetentionForm(formdata=None)
    form.case_parts.choices = _parts(RecordKind.CASE)
    form.referral_parts.choices = _parts(RecordKind.REFERRAL)
    return form


def _parts(kind: RecordKind) -> list[tuple[str, str]]:
    """What can be ticked; the original of a referral goes with any part of it."""
    return [(name, word_of(name, "erasable")) for name in PARTS[kind] if name != ORIGINAL]


def request_form(kind: RecordKind, *, typed: bool) -> RequestForm:
    """The form for a record of this kind."""
    form = RequestForm() if typed else RequestForm(formdata=None)
    form.parts.choices = _parts(kind)
    grounds = [(one.value, word_of(one, "erasure_ground")) for one in Ground]
    form.ground.choices = [("", gettext("Choose")), *grounds]
    return form


def reason_of() -> str:
    """The reason as typed, with the line ends of Unix."""
    return text_of("reason").replace("\r\n", "\n")


def record_of() -> tuple[RecordKind, str] | None:
    """The record that the form or the address names."""
    return record_named(request.form.get("record") or request.args.get("record", ""))
