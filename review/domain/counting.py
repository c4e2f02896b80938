"""What an entry of the trail adds to the numbers of its day: measures, their words, and the adding up.

A measure is a thing that is counted, its word the kind of it. Days are those of UTC.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from review.domain.durations import bucket_of

RECEIVED = "received"
"""Items that came, by intake kind."""
ACCEPTED = "accepted"
"""Items that were answered so, by kind of sender."""
DECLINED = "declined"
"""Items that were answered so, by kind of sender."""
WITHDRAWN = "withdrawn"
"""Items taken back by their sender; one word."""
WITHIN = "within_target"
"""Cases decided by their due time, by intake kind."""
OVER = "over_target"
"""Cases decided later than that, by intake kind."""
TOOK = "took_"
"""Before an intake kind: cases by the bucket of their time from opening to decision."""

UNKNOWN = "unknown"
COUNTED = ("referral.received", "referral.withdrawn", "item.withdrawn", "item.answered", "case.decided")
"""The events that count; the others are passed over."""

Sums = Counter[tuple[date, str, str]]


@dataclass(frozen=True)
class Entry:
    """One entry that counts: its event, when it was recorded, its object, and its enumerations."""

    event: str
    at: datetime
    object_id: str
    meta: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class DecidedCase:
    """What the time to a decision is measured by."""

    intake_kind: str
    opened_at: datetime
    due_at: datetime


@dataclass(frozen=True)
class Rows:
    """What the rows of the entries' objects add to what the entries say.

    ``received``: items by referral; ``withdrawn``: items that went with their whole referral, by referral;
    ``senders``: the kind of sender by item; ``cases``: by case. An object without its row counts as nothing,
    or as ``unknown``: that it is gone is for verify to say.
    """

    received: Mapping[str, int] = field(default_factory=dict)
    withdrawn: Mapping[str, int] = field(default_factory=dict)
    senders: Mapping[str, str] = field(default_factory=dict)
    cases: Mapping[str, DecidedCase] = field(default_factory=dict)


def add_up(entries: Iterable[Entry], rows: Rows) -> Sums:
    """What these entries add, by day, measure and word; nothing that is zero."""
    sums: Sums = Counter()
    for entry in entries:
        for measure, word, count in _added(entry, rows):
            sums[entry.at.astimezone(UTC).date(), measure, word] += count
    return +sums


def _added(entry: Entry, rows: Rows) -> list[tuple[str, str, int]]:
    thing = entry.object_id
    if entry.event == "referral.received":
        return [(RECEIVED, str(entry.meta.get("intake_kind", UNKNOWN)), rows.received.get(thing, 0))]
    if entry.event == "referral.withdrawn":
        return [(WITHDRAWN, "items", rows.withdrawn.get(thing, 0))]
    if entry.event == "item.withdrawn":
        return [(WITHDRAWN, "items", 1)]
    if entry.event == "item.answered":
        measure = ACCEPTED if entry.meta.get("outcome") == "accepted" else DECLINED
        first = "previous_outcome" not in entry.meta  # each item counts as it was first answered
        return [(measure, rows.senders.get(thing, UNKNOWN), 1)] if first else []
    case = rows.cases.get(thing)
    if entry.event != "case.decided" or case is None:
        return []
    return [
        (TOOK + case.intake_kind, str(bucket_of((entry.at - case.opened_at).total_seconds())), 1),
        (WITHIN if entry.at <= case.due_at else OVER, case.intake_kind, 1),
    ]
