"""What happened to a referral, as its sender may know it: a dated list made of its own representation alone.

Nothing else goes in, so nothing else can come out: no reviews, rounds, people or other senders.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from review.domain.representation import OwnItem, OwnReferral

Kind = Literal[
    "received", "asked", "replied", "unanswered", "answered", "complained", "upheld", "reversed", "withdrawn",
    "carried_out",
]  # fmt: skip
_ORDER: tuple[Kind, ...] = (
    "received", "asked", "replied", "unanswered", "answered", "complained", "upheld", "reversed",
    "carried_out", "withdrawn",
)  # fmt: skip


@dataclass(frozen=True)
class Happening:
    """One thing that happened at one time to so many items; ``outcome`` only of our answers and reversals.

    ``asked``: we asked the sender; ``replied``: it answered us; ``unanswered``: it did not in time.
    ``complained``: the sender did, of our decision, which was ``upheld``; ``reversed``: after a complaint of
    whomever.

    ``refused``: how many entries were refused when the referral was received.
    """

    kind: Kind
    at: datetime
    items: int
    outcome: str = ""
    refused: int = 0


def story_of(referral: OwnReferral) -> list[Happening]:
    """Everything dated in a referral, oldest first; equal things of one time are one entry."""
    counted: Counter[tuple[datetime, Kind, str]] = Counter()
    for item in referral.items:
        for kind, at in _times_of(item):
            counted[at, kind, _outcome(item, kind)] += 1
    later = [Happening(kind, at, items, outcome) for (at, kind, outcome), items in counted.items()]
    received = Happening("received", referral.received_at, len(referral.items), refused=len(referral.refused))
    return [received, *sorted(later, key=lambda one: (one.at, _ORDER.index(one.kind), one.outcome))]


def _outcome(item: OwnItem, kind: Kind) -> str:
    """What we answered: first, where that was reversed since, or now."""
    if kind == "answered":
        return str(item.answer.get("supersedes", item.answer)["outcome"])
    return str(item.answer["outcome"]) if kind == "reversed" else ""


def _times_of(item: OwnItem) -> list[tuple[Kind, datetime]]:
    found: list[tuple[Kind, datetime]] = []
    for question in item.questions:
        found.append(("asked", question.asked_at))
        if question.ended_at is not None and question.answer is not None:
            found.append(("replied", question.ended_at))
        elif question.ended_at is not None and question.ended_at != item.withdrawn_at:
            found.append(("unanswered", question.ended_at))
    if item.withdrawn_at is not None:
        found.append(("withdrawn", item.withdrawn_at))
    if decided_at := item.answer.get("decided_at"):
        superseded = item.answer.get("supersedes")
        found.append(("reversed" if superseded else "answered", datetime.fromisoformat(decided_at)))
        if superseded:
            found.append(("answered", datetime.fromisoformat(superseded["decided_at"])))
    for complaint in item.complaints:
        found.append(("complained", complaint.complained_at))
        if complaint.ended_at is not None and complaint.result == "upheld":
            found.append(("upheld", complaint.ended_at))
    if implemented_at := item.answer.get("implemented_at"):
        found.append(("carried_out", datetime.fromisoformat(implemented_at)))
    return found
