"""Shares of accepted items: of all that were answered, and of what was held against a rule."""

from review.domain.acceptance import Answered, grouped


def answered(sender: str, authority: str, outcome: str, reason: str | None, items: int) -> Answered:
    return Answered(sender, f"Unit {sender}", authority, "BE", outcome, reason, items)


ROWS = [
    answered("S-2", "Desk", "accepted", None, 6),
    answered("S-2", "desk", "declined", "no_breach", 2),
    answered("S-1", "Desk", "declined", "not_found", 2),
]


def test_items_are_counted_by_sender_in_the_order_of_names() -> None:
    first, second = grouped(ROWS, lambda row: (row.sender_id, row.sender))
    assert (first.name, first.answered, first.share.value) == ("Unit S-1", 2, 0)
    assert (second.name, second.accepted, second.share.value) == ("Unit S-2", 6, 0.75)


def test_what_was_not_judged_leaves_precision_unknown_and_not_zero() -> None:
    first, second = grouped(ROWS, lambda row: (row.sender_id, row.sender))
    assert first.precision.value is None
    assert second.precision.value == 0.75
    (both,) = grouped(ROWS, lambda row: (row.authority.casefold(), row.authority))
    assert (both.name, both.share.value, both.precision.value) == ("Desk", 0.6, 0.75)
