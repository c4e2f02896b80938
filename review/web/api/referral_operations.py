"""What do the addresses of referrals, items and receipts promise? Read by the published description."""

from typing import Any, Final

from review.domain.answer_schema import AnswerBody
from review.domain.api_schema import ItemAnswer, ReferralAnswer, ReferralPage
from review.domain.complaint_schema import ComplaintBody
from review.domain.complaints import ComplaintOpen, ComplaintTooLate, NoDecision
from review.domain.referral_schema import ReferralBody
from review.errors import (
    AlreadyClosed,
    IdempotencyInFlight,
    IdempotencyKeyReused,
    InvalidInput,
    InvalidReferral,
    KindNotEnabled,
    NotAcceptable,
    NotFound,
    NotStrictJson,
    NotWithdrawable,
    ReferenceConflict,
    TooLarge,
    UnsupportedMediaType,
)
from review.web.operations import Answer, Content, Operation

LIST_PARAMETERS: Final = ("reference", "status", "updated_since", "batch", "limit", "cursor")

EXAMPLE_BODY: Final[dict[str, Any]] = {
    "reference": "EUIRU-2019-11-000123",
    "intake_kind": "referral",
    "reason": "Branded propaganda video of a listed organisation.",
    "category": "STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY",
    "keyword": "KEYWORD_TERRORIST_CONTENT",
    "issuing_authority": "Belgian Federal Judicial Police, East Flanders",
    "issuing_country": "BE",
    "legal_basis": None,
    "requested_action": "remove",
    "urgency": "normal",
    "detected_at": "2019-11-21T09:30:00Z",
    "contact": {"name": "Duty desk", "email": "desk@example.org"},
    "good_faith": True,
    "items": [
        {
            "url": "https://video.example/watch/9f2c",
            "content_type": "video",
            "language": "ar",
            "published_at": "2019-11-20T18:00:00Z",
            "sha256": None,
            "description": None,
            "evidence": [{"name": "frame.png", "media_type": "image/png", "content": "iVBORw0KGgo="}],
        }
    ],
}
EXAMPLE_ITEM: Final[dict[str, Any]] = {
    "id": "I-4Q7V-1ZC8-J0RK",
    "url": "https://video.example/watch/9f2c",
    "canonical_url": "https://video.example/watch/9f2c",
    "status": "in_review",
    "outcome": None,
    "question": None,
}
EXAMPLE_REFERRAL: Final[dict[str, Any]] = {
    "id": "R-7K3M-9QXD-2FWT",
    "reference": "EUIRU-2019-11-000123",
    "intake_kind": "referral",
    "status": "in_review",
    "received_at": "2026-11-23T10:00:00.123456Z",
    "updated_at": "2026-11-23T10:00:00.123456Z",
    "due_at": None,
    "items": [EXAMPLE_ITEM],
    "refused_items": [],
    "links": {
        "self": "/api/v1/referrals/R-7K3M-9QXD-2FWT",
        "receipt": "/api/v1/referrals/R-7K3M-9QXD-2FWT/receipt",
    },
}
_REFERRAL: Final = (Content("application/json", ReferralAnswer, EXAMPLE_REFERRAL),)
_ITEM: Final = (Content("application/json", ItemAnswer, EXAMPLE_ITEM | {"status": "withdrawn"}),)
_COMPLAINED: Final = (
    Content(
        "application/json",
        ItemAnswer,
        EXAMPLE_ITEM
        | {
            "status": "decided",
            "outcome": "declined",
            "decline_reason": "no_breach",
            "clauses": [],
            "statement": "The clip reports on an attack and praises nobody.",
            "restriction": None,
            "decided_at": "2026-11-24T09:00:00.000000Z",
            "implemented_at": None,
            "complaint_until": "2027-05-24T09:00:00.000000Z",
            "complaint": {
                "complained_at": "2026-11-30T10:00:00.000000Z",
                "state": "open",
                "ended_at": None,
                "statement": None,
            },
        },
    ),
)
_UNCHANGED: Final = Answer(304, "It has not changed since the ETag you sent.", headers=("ETag",))

