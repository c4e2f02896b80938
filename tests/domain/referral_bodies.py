"""Bodies of referrals for tests, and what reading them gives."""

from base64 import b64encode
from typing import Any

import pytest

from review.domain.locations import Hosts
from review.domain.referrals import Intake, read_referral
from review.errors import InvalidReferral

HOSTS = Hosts.parse([".example"])
PICTURE = b"\x89PNG picture"


def referral_body(**members: Any) -> dict[str, Any]:
    """The referral of http.md with some members changed."""
    return {
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
        "items": [item_body()],
    } | members


def order_body(**members: Any) -> dict[str, Any]:
    """The fields of Annex I that a removal order needs, some members changed."""
    return {
        "issuing_state": "BE",
        "issued_at": "2026-11-21T09:30:00+01:00",
        "content_kinds": ["incitement", "threat"],
        "authority_kind": "court",
        "authority_name": "Court of first instance, Ghent",
        "representative_name": "A. Peeters",
        "representative_post": "Investigating judge",
        "email": "orders@court.example",
        "signature": "Signed electronically, see order.pdf",
        "redress": "Before the Council of State, within 60 days.",
    } | members


def item_body(**members: Any) -> dict[str, Any]:
    """One good item with some members changed."""
    return {
        "url": "https://video.example/watch/9f2c",
        "content_type": "video",
        "language": "ar",
        "published_at": "2019-11-20T18:00:00Z",
        "sha256": None,
        "description": None,
        "evidence": [evidence_body()],
    } | members


def evidence_body(**members: Any) -> dict[str, Any]:
    """One good piece of evidence with some members changed."""
    return {"name": "frame.png", "media_type": "image/png", "content": b64encode(PICTURE).decode()} | members


def read(body: dict[str, Any]) -> Intake:
    """Read a body on the hosts of these tests, as one of a sender that may order."""
    return read_referral(body, hosts=HOSTS, may_order=True)


def problems_of(body: dict[str, Any]) -> set[tuple[str, str]]:
    """Pointer and code of every problem; fails when the body is read."""
    with pytest.raises(InvalidReferral) as refusal:
        read(body)
    assert all(error.detail for error in refusal.value.errors)
    return {(error.pointer, error.code) for error in refusal.value.errors}
