"""What the team does, as charts and tables: where open cases stand, what was done in the last days."""

from collections.abc import Callable, Mapping, Sequence

from review.domain.charts import bands, whole_end
from review.domain.team import TeamFigures
from review.queries.numbers import MOST_COUNTED
from review.web.charts import Chart, mirrored
from review.web.legal.time_charts import about
from review.web.quantities import capped, percent, whole
from review.web.texts import gettext, ngettext
from review.web.words import word_of


def standing_chart(standing: Mapping[str, int]) -> Chart:
    """Where the cases that are not decided yet stand."""
    shown = {word_of(code, "standing"): count for code, count in standing.items()}
    values = [capped(count, MOST_COUNTED) for count in shown.values()]
    end = whole_end(max(standing.values()))
    sentence = gettext("No case is open.")
    if any(standing.values()):
        sentence = gettext(
            "Waiting for somebody: %(waiting)s; in somebody's hands: %(held)s.",
            waiting=capped(standing["waiting"], MOST_COUNTED),
            held=capped(standing["held"], MOST_COUNTED),
        )
    return Chart(
        id="standing",
        title=gettext("Where open cases stand"),
        sentence=sentence,
        reading=gettext("One bar each; the whole line stands for %(top)s.", top=whole(end)),
        drawing=bands(
            [(name, value, count) for (name, count), value in zip(shown.items(), values, strict=True)],
            end=end,
            mirrored=mirrored(),
        ),
        headings=(gettext("Where"), gettext("Open cases")),
        rows=tuple(zip(shown, values, strict=True)),
    )


def shares_chart(figures: Sequence[TeamFigures]) -> Chart:
    """Which share was decided within target, and which share of items accepted, in each period."""
    names = (gettext("Within target"), gettext("Items accepted"))
    entries = [
        (f"{name}, {period_words(one.days)}", percent(value), value)
        for name, values in zip(names, (_within(figures), _accepted(figures)), strict=True)
        for one, value in zip(figures, values, strict=True)
    ]
    longest = figures[-1]
    sentence = gettext("No case was decided in these days, so that there is no time and no share to tell.")
    if longest.within is not None:
        sentence = gettext(
            "In the last %(days)s days %(share)s of the cases were decided within their target.",
            days=longest.days,
            share=percent(longest.within),
        )
    return Chart(
        id="shares",
        title=gettext("Shares"),
        sentence=sentence,
        reading=gettext("One bar each; the whole line stands for %(top)s.", top=percent(1)),
        drawing=bands(entries, end=1, mirrored=mirrored()),
        headings=(gettext("Share"), *(period_words(one.days) for one in figures)),
        rows=(
            (names[0], *map(percent, _within(figures))),
            (names[1], *map(percent, _accepted(figures))),
        ),
        notes=(gettext("Declining is as good an outcome as accepting; this share is no aim."),),
    )


def rows_of(figures: Sequence[TeamFigures]) -> tuple[tuple[str, ...], ...]:
    """The table of what was done: the name of each line, then its words for each period."""
    lines: tuple[tuple[str, Callable[[TeamFigures], str]], ...] = (
        (gettext("Cases decided"), lambda one: whole(one.decided)),
        (gettext("Share of cases within target"), lambda one: percent(one.within)),
        (gettext("Half of the cases within"), lambda one: about(one.half_seconds)),
        (gettext("Share of items accepted"), lambda one: percent(one.accepted)),
        (gettext("Reviews undone by their authors"), lambda one: whole(one.undone)),
    )
    return tuple((name, *map(words, figures)) for name, words in lines)


def period_words(days: int) -> str:
    """``last 7 days``."""
    return ngettext("last %(num)s day", "last %(num)s days", days)


def _within(figures: Sequence[TeamFigures]) -> list[float | None]:
    return [one.within for one in figures]


def _accepted(figures: Sequence[TeamFigures]) -> list[float | None]:
    return [one.accepted for one in figures]
