"""Times in words: absolute in the reader's zone, exact in UTC, relative, and how near a deadline is."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Literal

from babel.dates import get_month_names

from review import clock
from review.web import appearance
from review.web.texts import gettext, language, ngettext

MINUTE_SECONDS = 60
HOUR_SECONDS = 3_600
DAY_SECONDS = 86_400

COMMAS = {"ar": "،"}
"""Of languages whose comma is another one."""
_WRITTEN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?Z")
NAIVE = "A time without a zone cannot be shown; store and pass aware UTC."

Nearness = Literal["overdue", "soon", "later"]


def moment(at: datetime) -> str:
    """Date and time to the minute in the reader's zone: ``21 Nov 2026, 17:20 CET``.

    Refuses, as all of these do, a time without a zone.
    """
    at = _there(at)
    return f"{_day(at)} {at:%H:%M} {zone_word(at)}"


def moment_to_second(at: datetime) -> str:
    """Date and time to the second in the reader's zone: ``21 Nov 2026, 17:20:07 CET``."""
    at = _there(at)
    return f"{_day(at)} {at:%H:%M:%S} {zone_word(at)}"


def exact(at: datetime) -> str:
    """Date and time to the second in UTC, for records: ``21 Nov 2026, 16:20:07 UTC``."""
    at = _aware(at)
    return f"{_day(at)} {at:%H:%M:%S} UTC"


def time_of_day(at: datetime) -> str:
    """Only the time in the reader's zone, to the second, for short spans: ``17:20:07 CET``."""
    at = _there(at)
    return f"{at:%H:%M:%S} {zone_word(at)}"


def told(sentence: str) -> str:
    """A sentence of ours in which times stand as RFC 3339 in UTC, with each told in the reader's zone."""
    return _WRITTEN.sub(_there_in_words, sentence)


def _there_in_words(found: re.Match[str]) -> str:
    try:
        return moment(datetime.fromisoformat(found[0]))
    except (ValueError, OverflowError):  # no time of ours
        return found[0]


def zone_word(at: datetime) -> str:
    """The abbreviation of a time's zone at that time: ``CEST``; ``UTC+04`` for the zones that have none."""
    name = at.tzname() or ""
    return f"UTC{name}" if name[:1] in "+-" else name


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


def day(on: date) -> str:
    """A day alone: ``21 Nov 2026``."""
    return f"{on.day} {_months(language().name)[on.month]} {on.year}"


def _hours(count: int) -> str:
    return str(gettext("%(count)s h", count=count))


def _minutes(count: int) -> str:
    return str(gettext("%(count)s min", count=count))


def _day(at: datetime) -> str:
    """``21 Nov 2026,`` in the reader's language (CLDR, pattern ``d MMM y``)."""
    name = language().name
    return f"{at.day} {_months(name)[at.month]} {at.year}{COMMAS.get(name, ',')}"


def short_day_words(day: date) -> str:
    """A day of a year that is clear: ``21 Nov``."""
    return f"{day.day} {_months(language().name)[day.month]}"


@cache
def _months(locale: str) -> dict[int, str]:
    return dict(get_month_names("abbreviated", "format", locale))


def _there(at: datetime) -> datetime:
    """The time in the reader's zone."""
    if at.tzinfo is None:
        raise ValueError(NAIVE)
    return at.astimezone(appearance.current().zone)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(NAIVE)
    return at.astimezone(UTC)
