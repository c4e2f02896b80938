"""The forms of the pages for files: which file it is, and what its headings mean."""

from collections.abc import Mapping, Sequence

from flask import request
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from werkzeug.datastructures import FileStorage
from wtforms import FileField, SelectField

from review.errors import InvalidInput
from review.formats.columns import COLUMNS, LEFT_OUT, Columns
from review.web.texts import gettext
from review.web.words import word_of


class FileForm(FlaskForm):
    """One file."""

    file = FileField(lazy_gettext("File"))


def given_file() -> FileStorage:
    """The file that was sent; raises `InvalidInput` at ``file`` where there is none."""
    found = request.files.get("file")
    if found is None or not found.filename:
        raise InvalidInput(gettext("Choose a file."))
    return found


def blank_form() -> FileForm:
    """A form for a file."""
    return FileForm(formdata=None)


def refused_form(sentence: str) -> FileForm:
    """The form again, with what was wrong; browsers let nobody fill in the file for the person."""
    form = blank_form()
    form.file.errors = [sentence]
    return form


class ColumnsForm(FlaskForm):
    """A choice for each heading, by its place: ``column-0``, ``column-1`` and on."""


def columns_form(names: Sequence[str], columns: Columns) -> ColumnsForm:
    """The choices as they were suggested, or as they were sent."""
    fields = {
        _field(index): SelectField(_label(name), validate_choice=False) for index, name in enumerate(names)
    }
    form: ColumnsForm = type("ColumnsOfFile", (ColumnsForm,), fields)(formdata=None)
    offered = [(LEFT_OUT, gettext("Leave out")), *((column, word_of(column, "column")) for column in COLUMNS)]
    for index, column in enumerate(columns):
        field = form[_field(index)]
        field.choices = offered
        field.data = column or LEFT_OUT
    return form


def _field(index: int) -> str:
    return f"column-{index}"


def _label(name: str) -> str:
    return name.strip()[:100] or gettext("(no heading)")


def samples_by_field(names: Sequence[str], samples: Sequence[Sequence[str]]) -> dict[str, Sequence[str]]:
    """Some cells of each column by the name of its field."""
    return {_field(index): cells for index, (_name, cells) in enumerate(zip(names, samples, strict=False))}


def left_out(names: Sequence[str], columns: Columns, samples: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The headings of columns that are not read; one without a heading only where a cell says something."""
    return tuple(
        _label(name)
        for index, (name, column) in enumerate(zip(names, columns, strict=False))
        if not column and (name.strip() or samples.get(_field(index)))
    )


def chosen_columns(names: Sequence[str]) -> Columns:
    """What was chosen for each heading; what is not on offer counts as left out."""
    chosen = (request.form.get(_field(index), LEFT_OUT) for index in range(len(names)))
    return tuple(column if column in COLUMNS else None for column in chosen)
