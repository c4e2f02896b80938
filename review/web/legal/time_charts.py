"""How long did deciding take, and was it within target? By week, as charts and tables."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

from review.domain.charts import Series, columns, duration_end, greatest_of
from review.domain.durations import ERROR
from review.domain.numbers import Decisions, Numbers
from review.web.charts import Chart, mirrored
from review.web.legal.charts import known_word, marks_at
from review.web.quantities import UNKNOWN, percent, whole
from review.web.texts import gettext, ngettext
from review.web.times import day as day_words
from review.web.times import duration, short_day_words

_STEPS = ((3_600, 60), (21_600, 600), (259_200, 3_600), (float("inf"), 86_400))
"""Below so many seconds, times are told in steps of so many."""


def time_chart(numbers: Numbers) -> Chart:
    """Median and 90th percentile of the time to decide, by week."""
    found = numbers.decisions
    names = (gettext("Half of the cases within"), gettext("Nine in ten within"))
    series = [
        _weekly(numbers, names[0], [week.median for week in numbers.weeks], about),
        _weekly(numbers, names[1], [week.ninetieth for week in numbers.weeks], about),
    ]
    end = duration_end(greatest_of(series))
    sentence = _no_decision(numbers)
    if found.median is not None:
        sentence = ngettext(
            "%(cases)s case was decided, after about %(half)s.",
            "Half of %(cases)s cases were decided within about %(half)s, nine in ten within about %(nine)s.",
            found.cases,
            cases=whole(found.cases),
            half=about(found.median),
            nine=about(found.ninetieth),
        )
    return Chart(
        id="time",
        title=gettext("Time to decide, by week"),
        sentence=sentence,
        reading=gettext("One bar a week; the line above the bars stands for %(top)s.", top=about(end)),
        drawing=columns(series, end=end, top=about(end), marks=_week_marks(numbers), mirrored=mirrored()),
        headings=(gettext("Week from"), gettext("Decided"), *names, gettext("Within target")),
        rows=tuple(_decision_rows(numbers)),
        notes=_notes(
            series,
            gettext(
                "Times are counted in steps, so that these are at most %(error)s off.", error=percent(ERROR)
            ),
            gettext("Weeks begin on Monday; the first and the last may be cut."),
        ),
    )


def target_chart(numbers: Numbers) -> Chart:
    """The share of cases decided by their due time, by week."""
    found = numbers.decisions
    name = gettext("Within target")
    series = [_weekly(numbers, name, [week.share_within for week in numbers.weeks], percent)]
    sentence = _no_decision(numbers)
    if found.cases:
        sentence = gettext(
            "Of %(cases)s decided cases %(within)s were within their target: %(share)s.",
            within=whole(found.within),
            cases=whole(found.cases),
            share=percent(found.share_within),
        )
    return Chart(
        id="target",
        title=gettext("Decided within target, by week"),
        sentence=sentence,
        reading=gettext("One bar a week; the line above the bars stands for %(top)s.", top=percent(1)),
        drawing=columns(series, end=1, top=percent(1), marks=_week_marks(numbers), mirrored=mirrored()),
        headings=(gettext("Week from"), gettext("Decided"), gettext("Over target"), name),
        rows=tuple(
            (day_words(monday), *_target_cells(week, known=_week_known(numbers, monday)))
            for monday, week in _newest_weeks(numbers)
        ),
        notes=_notes(series),
    )


def _weekly(
    numbers: Numbers, name: str, values: Sequence[float | None], words: Callable[[float | None], str]
) -> Series:
    mondays = numbers.period.weeks
    said = [
        f"{short_day_words(monday)}: {words(value)}" for monday, value in zip(mondays, values, strict=True)
    ]
    return Series(name, values, said)


def _decision_rows(numbers: Numbers) -> Iterable[tuple[str, ...]]:
    """The weeks, newest first, then all of them together and by intake kind."""
    for monday, week in _newest_weeks(numbers):
        yield (day_words(monday), *_decision_cells(week, known=_week_known(numbers, monday)))
    yield (gettext("All weeks"), *_decision_cells(numbers.decisions, known=True))
    for kind, found in numbers.by_kind.items():
        yield (known_word(kind, "intake"), *_decision_cells(found, known=True))


def _decision_cells(found: Decisions, *, known: bool) -> tuple[str, ...]:
    return (
        whole(found.cases if known else None),
        about(found.median),
        about(found.ninetieth),
        percent(found.share_within),
    )


def _target_cells(found: Decisions, *, known: bool) -> tuple[str, ...]:
    return (
        whole(found.cases if known else None),
        whole(found.over if known else None),
        percent(found.share_within),
    )


def _newest_weeks(numbers: Numbers) -> list[tuple[date, Decisions]]:
    return [*reversed([*zip(numbers.period.weeks, numbers.weeks, strict=True)])]


def _week_known(numbers: Numbers, monday: date) -> bool:
    return any(numbers.period.knows(monday + timedelta(days=number)) for number in range(7))


def _no_decision(numbers: Numbers) -> str:
    if numbers.period.known_from is None:
        return gettext("Nothing is known of these days.")
    return gettext("No case was decided in these days, so that there is no time and no share to tell.")


def _week_marks(numbers: Numbers) -> dict[int, str]:
    return marks_at([*range(len(numbers.period.weeks))], numbers.period.weeks)


def _notes(series: Sequence[Series], *more: str) -> tuple[str, ...]:
    if all(value is not None for value in series[0].values):
        return more
    words = gettext(
        "A dotted line stands where nothing was decided or nothing is known; that is not %(zero)s.",
        zero=percent(0),
    )
    return (*more, words)


def about(seconds: float | None) -> str:
    """A time no more exact than it is known."""
    if seconds is None:
        return UNKNOWN
    step = next(step for most, step in _STEPS if seconds < most)
    return duration(timedelta(seconds=max(1, round(seconds / step)) * step))
