"""The form in which legal staff give their advice on a case."""

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import TextAreaField


class AdviceForm(FlaskForm):
    """One text; the rules stand in `review.domain.escalations`, not here."""

    advice = TextAreaField(lazy_gettext("Your advice"))
