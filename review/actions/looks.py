"""Looking at a case without its evidence: the holder chooses to, and it is on the trail."""

from collections.abc import Sequence

from review import clock, db
from review.actions.claiming import lock_held
from review.actions.looking import note_first_look
from review.domain.looks import Way
from review.domain.permissions import Actor, Permission, check_permission
from review.domain.precedents import Candidate


def look_without_evidence(case_id: str, *, precedents: Sequence[Candidate] | None, actor: Actor) -> bool:
    """Let the holder see the sender's facts and earlier decisions without the evidence; whether it is new.

    ``precedents``: what the first look brings, None for a later one. Raises `NotFound` or `ClaimLost`.
    """
    check_permission(actor, Permission.REVIEW_CASE)
    with db.transaction() as writer:
        now = clock.now()
        generation = lock_held(writer, case_id, actor, now)
        return note_first_look(
            writer,
            case_id,
            way=Way.WITHOUT,
            claim_generation=generation,
            precedents=precedents,
            actor=actor,
            now=now,
        )
