"""What a sender sees: one shape, and nothing beside it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from review.clock import rfc3339
from review.domain.representation import OwnItem, OwnQuestion, OwnReferral, etag_of, json_bytes
from review.domain.states import ItemStatus

AT = datetime(2026, 11, 23, 10, 0, 0, 123456, UTC)


def _item(status: ItemStatus, **answer: object) -> OwnItem:
    url = "https://video.example/watch/é"
    return OwnItem(id="I-1", referral_id="R-1", url=url, canonical_url=url, status=status, answer=answer)


def _referral(*items: OwnItem) -> OwnReferral:
    return OwnReferral("R-1", "Akte ü", "referral", "why", AT, AT, items, ({"index": 3},))


def test_a_referral_has_the_members_of_the_contract_in_order() -> None:
    members = _referral(_item(ItemStatus.IN_REVIEW)).as_dict()
    assert list(members) == [
        "id", "reference", "intake_kind", "status", "received_at", "updated_at", "due_at",
        "items", "refused_items", "links",
    ]  # fmt: skip
    assert members["received_at"] == "2026-11-23T10:00:00.123456Z"
    assert members["due_at"] is None
    assert list(members["items"][0]) == ["id", "url", "canonical_url", "status", "outcome", "question"]
    assert members["links"] == {"self": "/api/v1/referrals/R-1", "receipt": "/api/v1/referrals/R-1/receipt"}


def test_an_answer_adds_only_what_may_be_told() -> None:
    answer = {"outcome": "declined", "decline_reason": "no_breach", "rationale": "secret", "reviewer": "K7"}
    members = _item(ItemStatus.DECIDED, **answer).as_dict()
    assert members["outcome"] == "declined"
    assert members["decline_reason"] == "no_breach"
    assert not {"rationale", "reviewer"} & members.keys()


def test_the_status_is_the_least_finished_of_the_items() -> None:
    decided, waiting = _item(ItemStatus.DECIDED), _item(ItemStatus.IN_REVIEW)
    withdrawn = _item(ItemStatus.WITHDRAWN)
    assert _referral(decided, waiting, withdrawn).status is ItemStatus.IN_REVIEW
    assert _referral(decided, withdrawn).status is ItemStatus.DECIDED
    assert _referral(withdrawn).status is ItemStatus.WITHDRAWN


def test_bytes_are_utf_8_without_escapes_and_the_tag_follows_them() -> None:
    body = json_bytes(_referral(_item(ItemStatus.IN_REVIEW)).as_dict())
    assert "Akte ü".encode() in body
    assert json.loads(body)["id"] == "R-1"
    assert etag_of(body) == etag_of(bytes(body))
    assert etag_of(body) != etag_of(body + b" ")


@pytest.mark.parametrize(
    "value",
    [
        "".join(map(chr, range(1, 0x180))) + "\u2028\ufeff\uffff\U0001f600",
        [True, False, None, 0, -(2**53) + 1, 2**53 - 1, 4.2, 0.0, 12.345],
        {"b": [], "a": {}, "é": ({"index": 3},)},
        ItemStatus.IN_REVIEW,
    ],
)
def test_bytes_are_those_that_answers_always_had(value: Any) -> None:
    expected = json.dumps({"value": value}, ensure_ascii=False, separators=(",", ":")).encode()
    assert json_bytes({"value": value}) == expected


def test_times_are_utc_with_six_decimals() -> None:
    assert rfc3339(datetime(999, 1, 2, 3, 4, 5, tzinfo=UTC)) == "0999-01-02T03:04:05.000000Z"
    brussels = timezone(timedelta(hours=1))
    assert rfc3339(datetime(2026, 11, 23, 0, 30, 0, 120, brussels)) == "2026-11-22T23:30:00.000120Z"


def test_what_waits_for_its_sender_is_less_finished_than_what_is_in_review() -> None:
    waiting = replace(_item(ItemStatus.WAITING_SENDER), questions=(OwnQuestion("Which minute?", AT),))
    referral = _referral(_item(ItemStatus.DECIDED), _item(ItemStatus.IN_REVIEW), waiting)
    assert referral.status is ItemStatus.WAITING_SENDER
    question = {"text": "Which minute?", "asked_at": "2026-11-23T10:00:00.123456Z"}
    assert [item["question"] for item in referral.as_dict()["items"]] == [None, None, question]
    ended = replace(_item(ItemStatus.IN_REVIEW), questions=(OwnQuestion("Which?", AT, "At 3.", AT),))
    assert ended.as_dict()["question"] is None
