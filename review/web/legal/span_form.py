"""The days that a page tells of: chosen in its address, else the last ones that it tells of by itself."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from flask import request
from flask_babel import lazy_gettext
from wtforms import Field, Form

from review.web.spans import Day, check_order


class SpanForm(Form):
    """From which day to which, both told of; a plain GET, so that it can be kept as a bookmark."""

    since = Day(lazy_gettext("From"))
    until = Day(lazy_gettext("Until"))

    def validate_until(self, field: Field) -> None:
        """The last day is not before the first."""
        check_order(self.since, field)


class Span(NamedTuple):
    """Days in UTC, both included, and the moments at which they begin and are over."""

    first: date
    last: date
    since: datetime
    before: datetime


def span_form(*, last: date, days: int) -> SpanForm:
    """The form with what the address holds, or with so many days up to the last."""
    form = SpanForm(request.args)
    form.validate()
    if form.until.data is None and not form.until.errors:
        form.until.data = last
    if form.since.data is None and not form.since.errors:
        form.since.data = min(form.until.data or last, last) - timedelta(days=days - 1)
    return form


def span_of(form: SpanForm, *, last: date, days: int) -> Span:
    """The days chosen; the usual ones where what was typed is none or out of every calendar."""
    first, until = form.since.data, form.until.data
    if form.errors or first is None or until is None or until.year >= date.max.year:
        first, until = last - timedelta(days=days - 1), last
    start, end = (datetime.combine(day, time(), UTC) for day in (first, until))
    return Span(first, until, start, end + timedelta(days=1))
