"""What did somebody type, and which field is to blame? Between forms of pages and the rules that refuse."""

from flask import request
from wtforms import Field, Form, SelectFieldBase

from review.errors import FieldError, ReviewError
from review.web.problem_words import problem_words
from review.web.texts import gettext

LONGEST_NUMBER = 9
NOT_OF_LIST = frozenset({"kind_not_valid", "scopes_not_valid"})
"""Problems whose sentence names the codes to choose from, where the form shows labels."""


def text_of(name: str) -> str:
    """What stands in a field of the form that was sent; NUL, which no database takes, is left out."""
    return request.form.get(name, "").replace("\x00", "")


def version_of() -> int:
    """The version that the form saw; -1, which no object has, where it carries none."""
    text = text_of("version")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else -1


def blame(form: Form, error: ReviewError) -> tuple[str, ...]:
    """Put each problem to the field that it names; returns the sentences that belong to no field."""
    fields = {field.name: field for field in form}
    others = [problem_words(problem.detail) for problem in error.errors if problem.pointer not in fields]
    for problem in error.errors:
        if problem.pointer in fields:
            field = fields[problem.pointer]
            field.errors = [*field.errors, _words(field, problem)]
    return tuple(others) if error.errors else (problem_words(error.detail),)


def _words(field: Field, problem: FieldError) -> str:
    """The sentence, with the labels of the form instead of codes where something is to be chosen."""
    if problem.code not in NOT_OF_LIST or not isinstance(field, SelectFieldBase):
        return problem_words(problem.detail)
    labels = [str(label) for value, label, *_more in field.iter_choices() if value]
    return gettext("Choose from the list: %(choices)s.", choices="; ".join(labels))
