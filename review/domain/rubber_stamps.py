"""Does the team look before it judges, and say why in its own words? Shares of weeks, of everybody together.

A signal is a reason to look at the work as a whole: too little time, or snippets that invite copying. It is
told from five people a week up, and of nobody alone.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final, NamedTuple

from review.domain.agreement import UNKNOWN, Estimate, wilson
from review.domain.numbers import monday_of
from review.domain.team import is_team

WEEKS: Final = 8
LEAST_ALIKE: Final = 3
"""The same words so many times are a habit; twice may be one case in two places."""


class Recorded(NamedTuple):
    """One review: on which day, by whom, how long after its case was taken, and the digest of its words.

    ``seconds`` is None where nobody knows when the case was taken.
    """

    day: date
    account_id: str
    seconds: float | None
    words: str


@dataclass(frozen=True)
class Week:
    """One week from its Monday on; the shares are unknown where too few people recorded a review."""

    monday: date
    short: Estimate = UNKNOWN
    alike: Estimate = UNKNOWN
    withheld: bool = True


def digest_of_words(rationale: str) -> str:
    """The same for texts that differ in case, spaces and punctuation alone."""
    plain = unicodedata.normalize("NFKC", rationale).casefold()
    letters = (sign if sign.isalnum() else " " for sign in plain)
    return sha256(" ".join("".join(letters).split()).encode()).hexdigest()


def weeks_of(reviews: Iterable[Recorded], mondays: Sequence[date], *, short_seconds: int) -> tuple[Week, ...]:
    """The signals of these weeks; words are alike when they stand in three reviews of all the weeks."""
    by_week: dict[date, list[Recorded]] = {monday: [] for monday in mondays}
    for review in reviews:
        if (monday := monday_of(review.day)) in by_week:
            by_week[monday].append(review)
    times = Counter(review.words for week in by_week.values() for review in week)
    found = []
    for monday, week in by_week.items():
        if not is_team(len({review.account_id for review in week})):
            found.append(Week(monday))
            continue
        looks = [review.seconds for review in week if review.seconds is not None]
        alike = sum(times[review.words] >= LEAST_ALIKE for review in week)
        short = sum(seconds < short_seconds for seconds in looks)
        found.append(Week(monday, wilson(short, len(looks)), wilson(alike, len(week)), withheld=False))
    return tuple(found)
