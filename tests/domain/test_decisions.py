"""The rules of the review form, and the answer that follows from a review."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from review.domain.decisions import (
    LONGEST_RATIONALE,
    LONGEST_STATEMENT,
    ReviewFacts,
    ReviewInput,
    answer_bytes,
    check_review,
    complaint_until,
    form_fields,
    inserted_snippets,
    read_review,
)
from review.domain.priority import Rank, why_first
from review.domain.snippets import Snippet
from review.errors import InvalidReview

FACTS = ReviewFacts("referral", frozenset({"W-1", "W-2"}), frozenset({"Harbour Watch", "HW-33-014", "A"}))
ACCEPT = {
    "outcome": "accepted",
    "ground": "terms",
    "clauses": ["W-1"],
    "visibility": "removed",
    "rationale": "The video praises a listed organisation.",
    "statement": "It breaks clause 4.2.",
}
DECLINE = {
    "outcome": "declined",
    "decline_reason": "no_breach",
    "rationale": "News report.",
    "statement": "It keeps our terms.",
}


def _values(fields: dict[str, Any]) -> dict[str, list[str]]:
    return {name: value if isinstance(value, list) else [value] for name, value in fields.items()}


def _codes(fields: dict[str, Any], facts: ReviewFacts = FACTS) -> dict[str, str]:
    try:
        check_review(read_review(_values(fields)), facts=facts)
    except InvalidReview as error:
        return {entry.pointer: entry.code for entry in error.errors}
    return {}


def test_a_decline_holds_no_ready_made_text_that_says_the_opposite() -> None:
    told = Snippet("Q-1", "statement", "en", 1, "The content breaks our clause on violence.")
    facts = replace(FACTS, snippets=(told,))
    left = DECLINE | {
        "snippets": ["Q-1"],
        "statement": "It keeps our terms.\n\nThe content breaks our  clause on violence.",
    }
    assert _codes(left, facts) == {"statement": "ready_made_left_over"}
    assert _codes(DECLINE | {"snippets": ["Q-1"]}, facts) == {}
    assert inserted_snippets(read_review(_values(DECLINE | {"snippets": ["Q-1"]})), (told,)) == ()
    assert _codes(ACCEPT | {"snippets": ["Q-1"], "statement": told.text}, facts) == {}


@pytest.mark.parametrize("fields", [ACCEPT, DECLINE, ACCEPT | {"ground": "law", "law": "StGB § 86a"}])
def test_complete_reviews_pass(fields: dict[str, Any]) -> None:
    assert _codes(fields) == {}


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({}, "outcome", "missing"),
        ({"outcome": "delete"}, "outcome", "missing"),
        (DECLINE | {"outcome": "ask"}, "outcome", "missing"),
        (DECLINE | {"outcome": "escalate"}, "outcome", "missing"),
        (ACCEPT | {"ground": ""}, "ground", "missing"),
        (ACCEPT | {"ground": "taste"}, "ground", "missing"),
        (ACCEPT | {"clauses": []}, "clauses", "missing"),
        (ACCEPT | {"clauses": ["W-9"]}, "clauses", "not_in_force"),
        (ACCEPT | {"clauses": [str(number) for number in range(101)]}, "clauses", "too_many"),
        (ACCEPT | {"ground": "law"}, "law", "missing"),
        (ACCEPT | {"ground": "law", "law": "x" * 501}, "law", "too_long"),
        (ACCEPT | {"visibility": "none"}, "visibility", "missing"),
        (ACCEPT | {"visibility": "burnt"}, "visibility", "not_in_list"),
        (ACCEPT | {"account": "fined"}, "account", "not_in_list"),
        (ACCEPT | {"territory": "Belgium"}, "territory", "not_a_territory"),
        (ACCEPT | {"territory": ",".join(["BE"] * 70)}, "territory", "not_a_territory"),
        (ACCEPT | {"context": "fun"}, "context", "not_in_list"),
        (ACCEPT | {"rationale": "Nineteen characters"}, "rationale", "too_short"),
        (ACCEPT | {"rationale": "a" + " " * 40 + "b"}, "rationale", "too_short"),
        (ACCEPT | {"rationale": "a" * 24}, "rationale", "no_sentence"),
        (ACCEPT | {"rationale": "very very very very very bad"}, "rationale", "no_sentence"),
        (ACCEPT | {"rationale": "ああああああああああああああああああああああ"}, "rationale", "no_sentence"),
        (ACCEPT | {"rationale": "\u200b" * 40}, "rationale", "missing"),
        (ACCEPT | {"statement": ""}, "statement", "missing"),
        (DECLINE | {"rationale": " \n\t "}, "rationale", "missing"),
        (DECLINE | {"rationale": "x" * (LONGEST_RATIONALE + 1)}, "rationale", "too_long"),
        (DECLINE | {"rationale": "a\x00b"}, "rationale", "control_character"),
        (DECLINE | {"rationale": "[erased on 2026-01-02: order]"}, "rationale", "like_erased"),
        (DECLINE | {"statement": "[erased on 2026-01-02: order]"}, "statement", "like_erased"),
        (DECLINE | {"statement": ""}, "statement", "missing"),
        (DECLINE | {"statement": "x" * (LONGEST_STATEMENT + 1)}, "statement", "too_long"),
        (DECLINE | {"decline_reason": ""}, "decline_reason", "missing"),
        (DECLINE | {"decline_reason": "manifest_error"}, "decline_reason", "not_in_list"),
        (DECLINE | {"statement": "Dear  harbour\nWATCH, thanks."}, "statement", "names_sender"),
        (DECLINE | {"statement": "Your hw-33-014 was seen."}, "statement", "names_sender"),
        (DECLINE | {"statement": "Har\u200bbour Watch"}, "statement", "names_sender"),
        (DECLINE | {"statement": "As in R-7K3M-9QXD-2FWT."}, "statement", "names_own_id"),
    ],
)
def test_each_broken_rule_names_its_field(fields: dict[str, Any], field: str, code: str) -> None:
    assert _codes(fields)[field] == code


def test_all_broken_rules_come_at_once() -> None:
    codes = _codes({"outcome": "accepted"})
    assert set(codes) == {"ground", "visibility", "rationale", "statement"}


@pytest.mark.parametrize(
    "fields",
    [
        DECLINE | {"decline_reason": "not_found", "statement": ""},
        DECLINE | {"statement": "Harbour Watchers and XHW-33-0149 are other words; A is one too."},
        ACCEPT | {"visibility": "none", "account": "suspended"},
        ACCEPT | {"rationale": "Just twenty signs ok"},
        ACCEPT | {"territory": "be, DE;fr"},
        DECLINE | {"rationale": "x" * LONGEST_RATIONALE, "statement": "y" * LONGEST_STATEMENT},
    ],
)
def test_what_the_rules_allow(fields: dict[str, Any]) -> None:
    assert _codes(fields) == {}


def test_a_removal_order_has_reasons_of_its_own() -> None:
    order = ReviewFacts("removal_order", frozenset(), frozenset())
    assert _codes(DECLINE | {"decline_reason": "manifest_error"}, order) == {}
    assert _codes(DECLINE, order) == {"decline_reason": "not_in_list"}


def test_members_that_the_outcome_does_not_need_are_left_out() -> None:
    declined = read_review(_values(ACCEPT | DECLINE | {"law": "StGB", "account": "suspended"}))
    assert (declined.ground, declined.clauses, declined.law, declined.visibility) == (None, (), None, None)
    assert (declined.account, declined.territory) == ("none", "world")
    accepted = read_review(_values(DECLINE | ACCEPT | {"territory": "be, DE;fr", "over_broad": "y"}))
    assert (accepted.decline_reason, accepted.territory, accepted.over_broad) == (None, "BE,DE,FR", True)
    assert read_review(_values(ACCEPT | {"territory": "World"})).territory == "world"
    assert read_review(_values(ACCEPT | {"territory": "eu"})).territory == "EU"


def test_a_review_comes_back_from_its_own_draft() -> None:
    for fields in (ACCEPT | {"over_broad": "1", "context": "art"}, DECLINE):
        review = read_review(_values(fields))
        assert read_review(_values(form_fields(review))) == review


@pytest.mark.parametrize(
    ("decided", "until"),
    [("2026-01-15", "2026-07-15"), ("2026-08-31", "2027-02-28"), ("2027-08-30", "2028-02-29")],
)
def test_complaints_are_open_for_six_months(decided: str, until: str) -> None:
    moment = complaint_until(datetime.fromisoformat(decided).replace(hour=23, tzinfo=UTC))
    assert moment == datetime.fromisoformat(until).replace(hour=23, tzinfo=UTC)


def test_the_answer_holds_exactly_the_members_of_the_interface() -> None:
    at = datetime(2026, 11, 23, 10, tzinfo=UTC)
    clause: dict[str, str | int] = {
        "number": "4.2",
        "version": 1,
        "title": "Praise",
        "text": "No praise — none.",
    }
    accepted = json.loads(answer_bytes(read_review(_values(ACCEPT)), clauses=[clause], decided_at=at))
    assert accepted == {
        "outcome": "accepted",
        "ground": "terms",
        "clauses": [clause],
        "statement": "It breaks clause 4.2.",
        "restriction": {
            "visibility": "removed",
            "account": "none",
            "territory": "world",
            "starts_at": "2026-11-23T10:00:00.000000Z",
            "ends_at": None,
        },
        "decided_at": "2026-11-23T10:00:00.000000Z",
        "implemented_at": None,
        "complaint_until": "2027-05-23T10:00:00.000000Z",
    }
    declined = json.loads(
        answer_bytes(ReviewInput("declined", decline_reason="not_ours"), clauses=[], decided_at=at)
    )
    assert declined["decline_reason"] == "not_ours"
    assert declined["restriction"] is None
    assert "ground" not in declined


def test_why_first_says_which_rule_decided() -> None:
    now, later = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    assert why_first(rank=Rank.THREAT, due_at=now, now=later) == "threat"
    assert why_first(rank=Rank.ORDER, due_at=now, now=later) == "order"
    assert why_first(rank=Rank.OTHER, due_at=now, now=now) == "overdue"
    assert why_first(rank=Rank.OTHER, due_at=later, now=now) == "target"
    assert why_first(rank=Rank.OTHER, due_at=later, now=now, tied=True) == "arrival"
