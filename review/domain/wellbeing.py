"""How much does a person see, for how long, and when is it time to rest? Comfort, not protection.

Blur, grey and small pictures are a preference: studies found that they do not lower distress when nobody
asked for them (Lewitzka et al., 2026). What helps is to see less and for a shorter time; so the desk counts
what a person was shown, tells only that person, and asks for breaks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from review.domain.media import Stage
from review.errors import FieldError

SIZES: Final = ("small", "full")
"""What the first look at a picture shows: a thumbnail, or all of it."""
GAP: Final = timedelta(minutes=10)
"""Who was shown and recorded nothing for so long has rested, whatever the button says."""
LEAST_BREAK: Final = timedelta(minutes=3)
"""What ended sooner was no break: a key pressed by mistake does not set the minutes of work back to none."""
DAY: Final = timedelta(hours=16)
"""A day of work: what one was shown longer ago lies before a night's sleep, in whatever zone."""
LOOK_BACK: Final = timedelta(hours=6)
"""A run of work that began before this began here: nobody is asked how long it really was."""
ASK_AGAIN: Final = timedelta(minutes=15)
"""Who goes on instead of resting is asked again after this."""


@dataclass(frozen=True)
class Comfort:
    """How pictures appear to one person before that person asks for more; all on unless switched off."""

    blur: bool = True
    grey: bool = True
    size: str = "small"


@dataclass(frozen=True)
class Limits:
    """When to ask for a break and how much to show in a day; 0 asks for none and limits nothing.

    ``break_minutes`` of work without a break, ``break_reveals`` of high severity since the last one;
    ``high`` and ``low``: pictures and long texts shown in a day, by the severity of their case.
    """

    break_minutes: int
    break_reveals: int
    high: int
    low: int


@dataclass(frozen=True)
class Exposure:
    """What a person was shown today, by severity, and since the last break; how long the work goes on since.

    ``rested_today``: a break was taken in the last 16 hours, by its button.
    """

    high: int
    low: int
    high_since_break: int
    working_minutes: int
    rested_today: bool = False


def lowered(cap: int, own: int | None) -> int:
    """The smaller of the desk's limit and one's own: a person may lower a limit, never raise it."""
    if own is None or own <= 0:
        return cap
    return own if cap <= 0 else min(cap, own)


def limit_problem(field: str, own: int | None, *, cap: int) -> FieldError | None:
    """What is wrong with a limit of one's own: below 1, or above the desk's; None for nothing."""
    if own is None:
        return None
    if own < 1:
        detail = "Write a number of at least 1, or leave the field blank for the desk's own limit."
        return FieldError(field, "too_small", detail)
    if 0 < cap < own:
        detail = f"The desk's limit is {cap}: choose a smaller number, or leave the field blank."
        return FieldError(field, "too_large", detail)
    return None


def choice_problems(
    comfort: Comfort, own: Mapping[str, int | None], *, caps: Mapping[str, int]
) -> list[FieldError]:
    """Everything that is wrong with a choice, each at its field; the limits by the names of their fields."""
    problems = [limit_problem(name, own.get(name), cap=cap) for name, cap in caps.items()]
    if comfort.size not in SIZES:
        problems.insert(0, FieldError("size", "not_in_list", "Choose one of the list."))
    return [one for one in problems if one is not None]


def working_since(
    seen: Iterable[datetime], *, rested_until: datetime | None, now: datetime
) -> datetime | None:
    """When the present run of work began: after the last break, and after the last gap; None while resting.

    ``seen``: times at which the person was shown or recorded something, in any order.
    """
    floor = max(now - LOOK_BACK, rested_until or now - LOOK_BACK)
    began: datetime | None = None
    for at in sorted((at for at in seen if floor <= at <= now), reverse=True):
        if (began or now) - at > GAP:
            break
        began = at
    return began


def is_long_work(exposure: Exposure, limits: Limits) -> bool:
    """Whether the minutes without a break alone ask for one."""
    return 0 < limits.break_minutes <= exposure.working_minutes


def is_break_due(exposure: Exposure, limits: Limits) -> bool:
    """Whether the desk asks for a break: after so many minutes, or after so much of high severity."""
    return is_long_work(exposure, limits) or 0 < limits.break_reveals <= exposure.high_since_break


def is_spent(exposure: Exposure, limits: Limits) -> bool:
    """Whether the day's budget of high severity is used: "next" offers only low severity then."""
    return 0 < limits.high <= exposure.high


_FIRST: Final = {  # by size, blur and grey
    ("small", True, True): Stage.SMALL,
    ("small", False, True): Stage.SMALL_SHARP_GREY,
    ("small", True, False): Stage.SMALL_BLURRED_COLOUR,
    ("small", False, False): Stage.SMALL_SHARP_COLOUR,
    ("full", True, True): Stage.BLURRED_GREY,
    ("full", True, False): Stage.BLURRED_COLOUR,
    ("full", False, True): Stage.GREY,
    ("full", False, False): Stage.COLOUR,
}


def ladder_of(comfort: Comfort) -> tuple[Stage, ...]:
    """The steps in which a picture is shown to somebody who chose so.

    The first is small, blurred and grey exactly as chosen; then it is whole and sharp, grey where that was
    chosen; colour is always the last.
    """
    first = _FIRST[comfort.size, comfort.blur, comfort.grey]
    rest = (Stage.GREY, Stage.COLOUR) if comfort.grey else (Stage.COLOUR,)
    return tuple(dict.fromkeys((first, *rest)))
