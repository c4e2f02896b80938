"""A sender's referral in values that a page can draw: steps, sums, and each item with its answer."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from review.domain.representation import OwnComplaint, OwnItem, OwnQuestion, OwnReferral
from review.domain.states import ItemStatus
from review.web.texts import gettext


@dataclass(frozen=True)
class Step:
    """One step of the tracker; ``state`` is done, current or next."""

    label: str
    state: str
    at: datetime | None = None


@dataclass(frozen=True)
class ItemShown:
    """One item with its answer; ``outcome`` is empty until it is answered.

    ``question``: what we ask now; ``asked``: what we asked before. ``superseded``: the outcome that this one
    reversed, empty where there was none. ``complainable``: its sender may complain of the decision now.
    """

    id: str
    canonical_url: str
    status: str
    withdrawable: bool
    withdrawn_at: datetime | None
    question: OwnQuestion | None
    asked: Sequence[OwnQuestion]
    outcome: str
    ground: str
    decline_reason: str
    clauses: Sequence[Mapping[str, Any]]
    statement: str
    restriction: Mapping[str, Any]
    decided_at: datetime | None
    implemented_at: datetime | None
    complaint_until: datetime | None
    superseded: Mapping[str, Any]
    superseded_at: datetime | None
    complaints: Sequence[OwnComplaint]
    complainable: bool


@dataclass(frozen=True)
class Tally:
    """How many items stand where."""

    in_review: int
    waiting: int
    accepted: int
    declined: int
    withdrawn: int


def is_withdrawable(item: OwnItem) -> bool:
    """Whether the item can still be taken back."""
    return item.status in (ItemStatus.IN_REVIEW, ItemStatus.WAITING_SENDER)


def shown(item: OwnItem, *, now: datetime) -> ItemShown:
    """One item for the page."""
    answer = item.answer_members()
    until, superseded = _moment(answer.get("complaint_until")), answer.get("supersedes") or {}
    waits = any(one.ended_at is None for one in item.complaints)
    return ItemShown(
        id=item.id,
        canonical_url=item.canonical_url,
        status=item.status.value,
        withdrawable=is_withdrawable(item),
        withdrawn_at=item.withdrawn_at,
        question=item.question,
        asked=[one for one in item.questions if one.ended_at is not None],
        outcome=answer.get("outcome") or "",
        ground=answer.get("ground") or "",
        decline_reason=answer.get("decline_reason") or "",
        clauses=answer.get("clauses") or (),
        statement=answer.get("statement") or "",
        restriction=answer.get("restriction") or {},
        decided_at=_moment(answer.get("decided_at")),
        implemented_at=_moment(answer.get("implemented_at")),
        complaint_until=until,
        superseded=superseded,
        superseded_at=_moment(superseded.get("decided_at")),
        complaints=item.complaints,
        complainable=until is not None and now <= until and not waits,
    )


def tally_of(referral: OwnReferral) -> Tally:
    """Sums over all items, whatever page they stand on."""
    outcomes = Counter(item.answer.get("outcome") for item in referral.items if item.answer)
    statuses = Counter(item.status for item in referral.items)
    withdrawn, decided = statuses[ItemStatus.WITHDRAWN], statuses[ItemStatus.DECIDED]
    waiting = statuses[ItemStatus.WAITING_SENDER]
    return Tally(
        in_review=len(referral.items) - decided - withdrawn - waiting,
        waiting=waiting,
        accepted=outcomes["accepted"],
        declined=outcomes["declined"],
        withdrawn=withdrawn,
    )


def steps_of(referral: OwnReferral) -> list[Step]:
    """Received, in review, decided; what waits for the sender stands before, a withdrawn one ends there."""
    received = Step(gettext("Received"), "done", referral.received_at)
    if referral.status is ItemStatus.WITHDRAWN:
        ended_at = max((item.withdrawn_at for item in referral.items if item.withdrawn_at), default=None)
        return [received, Step(gettext("Withdrawn"), "current", ended_at)]
    if referral.status is ItemStatus.DECIDED:
        times = (_moment(item.answer.get("decided_at")) for item in referral.items)
        decided_at = max(filter(None, times), default=None)
        return [received, Step(gettext("In review"), "done"), Step(gettext("Decided"), "current", decided_at)]
    if referral.status is ItemStatus.WAITING_SENDER:
        asked_at = min(item.question.asked_at for item in referral.items if item.question)
        waits = Step(gettext("Waits for your answer"), "current", asked_at)
        return [received, waits, Step(gettext("In review"), "next"), Step(gettext("Decided"), "next")]
    return [received, Step(gettext("In review"), "current"), Step(gettext("Decided"), "next")]


def _moment(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)
