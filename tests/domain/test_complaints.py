"""The rules of complaints, and what events say of them, without a database."""

from datetime import UTC, datetime, timedelta

import pytest

from review.clock import rfc3339
from review.domain.complaints import (
    ComplaintTooLate,
    Party,
    check_in_time,
    check_reasons,
    check_registered,
)
from review.domain.decisions import ReviewFacts, ReviewInput, check_review
from review.domain.told import Told
from review.domain.told_complaints import complaints_told
from review.errors import InvalidInput, InvalidReview

DECIDED = datetime(2026, 8, 31, 10, 0, tzinfo=UTC)


def test_the_six_months_end_on_the_months_last_day() -> None:
    last = datetime(2027, 2, 28, 10, 0, tzinfo=UTC)
    check_in_time(DECIDED, now=last)
    with pytest.raises(ComplaintTooLate, match=rfc3339(last)):
        check_in_time(DECIDED, now=last + timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("reasons", "code"),
    [
        (" ", "missing"),
        ("w" * 10_001, "too_long"),
        ("a\x07", "control_character"),
        ("[erased on 2026-01-02: order]", "like_erased"),
    ],
)
def test_reasons_say_something_in_a_length_that_we_keep(reasons: str, code: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        check_reasons(reasons)
    assert [(one.pointer, one.code) for one in raised.value.errors] == [("/reasons", code)]
    check_reasons("Because.\nAnd for this reason too.")


def test_what_is_registered_has_a_contact_of_its_own() -> None:
    with pytest.raises(InvalidInput) as raised:
        check_registered("", "w" * 501)
    assert [one.pointer for one in raised.value.errors] == ["/reasons", "/contact"]
    check_registered("Because.", "u@mail.example")


def test_a_review_that_answers_complaints_says_why_to_them() -> None:
    review = ReviewInput("declined", decline_reason="not_found", rationale="It is gone.")
    facts = {"intake_kind": "referral", "clauses_in_force": (), "sender_names": ()}
    check_review(review, facts=ReviewFacts(**facts))  # type: ignore[arg-type]
    with pytest.raises(InvalidReview) as raised:
        check_review(review, facts=ReviewFacts(**facts, complained=True))  # type: ignore[arg-type]
    assert [one.pointer for one in raised.value.errors] == ["statement"]


def event(kind: str, *, actor: str = "service", **fields: str) -> Told:
    meta: dict[str, object] = {"party": fields.pop("party"), "version": 4} if "party" in fields else {}
    values = {name: value.encode() for name, value in fields.items()}
    return Told(kind, "C-1", "account", actor, DECIDED, 1, meta, frozenset(values), values)


def test_events_tell_a_complaint_from_its_coming_to_its_end() -> None:
    received = event(
        "case.complaint_received", actor="P-1", party="content_provider", complaint="O-1", decision="D-1",
        reasons="Because.", contact="u@mail.example",
    )  # fmt: skip
    (waiting,) = complaints_told([received]).values()
    assert (waiting.id, waiting.party) == ("O-1", Party.CONTENT_PROVIDER)
    assert waiting.columns["registered_by"] == "P-1"
    assert (waiting.columns["ended_at"], waiting.columns["result"]) == (None, None)
    recorded = event("case.review_recorded", review="V-1", statement="It stands.")
    upheld = event("case.upheld", review="V-1", complaints='["O-1"]')
    (ended,) = complaints_told([received, recorded, upheld]).values()
    assert (ended.columns["result"], ended.columns["review_id"]) == ("upheld", "V-1")
    assert ended.columns["statement"] == "It stands."
    assert ended.columns["ended_at"].moment == DECIDED


def test_what_was_erased_is_not_told() -> None:
    received = event("case.complaint_received", party="sender", complaint="O-1", item="I-1", sender="S-1")
    erased = received._replace(committed=received.committed | {"contact", "reasons"})
    (one,) = complaints_told([erased]).values()
    assert one.columns.keys().isdisjoint({"contact", "reasons"})
    assert (one.columns["sender_id"], one.columns["registered_by"]) == ("S-1", None)
