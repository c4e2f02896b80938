"""What do the counts of the days say? Series, weeks and shares, with zero and unknown kept apart.

A number that nobody knows is None: a day before the desk's first entry or after the last counted one, the
time to decide and the share within target where nothing was decided.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import get_args

from review.domain.counting import ACCEPTED, DECLINED, OVER, RECEIVED, TOOK, WITHDRAWN, WITHIN
from review.domain.durations import percentile
from review.domain.permissions import Role
from review.domain.referral_schema import IntakeKind

PERIODS = (30, 90)
"""How many days the page may tell of."""
KINDS = get_args(IntakeKind)
SEES_SENDERS = frozenset({Role.LEGAL, Role.ADMIN})
"""Who may see what became of which kind of sender's items: nobody who judges."""

Daily = tuple[int | None, ...]


@dataclass(frozen=True)
class Period:
    """The days that are told of, the last one included, and the days of which the counts know.

    Both ends of what is known are None while nothing is counted.
    """

    first: date
    last: date
    known_from: date | None
    known_to: date | None

    @property
    def days(self) -> tuple[date, ...]:
        """All days in their order."""
        return tuple(
            self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)
        )

    @property
    def weeks(self) -> tuple[date, ...]:
        """The Mondays of the weeks that have a day here."""
        return tuple(sorted({monday_of(day) for day in self.days}))

    def knows(self, day: date) -> bool:
        """Whether the counts of this day mean anything."""
        if self.known_from is None or self.known_to is None:
            return False
        return self.known_from <= day <= self.known_to


@dataclass
class Decisions:
    """Cases decided in some time: how long they took, and how many were within their target."""

    buckets: Counter[int] = field(default_factory=Counter)
    within: int = 0
    over: int = 0

    @property
    def cases(self) -> int:
        """How many there were."""
        return self.within + self.over

    @property
    def median(self) -> float | None:
        """The seconds within which half of them were decided, about."""
        return percentile(self.buckets, 0.5)

    @property
    def ninetieth(self) -> float | None:
        """The seconds within which nine in ten were decided, about."""
        return percentile(self.buckets, 0.9)

    @property
    def share_within(self) -> float | None:
        """The share decided by the due time."""
        return share(self.within, self.cases)

    def add(self, measure: str, word: str, count: int) -> None:
        """Take a day's count in."""
        if measure == WITHIN:
            self.within += count
        elif measure == OVER:
            self.over += count
        else:
            self.buckets[int(word)] += count


@dataclass(frozen=True)
class Outcomes:
    """Items that were answered, by outcome."""

    accepted: int = 0
    declined: int = 0

    @property
    def share_accepted(self) -> float | None:
        """The share accepted; unknown where nothing was answered."""
        return share(self.accepted, self.accepted + self.declined)


@dataclass(frozen=True)
class Numbers:
    """Everything that the counts say of one period; tuples follow its days, ``weeks`` its weeks."""

    period: Period
    received: Mapping[str, Daily]
    accepted: Daily
    declined: Daily
    withdrawn: Daily
    weeks: tuple[Decisions, ...]
    decisions: Decisions
    by_kind: Mapping[str, Decisions]
    senders: Mapping[str, Outcomes]


def share(part: int, whole: int) -> float | None:
    """The part of the whole, from 0 to 1; unknown where there is no whole."""
    return part / whole if whole else None


def total(daily: Daily) -> int | None:
    """The sum of what is known; None where nothing is."""
    known = [count for count in daily if count is not None]
    return sum(known) if known else None


def together(many: Iterable[Daily]) -> Daily:
    """Day by day the sum of all; a day is known when it is known of all."""
    return tuple(
        None if None in counts else sum(count for count in counts if count is not None)
        for counts in zip(*many, strict=True)
    )


def monday_of(day: date) -> date:
    """The first day of its week (ISO 8601)."""
    return day - timedelta(days=day.weekday())


def read_counts(rows: Iterable[tuple[date, str, str, int]], *, period: Period) -> Numbers:
    """The numbers of a period from rows of day, measure, word and count within it."""
    daily: dict[str, Counter[date]] = {}
    received: dict[str, Counter[date]] = {}
    outcomes: dict[str, Counter[str]] = {ACCEPTED: Counter(), DECLINED: Counter()}
    weeks = {monday: Decisions() for monday in period.weeks}
    whole, by_kind = Decisions(), dict[str, Decisions]()
    for day, measure, word, count in rows:
        if measure == RECEIVED:
            received.setdefault(word, Counter())[day] += count
        elif measure in (ACCEPTED, DECLINED, WITHDRAWN):
            daily.setdefault(measure, Counter())[day] += count
            if measure in outcomes:
                outcomes[measure][word] += count
        else:
            kind = measure.removeprefix(TOOK) if measure.startswith(TOOK) else word
            for place in (weeks[monday_of(day)], whole, by_kind.setdefault(kind, Decisions())):
                place.add(measure, word, count)
    return Numbers(
        period=period,
        received={kind: _daily(received.get(kind, {}), period) for kind in _kinds(received)},
        accepted=_daily(daily.get(ACCEPTED, Counter()), period),
        declined=_daily(daily.get(DECLINED, Counter()), period),
        withdrawn=_daily(daily.get(WITHDRAWN, Counter()), period),
        weeks=tuple(weeks.values()),
        decisions=whole,
        by_kind=by_kind,
        senders={
            kind: Outcomes(outcomes[ACCEPTED][kind], outcomes[DECLINED][kind])
            for kind in sorted(outcomes[ACCEPTED].keys() | outcomes[DECLINED].keys())
        },
    )


def _kinds(received: Mapping[str, Counter[date]]) -> list[str]:
    """The intake kinds that came, in their usual order; referrals always."""
    present = received.keys() | {KINDS[0]}
    return [kind for kind in KINDS if kind in present] + sorted(present - set(KINDS))


def _daily(counts: Mapping[date, int], period: Period) -> Daily:
    return tuple(counts.get(day, 0) if period.knows(day) or day in counts else None for day in period.days)
