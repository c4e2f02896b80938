"""What all charts of the numbers page share: the marks of their axes, and their notes."""

from collections.abc import Sequence
from datetime import date

from review.domain.charts import Series
from review.web.texts import gettext
from review.web.times import short_day_words
from review.web.words import WORDS, word_of

MOST_MARKS = 5
"""Words on an axis for which there is room on a narrow screen."""


def known_word(code: str, family: str) -> str:
    """The word for a code of the trail; one that no table has is not known, and no fault of the page."""
    return word_of(code, family) if code in WORDS[family] else gettext("Not known")


def notes_on(series: Sequence[Series], *more: str) -> tuple[str, ...]:
    """The notes below a chart of days, with one more where something is not known."""
    unknown = any(value is None for one in series for value in one.values)
    return (*more, gettext("A dotted line stands where nothing is known.")) if unknown else more


def marks_at(places: Sequence[int], days: Sequence[date]) -> dict[int, str]:
    """A mark at each place, with the words of its day at as many of them as there is room for."""
    every = -(-len(places) // MOST_MARKS)
    return {
        place: short_day_words(days[place]) if number % every == 0 else ""
        for number, place in enumerate(places)
    }
