"""What do the events of a case say of the complaints against its decisions?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from review.domain.complaints import ComplaintResult, Party
from review.domain.states import MOVES
from review.domain.told import Told

_RESULTS = {
    MOVES["uphold"].event: ComplaintResult.UPHELD,
    MOVES["reverse"].event: ComplaintResult.REVERSED,
}


@dataclass(frozen=True)
class ComplaintTold:
    """A complaint as its events tell it: its columns, those left out that were erased."""

    id: str
    party: Party
    position: int | None
    columns: dict[str, Any]


def complaints_told(events: Sequence[Told]) -> dict[str, ComplaintTold]:
    """The complaints of one case by id, from its events in their order.

    What a party was told of the result is the statement of the review that the result rests on.
    """
    told: dict[str, ComplaintTold] = {}
    statements: dict[str, Told] = {}
    for event in events:
        if event.event_type == MOVES["complain"].event:
            one = _received(event)
            told[one.id] = one
        elif event.event_type == "case.review_recorded":
            statements[event.text("review") or ""] = event
        elif event.event_type in _RESULTS:
            for complaint_id in event.value("complaints", []):
                if complaint_id in told:
                    _end(told[complaint_id], event, statements)
    return told


def _received(event: Told) -> ComplaintTold:
    party = Party(str(event.meta.get("party")))
    own = party is Party.SENDER
    columns: dict[str, Any] = {
        "registered_by": None if own else event.actor_id,
        "complained_at": event.when,
        "joined_version": event.meta.get("version"),
        "ended_at": None,
        "result": None,
        "review_id": None,
        "statement": None,
    }
    for column, name in (
        ("decision_id", "decision"),
        ("item_id", "item"),
        ("sender_id", "sender"),
        ("reasons", "reasons"),
        ("contact", "contact"),
    ):
        if event.knows(name):
            columns[column] = event.text(name)
    return ComplaintTold(event.text("complaint") or "", party, event.position, columns)


def _end(complaint: ComplaintTold, event: Told, statements: dict[str, Told]) -> None:
    review_id = event.text("review") or ""
    result = _RESULTS[event.event_type].value
    complaint.columns.update(ended_at=event.when, result=result, review_id=review_id)
    review = statements.get(review_id)
    if review is not None and review.knows("statement"):
        complaint.columns["statement"] = review.text("statement") or ""
    else:
        complaint.columns.pop("statement", None)
