"""What came, what became of it, and what is open: the counts of the numbers page as charts and tables."""

from collections.abc import Mapping, Sequence
from datetime import date

from review.domain.charts import Series, bands, columns, greatest_of, whole_end
from review.domain.numbers import Daily, Numbers, Outcomes, share, together, total
from review.queries.numbers import MOST_COUNTED, OpenCases
from review.web.charts import Chart, mirrored
from review.web.legal.charts import known_word, marks_at, notes_on
from review.web.quantities import capped, percent, whole
from review.web.texts import gettext, ngettext
from review.web.times import day as day_words
from review.web.times import short_day_words
from review.web.words import word_of


def received_chart(numbers: Numbers) -> Chart:
    """Items that came, by intake kind."""
    daily = {known_word(kind, "intake"): counts for kind, counts in numbers.received.items()}
    sentence = _received_sentence(numbers, together(numbers.received.values()))
    return _daily_chart("received", gettext("Received a day"), sentence, numbers, daily)


def decided_chart(numbers: Numbers) -> Chart:
    """Items that were answered, by outcome, and those that were withdrawn."""
    daily = {
        word_of("accepted", "outcome"): numbers.accepted,
        word_of("declined", "outcome"): numbers.declined,
        word_of("withdrawn", "item"): numbers.withdrawn,
    }
    accepted, declined = total(numbers.accepted), total(numbers.declined)
    sentence = gettext("Nothing is known of these days.")
    if accepted is not None and declined is not None:
        sentence = gettext(
            "Items accepted: %(accepted)s, declined: %(declined)s; withdrawn by senders: %(withdrawn)s.",
            accepted=whole(accepted),
            declined=whole(declined),
            withdrawn=whole(total(numbers.withdrawn)),
        )
    return _daily_chart("decided", gettext("Decided a day"), sentence, numbers, daily)


def age_chart(found: OpenCases) -> Chart:
    """How old the open cases are."""
    return _open_chart("age", gettext("Open cases by age"), gettext("Age"), found.by_age, "older")


def time_left_chart(found: OpenCases) -> Chart:
    """How soon the open cases are due."""
    title, heading = gettext("Open cases by time left"), gettext("Time left")
    return _open_chart("time_left", title, heading, found.by_time_left, "overdue")


def sender_chart(senders: Mapping[str, Outcomes]) -> Chart:
    """The share of answered items that were accepted, by kind of sender; one with no answer has none."""
    accepted = sum(outcomes.accepted for outcomes in senders.values())
    answered = accepted + sum(outcomes.declined for outcomes in senders.values())
    names = {kind: known_word(kind, "sender") for kind in senders}
    sentence = gettext("No item was decided in these days, so that there is no share to tell.")
    if answered:
        sentence = gettext(
            "Of %(answered)s decided items %(accepted)s were accepted: %(share)s.",
            answered=whole(answered),
            accepted=whole(accepted),
            share=percent(share(accepted, answered)),
        )
    return Chart(
        id="senders",
        title=gettext("Accepted, by kind of sender"),
        sentence=sentence,
        reading=gettext("One bar each; the whole line stands for %(top)s.", top=percent(1)),
        drawing=bands(
            [(names[kind], percent(one.share_accepted), one.share_accepted) for kind, one in senders.items()],
            end=1,
            mirrored=mirrored(),
        ),
        headings=(
            gettext("Kind of sender"), word_of("accepted", "outcome"), word_of("declined", "outcome"),
            gettext("Share accepted"),
        ),
        rows=tuple(
            (names[kind], whole(one.accepted), whole(one.declined), percent(one.share_accepted))
            for kind, one in senders.items()
        ),
        notes=(gettext("A share is no mark for a sender: declining is as good an outcome as accepting."),),
    )  # fmt: skip


def _received_sentence(numbers: Numbers, daily: Daily) -> str:
    count, days = total(daily), len(numbers.period.days)
    if count is None:
        return gettext("Nothing is known of these days.")
    if count == 0:
        return ngettext("No item was received in %(num)s day.", "No item was received in %(num)s days.", days)
    most = max(known for known in daily if known is not None)
    return ngettext(
        "%(items)s item was received, on %(day)s.",
        "%(items)s items were received; most on %(day)s: %(most)s.",
        count,
        items=whole(count),
        day=day_words(numbers.period.days[daily.index(most)]),
        most=whole(most),
    )


def _daily_chart(name: str, title: str, sentence: str, numbers: Numbers, daily: Mapping[str, Daily]) -> Chart:
    days = numbers.period.days
    series = [
        Series(
            row if total(counts) is None else f"{row}: {whole(total(counts))}",
            counts,
            [f"{short_day_words(day)}: {whole(count)}" for day, count in zip(days, counts, strict=True)],
        )
        for row, counts in daily.items()
    ]
    end = whole_end(greatest_of(series))
    return Chart(
        id=name,
        title=title,
        sentence=sentence,
        reading=gettext("One bar a day; the line above the bars stands for %(top)s.", top=whole(end)),
        drawing=columns(series, end=end, top=whole(end), marks=_day_marks(days), mirrored=mirrored()),
        headings=(gettext("Day"), *daily),
        rows=tuple(
            (day_words(day), *(whole(counts[place]) for counts in daily.values()))
            for place, day in reversed([*enumerate(days)])
        ),
        notes=notes_on(series),
    )


def _open_chart(family: str, title: str, heading: str, counts: Mapping[str, int], pressing: str) -> Chart:
    shown = {word_of(code, family): count for code, count in counts.items()}
    every, named = sum(counts.values()), word_of(pressing, family)
    values = [capped(count, MOST_COUNTED) for count in shown.values()]
    sentence = gettext("No case is open.")
    if every:
        least = max(counts.values()) >= MOST_COUNTED
        sentence = ngettext(
            "%(cases)s case is open. %(named)s: %(pressing)s.",
            "%(cases)s cases are open. %(named)s: %(pressing)s.",
            every,
            cases=gettext("%(count)s or more", count=whole(every)) if least else whole(every),
            named=named,
            pressing=capped(counts[pressing], MOST_COUNTED),
        )
    end = whole_end(max(counts.values()))
    return Chart(
        id=family.replace("_", "-"),
        title=title,
        sentence=sentence,
        reading=gettext("One bar each; the whole line stands for %(top)s.", top=whole(end)),
        drawing=bands(
            [(name, value, count) for (name, count), value in zip(shown.items(), values, strict=True)],
            end=end,
            mirrored=mirrored(),
        ),
        headings=(heading, gettext("Open cases")),
        rows=tuple(zip(shown, values, strict=True)),
    )


def _day_marks(days: Sequence[date]) -> dict[int, str]:
    """A mark for each Monday, words at as many of them as there is room for."""
    mondays = [place for place, day in enumerate(days) if day.weekday() == 0]
    return marks_at(mondays, days)
