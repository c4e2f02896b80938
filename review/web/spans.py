"""From when until when: days and moments typed into a list's form, and whether they stand in order."""

from datetime import date, datetime

from flask_babel import lazy_gettext
from wtforms import DateField, DateTimeLocalField, Field, ValidationError

NO_DAY = lazy_gettext("Write the day as year, month and day, for example 2026-11-30.")
NO_MOMENT = lazy_gettext(
    "Write day and time as year, month, day, hour and minute, for example 2026-11-30T09:15."
)
REVERSED = lazy_gettext("This is before the start: exchange the two, or take one of them away.")


class Day(DateField):
    """A day; what is none is said at the field and narrows nothing."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read ISO 8601; a blank is no day."""
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        try:
            self.data = date.fromisoformat(valuelist[0].strip())
        except ValueError:
            self.raw_data = None  # a browser's field for days cannot show it
            raise ValueError(str(NO_DAY)) from None


class Moment(DateTimeLocalField):
    """A day and time without a zone; what is none is said at the field and narrows nothing."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what browsers send, with or without seconds; a blank is no moment."""
        try:
            super().process_formdata([text.strip() for text in valuelist if text.strip()])
        except ValueError:
            raise ValueError(str(NO_MOMENT)) from None


def check_order(since: Field, until: Field) -> None:
    """Raise wtforms' `ValidationError` for an end before its start; a day may be its own end."""
    start: date | datetime | None = since.data
    if start is not None and until.data is not None and until.data < start:
        raise ValidationError(str(REVERSED))
