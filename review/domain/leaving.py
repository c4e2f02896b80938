"""How does a person leave a case without judging it: until when is it set aside, why is it passed on?"""

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta, tzinfo
from typing import Final

from review.errors import FieldError, InvalidInput

PASS_REASONS: Final = ("personal_impact", "conflict_of_interest", "language")
LONGEST: Final = timedelta(days=7)
MORNING: Final = time(8)
"""When "tomorrow morning" begins, in the person's own zone."""
AT_TIME: Final = "time"
"""The choice of a time of one's own, which is typed."""


def _tomorrow_morning(now: datetime, zone: tzinfo) -> datetime:
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, MORNING, zone).astimezone(now.tzinfo)


SPANS: Final[Mapping[str, Callable[[datetime, tzinfo], datetime]]] = {
    "hour": lambda now, _zone: now + timedelta(hours=1),
    "four_hours": lambda now, _zone: now + timedelta(hours=4),
    "morning": _tomorrow_morning,
}
"""Choices that need nothing typed, and the time at which each ends."""


def wake_up(choice: str, typed: str, *, now: datetime, zone: tzinfo) -> datetime:
    """The end of a chosen span, or a typed day and time (ISO 8601, in the person's zone), as aware UTC.

    Raises `InvalidInput` for what is neither, is over, or is more than seven days away.
    """
    if choice in SPANS:
        return SPANS[choice](now, zone)
    if choice != AT_TIME:
        raise _wrong_time("missing", "Choose for how long you set the case aside.")
    try:
        until = datetime.fromisoformat(typed.strip()).replace(tzinfo=zone).astimezone(now.tzinfo)
    except (ValueError, OverflowError):
        raise _wrong_time(
            "not_a_time",
            "Write day and time as year, month, day, hour and minute, for example 2026-11-30T09:15.",
        ) from None
    check_until(until, now=now)
    return until


def check_until(until: datetime, *, now: datetime) -> None:
    """Raise `InvalidInput` for a time that is over or more than seven days away."""
    if until <= now:
        raise _wrong_time("over", "This time is over; set the case aside until a later one, or give it back.")
    if until > now + LONGEST:
        raise _wrong_time(
            "too_late",
            f"A case can be set aside for {LONGEST.days} days at most; give it back instead, "
            "and take it from the queue when you want.",
        )


def _wrong_time(code: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, errors=[FieldError("until_time", code, detail)])


def check_reason(reason: str) -> None:
    """Raise `InvalidInput` for no reason of ours; nobody is asked to explain one."""
    if reason not in PASS_REASONS:
        raise InvalidInput("Choose one of the reasons for passing the case on.")
