"""The life of a case: every state and, in one table, every move between states.

Code, tests and the diagram in README read this table. A move that is not switched on yet would stand in it
with ``enabled=False``: the tables are laid for it, nothing makes it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from review.domain.permissions import Permission


class CaseState(StrEnum):
    """Where a case stands; whether somebody holds it is not a state."""

    OPEN = "open"
    SECOND_REVIEW = "second_review"
    RESOLVING = "resolving"
    WAITING_SENDER = "waiting_sender"
    ESCALATED = "escalated"
    DECIDED = "decided"
    COMPLAINT = "complaint"
    WITHDRAWN = "withdrawn"


class ItemStatus(StrEnum):
    """Where an item stands; ``waiting_sender`` is shown only to the sender who was asked."""

    RECEIVED = "received"
    IN_REVIEW = "in_review"
    WAITING_SENDER = "waiting_sender"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"


class Round(StrEnum):
    """Which evaluation of a case a review is."""

    FIRST = "first"
    SECOND = "second"
    RESOLVING = "resolving"
    COMPLAINT = "complaint"


# One live case per match key and intake kind: the unique index covers exactly these states.
LIVE: tuple[CaseState, ...] = (
    CaseState.OPEN,
    CaseState.SECOND_REVIEW,
    CaseState.RESOLVING,
    CaseState.WAITING_SENDER,
    CaseState.ESCALATED,
)
# States in which somebody may hold the case, each with the round that a review recorded then belongs to.
ROUND_IN: dict[CaseState, Round] = {
    CaseState.OPEN: Round.FIRST,
    CaseState.SECOND_REVIEW: Round.SECOND,
    CaseState.RESOLVING: Round.RESOLVING,
    CaseState.COMPLAINT: Round.COMPLAINT,
}
CLAIMABLE: tuple[CaseState, ...] = tuple(ROUND_IN)
# What waits for anybody who reviews; the third review of a case and one after a complaint wait for a lead.
QUEUED: tuple[CaseState, ...] = (CaseState.OPEN, CaseState.SECOND_REVIEW)
FOR_LEADS: tuple[CaseState, ...] = (CaseState.RESOLVING, CaseState.COMPLAINT)


@dataclass(frozen=True)
class Move:
    """One step in the life of a case: from, to, who may, the event it leaves, the webhook topic it raises."""

    name: str
    sources: tuple[CaseState, ...]
    target: CaseState | None
    permission: Permission | None
    event: str
    topic: str | None = None
    enabled: bool = True


_S = CaseState
MOVES: dict[str, Move] = {
    move.name: move
    for move in (
        Move("claim", CLAIMABLE, None, Permission.WORK_QUEUE, "case.claimed"),
        Move("assign", (_S.OPEN,), None, Permission.ASSIGN_CASES, "case.assigned"),
        Move("renew", CLAIMABLE, None, Permission.WORK_QUEUE, "case.claim_renewed"),
        Move("release", CLAIMABLE, None, Permission.WORK_QUEUE, "case.released"),
        Move("expire_claim", CLAIMABLE, None, None, "case.claim_expired"),
        Move("save_draft", CLAIMABLE, None, Permission.REVIEW_CASE, "case.draft_saved"),
        Move("record_review", CLAIMABLE, None, Permission.REVIEW_CASE, "case.review_recorded"),
        Move("undo_review", CLAIMABLE, None, Permission.REVIEW_CASE, "case.review_undone"),
        Move("drop_review", CLAIMABLE, None, None, "case.review_dropped"),
        Move("decide", (_S.OPEN,), _S.DECIDED, None, "case.decided", "item.decided"),
        Move("withdraw_last_item", LIVE, _S.WITHDRAWN, None, "case.withdrawn"),
        Move("send_to_second_review", (_S.OPEN,), _S.SECOND_REVIEW, None, "case.second_review_due"),
        Move("agree", (_S.SECOND_REVIEW,), _S.DECIDED, None, "case.decided", "item.decided"),
        Move("differ", (_S.SECOND_REVIEW,), _S.RESOLVING, None, "case.reviews_differ"),
        Move("resolve", (_S.RESOLVING,), _S.DECIDED, None, "case.decided", "item.decided"),
        Move("begin_again", (_S.SECOND_REVIEW, _S.RESOLVING), _S.OPEN, None, "case.review_dropped"),
        Move(
            "ask_sender",
            (_S.OPEN,),
            _S.WAITING_SENDER,
            Permission.REVIEW_CASE,
            "case.sender_asked",
            "item.question",
        ),
        Move("take_answer", (_S.WAITING_SENDER,), _S.OPEN, Permission.ANSWER, "case.answer_received"),
        Move("end_question", (_S.WAITING_SENDER,), _S.OPEN, None, "case.question_ended"),
        Move("escalate", (_S.OPEN,), _S.ESCALATED, Permission.REVIEW_CASE, "case.escalated"),
        Move("advise", (_S.ESCALATED,), _S.OPEN, Permission.ADVISE, "case.advised"),
        Move("end_escalation", (_S.ESCALATED,), _S.OPEN, None, "case.escalation_ended"),
        Move("complain", (_S.DECIDED,), _S.COMPLAINT, Permission.COMPLAIN, "case.complaint_received"),
        # of another party, while one is being judged
        Move("add_complaint", (_S.COMPLAINT,), None, Permission.COMPLAIN, "case.complaint_received"),
        # one that came after the review that ends the others
        Move("carry_complaint", (_S.DECIDED,), _S.COMPLAINT, None, "case.complaint_carried"),
        Move("uphold", (_S.COMPLAINT,), _S.DECIDED, None, "case.upheld", "item.decided"),
        Move("reverse", (_S.COMPLAINT,), _S.DECIDED, None, "case.reversed", "item.reversed"),
        Move("set_aside", CLAIMABLE, None, Permission.WORK_QUEUE, "case.set_aside"),
        # told like any release: who passed a case on is on no list, why is committed to and nothing more
        Move("pass", CLAIMABLE, None, Permission.WORK_QUEUE, "case.released"),
        Move(
            "write_note",
            (*LIVE, _S.DECIDED, _S.COMPLAINT),
            None,
            Permission.REVIEW_CASE,
            "case.note_written",
        ),
        Move("look", CLAIMABLE, None, Permission.REVIEW_CASE, "case.first_look"),
    )
}


STEPS = (ItemStatus.RECEIVED, ItemStatus.WAITING_SENDER, ItemStatus.IN_REVIEW, ItemStatus.DECIDED)
"""From the least finished on: what waits for its sender goes through review again, and is seen first."""


def referral_status(items: Iterable[ItemStatus]) -> ItemStatus:
    """The least finished status among a referral's items; withdrawn only when all of them are."""
    unfinished = [status for status in items if status is not ItemStatus.WITHDRAWN]
    return min(unfinished, key=STEPS.index) if unfinished else ItemStatus.WITHDRAWN


def diagram() -> str:
    """The states as a Mermaid diagram for README: "(later)" marks what is only laid."""
    lines = ["stateDiagram-v2", f"    [*] --> {CaseState.OPEN}: receive"]
    for move in MOVES.values():
        if move.target is None:
            continue
        suffix = "" if move.enabled else " (later)"
        lines += [f"    {source} --> {move.target}: {move.name}{suffix}" for source in move.sources]
    return "\n".join(lines)