REFER: Final = Operation(
    name="refer",
    title="Refer content",
    text="One referral with 1 to 1 000 items. The answer comes after it is stored. An item whose address is "
    "refused is listed under refused_items; the referral stands if another item is good. A 422 uses up "
    "neither the reference nor the Idempotency-Key.",
    group="Refer",
    headers=("Idempotency-Key",),
    bodies=(Content("application/json", ReferralBody, EXAMPLE_BODY),),
    answers=(
        Answer(200, "Sent before with the same content: as it stands today.", _REFERRAL,
               ("Location", "Idempotent-Replayed")),
        Answer(201, "Received.", _REFERRAL, ("Location", "Idempotent-Replayed")),
    ),
    problems=(
        NotStrictJson, NotAcceptable, ReferenceConflict, IdempotencyInFlight, TooLarge,
        UnsupportedMediaType, InvalidReferral, KindNotEnabled, IdempotencyKeyReused,
    ),
)  # fmt: skip

LISTING: Final = Operation(
    name="list_referrals",
    title="List one's own referrals",
    text="Oldest change first, so that asking again with the last cursor never misses a change. "
    "updated_since only chooses the start.",
    query=LIST_PARAMETERS,
    answers=(
        Answer(
            200,
            "One page.",
            (Content("application/json", ReferralPage, {"referrals": [EXAMPLE_REFERRAL], "next": None}),),
        ),
    ),
    problems=(NotAcceptable, InvalidInput),
)

ONE: Final = Operation(
    name="read_referral",
    title="One referral",
    text="As it stands now. The ETag moves only with what you may see.",
    headers=("If-None-Match",),
    answers=(Answer(200, "The referral.", _REFERRAL, ("ETag",)), _UNCHANGED),
    problems=(NotFound, NotAcceptable),
)

WITHDRAW: Final = Operation(
    name="withdraw_referral",
    title="Withdraw a referral",
    text="Everything of it that is still in review. Withdrawing again changes nothing. No body.",
    answers=(Answer(200, "The referral as it stands now.", _REFERRAL, ("ETag",)),),
    problems=(NotFound, NotAcceptable, NotWithdrawable),
)

WITHDRAW_ITEM: Final = Operation(
    name="withdraw_item",
    title="Withdraw an item",
    text="One item that is still in review. Withdrawing again changes nothing. No body.",
    answers=(Answer(200, "The item as it stands now.", _ITEM, ("ETag",)),),
    problems=(NotFound, NotAcceptable, NotWithdrawable),
)

ANSWER: Final = Operation(
    name="answer_question",
    title="Answer our question",
    text="While an item waits for you (waiting_sender), question says what we ask. Your answer brings it "
    "back to review; after 7 days without one it comes back by itself. The same answer to the same question "
    "again changes nothing. Without item the one question about the referral is meant.",
    group="Follow",
    bodies=(
        Content(
            "application/json",
            AnswerBody,
            {"answer": "The clip is from 2019; the attack is at minute 3.", "item": EXAMPLE_ITEM["id"]},
        ),
    ),
    answers=(Answer(200, "The referral as it stands now.", _REFERRAL, ("ETag",)),),
    problems=(
        NotStrictJson, NotFound, NotAcceptable, AlreadyClosed, TooLarge, UnsupportedMediaType, InvalidInput,
    ),
)  # fmt: skip

COMPLAIN: Final = Operation(
    name="complain",
    title="Complain of a decision",
    text="Within six months of a decision, until complaint_until (DSA, Article 20). Somebody who took no "
    "part in it judges anew: complaint says whether the decision stands; if not, the item has another "
    "outcome, supersedes names the one before, and item.reversed is sent. One complaint at a time; the same "
    "words again change nothing.",
    group="Follow",
    bodies=(
        Content("application/json", ComplaintBody, {"reasons": "The clip shows the attack in full."}),
    ),
    answers=(Answer(200, "The item as it stands now.", _COMPLAINED, ("ETag",)),),
    problems=(
        NotStrictJson, NotFound, NotAcceptable, NoDecision, ComplaintTooLate, ComplaintOpen, TooLarge,
        UnsupportedMediaType, InvalidInput,
    ),
)  # fmt: skip

RECEIPT: Final = Operation(
    name="read_receipt",
    title="The receipt",
    text="The proof that the trail holds your event: a tlog-proof document (C2SP) for the arrival of the "
    "referral, or with item for that item's answer. Its extra line opens your own event.",
    query=("item",),
    headers=("If-None-Match",),
    answers=(
        Answer(200, "The proof.", (Content("text/plain", {"type": "string"}),), ("ETag",)),
        Answer(202, "No checkpoint covers it yet; ask again.", (Content("text/plain", {"type": "string"}),),
               ("Retry-After",)),
        _UNCHANGED,
    ),
    problems=(NotFound,),
)  # fmt: skip
