"""What is the platform asked for, and what may it answer? The message, its answers, and what is late.

An accepted decision asks for a restriction when it is dispatched. The platform, or a lead by hand, says once
that it is in place or that it failed; only a person may put one in place after it failed. It is lifted when
another decision supersedes the one that asked for it, after a complaint.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from review.clock import rfc3339
from review.domain.written import problem_in_text
from review.errors import FieldError, InvalidInput

SKEW: Final = timedelta(minutes=5)
"""By how much the platform's clock may be before or behind ours."""
LONGEST_REASON: Final = 1_000
MOST_LOCATIONS: Final = 1_000
"""Spellings of one location in a message; they differ in what no page depends on."""


class RestrictionState(StrEnum):
    """How a restriction stands: asked for, in place, told to be impossible, or ended."""

    WAITING = "waiting"
    IMPLEMENTED = "implemented"
    FAILED = "failed"
    LIFTED = "lifted"


def state_of(
    *, implemented_at: datetime | None, failed_at: datetime | None, ends_at: datetime | None = None
) -> RestrictionState:
    """How it stands by its times; a person may have put it in place after it failed."""
    if ends_at is not None:
        return RestrictionState.LIFTED
    if implemented_at is not None:
        return RestrictionState.IMPLEMENTED
    return RestrictionState.WAITING if failed_at is None else RestrictionState.FAILED


def request_members(
    restriction_id: str,
    *,
    locations: Sequence[str],
    intake_kind: str,
    content_type: str | None,
    answer: Mapping[str, Any],
) -> dict[str, Any]:
    """What the platform is told: where, what, on which ground and in which words; nothing about who referred.

    ``answer``: what the senders are told of the same decision (`review.domain.decisions.answer_bytes`), of
    which a statement of reasons needs ground, clauses and statement (DSA, Article 17(3)).
    """
    address = f"/api/v1/restrictions/{restriction_id}"
    return {
        "id": restriction_id,
        "intake_kind": intake_kind,
        "content_type": content_type,
        "locations": list(locations)[:MOST_LOCATIONS],
        **answer["restriction"],
        "ground": answer["ground"],
        "clauses": answer["clauses"],
        "statement": answer["statement"],
        "decided_at": answer["decided_at"],
        "links": {"implemented": f"{address}/implemented", "failed": f"{address}/failed"},
    }


def lifted_members(
    restriction_id: str,
    *,
    locations: Sequence[str],
    intake_kind: str,
    content_type: str | None,
    ends_at: datetime,
    replaced_by: str | None,
) -> dict[str, Any]:
    """What the platform is told of a restriction that ended: which and where; why is nobody's affair there.

    ``replaced_by``: another restriction of the same content, which was asked for at the same time.
    """
    return {
        "id": restriction_id,
        "intake_kind": intake_kind,
        "content_type": content_type,
        "locations": list(locations)[:MOST_LOCATIONS],
        "ends_at": rfc3339(ends_at),
        "replaced_by": replaced_by,
    }


def check_implemented_at(at: datetime, *, starts_at: datetime, now: datetime) -> None:
    """Raise `InvalidInput` naming ``at`` for a time before the decision or to come, clocks allowed for."""
    if at < starts_at - SKEW:
        detail = f"Give a time that is not before the decision of {rfc3339(starts_at)}."
        raise InvalidInput(detail, errors=[FieldError("at", "before_the_decision", detail)])
    if at > now + SKEW:
        detail = f"Give a time that is not to come; here it is {rfc3339(now)}."
        raise InvalidInput(detail, errors=[FieldError("at", "in_the_future", detail)])


def checked_reason(text: str) -> str:
    """The reason of a failure; raises `InvalidInput` naming ``reason`` where there is none or too much."""
    reason = text.replace("\r\n", "\n").strip()
    problem = problem_in_text(reason, LONGEST_REASON, missing="Say why it could not be put in place.")
    if problem is not None:
        raise InvalidInput(problem[1], errors=[FieldError("reason", *problem)])
    return reason


def is_overdue(starts_at: datetime, *, now: datetime, hours: int) -> bool:
    """Whether it should be in place by now; 0 hours: nothing is ever late."""
    return hours > 0 and now - starts_at > timedelta(hours=hours)
