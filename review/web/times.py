"""Times in words: absolute in UTC, relative for people, and how near a deadline is."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Literal

from babel.dates import get_month_names

from review import clock
from review.web.texts import gettext, language, ngettext

MINUTE_SECONDS = 60
HOUR_SECONDS = 3_600
DAY_SECONDS = 86_400

Nearness = Literal["overdue", "soon", "later"]


def moment(at: datetime) -> str:
    """Date and time to the minute: ``21 Nov 2026, 16:20 UTC``. Refuses a time without a zone."""
    at = _aware(at)
    return f"{_day(at)}, {at:%H:%M} UTC"


def exact(at: datetime) -> str:
    """Date and time to the second, for records: ``21 Nov 2026, 16:20:07 UTC``."""
    at = _aware(at)
    return f"{_day(at)}, {at:%H:%M:%S} UTC"


def time_of_day(at: datetime) -> str:
    """Only the time, to the second, for short spans such as a claim: ``16:20:07 UTC``."""
    return f"{_aware(at):%H:%M:%S} UTC"


def machine_time(at: datetime) -> str:
    """RFC 3339 in UTC to the second, for ``<time datetime>`` (HTML, section 2.3.5)."""
    return _aware(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def relative(at: datetime, now: datetime | None = None, *, deadline: bool = False) -> str:
    """``in 3 h 4 min``, ``25 min ago``; a deadline that has passed is ``overdue by 25 min``."""
    left = _aware(at) - (now or clock.now())
    past = left < timedelta(0)
    span = duration(abs(left))
    if not past:
        return str(gettext("in %(span)s", span=span))
    if deadline:
        return str(gettext("overdue by %(span)s", span=span))
    return str(gettext("%(span)s ago", span=span))


def duration(span: timedelta) -> str:
    """The two largest units of a positive span: ``2 days 3 h``, ``3 h 4 min``, ``25 min``."""
    seconds = int(span.total_seconds())
    days, rest = divmod(seconds, DAY_SECONDS)
    hours, rest = divmod(rest, HOUR_SECONDS)
    minutes = rest // MINUTE_SECONDS
    if days:
        words = ngettext("%(num)s day", "%(num)s days", days)
        return f"{words} {_hours(hours)}" if hours else words
    if hours:
        return f"{_hours(hours)} {_minutes(minutes)}" if minutes else _hours(hours)
    return _minutes(minutes) if minutes else gettext("less than a minute")


def nearness(at: datetime, now: datetime | None = None) -> Nearness:
    """How near a deadline is: ``overdue``, ``soon`` within the hour, otherwise ``later``."""
    left = (_aware(at) - (now or clock.now())).total_seconds()
    if left < 0:
        return "overdue"
    return "soon" if left <= HOUR_SECONDS else "later"


def _hours(count: int) -> str:
    return str(gettext("%(count)s h", count=count))


def _minutes(count: int) -> str:
    return str(gettext("%(count)s min", count=count))


def _day(at: datetime) -> str:
    """``21 Nov 2026`` in the reader's language (CLDR, pattern ``d MMM y``)."""
    return f"{at.day} {_months(language().name)[at.month]} {at.year}"


def day_words(day: date) -> str:
    """A day: ``21 Nov 2026``."""
    return f"{short_day_words(day)} {day.year}"


def short_day_words(day: date) -> str:
    """A day of a year that is clear: ``21 Nov``."""
    return f"{day.day} {_months(language().name)[day.month]}"


@cache
def _months(locale: str) -> dict[int, str]:
    return dict(get_month_names("abbreviated", "format", locale))


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("A time without a zone cannot be shown; store and pass aware UTC.")
    return at.astimezone(UTC)
