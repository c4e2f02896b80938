"""What a sender's list is narrowed to: a form that lives in the address, and its conditions one by one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import request, url_for
from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, SelectField, StringField

from review.domain.states import ItemStatus
from review.queries.own_lists import OwnFilters
from review.web import appearance
from review.web.spans import Day, check_order
from review.web.texts import gettext
from review.web.times import day
from review.web.words import word_of

LONGEST_REFERENCE = 200
STATUSES = (
    ItemStatus.IN_REVIEW, ItemStatus.WAITING_SENDER, ItemStatus.DECIDED, ItemStatus.WITHDRAWN,
)  # fmt: skip
KINDS = ("referral", "notice", "removal_order")


class Narrowing(Form):
    """The conditions of the list; a choice that is not offered narrows nothing."""

    status = SelectField(lazy_gettext("Status"))
    kind = SelectField(lazy_gettext("Kind"))
    received_from = Day(lazy_gettext("Received from"))
    received_to = Day(lazy_gettext("Received until"))
    changed_from = Day(lazy_gettext("Changed from"))
    reference = StringField(lazy_gettext("Your reference begins with"))

    def validate_received_to(self, field: Field) -> None:
        """The last day is not before the first."""
        check_order(self.received_from, field)


@dataclass(frozen=True)
class Condition:
    """One condition in words, and the address of the list without it."""

    words: str
    without: str


def narrowing() -> Narrowing:
    """The form as the address asks for it."""
    form = Narrowing(MultiDict(request.args))
    for field, family, offered in ((form.status, "item", STATUSES), (form.kind, "intake", KINDS)):
        field.choices = [("", gettext("Any")), *((str(code), word_of(code, family)) for code in offered)]
        if field.data not in offered:
            field.data = ""
    form.reference.data = (form.reference.data or "").replace("\x00", "").strip()[:LONGEST_REFERENCE]
    form.validate()
    return form


def filters_of(form: Narrowing) -> OwnFilters:
    """The same for the query; the days are those of the reader's zone."""
    until = None if form.received_to.errors else form.received_to.data
    return OwnFilters(
        status=ItemStatus(form.status.data) if form.status.data else None,
        intake_kind=form.kind.data or None,
        received_since=_start(form.received_from.data),
        received_until=None if until is None or until == date.max else _start(until + timedelta(days=1)),
        changed_since=_start(form.changed_from.data),
        reference=form.reference.data or None,
    )


def chosen_in(form: Narrowing) -> dict[str, Any]:
    """The conditions as they stand in an address."""
    values = {name: _written(field.data) for name, field in form._fields.items() if not field.errors}
    return {name: value for name, value in values.items() if value}


def conditions_of(form: Narrowing, *, endpoint: str) -> Iterator[Condition]:
    """Each condition that narrows, with the address that takes it away."""
    chosen = chosen_in(form)
    for name in chosen:
        others = {other: value for other, value in chosen.items() if other != name}
        label, value = form[name].label.text, _in_words(form[name])
        words = gettext("%(condition)s: %(value)s", condition=label, value=value)
        yield Condition(words, url_for(endpoint, **others))


def _in_words(field: Any) -> str:
    if isinstance(field, SelectField):
        return next(str(label) for _value, label, selected, _more in field.iter_choices() if selected)
    return day(field.data) if isinstance(field.data, date) else str(field.data)


def _written(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value or "")


def _start(on: date | None) -> datetime | None:
    """The moment at which a day begins where the reader is."""
    if on is None:
        return None
    try:
        return datetime.combine(on, time(), appearance.current().zone).astimezone(UTC)
    except OverflowError:  # the first or last day of all
        return datetime.combine(on, time(), UTC)
