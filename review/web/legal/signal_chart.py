"""Signs of rubber-stamping in the team's work of the last weeks, as a chart and a table; of nobody alone."""

from datetime import UTC, datetime, time, timedelta

from flask import current_app
from sqlalchemy.orm import Session

from review.domain.agreement import Estimate
from review.domain.charts import Series, columns
from review.domain.numbers import monday_of
from review.domain.rubber_stamps import LEAST_ALIKE, WEEKS, Week, weeks_of
from review.domain.team import LEAST_PEOPLE
from review.queries.rubber_stamps import MOST_READ, recorded_reviews
from review.web.charts import Chart, mirrored
from review.web.legal.agreement_charts import ends_words
from review.web.legal.charts import marks_at
from review.web.quantities import UNKNOWN, percent, whole
from review.web.texts import gettext
from review.web.times import day as day_words
from review.web.times import short_day_words


def signal_chart(reader: Session, *, now: datetime) -> Chart | None:
    """The last eight weeks; None where no week can be told of."""
    seconds: int = current_app.config["REVIEW_SETTINGS"].short_look_seconds
    newest = monday_of(now.date())
    mondays = [newest - timedelta(weeks=back) for back in reversed(range(WEEKS))]
    reviews = recorded_reviews(reader, since=datetime.combine(mondays[0], time(), UTC))
    weeks = weeks_of(reviews, mondays, short_seconds=seconds)
    if all(week.withheld for week in weeks):
        return None
    names = (gettext("Very short look"), gettext("Same rationale"))
    figures = ([week.short for week in weeks], [week.alike for week in weeks])
    series = [
        Series(
            name,
            [one.value for one in shares],
            [
                f"{short_day_words(week.monday)}: {percent(one.value)}"
                for week, one in zip(weeks, shares, strict=True)
            ],
        )
        for name, shares in zip(names, figures, strict=True)
    ]
    last = next(week for week in reversed(weeks) if not week.withheld)
    return Chart(
        id="signals",
        title=gettext("Signs of rubber-stamping"),
        sentence=gettext(
            "In the week from %(day)s: %(short)s of the reviews after a very short look, %(alike)s with the"
            " same rationale as others.",
            day=day_words(last.monday),
            short=percent(last.short.value),
            alike=percent(last.alike.value),
        ),
        reading=gettext("One bar a week; the line above the bars stands for %(top)s.", top=percent(1)),
        drawing=columns(
            series, end=1, top=percent(1), marks=marks_at(range(WEEKS), mondays), mirrored=mirrored()
        ),
        headings=(gettext("Week from"), *names),
        rows=tuple(
            (day_words(week.monday), _words(week.short), _words(week.alike)) for week in reversed(weeks)
        ),
        notes=_notes(weeks, seconds, most=len(reviews) >= MOST_READ),
    )


def _words(share: Estimate) -> str:
    return UNKNOWN if share.value is None else f"{percent(share.value)} ({ends_words(share, percent)})"


def _notes(weeks: tuple[Week, ...], seconds: int, *, most: bool) -> tuple[str, ...]:
    notes = [
        gettext(
            "Very short: less than %(seconds)s seconds from taking the case to recording the review. Same:"
            " the same words, apart from case, spaces and punctuation, in at least %(times)s reviews of these"
            " weeks.",
            seconds=whole(seconds),
            times=whole(LEAST_ALIKE),
        ),
        gettext(
            "Neither proves anything: duplicates are judged fast, and ready-made texts give equal words. They"
            " are a reason to look at the work, and at how much time it leaves."
        ),
    ]
    if any(week.withheld for week in weeks):
        notes.append(
            gettext(
                "A dotted line: fewer than %(least)s people recorded a review.", least=whole(LEAST_PEOPLE)
            )
        )
    if most:
        notes.append(gettext("Of the %(count)s newest reviews.", count=whole(MOST_READ)))
    return tuple(notes)
