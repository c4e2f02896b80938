"""What did somebody type, and which field is to blame? Between forms of pages and the rules that refuse."""

from flask import request
from wtforms import Form

from review.errors import ReviewError

LONGEST_NUMBER = 9


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
    others = [problem.detail for problem in error.errors if problem.pointer not in fields]
    for problem in error.errors:
        if problem.pointer in fields:
            field = fields[problem.pointer]
            field.errors = [*field.errors, problem.detail]
    return tuple(others) if error.errors else (error.detail,)
