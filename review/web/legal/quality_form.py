"""The forms of quality review: drawing a sample, and saying what was found of a decision."""

from datetime import date, timedelta

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, StringField, TextAreaField

from review.domain.sampling import SIZES, Draw, findings_for, new_seed
from review.errors import InvalidInput
from review.web.spans import Day
from review.web.texts import gettext
from review.web.typed import text_of
from review.web.words import word_of

DAYS = 30


class DrawForm(FlaskForm):
    """Which days, how many, and from which seed; the rules stand in `review.domain.sampling`."""

    since = Day(lazy_gettext("Decided from"))
    until = Day(lazy_gettext("Decided until"))
    size = IntegerField(lazy_gettext("How many cases"))
    seed = StringField(lazy_gettext("Seed"))


class JudgeForm(FlaskForm):
    """What was found, and why."""

    finding = RadioField(lazy_gettext("What you found"), validate_choice=False)
    remark = TextAreaField(lazy_gettext("Remark"))


def draw_form(*, today: date) -> DrawForm:
    """The form as it is offered: the last 30 days that are over, and a new seed."""
    form = DrawForm(formdata=None)
    form.since.data, form.until.data = today - timedelta(days=DAYS), today - timedelta(days=1)
    form.size.data = SIZES[0]
    return form


def typed_draw(form: DrawForm) -> Draw:
    """What was typed; a blank seed is drawn. Raises `InvalidInput` where a field cannot be read."""
    form.validate()
    since, until, size = form.since.data, form.until.data, form.size.data
    if since is None or until is None or size is None:
        for field in (form.since, form.until, form.size):
            if field.data is None and not field.errors:
                field.errors = [gettext("Fill this in.")]
        raise InvalidInput(gettext("No sample is drawn yet; correct what is marked."))
    return Draw(since, until, size, text_of("seed").strip() or new_seed())


def judge_form(outcome: str | None, *, typed: bool) -> JudgeForm:
    """The form with what can be found of a decision with this outcome."""
    form = JudgeForm() if typed else JudgeForm(formdata=None)
    form.finding.choices = [(one.value, word_of(one, "finding")) for one in findings_for(outcome or "")]
    return form
