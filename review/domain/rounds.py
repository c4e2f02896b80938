"""Why is there no review of some round in a case? The record says it in words, so that no gap is left."""

from review.domain.states import MOVES, CaseState, Round

_LEADING = {
    Round.SECOND: "send_to_second_review",
    Round.RESOLVING: "differ",
    Round.COMPLAINT: "complain",
}
_NOT_ASKED = {
    Round.FIRST: "waiting",
    Round.SECOND: "not_asked",
    Round.RESOLVING: "no_difference",
    Round.COMPLAINT: "no_complaint",
}


def why_empty(empty: Round, *, state: str) -> str:
    """The code of the reason, of the words family ``no_round``, for a case in this state."""
    move = _LEADING.get(empty)
    if move is not None and not MOVES[move].enabled:
        return "not_enabled"
    if state == CaseState.WITHDRAWN:
        return "withdrawn"
    if state in (CaseState.DECIDED, CaseState.COMPLAINT):
        return _NOT_ASKED[empty]
    return "waiting"
