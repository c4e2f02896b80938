"""What a sender is told has happened: dated, in order, equal things as one, nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from review.clock import rfc3339
from review.domain.own_story import Happening, story_of
from review.domain.representation import OwnComplaint, OwnItem, OwnQuestion, OwnReferral
from review.domain.states import ItemStatus

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
URL = "https://video.example/1"


def _item(status: ItemStatus, *, withdrawn_at: datetime | None = None, **answer: str | None) -> OwnItem:
    return OwnItem(
        id="I-0000-0000-0000",
        referral_id="R-0000-0000-0000",
        url=URL,
        canonical_url=URL,
        status=status,
        withdrawn_at=withdrawn_at,
        answer=answer,
    )


def _referral(*items: OwnItem, refused: int = 0, kind: str = "referral") -> OwnReferral:
    return OwnReferral(
        id="R-0000-0000-0000",
        reference="REF",
        intake_kind=kind,
        reason="Why.",
        received_at=NOW,
        updated_at=NOW,
        items=items,
        refused=({"index": 1, "url": "x", "errors": []},) * refused,
    )


def test_what_waits_has_only_been_received() -> None:
    waiting = _referral(_item(ItemStatus.IN_REVIEW), refused=2)
    assert story_of(waiting) == [Happening("received", NOW, 1, refused=2)]


def test_a_complaint_and_what_came_of_it_stand_with_both_outcomes() -> None:
    first, complained, then = (NOW + timedelta(hours=hours) for hours in (1, 2, 3))
    before = {"outcome": "declined", "decided_at": rfc3339(first)}
    ended = OwnComplaint("Why.", complained, then, "upheld", "So.")
    decided = _item(ItemStatus.DECIDED, outcome="declined", decided_at=rfc3339(first))
    upheld = replace(decided, complaints=(ended,))
    assert story_of(_referral(upheld))[1:] == [
        Happening("answered", first, 1, "declined"),
        Happening("complained", complained, 1),
        Happening("upheld", then, 1),
    ]
    answer = {"outcome": "accepted", "decided_at": rfc3339(then), "supersedes": before}
    reversed_item = replace(upheld, answer=answer, complaints=(OwnComplaint("Why.", complained),))
    assert story_of(_referral(reversed_item))[1:] == [
        Happening("answered", first, 1, "declined"),
        Happening("complained", complained, 1),
        Happening("reversed", then, 1, "accepted"),
    ]


def test_equal_things_of_one_time_are_one_and_all_stand_in_order() -> None:
    later, last = NOW + timedelta(hours=1), NOW + timedelta(days=2)
    told = story_of(
        _referral(
            _item(ItemStatus.WITHDRAWN, withdrawn_at=last),
            _item(ItemStatus.DECIDED, outcome="declined", decided_at=rfc3339(later)),
            _item(ItemStatus.DECIDED, outcome="accepted", decided_at=rfc3339(later)),
            _item(
                ItemStatus.DECIDED,
                outcome="accepted",
                decided_at=rfc3339(later),
                implemented_at=rfc3339(last),
            ),
        )
    )
    assert told == [
        Happening("received", NOW, 4),
        Happening("answered", later, 2, "accepted"),
        Happening("answered", later, 1, "declined"),
        Happening("carried_out", last, 1),
        Happening("withdrawn", last, 1),
    ]


def test_only_a_removal_order_is_due_an_hour_after_receipt() -> None:
    order = _referral(_item(ItemStatus.IN_REVIEW), kind="removal_order")
    assert order.due_at == NOW + timedelta(hours=1)
    assert order.as_dict()["due_at"] == rfc3339(NOW + timedelta(hours=1))
    assert _referral(_item(ItemStatus.IN_REVIEW)).due_at is None
    assert _referral(_item(ItemStatus.IN_REVIEW), kind="notice").as_dict()["due_at"] is None


def test_questions_are_told_with_what_came_of_them() -> None:
    hour = timedelta(hours=1)
    asked = (
        OwnQuestion("One?", NOW + hour, "Yes.", NOW + 2 * hour),
        OwnQuestion("Two?", NOW + 3 * hour, None, NOW + 4 * hour),
        OwnQuestion("Three?", NOW + 5 * hour),
    )
    story = story_of(_referral(replace(_item(ItemStatus.WAITING_SENDER), questions=asked)))
    kinds = [(one.kind, one.at - NOW) for one in story]
    assert kinds[1:] == [
        ("asked", hour), ("replied", 2 * hour), ("asked", 3 * hour), ("unanswered", 4 * hour),
        ("asked", 5 * hour),
    ]  # fmt: skip


def test_a_question_that_ended_with_its_item_is_not_called_unanswered() -> None:
    asked = (OwnQuestion("One?", NOW, None, NOW + timedelta(hours=1)),)
    gone = _item(ItemStatus.WITHDRAWN, withdrawn_at=NOW + timedelta(hours=1))
    story = story_of(_referral(replace(gone, questions=asked)))
    assert [one.kind for one in story] == ["received", "asked", "withdrawn"]
