"""Which reviews need a second one, when two amount to the same, and why a round of a record is empty."""

from dataclasses import replace
from typing import Any

import pytest

from review.domain.decisions import ReviewInput
from review.domain.rounds import Place, is_over_broad, same_judgement, why_empty, why_second
from review.domain.states import CaseState, Round
from review.web.words import WORDS

ACCEPT = ReviewInput(
    "accepted", ground="terms", clauses=("a",), visibility="removed", rationale="R", statement="S"
)
DECLINE = ReviewInput("declined", decline_reason="no_breach", rationale="R", statement="S")
PLACE = Place("https://video.example/watch/1", "video")


def _why(
    review: ReviewInput,
    *,
    kind: str = "referral",
    place: Place = PLACE,
    lot: float = 0.5,
    share: float = 0.2,
    patterns: tuple[str, ...] = (),
) -> tuple[str, ...]:
    return why_second(review, intake_kind=kind, place=place, patterns=patterns, lot=lot, share=share)


@pytest.mark.parametrize("name", Round)
@pytest.mark.parametrize("state", CaseState)
def test_every_empty_round_has_words(name: Round, state: CaseState) -> None:
    assert why_empty(name, state=state) in WORDS["no_round"]


def test_the_reason_is_the_one_that_holds() -> None:
    assert why_empty(Round.FIRST, state="open") == "waiting"
    assert why_empty(Round.FIRST, state="withdrawn") == "withdrawn"
    assert why_empty(Round.SECOND, state="second_review") == "waiting"
    assert why_empty(Round.SECOND, state="decided") == "not_asked"
    assert why_empty(Round.RESOLVING, state="decided") == "no_difference"
    assert why_empty(Round.COMPLAINT, state="decided") == "no_complaint"
    assert why_empty(Round.COMPLAINT, state="complaint") == "waiting"
    assert why_empty(Round.SECOND, state="complaint") == "not_asked"


def test_rules_ask_for_a_second_review_whatever_is_drawn() -> None:
    assert _why(replace(ACCEPT, account="suspended")) == ("account_measure",)
    assert _why(replace(ACCEPT, over_broad=True)) == ("over_broad",)
    for context in ("journalism", "research", "art", "counter_terrorism"):
        assert _why(replace(DECLINE, context=context), lot=0.0) == ("context",)
    assert _why(replace(ACCEPT, account="terminated", context="art")) == ("account_measure", "context")


def test_only_the_refusal_of_an_order_asks_for_one() -> None:
    refused = replace(DECLINE, decline_reason="impossible")
    assert _why(refused, kind="removal_order") == ("refused_order",)
    assert _why(ACCEPT, kind="removal_order") == ()
    assert _why(DECLINE, kind="notice") == ()


@pytest.mark.parametrize("review", [ACCEPT, DECLINE, replace(DECLINE, decline_reason="not_found")])
def test_everything_else_is_drawn_with_the_same_share(review: ReviewInput) -> None:
    assert _why(review, lot=0.1999) == ("random",)
    assert _why(review, lot=0.2) == ()
    assert _why(review, lot=0.0, share=0.0) == ()
    assert _why(review, lot=0.999, share=1.0) == ("random",)


@pytest.mark.parametrize(
    ("match_key", "content_type", "broad"),
    [
        ("https://video.example/watch/1", "video", False),
        ("https://video.example/watch/1", None, False),
        ("https://video.example/watch/1", "account", True),
        ("https://video.example/watch/1", "channel", True),
        ("https://video.example/", "video", True),
        ("https://video.example", None, True),
        ("https://video.example/?v=1", None, False),
        ("https://video.example/channel/abc", None, True),
        ("https://video.example/channel/abc/", None, True),
        ("https://video.example/channel/abc/video/1", None, False),
        ("https://video.example/channel", None, False),
        ("https://video.example/CHANNEL/abc", None, False),
        ("https://video.example/a.b/c", None, True),
        ("https://video.example/axb/c", None, False),
    ],
)
def test_what_stands_for_more_than_one_piece(match_key: str, content_type: str | None, broad: bool) -> None:
    patterns = ("/channel/*", "/a.b/*")
    assert is_over_broad(Place(match_key, content_type), patterns=patterns) is broad


def _alike(one: ReviewInput, other: ReviewInput, first: str = "4.2", second: str = "4.2") -> bool:
    return same_judgement(one, other, clauses=([("Terms", first)], [("Terms", second)]))


def test_two_reviews_agree_in_outcome_ground_clauses_and_measures() -> None:
    words: dict[str, Any] = {
        "rationale": "Something else.",
        "statement": "Other words.",
        "context": "art",
        "over_broad": True,
    }
    assert _alike(ACCEPT, replace(ACCEPT, clauses=("another version",), **words))
    assert _alike(DECLINE, replace(DECLINE, **words))
    assert not _alike(ACCEPT, ACCEPT, second="4.3")
    assert not _alike(ACCEPT, DECLINE)
    assert not _alike(DECLINE, replace(DECLINE, decline_reason="not_found"))
    changed: dict[str, Any]
    for changed in (
        {"ground": "law"}, {"visibility": "disabled"}, {"visibility": None}, {"account": "suspended"},
        {"territory": "EU"},
    ):  # fmt: skip
        assert not _alike(ACCEPT, replace(ACCEPT, **changed)), changed
