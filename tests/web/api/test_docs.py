"""The readable page says what the description says, to anyone, without scripts or outside requests."""

import re

import pytest

from review.web.api.docs import entries_of, shapes_of
from review.web.api.openapi import document_of
from review.web.public.errors import KINDS
from tests.conftest import Desk

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_every_operation_object_and_code_is_on_the_page(desk: Desk) -> None:
    page = desk.client().get("/api/v1/docs").text
    anchors = set(re.findall(r' id="([^"]+)"', page))
    document = document_of(desk.app)
    names = {operation["operationId"] for found in document["paths"].values() for operation in found.values()}
    assert names | set(document["components"]["schemas"]) <= anchors
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors | {"content"}
    codes = set(re.findall(r'href="/errors/(\w+)"', page))
    assert {"invalid_referral", "too_many_requests", "key_required"} <= codes <= set(KINDS)


def test_every_operation_shows_how_to_call_it(desk: Desk) -> None:
    with desk.app.test_request_context(base_url="https://desk.example"):
        groups = entries_of(document_of(desk.app))
    entries = {entry.name: entry for found in groups.values() for entry in found}
    assert next(iter(groups)) == "Refer"
    assert groups["Follow"][0].name == "list_referrals"
    assert entries["refer"].sample == (
        'curl -X POST "https://desk.example/api/v1/referrals" \\\n'
        '  -H "Authorization: Bearer $KEY" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        "  --data-binary @referral.json"
    )
    assert entries["read_referral"].sample.startswith(
        'curl "https://desk.example/api/v1/referrals/$referral_id"'
    )
    assert "Authorization" not in entries["docs"].sample
    assert entries["refer"].scopes == ("refer",)


def test_members_say_their_kind_and_limits(desk: Desk) -> None:
    shapes = {shape.name: shape for shape in shapes_of(document_of(desk.app))}
    members = {row.name: row for row in shapes["ReferralBody"].members}
    assert members["reference"].kind == "string, 1 to 200"
    assert members["reference"].required
    assert not members["contact"].required
    assert members["contact"].kind == "ContactBody or null"
    assert members["items"].kind == "array of ItemBody, 1 to 1000"
    assert members["urgency"].kind == "string or null, one of: normal threat_to_life, default normal"
    assert members["category"].kind.endswith(" more in the description for programs or null")
    assert members["detected_at"].kind == "string, RFC 3339 or null"


def test_the_page_is_linked_from_every_page(desk: Desk) -> None:
    assert 'href="/api/v1/docs"' in desk.client().get("/sign-in").text
