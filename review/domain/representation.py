"""What does a sender see of a referral? One shape for every answer, page and message.

Nothing in it tells of people, rounds, notes, other senders or the place in the queue.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson

from review.clock import rfc3339
from review.domain.states import ItemStatus, referral_status

ORDER_TIME = timedelta(hours=1)


@dataclass(frozen=True)
class OwnQuestion:
    """One question to the sender of an item, in our words; it waits while ``ended_at`` is None.

    Ended without ``answer``: a week went by, or the item was withdrawn.
    """

    text: str
    asked_at: datetime
    answer: str | None = None
    ended_at: datetime | None = None

    def as_dict(self) -> dict[str, str]:
        """The members of a question that waits."""
        return {"text": self.text, "asked_at": rfc3339(self.asked_at)}


@dataclass(frozen=True)
class OwnComplaint:
    """One complaint of the sender of an item against our decision; it is open while ``ended_at`` is None."""

    reasons: str
    complained_at: datetime
    ended_at: datetime | None = None
    result: str | None = None
    statement: str | None = None

    def as_dict(self) -> dict[str, str | None]:
        """When, how it stands, and what we said of it."""
        return {
            "complained_at": rfc3339(self.complained_at),
            "state": self.result or "open",
            "ended_at": None if self.ended_at is None else rfc3339(self.ended_at),
            "statement": self.statement,
        }


@dataclass(frozen=True)
class OwnItem:
    """One item as its sender sees it; ``answer`` is what was frozen when it was decided, empty before.

    ``questions``: all that was asked about it, and ``complaints`` what its sender complained of, in order.
    """

    id: str
    referral_id: str
    url: str
    canonical_url: str
    status: ItemStatus
    defanged: bool = False
    content_type: str | None = None
    withdrawn_at: datetime | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)
    questions: tuple[OwnQuestion, ...] = ()
    complaints: tuple[OwnComplaint, ...] = ()

    @property
    def question(self) -> OwnQuestion | None:
        """What waits for the sender's answer."""
        return self.questions[-1] if self.status is ItemStatus.WAITING_SENDER else None

    def as_dict(self) -> dict[str, Any]:
        """The members of the item; those of the answer, and of the last complaint, only when there is one."""
        members: dict[str, Any] = {
            "id": self.id,
            "url": self.url,
            "canonical_url": self.canonical_url,
            "status": self.status.value,
            "outcome": None,
            "question": None if self.question is None else self.question.as_dict(),
        }
        members |= self.answer_members() if self.answer else {}
        return members | {"complaint": self.complaints[-1].as_dict()} if self.complaints else members

    def answer_members(self) -> dict[str, Any]:
        """What the answer adds, whatever else was frozen beside it."""
        return {name: self.answer[name] for name in ANSWER_MEMBERS if name in self.answer}


@dataclass(frozen=True)
class OwnReferral:
    """One referral as its sender sees it; ``refused`` holds entries with index, url and errors.

    ``order``: what a removal order says of Annex I, as it is stored.
    """

    id: str
    reference: str
    intake_kind: str
    reason: str
    received_at: datetime
    updated_at: datetime
    items: tuple[OwnItem, ...]
    refused: tuple[Mapping[str, Any], ...]
    order: str | None = None

    @property
    def status(self) -> ItemStatus:
        """The least finished of the items."""
        return referral_status(item.status for item in self.items)

    @property
    def due_at(self) -> datetime | None:
        """One hour after receipt for a removal order (Regulation (EU) 2021/784, Art. 3(3)), else None."""
        return self.received_at + ORDER_TIME if self.intake_kind == "removal_order" else None

    def as_dict(self) -> dict[str, Any]:
        """All members in the order in which they are written; only removal orders have a due time."""
        address = f"/api/v1/referrals/{self.id}"
        return {
            "id": self.id,
            "reference": self.reference,
            "intake_kind": self.intake_kind,
            "status": self.status.value,
            "received_at": rfc3339(self.received_at),
            "updated_at": rfc3339(self.updated_at),
            "due_at": None if self.due_at is None else rfc3339(self.due_at),
            "items": [item.as_dict() for item in self.items],
            "refused_items": [dict(entry) for entry in self.refused],
            "links": {"self": address, "receipt": f"{address}/receipt"},
        }


ANSWER_MEMBERS = (
    "outcome",
    "ground",
    "decline_reason",
    "clauses",
    "statement",
    "restriction",
    "decided_at",
    "implemented_at",
    "complaint_until",
    "supersedes",
)
"""Everything a decided item may say, in order."""


def json_bytes(members: Mapping[str, Any]) -> bytes:
    """UTF-8 JSON without spaces, members in the order given."""
    return orjson.dumps(members)


def etag_of(body: bytes) -> str:
    """An entity tag that moves only with what the sender may see (RFC 9110, section 8.8.3)."""
    return sha256(body).hexdigest()[:32]
