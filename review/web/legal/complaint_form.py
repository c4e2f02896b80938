"""The form in which legal registers what a user says against a decision; the rules stand elsewhere."""

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField


class ComplaintForm(FlaskForm):
    """What somebody says, and where they are answered."""

    reasons = TextAreaField(lazy_gettext("What they say against the decision"))
    contact = StringField(lazy_gettext("Where they are answered"))
