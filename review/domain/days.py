"""Which day did somebody type, and when is it over? Days are those of UTC."""

from datetime import UTC, date, datetime, time, timedelta

from review.errors import FieldError, InvalidInput


def read_day(text: str, *, field: str) -> date | None:
    """The day in an ISO 8601 text such as 2026-11-30, None for a blank; `InvalidInput` names the field."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        detail = "Write the day as year, month and day, for example 2026-11-30."
        raise InvalidInput(detail, errors=[FieldError(field, "day_not_valid", detail)]) from None


def end_of(day: date) -> datetime:
    """The moment at which a day is over."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(day + timedelta(days=1), time(), UTC)
