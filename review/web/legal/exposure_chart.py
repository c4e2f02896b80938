"""How much the team was shown in the last days, as a chart and a table; of nobody alone."""

from datetime import datetime

from sqlalchemy.orm import Session

from review.domain.charts import Series, columns, greatest_of, whole_end
from review.domain.team import LEAST_PEOPLE, PERIODS
from review.domain.team_exposure import Part, Sum, TeamExposure, exposure_told, whole_days
from review.queries.team_exposure import exposure_by_day
from review.web.charts import Chart, mirrored
from review.web.legal.charts import marks_at
from review.web.quantities import UNKNOWN, whole
from review.web.texts import gettext, ngettext
from review.web.times import day as day_words
from review.web.times import short_day_words

EVERY_SO_MANY = 5
"""Days from one mark of the axis to the next."""


def exposure_now(reader: Session, *, now: datetime) -> TeamExposure:
    """What may be told of the days up to yesterday."""
    days = whole_days(now.date())
    return exposure_told(exposure_by_day(reader, days=days), days=days)


def exposure_rows(exposure: TeamExposure) -> tuple[tuple[str, ...], ...]:
    """The name of each line, then its words for each period."""
    return tuple(
        (name, *(_words(exposure.total(part, days=days)) for days in PERIODS))
        for part, name in _names().items()
    )


def exposure_headings() -> tuple[str, ...]:
    """``What``, then the periods: whole days up to yesterday."""
    periods = (ngettext("%(num)s whole day", "%(num)s whole days", days) for days in PERIODS)
    return (gettext("What"), *periods)


def exposure_chart(exposure: TeamExposure) -> Chart | None:
    """Pieces shown by day and severity; None where no day can be told of."""
    names = {part: name for part, name in _names().items() if part is not Part.BREAKS}
    series = [_series(exposure, part, name) for part, name in names.items()]
    if all(value is None for one in series for value in one.values):
        return None
    end = whole_end(greatest_of(series))
    longest = max(PERIODS)
    high, low = (exposure.total(part, days=longest) for part in names)
    return Chart(
        id="exposure-days",
        title=gettext("Pictures and long texts shown, by day"),
        sentence=gettext(
            "In %(days)s days: of high severity %(high)s, of low severity %(low)s.",
            days=whole(longest),
            high=_words(high),
            low=_words(low),
        ),
        reading=gettext("One bar a day; the line above the bars stands for %(top)s.", top=whole(end)),
        drawing=columns(
            series,
            end=end,
            top=whole(end),
            marks=marks_at(range(0, len(exposure.days), EVERY_SO_MANY), exposure.days),
            mirrored=mirrored(),
        ),
        headings=(gettext("Day"), *names.values()),
        rows=tuple(
            (day_words(day), *(whole(exposure.counts[part].get(day)) for part in names))
            for day in reversed(exposure.days)
        ),
        notes=(
            gettext(
                "A dotted line: fewer than %(least)s people were shown such pieces.",
                least=whole(LEAST_PEOPLE),
            ),
        ),
    )


def _names() -> dict[Part, str]:
    return {
        Part.HIGH: gettext("Pieces of high severity shown"),
        Part.LOW: gettext("Pieces of low severity shown"),
        Part.BREAKS: gettext("Breaks taken"),
    }


def _series(exposure: TeamExposure, part: Part, name: str) -> Series:
    values = exposure.daily(part)
    words = [
        f"{short_day_words(day)}: {whole(value)}" for day, value in zip(exposure.days, values, strict=True)
    ]
    return Series(name, values, words)


def _words(found: Sum) -> str:
    """``34 on 5 days``: the number, and how many days stand behind it."""
    if found.number is None:
        return UNKNOWN
    return ngettext(
        "%(count)s on %(num)s day", "%(count)s on %(num)s days", found.days, count=whole(found.number)
    )
